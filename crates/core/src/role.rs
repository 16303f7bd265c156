//! Who works with the system, and what each may do: one table of role by action.
//!
//! Every HTTP route belongs to one action (`server::http::ROUTES`), and whatever is not in the table is refused. Nobody is
//! above it: an administrator runs the machine and sees no traveller, an auditor sees everything about the system and
//! no face.

use serde::{Deserialize, Serialize};

/// What somebody is to the system. Stored, and written in the API, as one word: `lookout-author`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees travellers and rules.
    Officer,
    /// An officer who also opens and closes boarding, brings portraits and sees the waits.
    Supervisor,
    /// A carrier's agent or program: sends passenger lists and sees boarding states of that carrier's voyages.
    Carrier,
    /// A camera at a crossing point, known by its key; nobody signs in as one.
    Device,
    /// Writes lookouts; another approves them.
    LookoutAuthor,
    /// Approves lookouts that others wrote.
    LookoutApprover,
    /// Finds what is held on a person, gives it, holds it, puts it right: in a case, never without.
    Records,
    /// Watches over people's rights: reads cases, figures and designations, agrees or does not.
    DataProtection,
    /// Reads everything about the system, and no face.
    Auditor,
    /// Runs the machine: points, devices, people. Sees no traveller.
    Administrator,
    /// An outside system that receives copies, known by its token; nobody signs in as one.
    Recipient,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 11] = [
        Self::Officer,
        Self::Supervisor,
        Self::Carrier,
        Self::Device,
        Self::LookoutAuthor,
        Self::LookoutApprover,
        Self::Records,
        Self::DataProtection,
        Self::Auditor,
        Self::Administrator,
        Self::Recipient,
    ];

    /// What people call it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Supervisor => "supervisor",
            Self::Carrier => "carrier",
            Self::Device => "device",
            Self::LookoutAuthor => "lookout author",
            Self::LookoutApprover => "lookout approver",
            Self::Records => "records officer",
            Self::DataProtection => "data-protection officer",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Recipient => "recipient",
        }
    }

    /// Its one word, as stored and as the API has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::LookoutAuthor => "lookout-author",
            Self::LookoutApprover => "lookout-approver",
            Self::Records => "records",
            Self::DataProtection => "data-protection",
            plain => plain.in_words(),
        }
    }

    /// Whether people sign in as this. Devices and outside systems are machines, with credentials of their own.
    pub fn signs_in(self) -> bool {
        !matches!(self, Self::Device | Self::Recipient)
    }
}

/// Whom an action is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenTo {
    /// Anybody, signed in or not: what is asked for is public, or a code in the request opens it.
    Anybody,
    /// These roles alone.
    Roles(&'static [Role]),
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident, $words:literal, $to:expr;)*) => {
        /// Something that is done with the system.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action {$(
            $(#[$doc])*
            $name,
        )*}

        impl Action {
            /// All actions.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What is done, in words.
            pub fn in_words(self) -> &'static str {
                match self {$(Self::$name => $words),*}
            }

            /// Whom it is open to.
            pub fn open_to(self) -> OpenTo {
                use Role::*;
                match self {$(Self::$name => $to),*}
            }
        }
    };
}

actions! {
    /// Oversight, the ledger's files, the API's description, pages that hold nobody's data.
    ReadPublic, "read what is public", OpenTo::Anybody;
    /// By its code, which is in no address and no log.
    OpenReceipt, "open a receipt by its code, and contest it", OpenTo::Anybody;
    /// Who has neither learns nothing, and nobody learns who has.
    DeclineAhead, "decline the photo before travel, by booking and document", OpenTo::Anybody;
    /// With a password, or the one-time link of the first administrator.
    SignIn, "sign in and out", OpenTo::Anybody;
    /// And lock it, and unlock it with the password again.
    KeepSession, "keep one's session, lock and unlock it", OpenTo::Roles(&[
        Officer, Supervisor, Carrier, LookoutAuthor, LookoutApprover, Records, DataProtection, Auditor, Administrator,
    ]);
    /// With a one-time code.
    EnrolByCode, "become a device by a one-time code", OpenTo::Anybody;
    /// Greet, take the choice, the frames, in requests signed with the device's key.
    RunGate, "run a gate", OpenTo::Roles(&[Device]);
    /// Outside systems with a legal basis of their own.
    ReceiveCopies, "receive copies, acknowledge recalls", OpenTo::Roles(&[Recipient]);
    /// Of one's own carrier's voyages.
    SendLists, "send passenger lists, read who has boarded", OpenTo::Roles(&[Carrier]);
    /// The console: queue, cards, photos for seconds.
    SeeTravellers, "see the travellers at a point", OpenTo::Roles(&[Officer, Supervisor]);
    /// Only an officer refuses.
    RuleOnTravellers, "rule on a traveller", OpenTo::Roles(&[Officer, Supervisor]);
    /// Blind, of a pair drawn at random.
    TakeSecondLooks, "take second looks", OpenTo::Roles(&[Officer, Supervisor]);
    /// Voyages with their progress and waits: numbers and no faces.
    SeeVoyages, "see voyages and waits", OpenTo::Roles(&[Supervisor, DataProtection, Auditor]);
    /// And close it.
    OpenBoarding, "open and close boarding", OpenTo::Roles(&[Supervisor]);
    /// And set how much is sampled.
    SettleDisputes, "settle disputes of second looks", OpenTo::Roles(&[Supervisor]);
    /// One at a time, by the document they belong to.
    AddReferences, "add reference portraits", OpenTo::Roles(&[Supervisor]);
    /// Error rates, waits, second looks: counts.
    ReadFigures, "read error rates and waits", OpenTo::Roles(&[Supervisor, DataProtection, Auditor, Administrator]);
    /// What is on the list, and why.
    ReadLookouts, "read lookouts",
        OpenTo::Roles(&[LookoutAuthor, LookoutApprover, DataProtection, Auditor]);
    /// In force only when another approves.
    WriteLookouts, "write lookouts", OpenTo::Roles(&[LookoutAuthor]);
    /// Never one's own.
    ApproveLookouts, "approve others' lookouts", OpenTo::Roles(&[LookoutApprover]);
    /// Cases and what they name, unopened.
    ReadCases, "read cases", OpenTo::Roles(&[Supervisor, Records, DataProtection, Auditor]);
    /// Find, give, hold, put right.
    WorkCases, "work in cases of the records office", OpenTo::Roles(&[Records]);
    /// Never one's own.
    ApproveCases, "agree to others' cases", OpenTo::Roles(&[Supervisor, Records, DataProtection]);
    /// Points, designations, devices, who works here.
    ReadSetUp, "read how the house is set up",
        OpenTo::Roles(&[Supervisor, DataProtection, Auditor, Administrator]);
    /// And say where they are.
    MakePoints, "make crossing points", OpenTo::Roles(&[Administrator]);
    /// Legal basis, dates, owner, contractors, what they attest, that the notice hangs.
    DraftDesignations, "draft designations, post notices", OpenTo::Roles(&[Administrator]);
    /// Never one's own.
    ApproveDesignations, "approve others' designations",
        OpenTo::Roles(&[Supervisor, DataProtection, Administrator]);
    /// Closes the cameras under it at once.
    WithdrawDesignations, "withdraw designations", OpenTo::Roles(&[Supervisor, DataProtection, Administrator]);
    /// Make enrolment links, revoke.
    ManageDevices, "enrol and revoke devices", OpenTo::Roles(&[Administrator]);
    /// Who signs in, as what.
    ManagePeople, "add and disable people", OpenTo::Roles(&[Administrator]);
    /// On the public register.
    ManageRecipients, "enter and withdraw recipients of copies", OpenTo::Roles(&[Administrator]);
}

/// Whether `role` may do `action`: the table.
pub fn allows(role: Role, action: Action) -> bool {
    match action.open_to() {
        OpenTo::Anybody => true,
        OpenTo::Roles(roles) => roles.contains(&role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(action: Action) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| allows(*role, action)).collect()
    }

    #[test]
    fn a_role_is_written_as_it_is_stored() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.word());
        }
        // Stored by versions before the table: the words stay.
        for word in ["officer", "supervisor", "carrier", "records", "auditor", "administrator"] {
            let role: Role = serde_json::from_value(word.into()).unwrap();
            assert!(role.signs_in(), "{word}");
        }
    }

    #[test]
    fn who_runs_the_machine_and_who_audits_it_sees_no_face() {
        use Action::*;
        for action in [SeeTravellers, RuleOnTravellers, TakeSecondLooks, AddReferences, WorkCases] {
            for role in [Role::Administrator, Role::Auditor, Role::DataProtection, Role::Carrier] {
                assert!(!allows(role, action), "{role:?} {action:?}");
            }
        }
        for action in [OpenBoarding, SendLists, ReadCases, ReadLookouts] {
            assert!(!allows(Role::Administrator, action), "{action:?}");
        }
    }

    #[test]
    fn machines_do_one_thing_each_and_nobody_else_does_it() {
        assert_eq!(who(Action::RunGate), [Role::Device]);
        assert_eq!(who(Action::ReceiveCopies), [Role::Recipient]);
        for machine in [Role::Device, Role::Recipient] {
            let theirs =
                Action::ALL.iter().filter(|a| a.open_to() != OpenTo::Anybody && allows(machine, **a));
            assert_eq!(theirs.count(), 1, "{machine:?}");
        }
    }

    #[test]
    fn who_writes_a_lookout_cannot_be_who_approves_it() {
        let both = Role::ALL
            .into_iter()
            .filter(|role| allows(*role, Action::WriteLookouts) && allows(*role, Action::ApproveLookouts));
        assert_eq!(both.count(), 0);
    }
}
