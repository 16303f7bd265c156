//! How alike two people are by name, date of birth, nationality and sex: what is proposed to an officer.
//!
//! Names are compared by [`alike`](fn@crate::name::alike). How sure a pair is follows from what kind of agreement it is
//! ([`Kind`]) and from how often pairs of that kind were right on synthetic people ([`Calibration`]). What comes of it is a
//! reason for an officer to look, never more.

use super::calibration::{Calibration, Kind};
use super::fact::{Biographic, Who};
use crate::id::RecordId;
use crate::name::{PersonName, alike};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// By which a confidence was made: kinds of agreement, each with the share that stands in `calibration.toml`.
pub const METHOD: &str = "kinds-1";
/// Nothing below this is proposed, in thousandths: whoever looks is right more often than not.
pub const PROPOSED_FROM: u16 = 500;

/// How alike two are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    /// Of pairs of this kind, so many in a thousand were of one person, at the least ([`Calibration`]).
    pub confidence: u16,
    /// How alike the names are, in thousandths.
    pub names: u16,
    /// How the dates of birth compare.
    pub born: Agreement,
    /// How the nationalities compare.
    pub nationality: Agreement,
    /// How the declared sexes compare.
    pub sex: Agreement,
}

/// How two statements compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They differ.
    Differs,
    /// One is missing.
    Unknown,
    /// As if one was misread: one digit, or day and month changed about.
    Nearly,
    /// They are the same.
    Same,
}

/// A pair that no key makes, for an officer to accept or to reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proposal {
    /// The entry that nothing closes.
    pub entry: RecordId,
    /// The exit that closes nothing.
    pub exit: RecordId,
    /// How alike the two people are.
    pub likeness: Likeness,
}

fn agreement<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> Agreement {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Agreement::Same,
        (Some(_), Some(_)) => Agreement::Differs,
        _ => Agreement::Unknown,
    }
}

fn births(a: Option<Date>, b: Option<Date>) -> Agreement {
    let (Some(one), Some(other)) = (a, b) else { return Agreement::Unknown };
    if one == other {
        return Agreement::Same;
    }
    let turned = one.year() == other.year() && (one.day(), one.month()) == (other.month(), other.day());
    let (one, other) = (one.to_string(), other.to_string());
    let digits = one.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count();
    if turned || digits == 1 { Agreement::Nearly } else { Agreement::Differs }
}

/// How alike two are. Of what is sealed it can be told alone whether name and date of birth are the same.
pub fn likeness(a: &Who, b: &Who) -> Likeness {
    let unknown = Agreement::Unknown;
    let made = match (a, b) {
        (Who::Stated(a), Who::Stated(b)) => Likeness {
            confidence: 0,
            names: (alike(&spelled(a), &spelled(b)).get() * 1000.0) as u16,
            born: births(a.born, b.born),
            nationality: agreement(a.nationality.as_ref(), b.nationality.as_ref()),
            sex: agreement(a.sex.as_ref(), b.sex.as_ref()),
        },
        (Who::Sealed(a), Who::Sealed(b)) if a == b => {
            Likeness { confidence: 0, names: 1000, born: Agreement::Same, nationality: unknown, sex: unknown }
        }
        _ => Likeness { confidence: 0, names: 0, born: unknown, nationality: unknown, sex: unknown },
    };
    Likeness { confidence: Calibration::confidence(made.kind()), ..made }
}

impl Likeness {
    /// What kind of agreement it is.
    pub fn kind(&self) -> Kind {
        Kind::of(self.names, self.born, self.nationality, self.sex)
    }
}

/// The name by which people are found to be compared: its components folded, in alphabetical order, for which part is whose
/// name differs from document to document.
pub fn in_order(of: &Biographic) -> String {
    let name = spelled(of);
    let mut parts: Vec<&str> = name.parts().into_iter().map(|part| part.folded).collect();
    parts.sort_unstable();
    parts.join(" ")
}

fn spelled(of: &Biographic) -> PersonName {
    PersonName::new(&of.family_name, &of.given_names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::State;
    use crate::voyage::Sex;

    fn person(family: &str, given: &str, born: (i16, i8, i8)) -> Biographic {
        Biographic {
            family_name: family.into(),
            given_names: given.into(),
            born: Some(Date::constant(born.0, born.1, born.2)),
            nationality: Some(State::new("FRA").unwrap()),
            sex: Some(Sex::F),
        }
    }

    #[test]
    fn one_person_spelt_in_two_ways_is_proposed_and_two_of_one_name_are_not() {
        let of = |a: &Biographic, b: &Biographic| likeness(&Who::Stated(a.clone()), &Who::Stated(b.clone()));
        let sealed = |n: u8, m: u8| likeness(&Who::Sealed([n; 16]), &Who::Sealed([m; 16])).confidence;
        assert!(sealed(1, 1) >= PROPOSED_FROM);
        assert_eq!(sealed(1, 2), 0, "of what is sealed nothing but the very same is known");
        let anna = person("MUELLER", "ANNA MARIA", (1980, 2, 9));
        let same = of(&anna, &person("Mueller Anna", "Maria", (1980, 2, 9)));
        let near = of(&anna, &person("MULLER", "ANNA MARIA", (1980, 2, 9)));
        assert!(same.confidence >= PROPOSED_FROM && near.confidence >= PROPOSED_FROM);
        let turned = of(&anna, &person("MUELLER", "ANNA MARIA", (1980, 9, 2)));
        assert_eq!(turned.born, Agreement::Nearly);
        assert!(turned.confidence < same.confidence);
        assert!(of(&anna, &person("MUELLER", "ANNA MARIA", (1974, 6, 30))).confidence < PROPOSED_FROM);
        assert!(of(&anna, &person("SCHMIDT", "PETRA", (1980, 2, 9))).confidence < PROPOSED_FROM);
        let nothing = Biographic { born: None, nationality: None, sex: None, ..anna.clone() };
        assert!(of(&anna, &nothing).confidence < PROPOSED_FROM, "a name alone is little");
    }
}
