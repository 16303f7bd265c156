//! Months, as what is counted of people is dated: never more closely.

use crate::stay::timeline::day;
use jiff::Timestamp;
use jiff::civil::Date;

/// The month of a day, as `2026-11`.
pub fn month(day: Date) -> String {
    day.strftime("%Y-%m").to_string()
}

/// The month of an instant on the UTC calendar.
pub fn month_of(at: Timestamp) -> String {
    month(day(at))
}

/// The month so many months before, as `2026-11`; the same where that is no month.
pub fn months_before(month: &str, months: u32) -> String {
    let parsed = month
        .split_once('-')
        .and_then(|(year, month)| Some((year.parse::<i32>().ok()?, month.parse::<i32>().ok()?)));
    let Some((year, of_year)) = parsed else { return month.to_owned() };
    let since_zero = year * 12 + of_year - 1 - i32::try_from(months).unwrap_or(i32::MAX / 2);
    format!("{:04}-{:02}", since_zero.div_euclid(12), since_zero.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_back_over_the_turn_of_the_year() {
        assert_eq!(months_before("2026-11", 3), "2026-08");
        assert_eq!(months_before("2026-02", 3), "2025-11");
        assert_eq!(months_before("2026-02", 26), "2023-12");
    }
}
