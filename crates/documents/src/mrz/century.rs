//! Two digits of a year become a year, seen from a day that is given.

use jiff::Unit;
use jiff::civil::Date;

/// A date of birth, as far as the issuer knew it (ICAO 9303-3 section 4.8). Personal data: no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Birth {
    /// On this day.
    On(Date),
    /// In this year, as far as known, and this month of it.
    Partly {
        /// The year.
        year: Option<i16>,
        /// The month, 1 to 12.
        month: Option<i8>,
    },
    /// Unknown altogether.
    Unknown,
}

impl Birth {
    /// The day, where all of it is known.
    pub fn day(self) -> Option<Date> {
        match self {
            Self::On(day) => Some(day),
            Self::Partly { .. } | Self::Unknown => None,
        }
    }

    /// The year, where it is known and the day is not.
    pub fn year_alone(self) -> Option<i16> {
        match self {
            Self::Partly { year, .. } => year,
            Self::On(_) | Self::Unknown => None,
        }
    }

    /// Reads `YYMMDD`, each pair perhaps `<<`; none where it is on no calendar.
    ///
    /// The birth is the last such day that is not after `today`: who is older than a hundred seems a child, and the
    /// officer sees that it is not so.
    pub(super) fn read(text: &str, today: Date) -> Option<Self> {
        let [year, month, day] = pairs(text)?;
        let century = today.year() - today.year().rem_euclid(100);
        let (year, month, day) = match (year, month, day) {
            (None, None, None) => return Some(Self::Unknown),
            (year, month, day) => (year.map(|y| y as i16), month.map(|m| m as i8), day.map(|d| d as i8)),
        };
        if let (Some(year), Some(month), Some(day)) = (year, month, day) {
            let dates =
                [century, century - 100].into_iter().filter_map(|c| Date::new(c + year, month, day).ok());
            return dates.filter(|born| *born <= today).map(Self::On).next();
        }
        let real = month.is_none_or(|m| (1..=12).contains(&m)) && day.is_none_or(|d| (1..=31).contains(&d));
        let year = year.map(|y| if century + y > today.year() { century - 100 + y } else { century + y });
        real.then_some(Self::Partly { year, month })
    }
}

/// The pairs of `YYMMDD`, none for `<<`.
fn pairs(text: &str) -> Option<[Option<u8>; 3]> {
    let pair = |from: usize| match text.get(from..from + 2)? {
        "<<" => Some(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok().map(Some),
        _ => None,
    };
    Some([pair(0)?, pair(2)?, pair(4)?])
}

/// A date of expiry: of all such days the one nearest to `today`, within fifty years of it.
pub(super) fn expiry(text: &str, today: Date) -> Option<Date> {
    let [Some(year), Some(month), Some(day)] = pairs(text)? else { return None };
    let century = today.year() - today.year().rem_euclid(100);
    let dates = [century - 100, century, century + 100]
        .into_iter()
        .filter_map(|c| Date::new(c + i16::from(year), month as i8, day as i8).ok());
    let days = |date: &Date| today.until((Unit::Day, *date)).map_or(i32::MAX, |span| span.get_days().abs());
    dates.min_by_key(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(text: &str) -> Option<String> {
        match Birth::read(text, Date::constant(2026, 11, 23))? {
            Birth::On(day) => Some(day.to_string()),
            Birth::Partly { year, month } => Some(format!("{year:?} {month:?}")),
            Birth::Unknown => Some("unknown".to_owned()),
        }
    }

    #[test]
    fn a_birth_is_the_last_such_day_that_is_not_to_come() {
        assert_eq!(born("740812").as_deref(), Some("1974-08-12"));
        assert_eq!(born("261123").as_deref(), Some("2026-11-23"));
        assert_eq!(born("261124").as_deref(), Some("1926-11-24"));
        assert_eq!(born("270101").as_deref(), Some("1927-01-01"));
        assert_eq!(born("000229").as_deref(), Some("2000-02-29"));
        assert_eq!(born("260229"), None, "in neither century");
        assert_eq!(born("741301"), None);
        assert_eq!(born("000000"), None);
    }

    #[test]
    fn what_the_issuer_did_not_know_is_not_made_up() {
        assert_eq!(born("<<<<<<").as_deref(), Some("unknown"));
        assert_eq!(born("74<<<<").as_deref(), Some("Some(1974) None"));
        assert_eq!(born("7408<<").as_deref(), Some("Some(1974) Some(8)"));
        assert_eq!(born("<<0812").as_deref(), Some("None Some(8)"));
        assert_eq!(born("7<0812"), None);
        assert_eq!(born("7413<<"), None);
    }

    #[test]
    fn an_expiry_is_the_nearest_such_day() {
        let on = |text: &str, today| expiry(text, today).map(|date: Date| date.to_string());
        let today = Date::constant(2026, 11, 23);
        assert_eq!(on("120415", today).as_deref(), Some("2012-04-15"));
        assert_eq!(on("361122", today).as_deref(), Some("2036-11-22"));
        assert_eq!(on("961122", today).as_deref(), Some("1996-11-22"));
        assert_eq!(on("050101", Date::constant(2098, 1, 1)).as_deref(), Some("2105-01-01"));
        assert_eq!(on("<<<<<<", today), None);
        assert_eq!(on("120230", today), None);
    }
}
