//! Dates as PAXLST sends them (DTM, data elements 2380 and 2379).
//!
//! Centuries that are not sent: a movement's two-digit year lies in 2000..=2099; a birth's is the latest year
//! that does not put the birth after the voyage. Someone a hundred years old sent with a two-digit year thus
//! reads as an infant: only an eight-digit date can tell.

use super::super::token::Segment;
use jiff::civil::{Date, DateTime, Time};

fn number(text: &str) -> Option<i16> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn small(text: &str) -> Option<i8> {
    number(text).and_then(|n| i8::try_from(n).ok())
}

/// A day as `YYMMDD` (format 101) or `CCYYMMDD` (102), with `century` for the former's year.
fn day(text: &str, century: i16) -> Option<Date> {
    let (year, rest) = match text.len() {
        6 => (century + number(text.get(..2)?)?, text.get(2..)?),
        8 => (number(text.get(..4)?)?, text.get(4..)?),
        _ => return None,
    };
    Date::new(year, small(rest.get(..2)?)?, small(rest.get(2..)?)?).ok()
}

/// The date and time of a movement in a DTM segment: formats 101, 102 (midnight), 201, 203 and 204.
///
/// The digits' number tells which; the format code is not trusted over them.
pub(super) fn movement(segment: &Segment<'_>) -> Option<DateTime> {
    let text = segment.text(1, 1);
    let (date, time) = match text.len() {
        6 | 8 => (&*text, ""),
        10 | 12 => (text.get(..text.len() - 4)?, text.get(text.len() - 4..)?),
        14 => (text.get(..8)?, text.get(8..12)?),
        _ => return None,
    };
    let date = day(date, 2000)?;
    let time = match time {
        "" => Time::midnight(),
        _ => Time::new(small(time.get(..2)?)?, small(time.get(2..)?)?, 0, 0).ok()?,
    };
    Some(date.to_datetime(time))
}

/// A birth in a DTM segment, not after `voyage`; `None` where it is no such date.
pub(super) fn birth(segment: &Segment<'_>, voyage: Date) -> Option<Date> {
    let text = segment.text(1, 1);
    let century = voyage.year() - voyage.year().rem_euclid(100);
    [century, century - 100].into_iter().filter_map(|c| day(&text, c)).find(|born| *born <= voyage)
}
