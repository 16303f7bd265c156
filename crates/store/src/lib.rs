//! Portunus: store.
