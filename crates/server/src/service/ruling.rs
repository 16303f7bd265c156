//! What officers do: take a case up, rule on it, hold a passenger, enter boardings after an outage.

use super::{Refused, Service};
use jiff::{SignedDuration, Timestamp};
use portunus_core::crossing::Admission;
use portunus_core::decide::{Decision, Presented};
use portunus_core::encounter::{Boarding, Encounter, Lane, Method, Ruled, Ruling, Stage};
use portunus_core::id::{EncounterId, PassengerId, PointId, UserId, VoyageId};
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, PersonClass};
use portunus_core::stay::timeline::day_somewhere;
use portunus_store::{Access, Listed, Purpose, Reader, Within};
use portunus_store::{BoardingChange, RulingCommit};
use zeroize::Zeroizing;

/// Reasons and search words are cut at this many characters.
pub(crate) const REASON_CHARS_MAX: usize = 500;
/// A boarding can be entered this long after it happened.
const OUTAGE_HOURS_MAX: i64 = 72;

/// A boarding that happened while the system was out.
pub struct Outage {
    /// Who.
    pub passenger: PassengerId,
    /// When, by paper or memory.
    pub boarded_at: Timestamp,
    /// What they were admitted as, where people enter.
    pub admitted: Option<Admission>,
    /// What the officer notes.
    pub reason: String,
}

/// What somebody is admitted as: said of who enters, as of when they do, and of nobody else.
fn admission(
    entering: bool,
    admitted: Option<Admission>,
    at: Timestamp,
) -> Result<Option<Admission>, Refused> {
    match (entering, admitted) {
        (false, None) => Ok(None),
        (false, Some(_)) => {
            Err(Refused::Malformed("admitted: people leave here, and are not admitted".to_owned()))
        }
        (true, None) => {
            Err(Refused::Malformed("admitted: say the class of admission, and until when".to_owned()))
        }
        (true, Some(admitted)) => {
            let checked = admitted.checked(day_somewhere(at));
            checked.map(Some).map_err(|error| Refused::Malformed(error.to_string()))
        }
    }
}

impl Service {
    /// An officer takes a case up; nobody else then has it.
    ///
    /// # Errors
    /// [`Refused::WrongStage`] when another officer has it, or it is over.
    pub fn take(&self, id: EncounterId, officer: UserId) -> Result<Encounter, Refused> {
        let taken = self.store().take(id, officer, self.now())?;
        self.announce();
        if let Some(encounter) = &taken {
            self.works_at(officer, encounter.point);
        }
        taken.ok_or(Refused::WrongStage("another officer has this case, or it is over"))
    }

    /// An officer rules.
    ///
    /// # Errors
    /// [`Refused`] without a needed reason, at the wrong stage, or when the passenger has boarded already.
    pub fn rule(
        &self,
        id: EncounterId,
        ruling: Ruling,
        author: UserId,
        reason: &str,
    ) -> Result<Encounter, Refused> {
        self.rule_and_admit(id, ruling, None, author, reason)
    }

    /// As [`Self::rule`]; at an entry, with what a traveller is admitted as.
    ///
    /// # Errors
    /// As [`Self::rule`]; [`Refused::Malformed`] for an admission that is none, or that lacks.
    pub fn rule_and_admit(
        &self,
        id: EncounterId,
        ruling: Ruling,
        admitted: Option<Admission>,
        author: UserId,
        reason: &str,
    ) -> Result<Encounter, Refused> {
        let reason = super::any_text(reason, "reason", REASON_CHARS_MAX)?;
        if ruling.needs_reason() && reason.is_empty() {
            return Err(Refused::NeedsReason);
        }
        let before = self.store().encounter(id)?.ok_or(Refused::Unknown("encounter"))?;
        let now = self.now();
        let ruled = Ruled { ruling, author, reason, at: now };
        let _not_while_closing = self.while_boarding();
        let (after, mut boarding) = self.after_ruling(&before, ruling, now)?;
        self.admit_with(&before, ruling, admitted, &mut boarding)?;
        // What counts is when the photo was taken, not when somebody ruled on it.
        let start = match before.probe {
            Some(probe) => self.store().started(probe)?,
            None => None,
        };
        let probe_due = start.and_then(|start| self.policy().due(after.class, DataClass::Probe, start));
        let commit = RulingCommit {
            before: &before,
            after: &after,
            ruled: &ruled,
            boarding,
            probe_due: probe_due.filter(|_| after.probe.is_some() && after.class != before.class),
        };
        let committed = self.store().commit_ruling(commit, now)?;
        self.committed(committed)?;
        self.settle(id, Self::undone_by(ruling))?;
        if after.stage == Stage::Done {
            self.0.fleeting.forget(id);
        }
        if let (Lane::Manual, Ruling::Board { passenger } | Ruling::Admit { passenger }) =
            (before.lane, ruling)
            && let Err(error) = self.unstage(before.voyage, passenger)
        {
            tracing::error!(%error, "a template could not be unstaged; trying again");
        }
        self.works_at(author, before.point);
        if let Err(error) = self.ruled_on(id, ruling, author) {
            tracing::error!(%error, "a ruling on a disputed encounter could not be counted");
        }
        Ok(after)
    }

    fn after_ruling(
        &self,
        before: &Encounter,
        ruling: Ruling,
        now: Timestamp,
    ) -> Result<(Encounter, BoardingChange), Refused> {
        let mut after = before.clone();
        let open = before.stage.awaits_ruling();
        let mut change = BoardingChange::None;
        match ruling {
            Ruling::Board { passenger } | Ruling::Admit { passenger } if open => {
                if !self.is_open(before.voyage)? {
                    return Err(Refused::WrongStage("boarding is not open for this voyage"));
                }
                after.passenger = Some(passenger);
                after.class = self.inspected_class(before, passenger)?;
                change = BoardingChange::Board(Boarding {
                    passenger,
                    at: now,
                    method: method_of(before, passenger),
                    entered_later: false,
                    admitted: None,
                });
                (after.stage, after.done_at) = (Stage::Done, Some(now));
            }
            Ruling::Retake if before.confidential => {
                return Err(Refused::WrongStage(
                    "who asked for protection is photographed no more: an officer decides",
                ));
            }
            Ruling::Refuse | Ruling::Retake if open => {
                (after.stage, after.done_at) = (Stage::Done, Some(now));
                // Who goes back to the camera begins anew: nothing of this attempt is needed.
                after.probe = after.probe.filter(|_| ruling == Ruling::Refuse);
            }
            Ruling::Establish { class } if class != PersonClass::Unknown => after.class = class,
            Ruling::OffLoad { passenger } if before.passenger == Some(passenger) => {
                change = BoardingChange::OffLoad(passenger);
            }
            Ruling::SomebodyElse { passenger, instead } if put_right(before, passenger, instead) => {
                let boarding = match instead {
                    Some(instead) => {
                        // What the wrong person's documents said is not this one's; a claim stands.
                        let anew = Encounter { class: PersonClass::Unknown, ..before.clone() };
                        after.class = self.inspected_class(&anew, instead)?;
                        Some(Boarding {
                            passenger: instead,
                            at: now,
                            method: Method::DocumentInspected,
                            entered_later: false,
                            admitted: None,
                        })
                    }
                    None => None,
                };
                if boarding.is_some() && !self.is_open(before.voyage)? {
                    return Err(Refused::WrongStage("boarding is not open for this voyage"));
                }
                after.passenger = instead;
                // The boarding that stands is of now: by that instant it is told which passage it is of.
                after.done_at = boarding.as_ref().map(|boarding| boarding.at).or(after.done_at);
                // The photo stands under the wrong person's name and date: it goes.
                after.probe = None;
                change = BoardingChange::Correct { wrong: passenger, boarding };
            }
            Ruling::SomebodyElse { .. } => {
                return Err(Refused::WrongStage(
                    "only a match that the machine confirmed, and that nobody corrected, can be corrected",
                ));
            }
            Ruling::Secondary if open && before.stage != Stage::Secondary => after.stage = Stage::Secondary,
            Ruling::Board { .. }
            | Ruling::Admit { .. }
            | Ruling::Secondary
            | Ruling::Refuse
            | Ruling::Retake => {
                return Err(Refused::WrongStage("this case is not waiting for a ruling"));
            }
            Ruling::Establish { .. } => return Err(Refused::Malformed("establish: which class?".to_owned())),
            Ruling::OffLoad { .. } => {
                return Err(Refused::Unknown("boarding of this passenger in this encounter"));
            }
        }
        if ruling_attends(ruling) {
            after.served_at = after.served_at.or(Some(now));
        }
        if after.class == PersonClass::Citizen {
            after.probe = None;
        }
        Ok((after, change))
    }

    /// What somebody is admitted as goes with their boarding. Who enters is admitted, and nobody else is.
    fn admit_with(
        &self,
        before: &Encounter,
        ruling: Ruling,
        admitted: Option<Admission>,
        change: &mut BoardingChange,
    ) -> Result<(), Refused> {
        let entering = self.is_entered(before)?;
        let boarding = match change {
            BoardingChange::Board(boarding) | BoardingChange::Correct { boarding: Some(boarding), .. } => {
                boarding
            }
            _ if admitted.is_some() => {
                return Err(Refused::Malformed("admitted: nobody is admitted by this ruling".to_owned()));
            }
            _ => return Ok(()),
        };
        match (entering, ruling) {
            (true, Ruling::Board { .. }) => {
                Err(Refused::WrongStage("people enter here: admit, do not board"))
            }
            (false, Ruling::Admit { .. }) => {
                Err(Refused::WrongStage("people leave here: board, do not admit"))
            }
            _ => {
                boarding.admitted = admission(entering, admitted, self.now())?;
                Ok(())
            }
        }
    }

    /// Whether an officer admits in an encounter: it is at an entry, in a watch.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_entered(&self, encounter: &Encounter) -> Result<bool, Refused> {
        Ok(match self.store().voyage(encounter.voyage)?.and_then(|voyage| voyage.watch) {
            Some(watch) => self.way_at(watch.point)? == Direction::Entry,
            None => false,
        })
    }

    /// The class that an inspected document settles, unless an officer or evidence has said so before.
    fn inspected_class(&self, before: &Encounter, passenger: PassengerId) -> Result<PersonClass, Refused> {
        let listed = self.store().passenger_on(before.voyage, passenger)?;
        let listed = listed.ok_or(Refused::Unknown("passenger on this voyage"))?;
        // The officer held the document against its holder: as good as the match of a portrait.
        let matched = !listed.passenger.stated.documents.is_empty();
        let class = self.class_after(before, Some(&listed), matched)?;
        let established = before.class != PersonClass::Unknown && class != PersonClass::Citizen;
        Ok(if established { before.class } else { class })
    }

    /// Holds a passenger for an officer, or lets them go.
    ///
    /// # Errors
    /// [`Refused::NeedsReason`] for a hold without a reason.
    pub fn hold(
        &self,
        passenger: PassengerId,
        held: bool,
        author: UserId,
        reason: &str,
    ) -> Result<(), Refused> {
        let reason = super::any_text(reason, "reason", REASON_CHARS_MAX)?;
        if held && reason.is_empty() {
            return Err(Refused::NeedsReason);
        }
        let known = self.store().hold(passenger, held.then_some(reason.as_str()), author, self.now())?;
        self.announce();
        if known { Ok(()) } else { Err(Refused::Unknown("passenger")) }
    }

    /// Enters a boarding that happened during an outage, marked so.
    ///
    /// # Errors
    /// [`Refused`] for a time in the future or long past, an unknown or boarded passenger.
    pub fn enter_outage_boarding(
        &self,
        voyage: VoyageId,
        point: PointId,
        outage: &Outage,
        author: UserId,
    ) -> Result<Encounter, Refused> {
        let now = self.now();
        let earliest =
            now.checked_sub(SignedDuration::from_hours(OUTAGE_HOURS_MAX)).unwrap_or(Timestamp::MIN);
        if !(earliest..=now).contains(&outage.boarded_at) {
            return Err(Refused::Malformed(format!(
                "boarded_at: expected a time in the last {OUTAGE_HOURS_MAX} hours"
            )));
        }
        if !self.is_open(voyage)? {
            return Err(Refused::WrongStage("boarding is not open for this voyage"));
        }
        let at = outage.boarded_at;
        let listed = self.store().passenger_on(voyage, outage.passenger)?;
        let listed = listed.ok_or(Refused::Unknown("passenger on this voyage"))?;
        let mut encounter = Encounter { point, voyage, ..self.entered_by_hand(&listed, at) };
        encounter.class = self.inspected_class(&encounter, outage.passenger)?;
        let reason = super::any_text(&outage.reason, "reason", REASON_CHARS_MAX)?;
        let entering = self.is_entered(&encounter)?;
        let admitted = admission(entering, outage.admitted.clone(), at)?;
        let _not_while_closing = self.while_boarding();
        let passenger = outage.passenger;
        let ruling = if entering { Ruling::Admit { passenger } } else { Ruling::Board { passenger } };
        let ruled = Ruled { ruling, author, reason, at: now };
        let boarding = Boarding {
            passenger: outage.passenger,
            at,
            method: Method::DocumentInspected,
            entered_later: true,
            admitted,
        };
        let committed = self.store().enter_boarding(&encounter, &ruled, &boarding, now)?;
        self.committed(committed)?;
        self.settle(encounter.id, None)?;
        Ok(encounter)
    }

    /// A passage that no device saw.
    pub(super) fn entered_by_hand(&self, listed: &Listed, at: Timestamp) -> Encounter {
        Encounter {
            id: EncounterId::from_bytes(self.fresh()),
            point: PointId::from_bytes([0; 16]),
            voyage: listed.passenger.voyage,
            device: None,
            lane: Lane::Manual,
            claims_citizenship: false,
            presented: Presented::Passenger(listed.passenger.id),
            stage: Stage::Done,
            attempts: 0,
            decision: None,
            class: PersonClass::Unknown,
            passenger: Some(listed.passenger.id),
            probe: None,
            joined_at: at,
            served_at: Some(at),
            taken_at: None,
            done_at: Some(at),
            confidential: false,
        }
    }

    /// The photo of an encounter, for the officer: from memory where it is not kept, else unsealed.
    ///
    /// # Errors
    /// [`Refused::Store`] when the vault's copy is altered or missing: it is never served then.
    pub fn probe_photo(
        &self,
        id: EncounterId,
        officer: UserId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
        let now = self.now();
        if let Some(photo) = self.0.fleeting.look(id, now) {
            return Ok(Some(photo));
        }
        let Some(record) = self.store().encounter(id)?.and_then(|encounter| encounter.probe) else {
            return Ok(None);
        };
        let within = Within::Encounter(id);
        let access = Access { by: Reader::Officer(officer), purpose: Purpose::ShowToOfficer, within };
        Ok(self.store().open_record(record, &access, now)?)
    }

    /// Until when an officer can see a photo that is not kept.
    pub fn photo_shown_until(&self, id: EncounterId, now: Timestamp) -> Option<Timestamp> {
        self.0.fleeting.until(id, now)
    }

    /// A passenger's reference portrait, for the officer who compares it with a traveller.
    ///
    /// # Errors
    /// [`Refused::Store`] when the vault's copy is altered or missing.
    pub fn reference_photo(
        &self,
        passenger: PassengerId,
        encounter: Option<EncounterId>,
        officer: UserId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
        self.portrait(passenger, officer, Purpose::ShowToOfficer, encounter)
    }

    /// A passenger's reference portrait, for an officer, in an encounter or on their voyage.
    pub(super) fn portrait(
        &self,
        passenger: PassengerId,
        officer: UserId,
        purpose: Purpose,
        encounter: Option<EncounterId>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
        let now = self.now();
        let Some(listed) = self.store().passenger(passenger)? else { return Ok(None) };
        let within = encounter.map_or(Within::Voyage(listed.passenger.voyage), Within::Encounter);
        let access = Access { by: Reader::Officer(officer), purpose, within };
        for document in &listed.passenger.stated.documents {
            if let Some(row) = self.store().references(document, now)?.first()
                && let Some(reference) = self.store().open_reference(row.record, &access, now)?
            {
                return Ok(Some(Zeroizing::new(reference.portrait().to_vec())));
            }
        }
        Ok(None)
    }
}

/// How identity was established when an officer lets a passenger pass: by the face, where the machine had confirmed just them.
fn method_of(before: &Encounter, passenger: PassengerId) -> Method {
    match &before.decision {
        Some(Decision::Confirmed { comparison }) if comparison.candidate.passenger == passenger => {
            Method::FaceMatched
        }
        _ => Method::DocumentInspected,
    }
}

/// Whether the machine confirmed this passenger here, and it still stands.
fn put_right(before: &Encounter, passenger: PassengerId, instead: Option<PassengerId>) -> bool {
    matches!(before.decision, Some(Decision::Confirmed { .. }))
        && before.passenger == Some(passenger)
        && instead != Some(passenger)
}

/// Whether a ruling means that an officer attended to the traveller.
fn ruling_attends(ruling: Ruling) -> bool {
    !matches!(ruling, Ruling::OffLoad { .. })
}
