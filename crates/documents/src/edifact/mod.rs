//! UN/EDIFACT (ISO 9735): carriers' interchanges.
//!
//! - [`token`]: separators, segments, elements, with byte offsets and bounds.
//! - [`problem`]: what was wrong, where, what was expected and what it cost.
//! - [`paxlst`]: PAXLST messages become [`Manifest`](portunus_core::voyage::Manifest)s.
//!
//! The tokenizer is our own: what we need of one (offsets, recovery, bounds, borrowing, `UNA` anywhere an
//! interchange may begin, line breaks where a terminator was forgotten) is less than two hundred lines.

mod envelope;
pub mod paxlst;
pub mod problem;
pub mod token;
