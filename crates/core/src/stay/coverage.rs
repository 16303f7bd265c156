//! Where exits are recorded, and since when: data, because nobody is an overstay where leaving leaves no record.

use super::fact::Mode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// While exits were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// From this instant.
    pub from: Timestamp,
    /// Not from this instant on; `None` while it goes on. Of what is imported: until when it is complete.
    pub until: Option<Timestamp>,
}

/// One way out of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayOut {
    /// By air, sea or land.
    pub mode: Mode,
    /// Where: a port, or a region's name. `None`: anywhere by this mode.
    pub port: Option<String>,
    /// While exits by it were recorded. None: never.
    #[serde(default)]
    pub recorded: Vec<Span>,
}

impl WayOut {
    /// What a person calls it: `land exits at Nogales`.
    pub fn in_words(&self) -> String {
        let mode = self.mode.in_words();
        self.port.as_ref().map_or(format!("{mode} exits"), |port| format!("{mode} exits at {port}"))
    }

    /// The first instant in `from..=to` at which somebody could leave by it unrecorded, and the end of that gap.
    fn gap(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Option<Timestamp>)> {
        let mut spans = self.recorded.clone();
        spans.sort_unstable();
        let mut covered = from;
        for span in &spans {
            if span.from > covered {
                break;
            }
            match span.until {
                None => return None,
                Some(until) => covered = covered.max(until),
            }
        }
        let next = spans.iter().map(|span| span.from).find(|start| *start > covered);
        (covered <= to).then_some((covered, next.filter(|next| *next <= to)))
    }
}

/// A way out by which somebody could have left unrecorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Which way.
    pub way: String,
    /// Since when within what was asked.
    pub from: Timestamp,
    /// Until when; `None`: still.
    pub until: Option<Timestamp>,
    /// Whether exits by it were never recorded in the time asked about.
    pub whole: bool,
}

/// All ways out of the state that are known of. Where none is, nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Each.
    pub ways: Vec<WayOut>,
}

impl Coverage {
    /// The ways by which somebody could have left unrecorded in `from..=to`, the earliest gap first.
    pub fn gaps(&self, from: Timestamp, to: Timestamp) -> Vec<Gap> {
        let gap = |way: &WayOut| {
            let (start, until) = way.gap(from, to)?;
            let whole = start == from && until.is_none();
            Some(Gap { way: way.in_words(), from: start, until, whole })
        };
        let mut gaps: Vec<Gap> = self.ways.iter().filter_map(gap).collect();
        gaps.sort_by(|a, b| (a.from, &a.way).cmp(&(b.from, &b.way)));
        gaps
    }

    /// Whether any exit was recorded at all within `from..=to`.
    pub fn records_exits(&self, from: Timestamp, to: Timestamp) -> bool {
        let within = |span: &Span| span.from <= to && span.until.is_none_or(|until| from < until);
        self.ways.iter().flat_map(|way| &way.recorded).any(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn way(spans: &[(i64, Option<i64>)]) -> Coverage {
        let span =
            |(from, until): &(i64, Option<i64>)| Span { from: second(*from), until: until.map(second) };
        let recorded = spans.iter().map(span).collect();
        Coverage { ways: vec![WayOut { mode: Mode::Land, port: Some("X".into()), recorded }] }
    }

    #[test]
    fn a_gap_is_where_no_span_reaches_and_spans_that_touch_leave_none() {
        let gaps = |spans: &[_], from, to| {
            let gaps = way(spans).gaps(second(from), second(to));
            gaps.first().map(|gap| (gap.from.as_second(), gap.until.map(|u| u.as_second()), gap.whole))
        };
        assert_eq!(gaps(&[], 5, 9), Some((5, None, true)));
        assert_eq!(gaps(&[(0, None)], 5, 9), None);
        assert_eq!(gaps(&[(3, Some(7)), (0, Some(3)), (6, None)], 1, 9), None);
        assert_eq!(gaps(&[(0, Some(6)), (8, None)], 1, 9), Some((6, Some(8), false)));
        assert_eq!(gaps(&[(6, None)], 5, 9), Some((5, Some(6), false)));
        assert_eq!(gaps(&[(0, Some(9))], 5, 9), Some((9, None, false)), "not from the end on");
        assert_eq!(gaps(&[(0, Some(10))], 5, 9), None);
    }

    #[test]
    fn nothing_known_of_is_nothing_recorded() {
        assert!(!Coverage::default().records_exits(second(5), second(9)));
        assert!(!way(&[(10, None)]).records_exits(second(5), second(9)));
        assert!(!way(&[(1, Some(5))]).records_exits(second(5), second(9)), "over before");
        assert!(way(&[(1, Some(6))]).records_exits(second(5), second(9)));
        assert!(way(&[(9, None)]).records_exits(second(5), second(9)));
        assert_eq!(way(&[]).gaps(second(1), second(2))[0].way, "land exits at X");
    }
}
