//! Stays: entries paired with the exits that close them, what limited them, and what can be said of an overstay.
//!
//! | module | what it holds |
//! |---|---|
//! | [`fact`] | what comes in: crossings, extensions, changes of status, what officers decided on whose they are |
//! | [`identity`] | records that some key connects become persons |
//! | [`pairing`] | one person's crossings, in order, become passages: an entry, an exit, or both |
//! | [`timeline`] | until when and as what a stay is allowed, as events change it |
//! | [`likeness`](mod@likeness) | how alike two people's names and dates are: what is proposed to an officer, and never done without |
//! | [`calibration`] | how sure such a pair is: measured |
//! | [`coverage`] | where exits are recorded, and since when |
//! | [`explain`] | what follows: open, left, overstayed, or not known; and every ground of it |
//! | [`book`] | all of it together, one event at a time or many at once: both agree, in any order |
//!
//! What is linked is opaque ([`LinkKey`]): whoever holds the crossings makes keys of documents, as `store` does by keyed
//! MACs. So stays are computed without a name or a document's number. Biographic data can be given too; then pairs that
//! no key makes are proposed.
//!
//! ```
//! use portunus_core::id::RecordId;
//! use portunus_core::stay::{Book, Coverage, Crossing, Event, Fact, LinkKey, Mode, Rules, Source, What};
//! use portunus_core::{crossing::Admission, encounter::Method, place::Direction};
//!
//! let crossing = |record: u8, at: &str, direction, until: Option<&str>| {
//!     let admission = until.map(|day| Admission { class: "B-2".into(), until: Some(day.parse().unwrap()) });
//!     let crossing = Crossing {
//!         direction, port: "JFK".into(), mode: Mode::Air, admission,
//!         method: Method::FaceMatched, source: Source::Own,
//!     };
//!     Event::Fact(Fact {
//!         record: RecordId::from_bytes([record; 16]), revision: 0, at: at.parse().unwrap(),
//!         keys: vec![LinkKey::document([7; 16])], who: None, what: What::Crossed(crossing),
//!     })
//! };
//! let mut book = Book::new(Rules::default());
//! book.apply(&crossing(2, "2026-02-27T18:00:00Z", Direction::Exit, None)); // it came first
//! book.apply(&crossing(1, "2025-09-02T12:00:00Z", Direction::Entry, Some("2026-03-01")));
//! let now = "2026-05-01T00:00:00Z".parse().unwrap();
//! let [stay] = &book.stays(RecordId::from_bytes([1; 16]), &Coverage::default(), now)[..] else { panic!() };
//! assert_eq!(stay.explained(), "admitted until 2026-03-01 as B-2; left on 2026-02-27 at JFK");
//! ```

pub mod book;
pub mod calibration;
pub mod coverage;
pub mod explain;
pub mod fact;
pub mod identity;
pub mod likeness;
pub mod pairing;
pub mod timeline;

#[cfg(test)]
mod agreement_tests;
#[cfg(test)]
mod tests;

pub use book::{Applied, Book};
pub use calibration::{Against, Calibration, Kind, Names};
pub use coverage::{Coverage, Span, WayOut};
pub use explain::{Ground, Late, Stay, StayState, WhyUnknown};
pub use fact::{
    Biographic, Crossing, Decided, Decision, Event, Fact, LinkKey, Mode, Source, StatusChange, What, Who,
};
pub use likeness::{Agreement, Likeness, Proposal, likeness};
pub use pairing::{Basis, Rules};
