//! Pages, rendered on the server from plain view structs; what moves is done by small modules in `assets/`.
//!
//! | module | page |
//! |---|---|
//! | [`gate`] | the traveller's: notice, choice, camera, result |
//! | [`lane`] | the traveller's where the document comes first; with the officer's part, on a tablet |
//! | [`console`], [`board`], [`card`], [`score`] | the officer's: queue, the card on top, who boarded |
//! | [`second_look`] | a second officer's: two photos, one question; disputes for the supervisor |
//! | [`supervisor`] | voyages, and the waits of both choices side by side |
//! | [`parity`] | what declining costs in time, for the supervisor: alarms, and the officers that would mend it |
//! | [`report`] | how often the machine errs, with intervals and people per day |
//! | [`oversight`](mod@oversight) | what anybody may read: in words, tables, plots and a map |
//! | [`stays`] | who is past their last day, where exits are recorded; one person's stays in a case |
//! | [`redress`] | whose records are that stand under somebody else: proposed, and decided by another |
//! | [`records`] | cases of the records office; what is held, until when, who read it |
//! | [`admin`], [`designation`] | crossing points, designations, devices, people |
//! | [`decline`] | the traveller's, before travel: to decline the photo |
//! | [`words`] | a part of those of the traveller that work without a script: their language |
//! | [`lock`](mod@lock) | a shared console that nobody is at |
//! | [`mrz`] | a part of others: a document's machine-readable zone, typed or scanned, judged as it comes |
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
pub mod decline;
pub mod designation;
pub mod door;
pub mod gate;
pub mod lane;
mod layout;
pub mod lock;
pub mod lookouts;
pub mod message;
pub mod mrz;
pub mod oversight;
pub mod parity;
pub mod qr;
pub mod receipt;
pub mod records;
pub mod redress;
pub mod report;
pub mod score;
pub mod second_look;
pub mod setup;
pub mod sign_in;
pub mod stays;
pub mod supervisor;
pub mod words;

pub(crate) use layout::grouped;
pub use layout::{Section, Viewer};

#[cfg(test)]
mod tests;
