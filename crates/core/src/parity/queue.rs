//! A queue as seen from outside: somebody joined, somebody is at the desk, somebody is done. Nobody is told apart: who
//! joined first is at the desk first.
//!
//! Where people overtake one another, the mean wait is still right; the p95 is then measured a little too short, for
//! pairing in order is the pairing whose waits differ least.

use super::Waits;
use crate::encounter::Lane;
use crate::id::PointId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// More people than these are in no queue; who joins beyond is counted as lost.
const WAITING_MAX: usize = 2000;
/// Who was not at the desk within this went away, or a sensor counted somebody who never queued.
const GONE_AFTER: SignedDuration = SignedDuration::from_hours(4);
/// Who has said nothing for so long says nothing any more: another may say it from then on.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Somebody joined the queue.
    Joined,
    /// Somebody is attended to: at an officer's desk, before a camera.
    AtDesk,
    /// Somebody is through.
    Done,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Somebody presses a button at the queue.
    Button,
    /// A sensor counts.
    Sensor,
    /// An officer, at the console.
    Console,
}

/// One event of a queue. It says nothing of who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueEvent {
    /// Which queue: of those who are photographed, or of those who are not.
    pub choice: Lane,
    /// Where.
    pub point: PointId,
    /// What.
    pub step: Step,
    /// Who says so.
    pub source: Source,
    /// When.
    pub at: Timestamp,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entered {
    /// It counts.
    Counted,
    /// Nobody was in the queue, or at the desk, of whom it could be.
    OfNobody,
    /// Another source says this of this queue: both together would count everybody twice.
    OtherSource,
    /// The queue is longer than a queue can be.
    Full,
}

/// One queue: one choice at one point. It is held in memory, and only while people stand in it.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// Who says which step, and of when the last one was that counted.
    sources: BTreeMap<Step, (Source, Timestamp)>,
    waiting: VecDeque<Timestamp>,
    at_desk: VecDeque<Timestamp>,
    joined: VecDeque<Timestamp>,
    waits: Waits,
    services: Waits,
}

impl Queue {
    /// Enters an event of this queue. Whoever calls has looked that it is of this point and choice.
    pub fn enter(&mut self, event: &QueueEvent) -> Entered {
        let of_step = self.sources.get(&event.step).copied();
        if of_step.is_some_and(|(source, last)| source != event.source && !is_silent(last, event.at)) {
            return Entered::OtherSource;
        }
        self.forget_gone(event.at);
        // A clock set back in between must not make a wait of centuries.
        let since = |then: Timestamp| u64::try_from(event.at.duration_since(then).as_millis()).unwrap_or(0);
        match event.step {
            Step::Joined if self.waiting.len() >= WAITING_MAX => return Entered::Full,
            Step::Joined => {
                self.waiting.push_back(event.at);
                self.joined.push_back(event.at);
            }
            Step::AtDesk => match self.waiting.pop_front() {
                Some(joined) => {
                    self.waits.extend(&Waits::from_iter([since(joined)]));
                    self.at_desk.push_back(event.at);
                }
                None => return Entered::OfNobody,
            },
            Step::Done => match self.at_desk.pop_front() {
                Some(began) => self.services.extend(&Waits::from_iter([since(began)])),
                None => return Entered::OfNobody,
            },
        }
        let last = of_step.map_or(event.at, |(_, last)| last.max(event.at));
        self.sources.insert(event.step, (event.source, last));
        Entered::Counted
    }

    /// Whether anybody has told of this queue at all.
    pub fn is_told(&self) -> bool {
        !self.sources.is_empty()
    }

    /// Whether somebody tells of it still.
    pub fn is_watched(&self, now: Timestamp) -> bool {
        self.sources.values().any(|(_, last)| !is_silent(*last, now))
    }

    /// Forgets who waits for so long that they are not there any more. [`Self::enter`] does, and who reads must.
    pub fn forget_gone(&mut self, now: Timestamp) {
        let gone = |then: &Timestamp| now.duration_since(*then) > GONE_AFTER;
        for line in [&mut self.waiting, &mut self.at_desk, &mut self.joined] {
            while line.front().is_some_and(gone) {
                line.pop_front();
            }
        }
        while self.at_desk.len() > WAITING_MAX {
            self.at_desk.pop_front();
        }
        while self.joined.len() > WAITING_MAX {
            self.joined.pop_front();
        }
    }

    /// Since when each of those waits who are in the queue now.
    pub fn waiting_since(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.waiting.iter().copied()
    }

    /// When each joined who joined after `since`.
    pub fn joined_after(&self, since: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        self.joined.iter().copied().filter(move |at| *at > since)
    }

    /// Waits of those who were attended to since this was asked last by [`Self::take_waits`].
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// How long those took who are through.
    pub fn services(&self) -> &Waits {
        &self.services
    }

    /// Takes the waits out, to be kept as counts; whoever is still in the queue stays.
    pub fn take_waits(&mut self) -> Waits {
        self.services = Waits::default();
        std::mem::take(&mut self.waits)
    }
}

fn is_silent(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last) > SILENT_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn event(step: Step, seconds: i64) -> QueueEvent {
        let point = PointId::from_bytes([1; 16]);
        QueueEvent { choice: Lane::Manual, point, step, source: Source::Button, at: at(seconds) }
    }

    #[test]
    fn who_joined_first_is_at_the_desk_first() {
        let mut queue = Queue::default();
        for (step, seconds) in
            [(Step::Joined, 0), (Step::Joined, 10), (Step::AtDesk, 60), (Step::Done, 90), (Step::AtDesk, 100)]
        {
            assert_eq!(queue.enter(&event(step, seconds)), Entered::Counted);
        }
        assert_eq!(*queue.waits(), Waits::from_iter([60_000, 90_000]));
        assert_eq!(*queue.services(), Waits::from_iter([30_000]));
        assert_eq!((queue.waiting_since().count(), queue.joined_after(at(5)).count()), (0, 1));
    }

    #[test]
    fn what_is_of_nobody_counts_for_nothing() {
        let mut queue = Queue::default();
        assert_eq!(queue.enter(&event(Step::AtDesk, 0)), Entered::OfNobody);
        assert_eq!(queue.enter(&event(Step::Done, 1)), Entered::OfNobody);
        assert_eq!(queue.waits().people(), 0);
    }

    #[test]
    fn two_sources_of_one_step_count_nobody_twice() {
        let mut queue = Queue::default();
        let sensor = QueueEvent { source: Source::Sensor, ..event(Step::Joined, 0) };
        assert_eq!(queue.enter(&sensor), Entered::Counted);
        assert_eq!(queue.enter(&event(Step::Joined, 0)), Entered::OtherSource);
        // A sensor sees who joins, an officer's button who is at the desk: each says its own.
        assert_eq!(queue.enter(&event(Step::AtDesk, 30)), Entered::Counted);
    }

    #[test]
    fn who_falls_silent_is_followed_by_another_and_who_only_guesses_claims_nothing() {
        let mut queue = Queue::default();
        assert_eq!(queue.enter(&event(Step::Done, 0)), Entered::OfNobody);
        assert!(!queue.is_told());
        let sensor = |seconds| QueueEvent { source: Source::Sensor, ..event(Step::Joined, seconds) };
        assert_eq!(queue.enter(&sensor(0)), Entered::Counted);
        assert!(queue.is_told() && queue.is_watched(at(3600)) && !queue.is_watched(at(3601)));
        assert_eq!(queue.enter(&event(Step::Joined, 3600)), Entered::OtherSource);
        assert_eq!(queue.enter(&event(Step::Joined, 3601)), Entered::Counted, "the sensor is dead");
        assert_eq!(queue.enter(&sensor(3602)), Entered::OtherSource);
        queue.forget_gone(at(4 * 3600 + 1));
        assert_eq!(queue.waiting_since().collect::<Vec<_>>(), [at(3601)]);
    }

    #[test]
    fn who_never_came_to_the_desk_is_forgotten_and_a_queue_has_an_end() {
        let mut queue = Queue::default();
        assert_eq!(queue.enter(&event(Step::Joined, 0)), Entered::Counted);
        assert_eq!(queue.enter(&event(Step::Joined, 5 * 3600)), Entered::Counted);
        assert_eq!(queue.waiting_since().collect::<Vec<_>>(), [at(5 * 3600)]);
        let full = (0..WAITING_MAX).map(|_| queue.enter(&event(Step::Joined, 5 * 3600))).last();
        assert_eq!(full, Some(Entered::Full));
    }

    proptest! {
        #[test]
        fn nobody_is_counted_who_did_not_join(steps in prop::collection::vec((0_u8..3, 0_i64..600), 0..300)) {
            let (mut queue, mut now, mut joined) = (Queue::default(), 0, 0);
            for (step, later) in steps {
                now += later;
                let step = [Step::Joined, Step::AtDesk, Step::Done][usize::from(step)];
                let counted = queue.enter(&event(step, now)) == Entered::Counted;
                joined += u64::from(counted && step == Step::Joined);
            }
            prop_assert!(queue.services().people() <= queue.waits().people());
            prop_assert!(queue.waits().people() + queue.waiting_since().count() as u64 <= joined);
        }
    }
}
