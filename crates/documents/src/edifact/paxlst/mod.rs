//! PAXLST: lists of passengers and crew that carriers send to a border (UN/EDIFACT D.02B, D.05B and the other
//! releases that read alike; WCO/IATA/ICAO PAXLST implementation guide).
//!
//! [`read`] takes the bytes of one or several interchanges, whole, or bare groups or messages, and returns every
//! message that can be read as a [`Manifest`], with [`Problem`]s for what cannot:
//!
//! - Where the input ends among what is said of the last person, without CNT or UNT, that person is not taken.
//! - A number that is one character over and over, as `000000000`, is no document's.
//! - A person who cannot be read costs that person, a message costs that message, the rest is taken.
//! - Counts (UNT, UNE, UNZ, CNT) and references that disagree are warnings: real senders get them wrong.
//! - A list that takes people off, or says who left, by *not* naming them ([`ManifestAction::Replace`],
//!   [`ManifestAction::CloseOut`], [`ManifestAction::CloseOutExcept`]) must be whole: with a person skipped,
//!   counts that ask for more, or no UNT, it is refused. A replacement also has to be in one message.
//! - A document without its issuing state is left out, the person stays: guessing it from the nationality could
//!   put a stranger's reference under a traveller's name.
//! - CUSRES is a border's answer, not a manifest, and is refused as such, as are master crew lists and gate passes.
//! - The name and telephone of the reporting party (NAD+MS) are not kept.
//!
//! ```
//! use portunus_documents::edifact::paxlst;
//!
//! let reading = paxlst::read(
//!     b"UNH+1+PAXLST:D:05B:UN:IATA'BGM+745'TDT+20+LH400+++LH'\
//!       LOC+125+FRA'DTM+189:2611231015:201'LOC+87+JFK'DTM+232:2611231310:201'\
//!       NAD+FL+++LOVELACE:ADA'DTM+329:151210'NAT+2+GBR'DOC+P+123456789'LOC+91+GBR'CNT+42:1'UNT+14+1'",
//! );
//! assert!(reading.problems.is_empty());
//! let manifest = &reading.messages[0].manifest;
//! assert_eq!(manifest.voyage.to_string(), "LH400/2026-11-23");
//! assert_eq!(manifest.people[0].family_name, "LOVELACE");
//! ```

mod date;
mod person;
mod purpose;
mod route;

use super::envelope::{Limits, Placed, RawMessage, Walk, Wholeness};
use super::problem::{Cost, Place, Problem, Problems, shown};
pub use purpose::List;

use portunus_core::voyage::{Capacity, Manifest, ManifestAction, ManifestPerson, VoyageKey};

/// Bytes that are read at all.
pub const INPUT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes in a segment.
pub const SEGMENT_BYTES_MAX: usize = 16 * 1024;
/// Segments in a message.
pub const MESSAGE_SEGMENTS_MAX: usize = 400_000;
/// Messages in an input.
pub const MESSAGES_MAX: usize = 5_000;
/// People in an input; the largest passenger ships carry about ten thousand.
pub const PEOPLE_MAX: usize = 50_000;
/// Bytes at the start that are searched for an interchange behind a transmission's own header.
pub const PREAMBLE_BYTES_MAX: usize = 1024;

/// One message of a larger list (UNH composite S010).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number in the sequence, from 1.
    pub number: u32,
    /// Whether it is the last.
    pub last: bool,
}

/// One PAXLST message, read. Holds personal data: no `Debug`.
#[derive(Clone)]
pub struct Message {
    /// The message reference (UNH 0062), unique in its interchange.
    pub reference: String,
    /// The release, for example `D:05B`.
    pub release: String,
    /// The sender's identification from UNG, else UNB; empty for a bare message.
    pub sender: String,
    /// Whom it lists.
    pub list: List,
    /// Its place in a list sent as several messages; `None` where UNH does not say.
    pub part: Option<Part>,
    /// What it says.
    pub manifest: Manifest,
    /// Further flights named, under other numbers; its people are listed for the manifest's voyage alone.
    pub other_flights: Vec<VoyageKey>,
    /// Bytes from the start of the input to its UNH.
    pub offset: usize,
}

/// What an input was read as.
#[derive(Clone, Default)]
pub struct Reading {
    /// The messages taken, in order.
    pub messages: Vec<Message>,
    /// What was wrong, in order of discovery; the first 250 errors and the first 250 warnings.
    pub problems: Vec<Problem>,
    /// Further problems left out.
    pub problems_left_out: usize,
}

/// Reads one or several interchanges of PAXLST. Never fails as a whole: see the module's words on problems.
pub fn read(input: &[u8]) -> Reading {
    let mut problems = Problems::default();
    let mut messages = Vec::new();
    if let Some(start) = start(input, &mut problems) {
        let limits = Limits {
            segment_bytes: SEGMENT_BYTES_MAX,
            segments_per_message: MESSAGE_SEGMENTS_MAX,
            messages: MESSAGES_MAX,
        };
        let mut people_left = PEOPLE_MAX;
        let take = |raw: RawMessage<'_>, problems: &mut Problems| {
            let taken = message(&raw, people_left, problems);
            people_left -= taken.as_ref().map_or(0, |m| m.manifest.people.len());
            messages.extend(taken);
        };
        Walk::new(limits, &mut problems, take).run(input, start);
    }
    Reading { messages, problems: problems.kept, problems_left_out: problems.left_out }
}

/// Where the first interchange, group or message begins.
fn start(input: &[u8], problems: &mut Problems) -> Option<usize> {
    let mut refuse = |found: String, expected: String| {
        let place = Place { segment: String::new(), position: None, offset: 0 };
        problems.push(Problem::new(place, found, expected, Cost::Input));
        None
    };
    if input.len() > INPUT_BYTES_MAX {
        return refuse(format!("{} bytes", input.len()), format!("at most {INPUT_BYTES_MAX} bytes"));
    }
    // A byte-order mark, which editors put before a text, is as good as nothing.
    let mark = if input.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let blank = mark + input[mark..].iter().take_while(|b| **b <= b' ').count();
    let begins = |at: usize| {
        let tag = input.get(at..at + 3).is_some_and(|t| matches!(t, b"UNA" | b"UNB" | b"UNG" | b"UNH"));
        tag && input.get(at + 3).is_some_and(|b| !b.is_ascii_alphanumeric())
    };
    if begins(blank) {
        return Some(blank);
    }
    // Type B and other transmissions put lines of their own before the interchange.
    let mut window = blank..input.len().min(blank + PREAMBLE_BYTES_MAX);
    let found = window.find(|at| at.checked_sub(1).is_none_or(|before| input[before] <= b' ') && begins(*at));
    match found {
        Some(at) => {
            let place = Place { segment: String::new(), position: None, offset: 0 };
            let found = format!("{at} bytes before the interchange");
            problems.push(Problem::new(place, found, "UNA, UNB, UNG or UNH first", Cost::Nothing));
            Some(at)
        }
        None => refuse("no EDIFACT".into(), "an interchange that begins with UNA, UNB, UNG or UNH".into()),
    }
}

/// Reads one message; `None` where it is refused, and the problem says why.
fn message(raw: &RawMessage<'_>, people_max: usize, problems: &mut Problems) -> Option<Message> {
    let (header, body) = raw.segments.split_first()?;
    let release = is_paxlst(header, problems)?;
    // After the flights every NAD is somebody, even with a qualifier that is wrong; before, NAD+MS reports.
    let flown = body.iter().position(|p| p.segment.tag == "TDT").unwrap_or(body.len());
    let somebody =
        |(i, p): (usize, &Placed<'_>)| p.segment.tag == "NAD" && (i > flown || person::capacity(p).is_some());
    let people_at = body.iter().enumerate().position(somebody);
    let (head, rest) = body.split_at(people_at.unwrap_or(body.len()));
    let bgm = head.iter().find(|p| p.segment.tag == "BGM");
    let (list, action) = purpose::read(bgm, header.place(), problems)?;
    // The route's problems point at UNH where there is no TDT at all.
    let route = route::read(&raw.segments[..=head.len()], problems)?;

    // Cut in the head of another, the person before is there whole.
    let cut = raw.cut_in.is_some_and(|tag| !matches!(tag, "NAD" | "CNT"));
    let (people, skipped) = people(rest, cut, &route.voyage, people_max, problems)?;
    let part = part(header);
    let counted = counts(body, &people, skipped, problems);
    let whole = raw.wholeness == Wholeness::Whole && skipped == 0 && counted != Counted::Short;
    let by_silence = match action {
        ManifestAction::Replace | ManifestAction::CloseOutExcept => {
            whole && part.is_none_or(|p| p.number == 1 && p.last)
        }
        // "Nobody was on board" must be said, not left unsaid.
        ManifestAction::CloseOut => whole && (counted != Counted::NotAtAll || !people.is_empty()),
        _ => true,
    };
    if !by_silence {
        let expected =
            "a whole list in one message, with counts that agree: whom it does not name is affected too";
        problems.push(Problem::new(header.place(), "a list that may not be whole", expected, Cost::Message));
        return None;
    }
    if people.is_empty() && action == ManifestAction::Remove {
        let place = bgm.unwrap_or(header).place();
        problems.push(Problem::new(place, "nobody", "the people to remove", Cost::Nothing));
    }
    Some(Message {
        reference: header.segment.text(1, 0).into_owned(),
        release,
        sender: raw.sender.clone(),
        list,
        part,
        manifest: Manifest { voyage: route.voyage, legs: route.legs, action, people },
        other_flights: route.others,
        offset: header.segment.offset,
    })
}

/// The release of a PAXLST message; `None` for other messages.
fn is_paxlst(header: &Placed<'_>, problems: &mut Problems) -> Option<String> {
    let (kind, version, release) =
        (header.segment.text(2, 0), header.segment.text(2, 1), header.segment.text(2, 2));
    let refused = match &*kind {
        "PAXLST" => {
            let known =
                release.len() == 3 && release.bytes().all(|b| b.is_ascii_alphanumeric()) && version == "D";
            if !known {
                let expected = "a release such as D:02B or D:05B; read as those";
                problems.push(Problem::new(header.place(), "another release", expected, Cost::Nothing));
            }
            return Some(if known { format!("{version}:{release}") } else { String::new() });
        }
        "CUSRES" => "CUSRES, a border\u{2019}s answer to a manifest".into(),
        other => shown(other),
    };
    problems.push(Problem::new(header.place(), refused, "a PAXLST message", Cost::Message));
    None
}

/// S010: `01:C` begins a sequence, `02:F` ends it; `01:F` is a whole of one.
fn part(header: &Placed<'_>) -> Option<Part> {
    let number = header.segment.text(4, 0).parse().ok()?;
    Some(Part { number, last: header.segment.is(4, 1, "F") })
}

/// Reads everybody; the number of those who could not be read comes along. Where the input was `cut`
/// among what is said of the last person they are left out, for they may be there by half: what was known of them stays.
fn people(
    rest: &[Placed<'_>],
    cut: bool,
    voyage: &VoyageKey,
    people_max: usize,
    problems: &mut Problems,
) -> Option<(Vec<ManifestPerson>, usize)> {
    let (mut people, mut skipped) = (Vec::new(), 0);
    let mut at = 0;
    while at < rest.len() {
        let nad = &rest[at];
        let members = rest[at + 1..].iter().take_while(|p| person::belongs(p.segment.tag)).count();
        let group = &rest[at..=at + members];
        at += members + 1;
        if nad.segment.tag != "NAD" || nad.segment.is(1, 0, "MS") {
            continue;
        }
        let Some(capacity) = person::capacity(nad) else {
            let expected = "FL, FM, DDU or DDT in element 1";
            // Not shown: a name may stand where the qualifier belongs.
            problems.push(Problem::new(nad.place(), "another qualifier", expected, Cost::Person));
            skipped += 1;
            continue;
        };
        if people.len() >= people_max {
            let expected = format!("at most {PEOPLE_MAX} people in an input");
            problems.push(Problem::new(nad.place(), "more people", expected, Cost::Message));
            return None;
        }
        if cut && at == rest.len() {
            let expected = "CNT or UNT after the last person, who may be there by half";
            problems.push(Problem::new(nad.place(), "the end of the input", expected, Cost::Person));
            skipped += 1;
            continue;
        }
        match person::read(group, capacity, voyage.date, problems) {
            Some(person) => people.push(person),
            None => skipped += 1,
        }
    }
    Some((people, skipped))
}

/// What the control totals say of the people found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    NotAtAll,
    Agrees,
    /// More people are counted than were found.
    Short,
}

/// Compares CNT 42 (passengers) and 41 (crew) with who is there; people skipped are there.
fn counts(
    body: &[Placed<'_>],
    people: &[ManifestPerson],
    skipped: usize,
    problems: &mut Problems,
) -> Counted {
    let crew = people.iter().filter(|p| p.capacity == Capacity::Crew).count();
    let passengers = people.len() - crew;
    let mut counted = Counted::NotAtAll;
    for cnt in body.iter().filter(|p| p.segment.tag == "CNT") {
        let (found, whom) = match &*cnt.segment.text(1, 0) {
            "42" => (passengers, "passengers"),
            "41" => (crew, "crew"),
            _ => continue,
        };
        // `CNT+41+8` is seen where `CNT+41:8` was meant.
        let stated =
            [cnt.segment.text(1, 1), cnt.segment.text(2, 0)].iter().find_map(|t| t.parse::<usize>().ok());
        let Some(stated) = stated else {
            let expected = format!("a count of {whom}");
            problems.push(Problem::new(cnt.place(), "no count", expected, Cost::Value));
            continue;
        };
        if stated > found + skipped {
            counted = Counted::Short;
        } else if counted == Counted::NotAtAll {
            counted = Counted::Agrees;
        }
        if !(found..=found + skipped).contains(&stated) {
            let expected = format!("{found}, the {whom} in the message");
            problems.push(Problem::new(cnt.place(), format!("a count of {stated}"), expected, Cost::Nothing));
        }
    }
    counted
}
