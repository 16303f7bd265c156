//! Cases of the records office: who may ask for what, who must agree, and what that allows.

use crate::id::{CaseId, UserId};
use crate::policy::PersonClass;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who opens a contest: nobody of the staff.
pub const THE_TRAVELLER: UserId = UserId::from_bytes([0; 16]);

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseKind {
    /// Somebody asks for what is held on them.
    SubjectAccess,
    /// Somebody else asks for one person's records: another authority, a court.
    OutsideRequest,
    /// The records named are not to be erased while it lasts.
    Hold,
    /// A class, an identity or a match was wrong.
    Correction,
    /// Somebody's class changes from a day on: naturalisation, permanent residence. Not a correction.
    ClassChange,
    /// A traveller contests what their receipt says. Opened by them, answered by an officer.
    Contest,
    /// An officer looks at somebody's stays, and says whose records are.
    StayInquiry,
    /// Records stand under somebody whose they are not: one officer proposes whose they are, another decides.
    Misidentification,
}

impl CaseKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::SubjectAccess,
        Self::OutsideRequest,
        Self::Hold,
        Self::Correction,
        Self::ClassChange,
        Self::Contest,
        Self::StayInquiry,
        Self::Misidentification,
    ];

    /// Those in which stays are decided on.
    pub const OF_STAYS: [Self; 2] = [Self::StayInquiry, Self::Correction];

    /// Those in which stays are looked at.
    pub const SEES_STAYS: [Self; 3] = [Self::StayInquiry, Self::Correction, Self::Misidentification];

    /// How many others than the author must agree before anything follows.
    pub fn approvals_needed(self) -> usize {
        match self {
            Self::OutsideRequest => 2,
            Self::Hold | Self::Misidentification => 1,
            Self::SubjectAccess
            | Self::Correction
            | Self::ClassChange
            | Self::Contest
            | Self::StayInquiry => 0,
        }
    }

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::SubjectAccess => "access by the person",
            Self::OutsideRequest => "request from outside",
            Self::Hold => "legal hold",
            Self::Correction => "correction",
            Self::ClassChange => "change of class",
            Self::Contest => "contested by the traveller",
            Self::StayInquiry => "a person's stays",
            Self::Misidentification => "mis-identification",
        }
    }
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// The records were given, put right, or the change was made.
    Done,
    /// It was refused.
    Refused,
    /// A hold was let go before it expired.
    Released,
    /// Whoever asked no longer does.
    Withdrawn,
}

impl CaseOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Done, Self::Refused, Self::Released, Self::Withdrawn];

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Released => "released",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One case. Its texts name files and authorities, never the traveller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its identifier.
    pub id: CaseId,
    /// What it is about.
    pub kind: CaseKind,
    /// The agency's own file number.
    pub reference: String,
    /// The legal basis.
    pub basis: String,
    /// Why.
    pub reason: String,
    /// The authority that asks, for a request from outside.
    pub from_whom: Option<String>,
    /// How the person who asks for their own records was identified.
    pub identity_check: Option<String>,
    /// Who opened it; of a contest [`THE_TRAVELLER`].
    pub author: UserId,
    /// When.
    pub opened_at: Timestamp,
    /// By when it is to be answered.
    pub deadline: Option<Timestamp>,
    /// When a hold ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Who agreed, in order.
    pub approvals: Vec<UserId>,
    /// When the last approval that was needed came; from then on nothing is named any more.
    pub approved_at: Option<Timestamp>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// How.
    pub outcome: Option<CaseOutcome>,
    /// How many records were given.
    pub given: u64,
}

/// Why a case does not allow what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// It is over.
    #[error("the case is closed or has expired")]
    Closed,
    /// A case of another kind is needed.
    #[error("this takes a case of another kind")]
    OtherKind,
    /// Others must agree first.
    #[error("the case needs {needed} approvals by others than its author, and has {given}")]
    Unapproved {
        /// How many it needs.
        needed: usize,
        /// How many it has.
        given: usize,
    },
    /// It was agreed to as it stands.
    #[error("the case was approved as it stands: open another for more records")]
    Approved,
    /// Nobody approves their own case, or one case twice.
    #[error(
        "a case is agreed to by somebody else than who opened it or proposed what follows, and by each once"
    )]
    OwnCase,
    /// There is nothing to decide on.
    #[error("nothing is proposed, or whose it is was forgotten meanwhile: propose it")]
    NothingProposed,
    /// It is not what was looked at.
    #[error("something else is proposed meanwhile: look at it again")]
    OtherProposal,
    /// Another case has it.
    #[error("a case of mis-identification was opened from this contest, and answers it")]
    InRedress,
    /// What a contest is about is not complete.
    #[error(
        "boarding is not closed, and more of this passage may come to be kept: decide afterwards; a match that is wrong now \
         is put right at the gate"
    )]
    StillBoarding,
}

impl Case {
    /// Whether the case is open at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.closed_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }

    /// Whether the case allows what a case of one of `kinds` is for.
    ///
    /// # Errors
    /// [`NotAllowed`] says what is missing.
    pub fn allows(&self, kinds: &[CaseKind], now: Timestamp) -> Result<(), NotAllowed> {
        if !self.is_open(now) {
            return Err(NotAllowed::Closed);
        }
        if !kinds.contains(&self.kind) {
            return Err(NotAllowed::OtherKind);
        }
        let (needed, given) = (self.kind.approvals_needed(), self.approvals.len());
        if given < needed { Err(NotAllowed::Unapproved { needed, given }) } else { Ok(()) }
    }

    /// Whether stays may be looked at in it: also before others have agreed to what is to follow.
    ///
    /// # Errors
    /// [`NotAllowed`] says why not.
    pub fn allows_looking(&self, now: Timestamp) -> Result<(), NotAllowed> {
        if !self.is_open(now) {
            return Err(NotAllowed::Closed);
        }
        if CaseKind::SEES_STAYS.contains(&self.kind) { Ok(()) } else { Err(NotAllowed::OtherKind) }
    }

    /// Whether records may be named in it: before it was approved.
    ///
    /// # Errors
    /// [`NotAllowed`] says why not.
    pub fn takes_records(&self, now: Timestamp) -> Result<(), NotAllowed> {
        if !self.is_open(now) {
            return Err(NotAllowed::Closed);
        }
        // What others agreed to does not grow afterwards; not even the first of two approvals is for more.
        if self.approvals.is_empty() { Ok(()) } else { Err(NotAllowed::Approved) }
    }

    /// Whether `approver` may agree to it.
    ///
    /// # Errors
    /// [`NotAllowed`] says why not.
    pub fn takes_approval(&self, approver: UserId, now: Timestamp) -> Result<(), NotAllowed> {
        if !self.is_open(now) {
            return Err(NotAllowed::Closed);
        }
        if self.approvals.len() >= self.kind.approvals_needed() {
            return Err(NotAllowed::Approved);
        }
        let own = approver == self.author || self.approvals.contains(&approver);
        if own { Err(NotAllowed::OwnCase) } else { Ok(()) }
    }

    /// Whether `decider` may decide on what `proposer` proposed in it: a third pair of eyes is as good as a second, the
    /// same never is. Past its deadline it is late, and still to be decided.
    ///
    /// # Errors
    /// [`NotAllowed`] says why not.
    pub fn takes_decision(
        &self,
        decider: UserId,
        proposer: UserId,
        now: Timestamp,
    ) -> Result<(), NotAllowed> {
        if !self.is_open(now) {
            return Err(NotAllowed::Closed);
        }
        if self.kind != CaseKind::Misidentification {
            return Err(NotAllowed::OtherKind);
        }
        self.takes_approval(decider, now)?;
        if decider == proposer { Err(NotAllowed::OwnCase) } else { Ok(()) }
    }
}

/// What one record is found to be, in a case of mis-identification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Not this person's, and whose is not known: it goes, and every copy of it.
    Unlink,
    /// Another's: a crossing is written anew under theirs and goes here; a photo is theirs from then on.
    Reattribute,
    /// Rightly kept, of somebody else than their documents connect it with: all such of a case are one other person's.
    Split,
}

impl Finding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unlink, Self::Reattribute, Self::Split];

    /// What a person calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Unlink => "not this person's, and whose is not known",
            Self::Reattribute => "that other person's",
            Self::Split => "another person's who shows the same document",
        }
    }
}

/// What was wrong with the records named in a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "correction", rename_all = "kebab-case")]
pub enum Correction {
    /// The person is of another class, and was then: every date counts anew from what began it.
    Class {
        /// Which.
        class: PersonClass,
    },
    /// The records are not of this person: a wrong match, or a wrong identity. They go.
    NotThisPerson,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn user(n: u8) -> UserId {
        UserId::from_bytes([n; 16])
    }

    fn case(kind: CaseKind) -> Case {
        Case {
            id: CaseId::from_bytes([0; 16]),
            kind,
            reference: "2026/17".into(),
            basis: "an order".into(),
            reason: "an inquiry".into(),
            from_whom: None,
            identity_check: None,
            author: user(1),
            opened_at: at(0),
            deadline: None,
            expires_at: Some(at(100)),
            approvals: Vec::new(),
            approved_at: None,
            closed_at: None,
            outcome: None,
            given: 0,
        }
    }

    #[test]
    fn nobody_approves_their_own_case_or_twice_and_two_are_needed_for_a_request() {
        let mut case = case(CaseKind::OutsideRequest);
        assert_eq!(case.takes_approval(user(1), at(1)), Err(NotAllowed::OwnCase));
        for approver in [2, 3] {
            let given = case.approvals.len();
            let kinds = [CaseKind::OutsideRequest];
            assert_eq!(case.allows(&kinds, at(1)), Err(NotAllowed::Unapproved { needed: 2, given }));
            case.takes_approval(user(approver), at(1)).unwrap();
            case.approvals.push(user(approver));
            let again = case.takes_approval(user(approver), at(1)).unwrap_err();
            assert!(matches!(again, NotAllowed::OwnCase | NotAllowed::Approved));
        }
        case.allows(&[CaseKind::OutsideRequest], at(1)).unwrap();
        assert_eq!(case.allows(&[CaseKind::Hold], at(1)), Err(NotAllowed::OtherKind));
        assert_eq!(case.takes_records(at(1)), Err(NotAllowed::Approved));
    }

    #[test]
    fn who_opened_it_and_who_proposed_it_do_not_decide_it_and_a_deadline_past_stops_nobody() {
        let mut case = Case { expires_at: None, deadline: Some(at(50)), ..case(CaseKind::Misidentification) };
        assert_eq!(case.takes_decision(user(1), user(2), at(99)), Err(NotAllowed::OwnCase), "opened it");
        assert_eq!(case.takes_decision(user(2), user(2), at(99)), Err(NotAllowed::OwnCase), "proposed it");
        case.takes_decision(user(3), user(2), at(99)).unwrap();
        case.closed_at = Some(at(100));
        assert_eq!(case.takes_decision(user(3), user(2), at(101)), Err(NotAllowed::Closed));
        let hold = self::case(CaseKind::Hold);
        assert_eq!(hold.takes_decision(user(3), user(2), at(1)), Err(NotAllowed::OtherKind));
    }

    #[test]
    fn an_expired_or_closed_case_allows_nothing() {
        let mut case = case(CaseKind::SubjectAccess);
        case.allows(&[CaseKind::SubjectAccess], at(99)).unwrap();
        assert_eq!(case.allows(&[CaseKind::SubjectAccess], at(100)), Err(NotAllowed::Closed));
        case.expires_at = None;
        case.closed_at = Some(at(5));
        assert_eq!(case.takes_records(at(6)), Err(NotAllowed::Closed));
        assert_eq!(case.takes_approval(user(2), at(6)), Err(NotAllowed::Closed));
    }
}
