//! Hostile bytes become typed facts.
//!
//! - [`edifact`]: carriers' interchanges; PAXLST passenger and crew lists become manifests.
//! - [`ports`]: which country a port lies in, and the codes of states.
//!
//! Everything here takes bytes from outside. Whatever they are, a reader returns: in time linear in their
//! number, with memory bounded by them and by documented limits, without a panic. What is wrong is reported
//! with the place and what was expected; what is readable around it is taken. Reports never quote personal data.

pub mod edifact;
pub mod ports;
