//! One traveller or crew member: segment group 4 of PAXLST, from NAD to the next, with its documents (group 5).

use super::super::envelope::Placed;
use super::super::problem::{Cost, Problem, Problems};
use super::date;
use crate::ports;
use jiff::ToSpan;
use jiff::civil::Date;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::voyage::{Capacity, ManifestPerson, Sex};

/// Characters of a name's component that are kept: what PAXLST allows (data element 3036, D.05B).
const NAME_CHARS_MAX: usize = 70;
/// Documents kept per person.
const DOCUMENTS_MAX: usize = 8;
/// Bytes of a carrier's reference or booking locator (data element 1154, D.05B).
const REFERENCE_BYTES_MAX: usize = 70;

/// Whether a NAD segment names a person on board, and how (data element 3035).
pub(super) fn capacity(nad: &Placed<'_>) -> Option<(Capacity, bool)> {
    match &*nad.segment.text(1, 0) {
        "FL" => Some((Capacity::Passenger, false)),
        "FM" => Some((Capacity::Crew, false)),
        "DDU" => Some((Capacity::Passenger, true)),
        "DDT" => Some((Capacity::Crew, true)),
        _ => None,
    }
}

/// Whether a segment belongs to the person before it (groups 4 and 5 of any release so far).
pub(super) fn belongs(tag: &str) -> bool {
    !matches!(tag, "NAD" | "CNT" | "AUT" | "UNS" | "TDT" | "BGM")
}

/// A document as it is collected.
struct Document<'a> {
    doc: Placed<'a>,
    issuer: Option<State>,
}

/// Reads the group that `group` begins with; `None` where nobody can be told from it.
///
/// `departs` is the voyage's local date: births are not after it, and who is under two on it is an infant.
/// PAXLST has no code for infants; `MI` and `FI` as sex (as in airlines' SSR DOCS) say so as well.
pub(super) fn read(
    group: &[Placed<'_>],
    (capacity, in_transit): (Capacity, bool),
    departs: Date,
    problems: &mut Problems,
) -> Option<ManifestPerson> {
    let (nad, rest) = group.split_first()?;
    let (family_name, given_names) = names(nad, problems)?;
    let mut person =
        ManifestPerson { in_transit, ..ManifestPerson::named(capacity, family_name, given_names) };
    let mut document: Option<Document<'_>> = None;
    let mut infant = false;
    for placed in rest {
        let segment = &placed.segment;
        let qualifier = segment.text(1, 0);
        match (segment.tag, &*qualifier) {
            ("ATT", "2") => (person.sex, infant) = sex_of(placed, problems),
            ("DTM", "329") => person.born = birth(placed, departs, problems),
            ("NAT", "2" | "") => person.nationality = state(placed, problems),
            ("LOC", "178") => person.journey_from = port(placed, problems),
            ("LOC", "179") => person.journey_to = port(placed, problems),
            ("LOC", "91") => match &mut document {
                Some(document) => document.issuer = state(placed, problems),
                None => problems.push(Problem::new(
                    placed.place(),
                    "a state of issue without a document",
                    "DOC before it",
                    Cost::Value,
                )),
            },
            ("RFF", "ABO") => person.carrier_reference = reference(placed),
            ("RFF", "AVF") => person.booking = reference(placed),
            ("DOC", _) => {
                keep(document.take(), &mut person, problems);
                document = Some(Document { doc: *placed, issuer: None });
            }
            _ => {}
        }
    }
    keep(document, &mut person, problems);
    // What one travels on comes first: a visa goes with a passport, not before it.
    person.documents.sort_by_key(|key| key.kind.as_str().starts_with('V'));
    let under_two = person.born.is_some_and(|born| born.saturating_add(2.years()) > departs);
    if person.capacity == Capacity::Passenger && (infant || under_two) {
        person.capacity = Capacity::Infant;
    }
    Some(person)
}

/// `NAD+FL+++FAMILY:GIVEN:SECOND`: composite C080, whose further components are not names everywhere; where it
/// is empty, C058 before it.
fn names(nad: &Placed<'_>, problems: &mut Problems) -> Option<(String, String)> {
    let name = Some(nad.segment.element(4)).filter(|e| !e.is_empty()).unwrap_or(nad.segment.element(3));
    let mut parts = name.components().map(|part| {
        let cut = part.chars().count() > NAME_CHARS_MAX;
        let clean = part.chars().take(NAME_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c });
        (clean.collect::<String>().trim().to_owned(), cut)
    });
    let (family, family_cut) = parts.next().unwrap_or_default();
    let given: Vec<_> = parts.take(2).collect();
    if family_cut || given.iter().any(|(_, cut)| *cut) {
        let expected = format!("at most {NAME_CHARS_MAX} characters in a part of a name");
        problems.push(Problem::new(nad.place(), "more, cut", expected, Cost::Value));
    }
    let given: Vec<_> = given.into_iter().map(|(part, _)| part).filter(|part| !part.is_empty()).collect();
    let given = given.join(" ");
    // A single name is the primary identifier (ICAO 9303-3 section 4.6), wherever the carrier put it.
    match (family.is_empty(), given.is_empty()) {
        (true, true) => {
            let expected = "a family or a given name in element 4";
            problems.push(Problem::new(nad.place(), "no name", expected, Cost::Person));
            None
        }
        (true, false) => Some((given, String::new())),
        _ => Some((family, given)),
    }
}

fn sex_of(att: &Placed<'_>, problems: &mut Problems) -> (Option<Sex>, bool) {
    match &*att.segment.text(3, 0) {
        "M" => (Some(Sex::M), false),
        "F" => (Some(Sex::F), false),
        "MI" => (Some(Sex::M), true),
        "FI" => (Some(Sex::F), true),
        "X" | "U" => (Some(Sex::X), false),
        "XI" | "UI" => (Some(Sex::X), true),
        other => {
            let found = if other.is_empty() { "nothing" } else { "another value" };
            let expected = "M, F, X or U in element 3, with I for an infant";
            problems.push(Problem::new(att.place(), found, expected, Cost::Value));
            (None, false)
        }
    }
}

fn birth(dtm: &Placed<'_>, departs: Date, problems: &mut Problems) -> Option<Date> {
    let born = date::birth(&dtm.segment, departs);
    if born.is_none() {
        let expected = "a date of birth as YYMMDD or CCYYMMDD, not after the voyage";
        problems.push(Problem::new(dtm.place(), "no such date", expected, Cost::Value));
    }
    born
}

fn state(placed: &Placed<'_>, problems: &mut Problems) -> Option<State> {
    let state = ports::as_in_passports(&placed.segment.text(2, 0));
    if state.is_none() {
        let expected = "a state's code as in ICAO 9303-3 section 5";
        problems.push(Problem::new(placed.place(), "no state's code", expected, Cost::Value));
    }
    state
}

/// A port of someone's journey.
fn port(placed: &Placed<'_>, problems: &mut Problems) -> Option<String> {
    let port = port_code(&placed.segment.text(2, 0));
    if port.is_none() {
        problems.push(Problem::new(placed.place(), "no port's code", PORT_EXPECTED, Cost::Value));
    }
    port
}

/// What a port's code looks like.
pub(super) const PORT_EXPECTED: &str = "a port's code of three to five letters and digits";

/// A port's code in upper case: IATA, ICAO or UN/LOCODE.
pub(super) fn port_code(text: &str) -> Option<String> {
    let plain = (3..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| text.to_ascii_uppercase())
}

fn reference(rff: &Placed<'_>) -> Option<String> {
    let text = rff.segment.text(1, 1);
    (!text.is_empty() && text.len() <= REFERENCE_BYTES_MAX).then(|| text.into_owned())
}

/// Keeps a document whose issuing state, kind and number are all told.
///
/// A missing issuing state (LOC+91) is not guessed from the nationality. References are kept under issuing
/// state, kind and number; a wrong guess would put a stranger's portrait under a traveller's name, while a
/// document left out sends that traveller to an officer. In real messages the two do differ.
fn keep(document: Option<Document<'_>>, person: &mut ManifestPerson, problems: &mut Problems) {
    let Some(Document { doc, issuer }) = document else { return };
    let mut left_out = |found: &'static str, expected: &'static str| {
        problems.push(Problem::new(doc.place(), found, expected, Cost::Document));
    };
    let kind = doc.segment.text(1, 0);
    let number = doc.segment.text(2, 0);
    let Ok(kind) = DocumentKind::new(&kind) else {
        return left_out(
            "no kind of document",
            "a kind of document in element 1: P, V, I, A, C, T or another of list 1001",
        );
    };
    let Some(issuer) = issuer else {
        return left_out("no state of issue", "LOC+91 after DOC");
    };
    match DocumentKey::new(issuer, kind, &number) {
        Err(_) => left_out("no document number", "1 to 35 letters and digits in element 2"),
        Ok(key) if key.is_placeholder() => {
            left_out("one character over and over for a number", "the document's number, or no DOC at all");
        }
        Ok(key) if person.documents.contains(&key) => {}
        Ok(_) if person.documents.len() >= DOCUMENTS_MAX => {
            left_out("more documents", "at most 8 documents of a person");
        }
        Ok(key) => person.documents.push(key),
    }
}
