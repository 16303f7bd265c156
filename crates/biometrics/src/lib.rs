//! Portunus: biometrics.

pub mod face;
