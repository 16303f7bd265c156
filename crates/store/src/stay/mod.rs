//! Stays: what of sealed crossings they are computed by, who decided what, and who is past their last day.
//!
//! | module | what it holds |
//! |---|---|
//! | [`note`] | a fact noted beside its sealed record |
//! | [`facts`] | facts and decisions read back: everybody's, or one person's |
//! | [`decision`] | an officer's decisions on whose records are |
//! | [`overstay`] | the list of who is past their last day, without a name |
//! | [`way`] | ways out of the state that somebody declared |

pub mod decision;
pub mod facts;
pub mod note;
pub mod overstay;
pub mod way;

pub use decision::{DecisionKept, NewDecision};
pub use note::{NewImport, NewStayChange};
pub use overstay::{Outdated, Overstay};
pub use way::{DeclaredWay, ExitDesignated};
