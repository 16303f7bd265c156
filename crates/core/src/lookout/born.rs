//! Dates of birth that are not wholly known.

use super::Fault;
use crate::voyage::ManifestPerson;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A year may be this far off, either way.
pub const YEARS_OFF_MAX: u8 = 10;

/// What is known of a date of birth. Personal data: no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Born {
    /// Nothing.
    Unknown,
    /// The day.
    Day(Date),
    /// The year, or some years around it.
    Year {
        /// Which.
        year: i16,
        /// How far off it may be, either way.
        off: u8,
    },
}

/// Why a text is not a date of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1990-01-31, 1990, 1990+-2 or nothing")]
pub struct ParseBornError;

impl std::str::FromStr for Born {
    type Err = ParseBornError;
    fn from_str(text: &str) -> Result<Self, ParseBornError> {
        let text = text.trim();
        // Digits stand for N: the parsers of numbers and dates take signs, times and more forms.
        let form: String = text.chars().map(|c| if c.is_ascii_digit() { 'N' } else { c }).collect();
        let year = || text[..4].parse().map_err(|_| ParseBornError);
        match form.as_str() {
            "" => Ok(Self::Unknown),
            "NNNN" => Ok(Self::Year { year: year()?, off: 0 }),
            "NNNN+-N" | "NNNN+-NN" => {
                Ok(Self::Year { year: year()?, off: text[6..].parse().map_err(|_| ParseBornError)? })
            }
            "NNNN-NN-NN" => text.parse().map(Self::Day).map_err(|_| ParseBornError),
            _ => Err(ParseBornError),
        }
    }
}

impl TryFrom<String> for Born {
    type Error = ParseBornError;
    fn try_from(text: String) -> Result<Self, ParseBornError> {
        text.parse()
    }
}

impl From<Born> for String {
    fn from(born: Born) -> String {
        match born {
            Born::Unknown => String::new(),
            Born::Day(day) => day.to_string(),
            Born::Year { year, off: 0 } => format!("{year:04}"),
            Born::Year { year, off } => format!("{year:04}+-{off}"),
        }
    }
}

/// What a stated date of birth is to a lookout's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BornAgrees {
    /// The same day.
    SameDay,
    /// Day and month stand the other way round.
    Swapped,
    /// One digit differs.
    OneDigit,
    /// The year fits, and more is not known of one of them (also where it is 1 January, which stands for that).
    Year,
    /// The lookout knows none; the traveller states one.
    NotListed,
    /// The traveller states not even the year.
    Unknown,
}

impl BornAgrees {
    /// For an officer, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::SameDay => "the date of birth is the same",
            Self::Swapped => "day and month of birth stand the other way round",
            Self::OneDigit => "one digit of the date of birth differs",
            Self::Year => "the year of birth fits, the day is not known",
            Self::NotListed => "the lookout knows no date of birth",
            Self::Unknown => "no date of birth is stated",
        }
    }
}

impl Born {
    /// What a document and a carrier's list say of it.
    pub fn stated(person: &ManifestPerson) -> Self {
        match (person.born, person.born_in) {
            (Some(day), _) => Self::Day(day),
            (None, Some(year)) => Self::Year { year, off: 0 },
            (None, None) => Self::Unknown,
        }
    }

    /// Whether it may stand in a lookout; without a year it does beside a nationality alone.
    ///
    /// # Errors
    /// A [`Fault`] of the field `born`.
    pub fn check(self, has_nationality: bool, today: Date) -> Result<(), Fault> {
        let year = match self {
            Self::Unknown if has_nationality => return Ok(()),
            // Hits by a name alone are wrong thousands of times before one is right: docs/accuracy/lookouts.md.
            Self::Unknown => {
                let expected = "1990-01-31, 1990 or 1990+-2: at least the year, or else a nationality";
                return Err(Fault::new("born", expected));
            }
            Self::Day(day) => day.year(),
            Self::Year { year, .. } => year,
        };
        let off_fits = !matches!(self, Self::Year { off, .. } if off > YEARS_OFF_MAX);
        let is_to_come = year > today.year() || matches!(self, Self::Day(day) if day > today);
        if year >= 1880 && off_fits && !is_to_come {
            return Ok(());
        }
        let expected =
            format!("1990-01-31, 1990 or 1990+-2 (at most {YEARS_OFF_MAX} years), from 1880 to today");
        Err(Fault::new("born", expected))
    }

    /// The years in which they may be born.
    pub(super) fn years(self) -> Option<std::ops::RangeInclusive<i16>> {
        match self {
            Self::Unknown => None,
            Self::Day(day) => Some(day.year()..=day.year()),
            Self::Year { year, off } => {
                let off = i16::from(off.min(YEARS_OFF_MAX));
                Some(year.saturating_sub(off)..=year.saturating_add(off))
            }
        }
    }

    /// What a traveller's is to a lookout's; `None` when they speak against each other: then it is no hit, whatever the name.
    pub fn agrees(self, stated: Self) -> Option<BornAgrees> {
        match (self, stated) {
            (_, Self::Unknown) => Some(BornAgrees::Unknown),
            (Self::Unknown, _) => Some(BornAgrees::NotListed),
            (Self::Day(day), Self::Day(stated)) => days_agree(day, stated),
            _ => {
                let (listed, stated) = (self.years()?, stated.years()?);
                (listed.start() <= stated.end() && stated.start() <= listed.end()).then_some(BornAgrees::Year)
            }
        }
    }
}

fn days_agree(listed: Date, stated: Date) -> Option<BornAgrees> {
    let new_year = |date: Date| date.month() == 1 && date.day() == 1;
    if listed == stated {
        Some(BornAgrees::SameDay)
    } else if listed.year() == stated.year() && (new_year(listed) || new_year(stated)) {
        Some(BornAgrees::Year)
    } else if swapped(stated) == Some(listed) {
        Some(BornAgrees::Swapped)
    } else {
        (digits_apart(listed, stated) == 1).then_some(BornAgrees::OneDigit)
    }
}

/// Day and month the other way round, where that is another date.
pub(super) fn swapped(date: Date) -> Option<Date> {
    Date::new(date.year(), date.day(), date.month()).ok().filter(|other| *other != date)
}

fn digits_apart(one: Date, other: Date) -> usize {
    let digits = |date: Date| {
        let mut number =
            i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
        std::array::from_fn::<i32, 8, _>(|_| {
            let digit = number % 10;
            number /= 10;
            digit
        })
    };
    digits(one).iter().zip(digits(other)).filter(|(a, b)| **a != *b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(text: &str) -> Born {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_known_of_a_birth_survives_its_text_and_anything_else_is_refused() {
        for text in ["", "1990-01-31", "1990", "1990+-2"] {
            assert_eq!(String::from(born(text)), text);
        }
        for text in ["90", "1990-13-01", "1990+-", "+990", "1990+-x", "31.01.1990", "1990+-+2", "1990-01"] {
            assert!(text.parse::<Born>().is_err(), "{text}");
        }
        for text in ["19900131", "1990-01-31T10:00", "+001990-01-31", "1990-1-31", "1990+-002"] {
            assert!(text.parse::<Born>().is_err(), "{text}");
        }
        let today = "2026-11-23".parse().unwrap();
        let is_taken = |text: &str, has_nationality| born(text).check(has_nationality, today).is_ok();
        assert!(!is_taken("1990+-11", true) && is_taken("1990+-10", false));
        assert!(!is_taken("1500-01-01", true) && !is_taken("", false) && is_taken("", true));
        assert!(is_taken("2026-11-23", true) && is_taken("2026", true));
        assert!(!is_taken("2026-11-24", true) && !is_taken("2027", true));
    }

    #[test]
    fn dates_agree_as_mistakes_are_made_and_otherwise_speak_against_each_other() {
        let agrees = |known: &str, stated: &str| born(known).agrees(born(stated));
        assert_eq!(agrees("1990-04-05", "1990-04-05"), Some(BornAgrees::SameDay));
        assert_eq!(agrees("1990-04-05", "1990-05-04"), Some(BornAgrees::Swapped));
        assert_eq!(agrees("1990-04-05", "1980-04-05"), Some(BornAgrees::OneDigit));
        assert_eq!(agrees("1990-04-05", "1990-01-01"), Some(BornAgrees::Year));
        assert_eq!(agrees("1990", "1990-11-30"), Some(BornAgrees::Year));
        assert_eq!(agrees("1990+-2", "1988-11-30"), Some(BornAgrees::Year));
        assert_eq!(agrees("1990+-2", "1987-11-30"), None);
        assert_eq!(agrees("1990-04-05", "1991-05-06"), None);
        assert_eq!(agrees("", "1991-05-06"), Some(BornAgrees::NotListed));
        assert_eq!(agrees("", ""), Some(BornAgrees::Unknown));
        assert_eq!(agrees("1990", ""), Some(BornAgrees::Unknown));
        assert_eq!(agrees("1990-04-05", "1990"), Some(BornAgrees::Year));
        assert_eq!(agrees("1990-04-05", "1991"), None);
        assert_eq!(agrees("1990+-2", "1992"), Some(BornAgrees::Year));
        assert_eq!(agrees("1990+-2", "1993"), None);
        assert_eq!(agrees("", "1990"), Some(BornAgrees::NotListed));
    }
}
