//! Portunus: biometrics.
