//! How sure it is that two records which no key connects are of one person: measured, in `calibration.toml`, by `portunus
//! stays calibrate`, on people whose names are mangled by rules of their own (`docs/accuracy/stays.md`).

use super::likeness::Agreement;
use crate::accuracy::{Interval, wilson};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// How alike two names are ([`alike`](fn@crate::name::alike)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// 98 % or more: written the same, or as another scheme of transliteration writes it.
    Same,
    /// 93 % or more.
    Near,
    /// 88 % or more.
    Alike,
    /// Less.
    Other,
}

/// What speaks against two records' being of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// Nothing that is stated.
    Nothing,
    /// The nationalities differ. People have several, and change them.
    Nationality,
    /// The declared sexes differ, whatever the nationalities.
    Sex,
}

/// A kind of agreement: each has a confidence of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// How the names compare.
    pub names: Names,
    /// How the dates of birth compare.
    pub born: Agreement,
    /// What speaks against it.
    pub against: Against,
}

impl Kind {
    /// Of names so much alike, in thousandths, and of what else is stated.
    pub fn of(names: u16, born: Agreement, nationality: Agreement, sex: Agreement) -> Self {
        let names = match names {
            980.. => Names::Same,
            930.. => Names::Near,
            880.. => Names::Alike,
            _ => Names::Other,
        };
        let against = match (sex, nationality) {
            (Agreement::Differs, _) => Against::Sex,
            (_, Agreement::Differs) => Against::Nationality,
            _ => Against::Nothing,
        };
        Self { names, born, against }
    }

    /// Every one.
    pub fn all() -> impl Iterator<Item = Self> {
        let names = [Names::Same, Names::Near, Names::Alike, Names::Other];
        let births = [Agreement::Same, Agreement::Nearly, Agreement::Unknown, Agreement::Differs];
        let against = [Against::Nothing, Against::Nationality, Against::Sex];
        let of = move |names, born| against.into_iter().map(move |against| Self { names, born, against });
        names.into_iter().flat_map(move |names| births.into_iter().flat_map(move |born| of(names, born)))
    }

    /// In words, for a table.
    pub fn in_words(self) -> String {
        let names = match self.names {
            Names::Same => "the same name",
            Names::Near => "nearly the same name",
            Names::Alike => "names alike",
            Names::Other => "another name",
        };
        let born = match self.born {
            Agreement::Same => "born on the same day",
            Agreement::Nearly => "born on nearly the same day",
            Agreement::Unknown => "a birth not known",
            Agreement::Differs => "born on another day",
        };
        let against = match self.against {
            Against::Nothing => "",
            Against::Nationality => ", another nationality",
            Against::Sex => ", another sex",
        };
        format!("{names}, {born}{against}")
    }

    fn place(self) -> usize {
        (self.names as usize * 4 + self.born as usize) * 3 + self.against as usize
    }
}

/// What was counted of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// How the names compare.
    pub names: Names,
    /// How the dates of birth compare.
    pub born: Agreement,
    /// What speaks against it.
    pub against: Against,
    /// Pairs of one person.
    pub right: u64,
    /// All pairs.
    pub of: u64,
}

impl Measured {
    /// The kind.
    pub fn kind(&self) -> Kind {
        Kind { names: self.names, born: self.born, against: self.against }
    }

    /// Of pairs of this kind, the share that is of one person, with its 95 % interval.
    pub fn precision(&self) -> Option<Interval> {
        wilson(self.right, self.of)
    }

    /// What is stated of a pair of this kind, in thousandths: the interval's lower end, so that a kind seldom seen is
    /// stated with less. Nothing that was measured on people who do not exist is certain.
    pub fn confidence(&self) -> u16 {
        let thousandths = self.precision().map_or(0.0, |precision| (precision.low * 1000.0).floor());
        thousandths.min(999.0) as u16
    }
}

/// A whole calibration, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The seed that gives the same people.
    pub seed: u64,
    /// Entries that no key closes; and as many exits.
    pub ends: u64,
    /// How many of a thousand of them are of one person under two documents; the others' other end is not recorded.
    pub matched_per_thousand: u32,
    /// Of these, how many are proposed.
    pub found: u64,
    /// How many there are.
    pub matched: u64,
    /// Each kind that was seen.
    pub kind: Vec<Measured>,
}

static IN_FORCE: LazyLock<Calibration> = LazyLock::new(|| {
    // A file of this repository, read by a test: it cannot be other than well formed in a program that was built.
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    toml::from_str(include_str!("calibration.toml"))
        .expect("crates/core/src/stay/calibration.toml is well formed")
});

static CONFIDENCES: LazyLock<[u16; 48]> = LazyLock::new(|| {
    let mut all = [0; 48];
    for measured in &IN_FORCE.kind {
        all[measured.kind().place()] = measured.confidence();
    }
    all
});

impl Calibration {
    /// The one in force.
    pub fn in_force() -> &'static Self {
        &IN_FORCE
    }

    /// What is stated of a pair of this kind, in thousandths; 0 of one that was never seen.
    pub fn confidence(kind: Kind) -> u16 {
        CONFIDENCES[kind.place()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stay::likeness::PROPOSED_FROM;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_has_its_own_place_and_its_measured_confidence() {
        let places: BTreeSet<usize> = Kind::all().map(Kind::place).collect();
        assert_eq!(places, (0..48).collect());
        let measured = &Calibration::in_force().kind;
        assert_eq!(measured.iter().map(Measured::kind).collect::<BTreeSet<_>>().len(), measured.len());
        for one in measured {
            assert!(one.right <= one.of && one.of > 0);
            assert_eq!(Calibration::confidence(one.kind()), one.confidence());
        }
    }

    #[test]
    fn the_more_agrees_the_surer_and_a_kind_never_seen_is_not_proposed() {
        let of = |names, born, against| Calibration::confidence(Kind { names, born, against });
        let (same, nothing) = (Agreement::Same, Against::Nothing);
        assert!(of(Names::Same, same, nothing) >= of(Names::Alike, same, nothing));
        assert!(of(Names::Same, same, nothing) > of(Names::Same, Agreement::Differs, nothing));
        assert!(
            of(Names::Same, same, nothing) >= PROPOSED_FROM,
            "or nothing is proposed while names are sealed"
        );
        assert!(of(Names::Other, same, nothing) < PROPOSED_FROM, "a day of birth alone says little");
        let seen: BTreeSet<Kind> = Calibration::in_force().kind.iter().map(Measured::kind).collect();
        for kind in Kind::all().filter(|kind| !seen.contains(kind)) {
            assert_eq!(Calibration::confidence(kind), 0);
        }
    }

    #[test]
    fn few_pairs_are_stated_with_less_than_many_of_the_same_share() {
        let of = |right, of| {
            let (names, born, against) = (Names::Same, Agreement::Same, Against::Nothing);
            Measured { names, born, against, right, of }.confidence()
        };
        assert!(of(5, 5) < of(50, 50) && of(50, 50) < of(5000, 5000));
        assert_eq!((of(0, 0), of(1_000_000, 1_000_000)), (0, 999));
    }
}
