//! The groups by which error rates are measured (ISO/IEC 19795-10): from *declared* document data, never from a face.

use crate::voyage::{ManifestPerson, Sex};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The cell of whoever declared nothing in a dimension, or whom nobody established.
pub const NOT_STATED: &str = "not stated";

/// The cell of [`Dimension::All`].
pub const EVERYBODY: &str = "all";

/// By what counts are told apart. One at a time: marginals are never crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// Everybody.
    All,
    /// Sex as declared on the document.
    Sex,
    /// Age on the voyage's day, in bands.
    AgeBand,
    /// The state that issued the document travelled on.
    IssuingState,
}

impl Dimension {
    /// The declared marginals.
    pub const GROUPS: [Self; 3] = [Self::Sex, Self::AgeBand, Self::IssuingState];

    /// The cell that a passenger falls into; `day` is the voyage's.
    pub fn cell(self, person: Option<&ManifestPerson>, day: Date) -> String {
        let stated = match self {
            Self::All => Some(EVERYBODY.to_owned()),
            Self::Sex => person.and_then(|p| p.sex).map(|sex| match sex {
                Sex::F => "F".to_owned(),
                Sex::M => "M".to_owned(),
                Sex::X => "X".to_owned(),
            }),
            Self::AgeBand => {
                person.and_then(|p| p.born).and_then(|born| age_band(born, day)).map(str::to_owned)
            }
            Self::IssuingState => {
                person.and_then(|p| p.documents.first()).map(|document| document.issuer.to_string())
            }
        };
        stated.unwrap_or_else(|| NOT_STATED.to_owned())
    }
}

/// The age band on `day` of somebody born on `born`; `None` when that is after it.
pub fn age_band(born: Date, day: Date) -> Option<&'static str> {
    let birthday_to_come = (day.month(), day.day()) < (born.month(), born.day());
    let age = i32::from(day.year()) - i32::from(born.year()) - i32::from(birthday_to_come);
    Some(match age {
        ..0 => return None,
        0..=5 => "0-5",
        6..=13 => "6-13",
        14..=17 => "14-17",
        18..=39 => "18-39",
        40..=59 => "40-59",
        60..=78 => "60-78",
        79.. => "79+",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_band_changes_on_the_birthday() {
        let born = date(2008, 11, 24);
        assert_eq!(age_band(born, date(2026, 11, 23)), Some("14-17"));
        assert_eq!(age_band(born, date(2026, 11, 24)), Some("18-39"));
        assert_eq!(age_band(date(2027, 1, 1), date(2026, 11, 24)), None);
        assert_eq!(age_band(date(1900, 1, 1), date(2026, 11, 24)), Some("79+"));
    }

    #[test]
    fn who_stated_nothing_has_a_cell_too() {
        for dimension in Dimension::GROUPS {
            assert_eq!(dimension.cell(None, date(2026, 11, 24)), NOT_STATED);
        }
        assert_eq!(Dimension::All.cell(None, date(2026, 11, 24)), EVERYBODY);
    }
}
