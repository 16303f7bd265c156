//! Why the service does not do what was asked.

use portunus_biometrics::face::FaceError;
use portunus_core::designation::{NotYet, Undesignated};
use portunus_store::StoreError;

/// A refusal with its reason. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No designation is in force for the point: no capture.
    #[error(transparent)]
    PointNotDesignated(#[from] Undesignated),
    /// What was asked of a designation's draft does not go yet.
    #[error(transparent)]
    Draft(#[from] NotYet),
    /// No voyage is boarding at the point.
    #[error("nothing is open at this crossing point: an officer opens a voyage or a watch")]
    NoVoyage,
    /// The notice shown was not the one in force.
    #[error("the notice shown was version {shown}, in force is {in_force}; reload the page that shows it")]
    StaleNotice {
        /// Shown.
        shown: String,
        /// In force.
        in_force: String,
    },
    /// A capture was made under another designation or notice than is in force.
    #[error("{0}")]
    StaleAuthority(&'static str),
    /// There is no such thing.
    #[error("no such {0}")]
    Unknown(&'static str),
    /// The encounter is not at a stage where this can be done.
    #[error("{0}")]
    WrongStage(&'static str),
    /// The same request is being worked on.
    #[error("this request is being worked on; repeat it in a moment")]
    InProgress,
    /// The nonce was used before.
    #[error("the nonce was used before; sign the request afresh")]
    NonceReused,
    /// The idempotency key was used for another body.
    #[error("the idempotency key was used for another request; take a fresh one")]
    OtherBody,
    /// The capture counter did not grow.
    #[error("the capture counter must be above {last}")]
    Counter {
        /// The last one seen of this device.
        last: u64,
    },
    /// An officer must say why.
    #[error("this ruling needs a reason")]
    NeedsReason,
    /// The passenger has boarded already.
    #[error("this passenger has boarded already")]
    AlreadyBoarded,
    /// The case does not allow it.
    #[error(transparent)]
    Case(#[from] portunus_core::case::NotAllowed),
    /// The lookout does not allow it.
    #[error("{0}")]
    Lookout(portunus_core::lookout::NotApproved),
    /// The submission is not of the documented form.
    #[error("{0}")]
    Malformed(String),
    /// The frames are no pictures.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// The published ledger is not as it should be, or cannot be written.
    #[error("the ledger: {0}")]
    Ledger(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
