//! The public ledger: an append-only Merkle log as files, what its leaves say, and who checks it without trusting anyone.
//!
//! | module | what it holds |
//! |---|---|
//! | [`merkle`] | RFC 6962 trees and proofs |
//! | [`tile`] | the tree as files (C2SP tlog-tiles) |
//! | [`note`] | signed notes, checkpoints, cosignatures (C2SP) |
//! | [`log`] | appending, publishing, reading |
//! | [`verify`] | what holds of a log, and what does not |
//! | [`trace`] | what it says of single records |
//! | [`witness`] | who signs each head once it is shown to go on from the one before |

mod edge;
pub mod log;
pub mod merkle;
pub mod note;
pub mod tile;
pub mod trace;
pub mod verify;
pub mod witness;
