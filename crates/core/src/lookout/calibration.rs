//! From which likeness on a name is a hit, and what is known of such hits: measured, in `calibration.toml`, by
//! `portunus lookouts calibrate`, on people whose names are mangled by rules of their own (`docs/accuracy/lookouts.md`).

use super::{BornAgrees, NationalityAgrees};
use crate::name::Similarity;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What stands beside the likeness of the names: each cell has a threshold of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Born on the same day.
    SameDay,
    /// On the same day, of another nationality.
    SameDayOtherNationality,
    /// Born on a day that a slip of the pen makes of the other.
    NearDay,
    /// The same, of another nationality.
    NearDayOtherNationality,
    /// Born in a year that fits.
    Year,
    /// The same, of another nationality.
    YearOtherNationality,
    /// The lookout knows no date of birth; the nationality is the same.
    Undated,
    /// Nothing known of one's birth, nor that the nationality is the same.
    Unknown,
    /// The same, of another nationality.
    UnknownOtherNationality,
}

impl Cell {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::SameDay,
        Self::SameDayOtherNationality,
        Self::NearDay,
        Self::NearDayOtherNationality,
        Self::Year,
        Self::YearOtherNationality,
        Self::Undated,
        Self::Unknown,
        Self::UnknownOtherNationality,
    ];

    /// In which cell two people's dates and nationalities stand.
    pub fn of(born: BornAgrees, nationality: NationalityAgrees) -> Self {
        let other = nationality == NationalityAgrees::Other;
        match (born, other) {
            (BornAgrees::SameDay, false) => Self::SameDay,
            (BornAgrees::SameDay, true) => Self::SameDayOtherNationality,
            (BornAgrees::Swapped | BornAgrees::OneDigit, false) => Self::NearDay,
            (BornAgrees::Swapped | BornAgrees::OneDigit, true) => Self::NearDayOtherNationality,
            (BornAgrees::Year, false) => Self::Year,
            (BornAgrees::Year, true) => Self::YearOtherNationality,
            (BornAgrees::NotListed, false) if nationality == NationalityAgrees::Same => Self::Undated,
            (BornAgrees::NotListed | BornAgrees::Unknown, false) => Self::Unknown,
            (BornAgrees::NotListed | BornAgrees::Unknown, true) => Self::UnknownOtherNationality,
        }
    }

    /// In words, for a table.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::SameDay => "same day of birth",
            Self::SameDayOtherNationality => "same day of birth, another nationality",
            Self::NearDay => "day and month swapped, or one digit differs",
            Self::NearDayOtherNationality => {
                "day and month swapped or one digit differs, another nationality"
            }
            Self::Year => "year of birth fits, day not known",
            Self::YearOtherNationality => "year of birth fits, another nationality",
            Self::Undated => "the lookout knows no date of birth, same nationality",
            Self::Unknown => "a date of birth not known",
            Self::UnknownOtherNationality => "a date of birth not known, another nationality",
        }
    }
}

/// From which likeness on a name is a hit, in each cell; `None`: never.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds([Option<f64>; Cell::ALL.len()]);

impl Thresholds {
    /// The same in every cell: to measure with.
    pub fn everywhere(likeness: f64) -> Self {
        Self([Some(likeness); Cell::ALL.len()])
    }

    /// Whether names so much alike are a hit. What rounding takes off a likeness does not decide.
    pub fn reached(&self, cell: Cell, likeness: Similarity) -> bool {
        self.0[cell as usize].is_some_and(|threshold| likeness.get() >= threshold - 1e-9)
    }

    /// The lowest of them: what is less alike is a hit nowhere.
    pub fn of(&self, cell: Cell) -> Option<f64> {
        self.0[cell as usize]
    }
}

/// What is known of hits of one cell, at the threshold in force: it goes with every hit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stated {
    /// From which likeness on, in hundredths.
    pub threshold_percent: f64,
    /// Of hits of this kind on synthetic people, the share that was right.
    pub precision: f64,
    /// Of people listed whose dates stand like this, the share that was found.
    pub recall: f64,
}

impl Stated {
    /// For an officer, in words.
    pub fn in_words(&self) -> String {
        let found = self.recall * 100.0;
        let right = if self.precision >= 0.01 || self.precision <= 0.0 {
            format!("of a hundred hits of this kind about {:.0} were right", self.precision * 100.0)
        } else {
            format!("of {:.0} hits of this kind about one was right", 1.0 / self.precision)
        };
        format!("Measured on synthetic people: {right}; {found:.0} % of those listed were found")
    }
}

/// One cell's measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which.
    pub cell: Cell,
    /// The threshold chosen; absent: wrong hits of this kind outweigh right ones everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// At it, the share of hits that were right.
    pub precision: f64,
    /// At it, the share of people listed that were found, of those whose dates stand like this.
    pub recall: f64,
}

/// A whole calibration, as the file has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The seed that gives the same people.
    pub seed: u64,
    /// Entries of the list.
    pub entries: usize,
    /// Travellers asked with.
    pub travellers: usize,
    /// How many of a million travellers were listed.
    pub listed_per_million: u32,
    /// How many wrong hits weigh as much as a right one: each threshold is where right ones outweigh wrong ones the most.
    pub wrong_worth_one_right: f64,
    /// The same of lookouts that know no date of birth, of which few are in force ([`super::UNDATED_MAX`]).
    pub undated_wrong_worth_one_right: f64,
    /// Of all people listed, the share that was found.
    pub recall: f64,
    /// Of all hits, the share that was right; those by lookouts without a date of birth left out.
    pub precision: f64,
    /// Travellers not listed who are sent to an officer, of 100,000; by lookouts without a date of birth left out.
    pub wrongly_referred_per_100k: f64,
    /// Travellers not listed whom one lookout without a date of birth sends to an officer, of a million.
    pub undated_wrongly_referred_per_million: f64,
    /// Each cell.
    pub cell: Vec<Measured>,
}

static IN_FORCE: LazyLock<Calibration> = LazyLock::new(|| {
    // A file of this repository, read by a test: it cannot be other than well formed in a program that was built.
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    toml::from_str(include_str!("calibration.toml"))
        .expect("crates/core/src/lookout/calibration.toml is well formed")
});

impl Calibration {
    /// The one in force.
    pub fn in_force() -> &'static Self {
        &IN_FORCE
    }

    /// How many wrong hits of a cell weigh as much as a right one.
    pub fn wrong_worth_one_right(&self, cell: Cell) -> f64 {
        if cell == Cell::Undated { self.undated_wrong_worth_one_right } else { self.wrong_worth_one_right }
    }

    /// Its thresholds.
    pub fn thresholds(&self) -> Thresholds {
        let mut all = [None; Cell::ALL.len()];
        for measured in &self.cell {
            all[measured.cell as usize] = measured.threshold;
        }
        Thresholds(all)
    }

    /// What is known of hits of a cell.
    pub fn stated(&self, cell: Cell) -> Stated {
        let measured = self.cell.iter().find(|measured| measured.cell == cell);
        Stated {
            threshold_percent: measured.and_then(|m| m.threshold).unwrap_or(1.0) * 100.0,
            precision: measured.map_or(0.0, |m| m.precision),
            recall: measured.map_or(0.0, |m| m.recall),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_measured_and_where_it_gives_hits_right_ones_outweigh_wrong_ones() {
        let calibration = Calibration::in_force();
        for cell in Cell::ALL {
            let of: Vec<&Measured> = calibration.cell.iter().filter(|m| m.cell == cell).collect();
            assert_eq!(of.len(), 1, "{cell:?}");
            if let Some(threshold) = of[0].threshold {
                assert!((0.5..=1.0).contains(&threshold));
                let outweighs = 1.0 / (1.0 + calibration.wrong_worth_one_right(cell));
                assert!(of[0].precision >= outweighs, "{cell:?}");
            }
        }
        assert!(calibration.entries >= 100_000 && calibration.recall > 0.5);
        // What the book says that those without a date of birth cost, together.
        let undated = calibration.undated_wrongly_referred_per_million * super::super::UNDATED_MAX as f64;
        assert!(undated > 0.0 && undated <= 2000.0, "{undated} of a million");
    }

    #[test]
    fn a_name_as_much_alike_as_the_threshold_is_a_hit_whatever_rounding_makes_of_it() {
        use crate::name::{PersonName, alike};
        let likeness = alike(&PersonName::new("WALTER", "HANS"), &PersonName::new("VALTER", "HANS"));
        let thresholds = Thresholds::everywhere;
        for likeness in [likeness, Similarity::new(0.989_999_999_999_999_8)] {
            let hundredths = f64::from(likeness.percent()) / 100.0;
            assert!(thresholds(hundredths).reached(Cell::Undated, likeness), "{}", likeness.get());
            assert!(!thresholds(hundredths + 0.01).reached(Cell::Undated, likeness));
        }
    }

    #[test]
    fn what_is_seldom_right_is_said_as_one_of_so_many() {
        let stated = |precision| Stated { threshold_percent: 99.0, precision, recall: 0.5 }.in_words();
        assert!(stated(0.326).contains("of a hundred hits of this kind about 33 were right; 50 %"));
        assert!(stated(0.0005).contains("of 2000 hits of this kind about one was right"));
    }
}
