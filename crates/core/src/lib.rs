//! The border's rules. Pure: no I/O, no async, no clock, no randomness of its own.
//!
//! Personal data has no `Debug` and no `Display` here: it cannot reach a log by accident.

pub mod biometric;
pub mod document;
pub mod id;
pub mod voyage;
