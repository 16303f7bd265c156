//! Hostile bytes become typed facts.
//!
//! - [`edifact`]: carriers' interchanges; PAXLST passenger and crew lists become manifests.
//! - [`lookout`]: lists of lookouts, as CSV and JSON, in and out.
//! - [`mrz`]: the machine-readable zone of passports, cards and visas, typed or scanned.
//! - [`ports`]: which country a port lies in, and the codes of states.
//! - [`table`]: lists that people send, as CSV and JSON, row by row.
//!
//! Everything here takes bytes from outside. Whatever they are, a reader returns: in time linear in their
//! number, with memory bounded by them and by documented limits, without a panic. What is wrong is reported
//! with the place and what was expected; what is readable around it is taken. Reports never quote personal data.

pub mod edifact;
pub mod lookout;
pub mod mrz;
pub mod ports;
pub mod table;
