//! Outside systems that receive copies: who, of what and why; and that they let go of what is recalled.

use super::{Refused, Service, given, text};
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{RecipientId, RecordId, UserId};
use portunus_core::policy::DataClass;
use portunus_store::{CopyGiven, Recall, Recipient};
use serde::Serialize;

/// A recall that nobody has acknowledged for this long is shown to supervisors, counted and logged.
const RECALL_ANSWERED_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// How many crossings, or recalls, are given at once.
const AT_ONCE: usize = 500;
const TEXT_CHARS_MAX: usize = 200;

/// A crossing that a recipient may have a copy of. Identifiers only.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Offered {
    /// Ask for what comes after it the next time.
    seq: u64,
    /// The record that says who, on which voyage and when.
    #[schema(value_type = String)]
    record: RecordId,
    /// The photo, while it is kept.
    #[schema(value_type = Option<String>)]
    photo: Option<RecordId>,
    /// When it is to be gone, RFC 3339.
    #[schema(value_type = String)]
    until: Timestamp,
}

/// A copy. Personal data: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Copy {
    #[schema(value_type = String)]
    record: RecordId,
    /// When the copy is to be gone, RFC 3339; a recall may say otherwise later.
    #[schema(value_type = String)]
    until: Timestamp,
    /// Of a crossing: who, on which voyage, when.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    crossing: Option<serde_json::Value>,
    /// Of a photo: the picture, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

impl Service {
    /// Enters a recipient in the register.
    ///
    /// # Errors
    /// [`Refused::Malformed`] says what is missing; [`Refused::WrongStage`] when the name is taken.
    pub fn add_recipient(
        &self,
        [name, purpose, basis]: [&str; 3],
        receives: &[DataClass],
        token_hash: [u8; 32],
        added_by: UserId,
    ) -> Result<RecipientId, Refused> {
        let known = |data: &DataClass| matches!(data, DataClass::Crossing | DataClass::Probe);
        if receives.is_empty() || !receives.iter().all(known) {
            return Err(Refused::Malformed("receives: expected crossing, probe, or both".to_owned()));
        }
        let recipient = Recipient {
            id: RecipientId::from_bytes(self.fresh()),
            name: text(name, "name", TEXT_CHARS_MAX)?,
            purpose: text(purpose, "purpose", TEXT_CHARS_MAX)?,
            basis: text(basis, "basis", TEXT_CHARS_MAX)?,
            receives: receives.to_vec(),
            added_by,
            added_at: self.now(),
            withdrawn_at: None,
        };
        match self.store().add_recipient(&recipient, token_hash)? {
            true => Ok(recipient.id),
            false => Err(Refused::WrongStage("a recipient has this name already")),
        }
    }

    /// Withdraws a recipient: it receives nothing more, and what it has is recalled.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is none such, or it was withdrawn before.
    pub fn withdraw_recipient(&self, id: RecipientId) -> Result<(), Refused> {
        match self.store().withdraw_recipient(id, self.now())? {
            true => Ok(()),
            false => Err(Refused::Unknown("recipient that still receives")),
        }
    }

    /// Crossings after number `seq`, for a recipient; nothing for one that was withdrawn.
    ///
    /// # Errors
    /// When the store fails.
    pub fn offered(&self, to: &Recipient, seq: u64) -> Result<Vec<Offered>, Refused> {
        if to.withdrawn_at.is_some() {
            return Ok(Vec::new());
        }
        let photos = to.receives.contains(&DataClass::Probe);
        let crossings = self.store().crossings_after(seq, self.now(), AT_ONCE)?;
        Ok(crossings
            .into_iter()
            .map(|crossing| Offered {
                seq: crossing.seq,
                record: crossing.record,
                photo: crossing.probe.filter(|_| photos),
                until: crossing.erase_after,
            })
            .collect())
    }

    /// Gives a copy of a record: that they have it stands on record before anything opens.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is nothing to give, or not to them.
    pub fn give_copy(&self, to: &Recipient, record: RecordId) -> Result<Copy, Refused> {
        let copy = self.store().give(to, record, self.now())?;
        let CopyGiven { data, due: until, content } =
            copy.ok_or(Refused::Unknown("record for this recipient"))?;
        let (crossing, picture) = given(data, content);
        Ok(Copy { record, until, crossing, picture })
    }

    /// What a recipient has to let go of, or to give another date.
    ///
    /// # Errors
    /// When the store fails.
    pub fn recalls_of(&self, recipient: &Recipient) -> Result<Vec<Recall>, Refused> {
        Ok(self.store().recalls_of(recipient.id, AT_ONCE)?)
    }

    /// A recipient says that it did what a recall asked for.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is none such of theirs.
    pub fn acknowledge_recall(&self, recipient: &Recipient, seq: u64) -> Result<(), Refused> {
        match self.store().acknowledge_recall(recipient.id, seq, self.now())? {
            true => Ok(()),
            false => Err(Refused::Unknown("recall for this recipient")),
        }
    }

    /// Recalls that should have been acknowledged by now, with the recipient's name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn late_recalls(&self) -> Result<Vec<(String, Recall)>, Refused> {
        let until = self.now().checked_sub(RECALL_ANSWERED_WITHIN).unwrap_or(Timestamp::MIN);
        let late = self.store().unacknowledged(until)?;
        if late.is_empty() {
            return Ok(Vec::new());
        }
        let recipients = self.store().recipients()?;
        let name = |id| recipients.iter().find(|r| r.id == id).map_or_else(String::new, |r| r.name.clone());
        Ok(late.into_iter().map(|recall| (name(recall.recipient), recall)).collect())
    }

    /// Counts late recalls, and says so aloud.
    pub(super) fn look_at_recalls(&self) -> Result<(), Refused> {
        let late = self.late_recalls()?.len();
        self.metrics().recalls_late.set(i64::try_from(late).unwrap_or(i64::MAX));
        if late > 0 {
            tracing::error!(late, "COPIES ARE NOT CONFIRMED GONE: recipients have not acknowledged recalls");
        }
        Ok(())
    }
}
