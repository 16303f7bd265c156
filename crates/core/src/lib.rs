//! The border's rules. Pure: no I/O, no async, no clock, no randomness of its own.
//!
//! | module | what it holds |
//! |---|---|
//! | [`id`], [`document`], [`voyage`], [`place`], [`biometric`] | the words: who, with what, on which voyage, where, how much alike |
//! | [`policy`], [`retention`] | the law as data: who may be photographed, how long what is kept |
//! | [`decide`](mod@decide) | a capture's facts become Confirmed, Refer or Unavailable |
//! | [`capture`], [`leaf`] | what a device signs of each capture; what the public ledger says |
//! | [`encounter`] | one passage: the choice, the stages, an officer's rulings, the waits |
//! | [`crossing`] | the long record, as it is sealed |
//! | [`receipt`] | the code that a traveller takes away, and on what grounds they contest |
//! | [`case`](mod@case) | requests, holds and corrections of the records office: who must agree, and what that allows |
//! | [`accuracy`] | settled encounters become counts, rates with intervals, people per day |
//! | [`sampling`] | second looks: what is drawn, what a blind second officer's answers say of false matches |
//! | [`ports`] | the clock and randomness, which only the binary holds |
//!
//! Personal data has no `Debug` and no `Display` here: it cannot reach a log by accident.

pub mod accuracy;
pub mod biometric;
pub mod capture;
pub mod case;
pub mod crossing;
pub mod decide;
pub mod document;
pub mod encounter;
pub mod id;
pub mod leaf;
pub mod place;
pub mod policy;
pub mod ports;
pub mod receipt;
pub mod retention;
pub mod sampling;
pub mod voyage;
