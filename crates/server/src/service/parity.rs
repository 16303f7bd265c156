//! What declining costs in time, now and of late: queues as they stand, judged, and the officers that would mend it.
//!
//! Whoever stands in a queue is known here while they stand in it, and nobody by name. What is kept when a voyage is closed
//! is `portunus_store::parity`.

use super::{Device, Refused, Service, Submission, lock};
use jiff::{SignedDuration, Timestamp};
use portunus_core::accuracy::traffic::Counted;
use portunus_core::decide::{Decision, Failure};
use portunus_core::encounter::{Encounter, Lane};
use portunus_core::id::{PointId, UserId, VoyageId};
use portunus_core::month::month_of;
use portunus_core::parity::{
    Demand, Entered, Judgement, Live, Queue, QueueEvent, Source, Staffing, Step, Waits,
};
use portunus_core::place::Designation;
use portunus_store::Measuring;
use portunus_store::parity::{ceiling_ms, waited_ms};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

/// What joined in this long is taken for what joins in an hour.
const ARRIVALS_OVER: SignedDuration = SignedDuration::from_hours(1);
/// Fewer minutes than these of arrivals say nothing of an hour.
const ARRIVALS_OVER_MIN: SignedDuration = SignedDuration::from_mins(10);
/// From so many services on their mean is used; of fewer, the mean of what is published.
const SERVICES_MIN: u64 = 5;
/// An event may have happened this long before it is told: a sensor that sends now and then.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// How long a supervisor is told that somebody was still waiting when boarding was closed.
const LEFT_SHOWN_FOR: SignedDuration = SignedDuration::from_hours(2);
const LEFT_SHOWN_MAX: usize = 100;

/// One event as it is sent. The point is the sender's.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Which queue: `photo` or `manual`.
    #[schema(value_type = String)]
    pub choice: Lane,
    /// `joined`, `at-desk` or `done`.
    #[schema(value_type = String)]
    pub step: Step,
    /// When (RFC 3339), at most 15 minutes ago; now when not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
}

/// What is held in memory of queues.
#[derive(Default)]
pub(super) struct Queues {
    of: Mutex<BTreeMap<(PointId, Lane), Queue>>,
    left: Mutex<VecDeque<LeftWaiting>>,
}

/// That people still waited when boarding was closed. How many, and of which voyage; never who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LeftWaiting {
    /// Carrier and number: `LH400`.
    pub voyage: String,
    /// People who had declined and still waited for an officer.
    pub people: u64,
    /// When boarding was closed.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Both choices at one point, now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PointParity {
    /// Where.
    #[schema(value_type = String)]
    pub point: PointId,
    /// What people call it.
    pub name: String,
    /// The designation's ceiling.
    pub ceiling_seconds: u32,
    /// `gate`: from the choice at the gate on; `feed`: from joining the queue on, as buttons and sensors say.
    pub measured_by: &'static str,
    /// `met`, `falls-short` or `too-few-to-say`, with the figures.
    #[schema(value_type = Object)]
    pub judgement: Judgement,
    /// People of the manual choice who wait now.
    pub waiting: u64,
    /// Of these, longer than the ceiling already.
    pub over_ceiling: u64,
    /// How long the one waits who waits longest.
    pub longest_ms: u64,
    /// Officers who attended to the manual choice in the last hour.
    pub officers: u32,
    /// The officers that would keep what was promised; `null` while too little is known of who comes.
    #[schema(value_type = Option<Object>)]
    pub staffing: Option<Staffing>,
}

impl PointParity {
    /// Whether a supervisor is to do something now.
    pub fn is_alarm(&self) -> bool {
        self.over_ceiling > 0 || matches!(self.judgement, Judgement::FallsShort { .. })
    }
}

/// The manual queue at a point as it stands.
#[derive(Default)]
struct Standing {
    waits_ms: Vec<u64>,
    arrivals: Vec<Timestamp>,
    services: Waits,
    officers: BTreeSet<UserId>,
    live: Live,
}

impl Service {
    /// What a signed button or sensor tells of the queues at its point.
    ///
    /// # Errors
    /// [`Refused`] for an instant that is not of the last minutes, a used nonce, a reused key.
    pub fn queue_told(
        &self,
        device: &Device,
        submission: &Submission,
        source: Source,
        told: &[Told],
    ) -> Result<Vec<Entered>, Refused> {
        if self.repeated(submission)? {
            return Ok(vec![Entered::Counted; told.len()]);
        }
        let entered = self.enter_events(device.point, source, told)?;
        // Not what was entered: beside its instant it would say that somebody declined then.
        self.store().answer(submission.key, "null")?;
        Ok(entered)
    }

    /// What an officer tells of the queues at a point.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a point that is not there; for an instant that is not of the last minutes.
    pub fn queue_seen(&self, point: PointId, told: &[Told]) -> Result<Vec<Entered>, Refused> {
        self.store().point(point)?.ok_or(Refused::Unknown("crossing point"))?;
        self.enter_events(point, Source::Console, told)
    }

    fn enter_events(&self, point: PointId, source: Source, told: &[Told]) -> Result<Vec<Entered>, Refused> {
        let now = self.now();
        let in_time = |at: &Timestamp| {
            let ago = now.duration_since(*at);
            (-SignedDuration::from_mins(1)..=TOLD_WITHIN).contains(&ago)
        };
        let mut events: Vec<QueueEvent> = Vec::with_capacity(told.len());
        for told in told {
            let at = told.at.unwrap_or(now);
            if !in_time(&at) {
                return Err(Refused::Malformed("at: expected an instant of the last 15 minutes".to_owned()));
            }
            events.push(QueueEvent { choice: told.choice, point, step: told.step, source, at });
        }
        let entered = {
            let mut queues = lock(&self.0.queues.of);
            events.iter().map(|event| queues.entry((point, event.choice)).or_default().enter(event)).collect()
        };
        self.announce();
        Ok(entered)
    }

    /// Both choices at every designated point, now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn parity(&self) -> Result<Vec<PointParity>, Refused> {
        let now = self.now();
        let mut all = Vec::new();
        for point in self.store().points()? {
            // By its dates: outside its hours, or under a stale notice, no camera runs, and people may still stand there.
            let designations = self.store().designations(point.id)?;
            if let Some(designation) = designations.iter().rfind(|designation| designation.in_force(now)) {
                all.push(self.parity_at(&point.name, designation, now)?);
            }
        }
        Ok(all)
    }

    fn parity_at(
        &self,
        name: &str,
        designation: &Designation,
        now: Timestamp,
    ) -> Result<PointParity, Refused> {
        let point = designation.point;
        let month = month_of(now);
        let (kept_by, kept) = self.store().kept_waits(point, &month)?;
        let fed = self.fed(point, now);
        let gate = self.at_gates(point, now)?;
        // Where the queue itself is watched, that is where people wait.
        let measuring = if fed.is_some() { Measuring::Feed } else { Measuring::Gate };
        let standing = fed.unwrap_or(gate);
        // What the one says is never added to what the other says.
        let live = if kept_by == measuring { standing.live.clone() } else { Live::default() };
        let ceiling_ms = ceiling_ms(designation);
        let judgement = kept.judged(&live, ceiling_ms, &month);
        let target_seconds = judgement.figures().limit_ms as f64 / 1000.0;
        let demand = self.demand(point, &standing, now)?;
        Ok(PointParity {
            point,
            name: name.to_owned(),
            ceiling_seconds: designation.manual_wait_ceiling_seconds,
            measured_by: kept_by.slug(),
            waiting: standing.waits_ms.len() as u64,
            over_ceiling: standing.waits_ms.iter().filter(|ms| **ms > ceiling_ms).count() as u64,
            longest_ms: standing.waits_ms.iter().copied().max().unwrap_or(0),
            officers: u32::try_from(standing.officers.len()).unwrap_or(u32::MAX),
            staffing: demand.and_then(|demand| demand.officers_for(target_seconds)),
            judgement,
        })
    }

    /// The queues at a point as buttons and sensors see them; `None` where they do not see both, or see nothing any more.
    fn fed(&self, point: PointId, now: Timestamp) -> Option<Standing> {
        let mut queues = lock(&self.0.queues.of);
        for lane in [Lane::Photo, Lane::Manual] {
            if let Some(queue) = queues.get_mut(&(point, lane)) {
                queue.forget_gone(now);
            }
        }
        let told = |lane| queues.get(&(point, lane)).filter(|queue| queue.is_told());
        let (photo, manual) = (told(Lane::Photo)?, told(Lane::Manual)?);
        if !photo.is_watched(now) && !manual.is_watched(now) {
            return None;
        }
        let so_far = |since: Timestamp| u64::try_from(now.duration_since(since).as_millis()).unwrap_or(0);
        let waits_ms: Vec<u64> = manual.waiting_since().map(so_far).collect();
        let mut live = Live { photo: photo.waits().clone(), manual: manual.waits().clone() };
        live.manual.extend(&waits_ms.iter().copied().collect());
        let since = now.checked_sub(ARRIVALS_OVER).unwrap_or(now);
        Some(Standing {
            waits_ms,
            arrivals: manual.joined_after(since).collect(),
            services: manual.services().clone(),
            officers: BTreeSet::new(),
            live,
        })
    }

    /// The encounters at a point whose voyage is not closed.
    fn at_gates(&self, point: PointId, now: Timestamp) -> Result<Standing, Refused> {
        let since = now.checked_sub(ARRIVALS_OVER).unwrap_or(now);
        let mut standing = Standing::default();
        for (it, officer) in self.store().live_encounters(point)? {
            let exempt = matches!(it.decision, Some(Decision::Unavailable { failure: Failure::Exempt }));
            let Some(ms) = waited_ms(&it, now).filter(|_| !exempt) else { continue };
            let of_choice = match it.lane {
                Lane::Photo => &mut standing.live.photo,
                Lane::Manual => &mut standing.live.manual,
            };
            of_choice.extend(&Waits::from_iter([ms]));
            if it.lane == Lane::Manual {
                standing.stands(&it, officer, ms, since);
            }
        }
        Ok(standing)
    }

    /// What comes to the manual queue of a point, and how long one takes; `None` while too little is known.
    fn demand(&self, point: PointId, standing: &Standing, now: Timestamp) -> Result<Option<Demand>, Refused> {
        let Some(first) = standing.arrivals.iter().min() else { return Ok(None) };
        let over = now.duration_since(*first).clamp(ARRIVALS_OVER_MIN, ARRIVALS_OVER);
        let arrivals_per_hour = standing.arrivals.len() as f64 * 3600.0 / over.as_secs_f64();
        let live = standing.services.mean_ms().filter(|_| standing.services.people() >= SERVICES_MIN);
        let mean_ms = match live {
            Some(ms) => Some(ms),
            None => self.usual_service_ms(point)?,
        };
        Ok(mean_ms.map(|ms| Demand { arrivals_per_hour, service_seconds: ms / 1000.0 }))
    }

    /// How long an officer takes for one of the manual choice, by what is published of the point: the mean until through less
    /// the mean until attended to.
    fn usual_service_ms(&self, point: PointId) -> Result<Option<f64>, Refused> {
        let (mut waited, mut passed) = (Waits::default(), Waits::default());
        for ((_, at, counted), n) in self.store().traffic()?.0 {
            match counted {
                Counted::Waited(Lane::Manual, bin) if at == point => waited.add(bin, n),
                Counted::Passed(Lane::Manual, bin) if at == point => passed.add(bin, n),
                _ => {}
            }
        }
        let difference = passed.mean_ms().zip(waited.mean_ms()).map(|(passed, waited)| passed - waited);
        Ok(difference.filter(|ms| *ms > 0.0))
    }

    /// Keeps what buttons and sensors measured where a voyage boards, before it is closed: as counts.
    pub(super) fn keep_queues_of(&self, voyage: VoyageId) -> Result<(), Refused> {
        let now = self.now();
        let Some(day) = self.store().voyage(voyage)?.map(|voyage| voyage.key.date) else { return Ok(()) };
        for point in self.store().points_of(voyage)? {
            let waits: Vec<(Lane, Waits)> = {
                let mut queues = lock(&self.0.queues.of);
                let mut take = |lane| {
                    let queue = queues.get_mut(&(point, lane));
                    queue.map(|queue| (lane, queue.take_waits()))
                };
                [take(Lane::Photo), take(Lane::Manual)].into_iter().flatten().collect()
            };
            // Both or neither: one alone has nothing to be compared with.
            if waits.len() == 2 {
                self.store().keep_queue_waits(point, &waits, day, now)?;
            }
        }
        Ok(())
    }

    /// How many who declined wait for an officer on a voyage.
    ///
    /// # Errors
    /// When the store fails.
    pub fn declined_waiting(&self, voyage: VoyageId) -> Result<u64, Refused> {
        let waits = |it: &Encounter| {
            it.lane == Lane::Manual && it.device.is_some() && !it.confidential && it.stage.awaits_ruling()
        };
        Ok(self.store().encounters(voyage)?.iter().filter(|it| waits(it)).count() as u64)
    }

    /// Notes that so many who declined still waited when boarding was closed: nobody may miss a voyage for declining.
    pub(super) fn left_waiting(&self, voyage: String, people: u64, at: Timestamp) {
        if people == 0 {
            return;
        }
        // Here alone, and for hours: in the log, beside the instant of closing, it would outlive the voyage.
        let mut left = lock(&self.0.queues.left);
        left.push_back(LeftWaiting { voyage, people, at });
        while left.len() > LEFT_SHOWN_MAX {
            left.pop_front();
        }
    }

    /// Boardings of the last hours that were closed while people who had declined still waited.
    pub fn left_waiting_lately(&self) -> Vec<LeftWaiting> {
        let now = self.now();
        let mut left = lock(&self.0.queues.left);
        left.retain(|left| now.duration_since(left.at) < LEFT_SHOWN_FOR);
        left.iter().cloned().collect()
    }
}

impl Standing {
    /// Somebody of the manual choice, who has waited for so long.
    fn stands(&mut self, it: &Encounter, officer: Option<UserId>, ms: u64, since: Timestamp) {
        if it.served_at.is_none() {
            self.waits_ms.push(ms);
        }
        if it.joined_at > since {
            self.arrivals.push(it.joined_at);
        }
        if it.served_at.is_some_and(|at| at > since) {
            self.officers.extend(officer);
        }
        if let Some((served, done)) = it.served_at.zip(it.done_at) {
            let took = u64::try_from(done.duration_since(served).as_millis()).unwrap_or(0);
            self.services.extend(&Waits::from_iter([took]));
        }
    }
}
