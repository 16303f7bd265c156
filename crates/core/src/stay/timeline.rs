//! Until when and as what a stay is allowed, as events change it.

use super::fact::StatusChange;
use crate::crossing::Admission;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// What a stay is allowed at some instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permission {
    /// As what and until when they were let in; `None`: no admission is recorded.
    pub admitted: Option<Admission>,
    /// The same after all changes.
    pub admission: Option<Admission>,
    /// Changes that made it so, each with its instant, in order.
    pub changes: Vec<(Timestamp, StatusChange)>,
    /// Since when an application waits that was made in time.
    pub applied: Option<Timestamp>,
    /// Since when nothing limits it any more.
    pub settled: Option<Timestamp>,
}

impl Permission {
    /// Of a stay that began with `admission`, by the changes that fell into it, in order of their instants.
    pub fn after(admission: Option<Admission>, changes: Vec<(Timestamp, StatusChange)>) -> Self {
        let mut allowed = Self { admitted: admission.clone(), admission, ..Self::default() };
        for (at, change) in &changes {
            match change {
                // Who asks once it is over has asked too late.
                StatusChange::Applied if allowed.over().is_none_or(|over| *at < over) => {
                    allowed.applied.get_or_insert(*at);
                }
                StatusChange::Applied => {}
                StatusChange::ApplicationRefused => allowed.applied = None,
                StatusChange::Extension { until } => {
                    allowed.applied = None;
                    let class = allowed.admission.take().map_or(String::new(), |before| before.class);
                    allowed.admission = Some(Admission { class, until: Some(*until) });
                }
                StatusChange::Status { class, until } => {
                    allowed.applied = None;
                    allowed.admission = Some(Admission { class: class.clone(), until: *until });
                }
                StatusChange::Settled { .. } => {
                    allowed.settled.get_or_insert(*at);
                }
            }
        }
        allowed.changes = changes;
        allowed
    }

    /// The last day, where there is one.
    pub fn until(&self) -> Option<Date> {
        self.admission.as_ref()?.until
    }

    /// The first instant at which the last day is over everywhere on earth: a stay is never too long before.
    pub fn over(&self) -> Option<Timestamp> {
        over(self.until()?)
    }
}

/// Where on earth a day begins first.
const FIRST: Offset = Offset::constant(14);
/// Where on earth a day ends last.
const LAST: Offset = Offset::constant(-12);

/// The first instant at which `day` is over everywhere on earth: no port's zone makes it earlier.
pub fn over(day: Date) -> Option<Timestamp> {
    LAST.to_timestamp(day.tomorrow().ok()?.at(0, 0, 0, 0)).ok()
}

/// The day of an instant, on the UTC calendar.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// The day that it is where a day ends last: whoever is admitted until then may still be here.
pub fn day_somewhere(at: Timestamp) -> Date {
    LAST.to_datetime(at).date()
}

/// The day that it is where a day begins first: no port's calendar is ahead of it.
pub fn day_first(at: Timestamp) -> Date {
    FIRST.to_datetime(at).date()
}

/// Whole days that `at` lies past the last day, where fewest have passed: no port's calendar has fewer. 0 while it may not be
/// over everywhere.
pub fn days_past(until: Date, at: Timestamp) -> u32 {
    let days = until.until(day_somewhere(at)).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_over_when_it_is_over_everywhere() {
        let until = Date::constant(2026, 3, 1);
        assert_eq!(over(until), Some(at("2026-03-02T12:00:00Z")));
        assert_eq!(days_past(until, at("2026-03-02T11:59:59Z")), 0);
        assert_eq!(days_past(until, at("2026-03-02T12:00:00Z")), 1);
        assert_eq!(days_past(until, at("2026-03-11T00:30:00Z")), 9, "10 March, 20:30 in New York");
        assert_eq!(days_past(until, at("2026-03-11T12:00:00Z")), 10);
        assert_eq!(over(Date::MAX), None);
        assert_eq!(day_somewhere(at("2026-03-02T04:00:00Z")), until, "20:00 in Los Angeles");
    }

    #[test]
    fn what_was_asked_for_in_time_waits_and_a_refusal_brings_back_what_was() {
        let admitted = Admission { class: "B-2".into(), until: Some(Date::constant(2026, 3, 1)) };
        let (asked, decided) = (at("2026-02-01T00:00:00Z"), at("2026-06-01T00:00:00Z"));
        let after = |last| {
            Permission::after(Some(admitted.clone()), vec![(asked, StatusChange::Applied), (decided, last)])
        };
        let refused = after(StatusChange::ApplicationRefused);
        assert_eq!((refused.applied, refused.until()), (None, admitted.until));
        let longer = Date::constant(2026, 9, 1);
        let extended = after(StatusChange::Extension { until: longer });
        assert_eq!((extended.applied, extended.until()), (None, Some(longer)));
        assert_eq!(extended.admission.unwrap().class, "B-2");
        let student = after(StatusChange::Status { class: "F-1".into(), until: None });
        assert_eq!((student.until(), student.over()), (None, None));
        assert_eq!(after(StatusChange::Settled { citizen: true }).settled, Some(decided));
        let late = vec![(decided, StatusChange::Applied)];
        assert_eq!(Permission::after(Some(admitted), late).applied, None, "asked for after the last day");
    }
}
