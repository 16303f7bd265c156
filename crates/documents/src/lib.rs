//! Portunus: documents.
