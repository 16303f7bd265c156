//! Portunus: biometrics.

pub mod face;
pub mod pack;
