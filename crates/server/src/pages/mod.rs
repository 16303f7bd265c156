//! Pages, rendered on the server from plain view structs; what moves is done by small modules in `assets/`.
//!
//! | module | page |
//! |---|---|
//! | [`gate`] | the traveller's: notice, choice, camera, result |
//! | [`console`], [`board`], [`card`], [`score`] | the officer's: queue, the card on top, who boarded |
//! | [`second_look`] | a second officer's: two photos, one question; disputes for the supervisor |
//! | [`supervisor`] | voyages, and the waits of both choices side by side |
//! | [`report`] | how often the machine errs, with intervals and people per day |
//! | [`oversight`](mod@oversight) | what anybody may read: in words, tables, plots and a map |
//! | [`records`] | cases of the records office; what is held, until when, who read it |
//! | [`admin`] | crossing points, designations, devices, people |
//! | [`door`], [`sign_in`], [`setup`], [`message`](mod@message) | the way in |
//! | [`assets`] | the static files, embedded |
//!
//! No page holds an inline script or style (the content security policy forbids both). Views hold personal
//! data and have no `Debug`.

pub mod admin;
pub mod assets;
pub mod board;
pub mod card;
pub mod console;
pub mod door;
pub mod gate;
mod layout;
pub mod message;
pub mod oversight;
pub mod qr;
pub mod receipt;
pub mod records;
pub mod report;
pub mod score;
pub mod second_look;
pub mod setup;
pub mod sign_in;
pub mod supervisor;

pub(crate) use layout::grouped;
pub use layout::{Section, Viewer};

#[cfg(test)]
mod tests;
