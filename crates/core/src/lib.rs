//! The border's rules. Pure: no I/O, no async, no clock, no randomness of its own.
//!
//! | module | what it holds |
//! |---|---|
//! | [`id`], [`document`], [`voyage`], [`place`], [`biometric`] | the words: who, with what, on which voyage, where, how much alike |
//! | [`lookout`] | what sends a traveller to an officer by document, name or voyage, and why; never a face |
//! | [`name`] | names as documents spell them, and how alike two of them are |
//! | [`policy`], [`retention`] | the law as data: who may be photographed, how long what is kept |
//! | [`decide`](mod@decide) | a capture's facts become Confirmed, Refer or Unavailable |
//! | [`assign`](mod@assign) | several faces and several documents: who is who, one to one, or nobody |
//! | [`capture`], [`leaf`] | what a device signs of each capture; what the public ledger says |
//! | [`encounter`] | one passage: the choice, the stages, an officer's rulings, the waits |
//! | [`crossing`] | the long record, as it is sealed |
//! | [`stay`] | entries paired with exits: stays, and what can be said of an overstay |
//! | [`receipt`] | the code that a traveller takes away, and on what grounds they contest |
//! | [`case`](mod@case) | requests, holds and corrections of the records office: who must agree, and what that allows |
//! | [`designation`] | how the authority to photograph comes about: drafted, attested, approved by another |
//! | [`role`] | who works with the system, and the one table of what each may do |
//! | [`accuracy`] | settled encounters become counts, rates with intervals, people per day |
//! | [`sampling`] | second looks: what is drawn, what a blind second officer's answers say of false matches |
//! | [`parity`] | what declining costs in time: judged, and the officers that would mend it |
//! | [`month`] | how closely what is counted of people is dated |
//! | [`text`] | what people write for others to read: all of it is seen |
//! | [`ports`] | the clock and randomness, which only the binary holds |
//!
//! Personal data has no `Debug` and no `Display` here: it cannot reach a log by accident.

pub mod accuracy;
pub mod assign;
pub mod biometric;
pub mod capture;
pub mod case;
pub mod crossing;
pub mod decide;
pub mod designation;
pub mod document;
pub mod encounter;
pub mod id;
pub mod leaf;
pub mod lookout;
pub mod month;
pub mod name;
pub mod parity;
pub mod place;
pub mod policy;
pub mod ports;
pub mod receipt;
pub mod retention;
pub mod role;
pub mod sampling;
pub mod stay;
pub mod text;
pub mod voyage;
