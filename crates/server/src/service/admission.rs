//! Requests from devices: admitted once, and only under the designation and the notice that are in force.

use super::{Refused, Service, lock};
use jiff::Timestamp;
use portunus_core::capture::SignedCapture;
use portunus_core::id::{DeviceId, IdempotencyKey, PointId, VoyageId};
use portunus_core::voyage::Voyage;
use portunus_store::{Admission, Admit, Committed, Device};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const OVER: &str = "the capture was signed under a designation that is over; reload the camera's page";

/// A signed request, as its device stated it and its signature proved it.
pub struct Submission {
    /// Which device.
    pub device: DeviceId,
    /// Names the request; the same when it is repeated.
    pub key: IdempotencyKey,
    /// Captures made so far.
    pub counter: u64,
    /// Good once.
    pub nonce: [u8; 16],
    /// When it was signed.
    pub created: Timestamp,
    /// Keyed MAC of path and body: tells a repeat from another request under the same key.
    pub body_mac: [u8; 32],
}

impl Service {
    /// The keyed MAC of a request.
    ///
    /// # Errors
    /// Never today; the store holds the key in memory.
    pub fn body_mac(&self, path: &str, body: &[u8]) -> Result<[u8; 32], Refused> {
        let mut whole = Zeroizing::new(Vec::with_capacity(path.len() + 1 + body.len()));
        whole.extend_from_slice(path.as_bytes());
        whole.push(0);
        whole.extend_from_slice(body);
        Ok(self.store().body_mac(&whole))
    }

    /// Records that a signed request that changes nothing was seen: its nonce is good once.
    ///
    /// # Errors
    /// [`Refused`] for a used nonce, a reused key, a counter that shrank.
    pub fn seen(&self, submission: &Submission) -> Result<(), Refused> {
        self.admit(submission, None).map(|_: Option<serde_json::Value>| ())
    }

    /// Admits a request whose answer is not kept; `true` when it is a repeat of one that was answered.
    ///
    /// # Errors
    /// [`Refused`] for a used nonce, a reused key, a counter that shrank.
    pub(super) fn repeated(&self, submission: &Submission) -> Result<bool, Refused> {
        self.admit(submission, None).map(|first: Option<()>| first.is_some())
    }

    /// Admits a request once; gives the first outcome when it is a repeat that was answered.
    pub(super) fn admit<T: for<'a> Deserialize<'a>>(
        &self,
        submission: &Submission,
        counted: Option<SignedCapture>,
    ) -> Result<Option<T>, Refused> {
        match self.store().admit(&admission(submission, counted), self.now())? {
            Admit::New | Admit::Repeat { outcome: None } => Ok(None),
            Admit::Repeat { outcome: Some(outcome) } => answered(&outcome).map(Some),
            Admit::NonceReused => Err(Refused::NonceReused),
            Admit::OtherBody => Err(Refused::OtherBody),
            Admit::CounterNotNext { last } => Err(Refused::Counter { last }),
        }
    }

    /// Admits a capture or preview. One that is not signed under what is in force is not counted: nothing of it is looked at.
    pub(super) fn admit_capture<T: for<'a> Deserialize<'a>>(
        &self,
        device: &Device,
        submission: &Submission,
        of: SignedCapture,
    ) -> Result<Option<T>, Refused> {
        match self.authorised(device, &of, self.now()) {
            Ok(()) => self.admit(submission, Some(of)),
            // It may be the repeat of one that was answered in time.
            Err(why) => match self.store().answered(&admission(submission, Some(of)))? {
                Some(outcome) => answered(&outcome).map(Some),
                None => Err(why),
            },
        }
    }

    /// The voyage that boards at a device's point, which must be designated now.
    pub(super) fn boarding_at(&self, device: &Device, now: Timestamp) -> Result<VoyageId, Refused> {
        self.store().authority(device.point, now)??;
        let served = self.served_at(device.point, now)?.ok_or(Refused::NoVoyage)?;
        Ok(served.id)
    }

    /// What a point serves; not a watch whose hours are over, although it may not be closed yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn served_at(&self, point: PointId, now: Timestamp) -> Result<Option<Voyage>, Refused> {
        let Some(served) = self.store().voyage_at(point)? else { return Ok(None) };
        let is_over = |voyage: &Voyage| voyage.watch.is_some_and(|watch| watch.until <= now);
        Ok(self.store().voyage(served)?.filter(|voyage| !is_over(voyage)))
    }

    /// Why a capture is refused whose designation ended while it was looked at.
    pub(super) fn undesignated(&self, device: &Device) -> Refused {
        match self.store().authority(device.point, self.now()) {
            Ok(Err(why)) => why.into(),
            Ok(Ok(_)) => Refused::StaleAuthority(OVER),
            Err(error) => error.into(),
        }
    }

    /// Whether a capture was signed under what is in force where it was made.
    fn authorised(&self, device: &Device, of: &SignedCapture, now: Timestamp) -> Result<(), Refused> {
        self.boarding_at(device, now)?;
        let in_force = self.store().authority(device.point, now)??;
        let here = || self.store().designations(device.point);
        match () {
            () if of.designation == in_force.id && of.notice == self.notice_sha256() => Ok(()),
            () if of.designation == in_force.id => Err(Refused::StaleAuthority(
                "the capture was signed under a notice that is not in force; reload the camera's page",
            )),
            () if here()?.iter().any(|one| one.id == of.designation) => Err(Refused::StaleAuthority(OVER)),
            () => Err(Refused::StaleAuthority(
                "the capture was signed under no designation of this point; reload the camera's page",
            )),
        }
    }

    /// What became of a commit, as an answer.
    pub(super) fn committed(&self, committed: Committed) -> Result<(), Refused> {
        match committed {
            Committed::Done => {
                self.announce();
                Ok(())
            }
            Committed::AlreadyBoarded => Err(Refused::AlreadyBoarded),
            Committed::VoyageOver => Err(Refused::NoVoyage),
            Committed::AuthorityOver => Err(Refused::StaleAuthority(
                "the designation of this crossing point ended meanwhile; nothing was recorded",
            )),
            Committed::StaleEncounter => Err(Refused::WrongStage("the encounter has moved on; look again")),
        }
    }
}

/// Holds a request's key while it is worked on, so that a repeat does not do the work twice.
pub(super) struct InProgress<'a>(&'a Service, IdempotencyKey);

impl<'a> InProgress<'a> {
    pub(super) fn enter(service: &'a Service, key: IdempotencyKey) -> Result<Self, Refused> {
        if lock(&service.0.in_progress).insert(key) {
            Ok(Self(service, key))
        } else {
            Err(Refused::InProgress)
        }
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        lock(&self.0.0.in_progress).remove(&self.1);
    }
}

fn admission(submission: &Submission, counted: Option<SignedCapture>) -> Admission {
    Admission {
        key: submission.key,
        device: submission.device,
        body_mac: submission.body_mac,
        counter: submission.counter,
        counted,
        nonce: submission.nonce,
        created: submission.created,
    }
}

/// What a request was answered before.
fn answered<T: for<'a> Deserialize<'a>>(outcome: &str) -> Result<T, Refused> {
    serde_json::from_str(outcome).map_err(|_| Refused::OtherBody)
}

/// An answer, as it is kept for a repeat of its request.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    // These are plain structs with string keys: serialising cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
