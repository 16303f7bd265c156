//! Crossings of people who do not exist, as many as asked for, each from its number alone: nothing of them is kept.

use crate::dice::mixed as mix;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::crossing::Admission;
use portunus_core::document::State;
use portunus_core::encounter::Method;
use portunus_core::id::RecordId;
use portunus_core::place::Direction;
use portunus_core::stay::{Biographic, Crossing, Event, Fact, LinkKey, Mode, Source, What, Who};
use std::sync::LazyLock;

/// So many crossings does a traveller have, at most; five on average.
const ROUNDS: u64 = 8;
const PORTS: [(&str, Mode); 8] = [
    ("JFK", Mode::Air),
    ("LAX", Mode::Air),
    ("MIA", Mode::Air),
    ("ORD", Mode::Air),
    ("SFO", Mode::Air),
    ("PEV", Mode::Sea),
    ("NOGALES", Mode::Land),
    ("BUFFALO", Mode::Land),
];
const STATES: [&str; 6] = ["FRA", "D", "GBR", "MEX", "CAN", "JPN"];
const SYLLABLES: [&str; 16] =
    ["MA", "RI", "LE", "NO", "SA", "TO", "KI", "BE", "RU", "DA", "VI", "HO", "JE", "PO", "LU", "GA"];

fn bytes(of: u64, salt: u64) -> [u8; 16] {
    let (a, b) = (mix(of ^ mix(salt)), mix(of ^ mix(!salt)));
    u128::from(a).wrapping_shl(64).wrapping_add(u128::from(b)).to_be_bytes()
}

/// One traveller, from their number.
struct Traveller {
    number: u64,
    h: u64,
}

/// One crossing, as the plain way needs it.
pub(super) struct Plain {
    pub(super) number: String,
    pub(super) at: Timestamp,
    pub(super) is_entry: bool,
}

static START: LazyLock<Timestamp> =
    LazyLock::new(|| Timestamp::from_second(1_735_689_600).unwrap_or(Timestamp::UNIX_EPOCH));

impl Traveller {
    fn new(number: u64) -> Self {
        Self { number, h: mix(number) }
    }

    /// Entries and exits in turn.
    fn rounds(&self) -> u64 {
        2 + 2 * (self.h % 4)
    }

    fn chance(&self, salt: u64, percent: u64) -> bool {
        mix(self.h ^ mix(salt)) % 100 < percent
    }

    /// Of one in ten the passport is renewed during the second stay, and shown together with the old one when they leave.
    fn is_renewed(&self, round: u64) -> bool {
        round >= 3 && self.chance(1, 10)
    }

    /// Of one in a hundred the last exit is under a document that nothing links.
    fn is_unlinked(&self, round: u64) -> bool {
        round + 1 == self.rounds() && self.chance(2, 1)
    }

    /// One exit in fifty is missing.
    fn is_missing(&self, round: u64) -> bool {
        round % 2 == 1 && self.chance(100 + round, 2) && !self.is_unlinked(round)
    }

    fn at(&self, round: u64) -> Timestamp {
        let days = (round / 2) * 200 + (round % 2) * (1 + mix(self.h ^ round) % 150) + self.h % 60;
        let seconds = i64::try_from(days * 86_400 + mix(self.h ^ mix(round)) % 86_400).unwrap_or(0);
        START.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(*START)
    }

    fn document(&self, round: u64) -> u64 {
        let version = if self.is_unlinked(round) { 2 } else { u64::from(self.is_renewed(round)) };
        self.number * 3 + version
    }

    fn keys(&self, round: u64) -> Vec<LinkKey> {
        let of = |document| LinkKey::document(bytes(document, 7));
        let mut keys = vec![of(self.document(round))];
        if self.is_renewed(round) && !self.is_unlinked(round) && round == 3 {
            keys.push(of(self.number * 3));
        }
        keys
    }

    fn who(&self, round: u64) -> Who {
        let word = |salt: u64, syllables: u64| -> String {
            let syllable = |n: u64| SYLLABLES[(mix(self.h ^ mix(salt + n)) % 16) as usize];
            (0..syllables).map(syllable).collect()
        };
        let mut family_name = word(20, 4);
        if self.is_unlinked(round) && self.chance(3, 50) {
            // Spelt otherwise in the other document.
            family_name.remove(3);
        }
        let day = i64::try_from(mix(self.h ^ 40) % (60 * 365)).unwrap_or(0);
        let born = Date::constant(1945, 1, 1).saturating_add(SignedDuration::from_hours(24 * day));
        Who::Stated(Biographic {
            family_name,
            given_names: word(30, 3),
            born: Some(born),
            nationality: State::new(STATES[(self.h % 6) as usize]).ok(),
            sex: None,
        })
    }

    fn fact(&self, round: u64) -> Fact {
        let (port, mode) = PORTS[(mix(self.h ^ round) % 8) as usize];
        let at = self.at(round);
        let is_entry = round.is_multiple_of(2);
        let until = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let until = until.saturating_add(SignedDuration::from_hours(24 * 180));
        let what = What::Crossed(Crossing {
            direction: if is_entry { Direction::Entry } else { Direction::Exit },
            port: port.to_owned(),
            mode,
            admission: is_entry.then(|| Admission { class: "B-2".to_owned(), until: Some(until) }),
            method: Method::FaceMatched,
            source: Source::Own,
        });
        Fact {
            record: RecordId::from_bytes(bytes(self.number * ROUNDS + round, 9)),
            revision: 0,
            at,
            keys: self.keys(round),
            who: Some(self.who(round)),
            what,
        }
    }
}

/// Every crossing's traveller and round, so many, about in order of their instants: the first of all travellers, then the
/// second, each time in another order of people.
fn each(crossings: u64) -> impl Iterator<Item = (Traveller, u64)> {
    let people = crossings.div_ceil(5).max(1);
    let of_round = move |round: u64| {
        // A step that shares no factor with their number reaches each once.
        let step = (0..).map(|n| 1 + people * 5 / 13 + round + n).find(|step| gcd(*step, people) == 1);
        let step = step.unwrap_or(1);
        (0..people).map(move |n| (Traveller::new((n * step) % people), round))
    };
    (0..ROUNDS)
        .flat_map(of_round)
        .filter(|(traveller, round)| *round < traveller.rounds() && !traveller.is_missing(*round))
        .take(usize::try_from(crossings).unwrap_or(usize::MAX))
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// As the book takes them.
pub(super) fn events(crossings: u64) -> impl Iterator<Item = Event> {
    each(crossings).map(|(traveller, round)| Event::Fact(traveller.fact(round)))
}

/// As the plain way takes them.
pub(super) fn plain(crossings: u64) -> impl Iterator<Item = Plain> {
    each(crossings).map(|(traveller, round)| Plain {
        number: format!("{:09}", traveller.document(round)),
        at: traveller.at(round),
        is_entry: round.is_multiple_of(2),
    })
}

/// The exits that no document links, each with the entry that it closes: the truth, by which proposals are judged.
pub(super) fn unlinked(crossings: u64) -> impl Iterator<Item = (RecordId, RecordId)> {
    let record =
        |traveller: &Traveller, round| RecordId::from_bytes(bytes(traveller.number * ROUNDS + round, 9));
    each(crossings)
        .filter(|(traveller, round)| traveller.is_unlinked(*round))
        .map(move |(traveller, round)| (record(&traveller, round - 1), record(&traveller, round)))
}
