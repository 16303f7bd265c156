//! Lengths of time on the calendar.

use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// How long something is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Keep {
    /// Never written.
    Never,
    /// This long, on the UTC calendar (`75 years`, `60 minutes`).
    For(SpanText),
}

/// A length of time that remembers how it was written.
#[derive(Debug, Clone)]
pub struct SpanText {
    text: String,
    span: Span,
}

impl PartialEq for SpanText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for SpanText {}

impl std::fmt::Display for SpanText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Keep {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let span: Span = text.parse().map_err(|_| {
            format!("expected \"never\" or a length such as \"60 minutes\" or \"75 years\", found {text:?}")
        })?;
        if span.is_zero() || span.is_negative() {
            return Err(format!("expected a length above zero, found {text:?}; write \"never\" for none"));
        }
        Ok(Self::For(SpanText { text, span }))
    }
}

impl From<Keep> for String {
    fn from(keep: Keep) -> String {
        match keep {
            Keep::Never => "never".to_owned(),
            Keep::For(span) => span.text,
        }
    }
}

impl Keep {
    /// When what was taken or recorded at `from` is due; `None` for what is never written.
    ///
    /// Calendar units count on the UTC calendar; 29 February plus a year is 28 February. A date past the
    /// calendar's end (year 9999) is due at that end.
    pub fn due(&self, from: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::For(length) => Some(
                from.to_zoned_datetime(TimeZone::UTC)
                    .checked_add(length.span)
                    .map_or(Timestamp::MAX, |zoned| zoned.timestamp()),
            ),
        }
    }

    /// The latest day's instant from which [`Self::due`] is `now` or before; `now` itself for what is never written.
    pub fn over(&self, now: Timestamp) -> Timestamp {
        let Self::For(length) = self else { return now };
        let back = now.to_zoned_datetime(TimeZone::UTC).checked_sub(length.span);
        let mut began = back.map_or(Timestamp::MIN, |zoned| zoned.timestamp());
        // A length from the 29th of February ends on the 28th: the day after may be over, too.
        for _ in 0..3 {
            match began.checked_add(SignedDuration::from_hours(24)) {
                Ok(next) if self.due(next).is_some_and(|due| due <= now) => began = next,
                _ => break,
            }
        }
        began
    }
}
