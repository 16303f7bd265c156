//! Portunus: server.
