//! `portunus stays calibrate`: of pairs that no document makes, how often each kind of agreement is of one person; on
//! synthetic people whose truth is known ([`crate::lookouts::people`], [`crate::lookouts::mangle`]).
//!
//! Truth is who was drawn, never what a matcher says of two names. What is compared, and when two crossings fit each other,
//! is the book's own doing ([`Book`]): it is asked for everything that it compares.

use crate::dice::Dice;
use crate::lookouts::calibrate::with_interval;
use crate::lookouts::mangle::{Recorded, Slip, as_traveller};
use crate::lookouts::people::{Origin, Person, person};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::crossing::Admission;
use portunus_core::document::State;
use portunus_core::encounter::Method;
use portunus_core::id::RecordId;
use portunus_core::place::Direction;
use portunus_core::stay::calibration::Measured;
use portunus_core::stay::likeness::PROPOSED_FROM;
use portunus_core::stay::{
    Biographic, Book, Calibration, Coverage, Crossing, Event, Fact, Kind, LinkKey, Mode, Rules, Source, What,
    Who,
};
use portunus_core::voyage::Sex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// Of people who are here under one document and leave under another, so many share their second nationality's document.
const DUAL_NATIONALS: f64 = 0.20;
/// So many have another family name in it, as after a wedding.
const RENAMED: f64 = 0.03;
/// So many travel with a twin, who changes documents as they do: one birth in sixty is of twins.
const WITH_TWIN: f64 = 0.03;
/// So many travel with a parent of the same name.
const WITH_NAMESAKE: f64 = 0.005;
/// Of records so many state no sex, or another.
const SEX_MISSING: f64 = 0.05;
const SEX_WRONG: f64 = 0.005;
const PASSPORTS: [&str; 10] = ["GBR", "USA", "CAN", "FRA", "D", "AUS", "TUR", "MEX", "IND", "BRA"];

/// The year in which they enter, and the longest stay.
const START: Timestamp = Timestamp::constant(1_735_689_600, 0);
const YEAR_SECONDS: usize = 365 * 86_400;
const STAY_DAYS_MAX: usize = 180;

/// One of the pairs to be found: its entry and exit, what was done to the names and dates, where they are from.
struct Match {
    entry: usize,
    exit: usize,
    slips: BTreeSet<Slip>,
    origin: Origin,
}

/// Entries that no document closes, exits that close none, and which of them are of one person.
pub(super) struct Drawn {
    entries: Vec<Event>,
    exits: Vec<Event>,
    matches: Vec<Match>,
    matched_per_thousand: u32,
    /// Pairs of an entry and an exit of two people who share name and day of birth, as they are at home.
    namesakes: u64,
}

/// Of the pairs compared: those of one person, and all.
#[derive(Default, Clone, Copy)]
struct Counts {
    right: u64,
    of: u64,
}

/// All that was counted.
pub(super) struct Counted<'a> {
    drawn: &'a Drawn,
    pub(super) calibration: Calibration,
    /// Of each pair that is to be found, the kind as which it was compared; `None` where it never was.
    seen: Vec<Option<Kind>>,
}

fn id(side: u8, n: usize) -> RecordId {
    let mut bytes = (n as u128).to_be_bytes();
    bytes[0] = side;
    RecordId::from_bytes(bytes)
}

/// Family names, given names and date of birth: by these two people may be taken for one.
type NameAndBirth = (Vec<String>, Vec<String>, Date);

/// Given names are of one sex here, so that two people of one name agree in it, too.
fn sex(of: &Person) -> Sex {
    let name = of.given.first().or(of.family.first());
    let sum: u32 = name.map_or(0, |name| name.chars().map(u32::from).sum());
    if sum.is_multiple_of(2) { Sex::F } else { Sex::M }
}

fn stated(of: &Person, recorded: Recorded, dice: &mut Dice) -> Who {
    let sex = match (dice.unit(), sex(of)) {
        (u, _) if u < SEX_MISSING => None,
        (u, sex) if u < SEX_MISSING + SEX_WRONG => Some(if sex == Sex::F { Sex::M } else { Sex::F }),
        (_, sex) => Some(sex),
    };
    Who::Stated(Biographic {
        family_name: recorded.family,
        given_names: recorded.given,
        born: recorded.born,
        nationality: recorded.nationality.and_then(|code| State::new(code).ok()),
        sex,
    })
}

fn fact(direction: Direction, n: usize, at: Timestamp, who: Who) -> Event {
    let is_entry = direction == Direction::Entry;
    let record = id(if is_entry { 1 } else { 2 }, n);
    // Everybody under a document of their own; a key's first byte does not count.
    let mut document = record.bytes();
    document[1] = document[0];
    Event::Fact(Fact {
        record,
        revision: 0,
        at,
        keys: vec![LinkKey::document(document)],
        who: Some(who),
        what: What::Crossed(Crossing {
            direction,
            port: "JFK".to_owned(),
            mode: Mode::Air,
            admission: is_entry.then(|| Admission { class: "B-2".to_owned(), until: None }),
            method: Method::DocumentInspected,
            source: Source::Own,
        }),
    })
}

fn after(at: Timestamp, seconds: usize) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds as i64)).unwrap_or(at)
}

/// As another document has them.
fn reissued(person: &Person, dice: &mut Dice) -> Person {
    let mut other = person.clone();
    if dice.chance(DUAL_NATIONALS) {
        other.nationality = dice.any(&PASSPORTS);
    }
    if dice.chance(RENAMED) {
        other.family = another(person.origin, dice).family;
    }
    other
}

/// Somebody else of the same part of the world.
fn another(origin: Origin, dice: &mut Dice) -> Person {
    loop {
        let other = person(dice);
        if other.origin == origin {
            return other;
        }
    }
}

impl Drawn {
    /// As many entries as exits, so many of a thousand of one person.
    pub(super) fn of(ends: u64, matched_per_thousand: u32, dice: &mut Dice) -> Self {
        let ends = ends as usize;
        let matched = ends * matched_per_thousand as usize / 1000;
        let mut drawn = Self {
            entries: Vec::with_capacity(ends),
            exits: Vec::with_capacity(ends),
            matches: Vec::with_capacity(matched),
            matched_per_thousand,
            namesakes: 0,
        };
        let mut at_home: [HashMap<NameAndBirth, u64>; 2] = Default::default();
        let mut note = |side: usize, of: &Person| {
            *at_home[side].entry((of.family.clone(), of.given.clone(), of.born)).or_default() += 1;
        };
        let mut waiting = Vec::new();
        while drawn.matches.len() < matched {
            let who = waiting.pop().unwrap_or_else(|| {
                let who = person(dice);
                if dice.chance(WITH_TWIN) {
                    waiting.push(Person { given: another(who.origin, dice).given, ..who.clone() });
                }
                if dice.chance(WITH_NAMESAKE) {
                    let years = jiff::Span::new().years(18 + dice.below(25) as i64);
                    waiting.push(Person { born: who.born.saturating_sub(years), ..who.clone() });
                }
                who
            });
            let entered = after(START, dice.below(YEAR_SECONDS));
            let left = after(entered, 86_400 * (1 + dice.below(STAY_DAYS_MAX)));
            note(0, &who);
            note(1, &who);
            drawn.matched(&who, entered, left, dice);
        }
        while drawn.entries.len() < ends {
            let who = person(dice);
            note(0, &who);
            let (recorded, _) = as_traveller(&who, dice);
            let (at, n) = (after(START, dice.below(YEAR_SECONDS)), drawn.entries.len());
            drawn.entries.push(fact(Direction::Entry, n, at, stated(&who, recorded, dice)));
        }
        while drawn.exits.len() < ends {
            let who = person(dice);
            note(1, &who);
            let (recorded, _) = as_traveller(&who, dice);
            let (at, n) = (after(START, dice.below(YEAR_SECONDS)), drawn.exits.len());
            drawn.exits.push(fact(Direction::Exit, n, at, stated(&who, recorded, dice)));
        }
        let [entered, left] = at_home;
        let pairs: u64 = entered.iter().map(|(who, n)| n * left.get(who).copied().unwrap_or_default()).sum();
        drawn.namesakes = pairs.saturating_sub(matched as u64);
        drawn
    }

    fn matched(&mut self, who: &Person, entered: Timestamp, left: Timestamp, dice: &mut Dice) {
        let other = reissued(who, dice);
        let (one, mut slips) = as_traveller(who, dice);
        let (two, more) = as_traveller(&other, dice);
        slips.extend(more);
        let mut slips: BTreeSet<Slip> = slips.into_iter().collect();
        if other.nationality != who.nationality {
            slips.insert(Slip::OtherNationality);
        }
        if slips.len() > 1 {
            slips.remove(&Slip::Nothing);
        }
        let (entry, exit) = (self.entries.len(), self.exits.len());
        self.entries.push(fact(Direction::Entry, entry, entered, stated(who, one, dice)));
        self.exits.push(fact(Direction::Exit, exit, left, stated(&other, two, dice)));
        self.matches.push(Match { entry, exit, slips, origin: who.origin });
    }

    /// Has the book compare, and counts.
    pub(super) fn counted(&self, seed: u64) -> Counted<'_> {
        let rules = Rules { proposed_from: 0, ..Rules::default() };
        let book = Book::of(rules, self.entries.iter().chain(&self.exits).cloned());
        let truth: HashMap<(RecordId, RecordId), usize> = self
            .matches
            .iter()
            .enumerate()
            .map(|(n, one)| ((id(1, one.entry), id(2, one.exit)), n))
            .collect();
        let mut seen = vec![None; self.matches.len()];
        let mut kinds: BTreeMap<Kind, Counts> = BTreeMap::new();
        book.each_stay(&Coverage::default(), Timestamp::MAX, |stay| {
            // Each pair is proposed at both its ends: counted at the entry.
            for proposal in stay.proposals.iter().filter(|_| stay.entry.is_some()) {
                let kind = proposal.likeness.kind();
                let counts = kinds.entry(kind).or_default();
                counts.of += 1;
                if let Some(n) = truth.get(&(proposal.entry, proposal.exit)) {
                    counts.right += 1;
                    seen[*n] = Some(kind);
                }
            }
        });
        let kind = |(kind, counts): (&Kind, &Counts)| Measured {
            names: kind.names,
            born: kind.born,
            against: kind.against,
            right: counts.right,
            of: counts.of,
        };
        let kind: Vec<Measured> = kinds.iter().map(kind).collect();
        let is_proposed = |of: &Kind| kind.iter().any(|m| m.kind() == *of && m.confidence() >= PROPOSED_FROM);
        let found = seen.iter().flatten().filter(|kind| is_proposed(kind)).count() as u64;
        let calibration = Calibration {
            seed,
            ends: self.entries.len() as u64,
            matched_per_thousand: self.matched_per_thousand,
            found,
            matched: self.matches.len() as u64,
            kind,
        };
        Counted { drawn: self, calibration, seen }
    }
}

impl Counted<'_> {
    fn measured(&self, kind: Kind) -> Option<&Measured> {
        self.calibration.kind.iter().find(|measured| measured.kind() == kind)
    }

    fn is_proposed(&self, kind: Kind) -> bool {
        self.measured(kind).is_some_and(|measured| measured.confidence() >= PROPOSED_FROM)
    }

    /// The page of the book.
    pub(super) fn page(&self) -> String {
        let mut text = self.head();
        for kind in Kind::all() {
            let Some(measured) = self.measured(kind) else { continue };
            let wrong = measured.of - measured.right;
            // Were a tenth as many to be found among as many others.
            let rarer = measured.right as f64 / (measured.right as f64 + 10.0 * wrong as f64).max(1.0);
            let confidence = measured.confidence();
            let said = match self.is_proposed(kind) {
                true => format!("**{}.{} %**", confidence / 10, confidence % 10),
                false => "not proposed".to_owned(),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {said} | {:.1} % |",
                kind.in_words(),
                measured.of,
                measured.right,
                with_interval(measured.right, measured.of),
                rarer * 100.0,
            );
        }
        text.push_str("\n## What is found\n\n| exits under another document with | there are | proposed | 95 % interval |\n|---|--:|--:|--:|\n");
        self.row(&mut text, "(all)", |_| true);
        for slip in Slip::ALL {
            self.row(&mut text, slip.in_words(), |one| one.slips.contains(&slip));
        }
        for origin in Origin::ALL {
            self.row(&mut text, &format!("names: {origin:?}"), |one| one.origin == origin);
        }
        text.push_str(LIMITS);
        text
    }

    fn row(&self, text: &mut String, name: &str, is_of: impl Fn(&Match) -> bool) {
        let of = self.drawn.matches.iter().zip(&self.seen).filter(|(one, _)| is_of(one));
        let (mut there, mut found) = (0, 0);
        for (_, kind) in of {
            there += 1;
            found += u64::from(kind.is_some_and(|kind| self.is_proposed(kind)));
        }
        if there > 0 {
            let _ = writeln!(text, "| {name} | {there} | {} |", with_interval(found, there));
        }
    }

    fn head(&self) -> String {
        let Calibration { seed, ends, matched, found, .. } = self.calibration;
        let proposed = self.calibration.kind.iter().filter(|m| m.confidence() >= PROPOSED_FROM);
        let (right, of) = proposed.fold((0, 0), |(right, of), m| (right + m.right, of + m.of));
        let pairs = (ends * ends) as f64;
        format!(
            "# Accuracy of pairs that no document makes\n\nMade by `portunus stays calibrate --seed {seed} --ends {ends} \
             --matched-per-thousand {}`; do not edit, run it again.\n\n{ends} entries of a year that no document closes, and \
             as many exits; {matched} of these exits are of somebody who came in under another document. Of the others the \
             other end is not recorded. Who is who was drawn, not matched: people, the schemes that spell them, the slips of \
             keyboards, readers and clerks are in `crates/portunus/src/lookouts`, and know nothing of how names are compared \
             (`core::name`, `core::stay`). Second documents are in `crates/portunus/src/stays/calibrate.rs`: {:.0} % of \
             another nationality, {:.0} % with another family name; {:.0} % of people travel with a twin.\n\n\
             Two different people share their name at home and their day of birth in {} of {pairs:.1e} pairs, twins and \
             parents among them: one in {:.1e}. In the United States' voter file of 2012 about three million pairs among some \
             130 million votes share first name, last name and date of birth (Goel, Meredith, Morse, Rothschild and \
             Shirani-Mehr, *One Person, One Vote*, American Political Science Review 2020): one in 2.8e9.\n\n\
             A pair is proposed to an officer where the lower end of its kind's interval is 50 % or more; that end is the \
             confidence that is stated.\n\n| all kinds that are proposed | | 95 % interval |\n|---|--:|--:|\n\
             | proposals that are right | {} |\n| exits under another document that are proposed | {} |\n\n\
             ## By kind of agreement\n\nThe last column: the share that would be right, were a tenth as many to be found \
             among as many others.\n\n| kind | pairs compared | of one person | share | 95 % interval | stated | were they rarer |\n\
             |---|--:|--:|--:|--:|--:|--:|\n",
            self.calibration.matched_per_thousand,
            DUAL_NATIONALS * 100.0,
            RENAMED * 100.0,
            WITH_TWIN * 100.0,
            self.drawn.namesakes,
            pairs / (self.drawn.namesakes as f64).max(1.0),
            with_interval(right, of),
            with_interval(found, matched),
        )
    }
}

const LIMITS: &str = "
## Limits

- Synthetic people: names are made of lists and parts, their frequencies follow a curve and no census. Where many travellers
  are of one region more people share a name than here.
- How often slips happen, how many have a second nationality or travel with a twin is assumed, not measured at a port.
- What is stated is of a house with as many loose ends as here: with ten times as many, chance agreements are ten times as
  frequent beside right ones. The last column says the same of fewer to be found.
- Names and dates that are both written otherwise are never compared: they share nothing by which they would be found.
- While names are sealed a pair is compared only where both are the very same: the first row, with fewer found.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_of_a_pair_holds_on_people_drawn_anew() {
        // Fewer loose ends than the table in force was made with, so fewer agree by chance.
        let drawn = Drawn::of(6000, 100, &mut Dice::new(20_261_130));
        let counted = drawn.counted(20_261_130);
        assert_eq!(counted.calibration.matched, 600);
        let in_force = Calibration::in_force();
        let (mut right, mut of) = (0, 0);
        for measured in &counted.calibration.kind {
            let stated = Calibration::confidence(measured.kind());
            if stated >= PROPOSED_FROM {
                (right, of) = (right + measured.right, of + measured.of);
                let high = measured.precision().unwrap().high * 1000.0;
                assert!(high >= f64::from(stated), "{}: {high} {stated}", measured.kind().in_words());
            }
        }
        assert!(right * 10 >= of * 9, "{right} of {of}");
        let found = right as f64 / counted.calibration.matched as f64;
        // None before the table was first measured.
        if in_force.matched > 0 {
            let stated = in_force.found as f64 / in_force.matched as f64;
            assert!((found - stated).abs() < 0.08, "{found} {stated}");
        }
        let page = counted.page();
        assert!(
            page.contains("| the same name, born on the same day | ") && page.contains("| (all) | 600 | ")
        );
    }

    #[test]
    fn twins_and_namesakes_are_not_taken_for_one_person_by_the_truth() {
        let drawn = Drawn::of(3000, 1000, &mut Dice::new(3));
        assert_eq!((drawn.entries.len(), drawn.exits.len(), drawn.matches.len()), (3000, 3000, 3000));
        let counted = drawn.counted(3);
        let wrong = |is: fn(Kind) -> bool| -> u64 {
            let of = counted.calibration.kind.iter().filter(|measured| is(measured.kind()));
            of.map(|measured| measured.of - measured.right).sum()
        };
        use portunus_core::stay::{Agreement, Names};
        // A parent of the same name, and a twin of another: compared, and counted as wrong.
        assert!(wrong(|kind| kind.names == Names::Same && kind.born == Agreement::Differs) > 0);
        assert!(wrong(|kind| kind.names == Names::Other && kind.born == Agreement::Same) > 0);
    }
}
