//! Every write of a life cycle fails, in each way in which it can; whoever gets an error repeats, as the service does.

use super::*;

#[derive(Clone)]
struct Known {
    record: RecordId,
    n: u8,
    /// It opens before this...
    surely_until: i64,
    /// ...and not from this on.
    at_most_until: i64,
    /// Its erasing began, or may have.
    erasing: bool,
    erased: bool,
    openings: usize,
}

/// Whoever plays: what it was told, and what it knows to be in doubt.
struct Player<'a, B: Backend> {
    backend: &'a B,
    store: B::Store,
    known: Vec<Known>,
    signatures: u64,
    failures: Vec<String>,
}

impl<B: Faulty> Player<'_, B> {
    /// Does a step until it succeeds. After each failure what must hold holds; a process that died starts anew.
    fn until_done<T>(&mut self, now: i64, mut step: impl FnMut(&mut Self) -> Result<T>) -> T {
        for _ in 0..100 {
            let error = match step(self) {
                Ok(done) => return done,
                Err(error) => error,
            };
            self.failures.push(error.to_string());
            let rest = self.backend.set_faults(Faults::Off);
            let died = matches!(rest, Faults::Nth(_, Fault::Crash));
            self.check(now);
            if died {
                self.store = self.backend.open();
                self.check(now);
            } else {
                self.backend.set_faults(rest);
            }
        }
        panic!("a step does not end: {:?}", self.failures);
    }

    /// Nothing is readable past its date, nothing is gone before it, and what opened is on record.
    fn check(&mut self, now: i64) {
        for known in &mut self.known {
            let when = format!("capture {} at {now}, after {:?}", known.n, self.failures);
            let opened =
                self.store.open(known.record, &SHOW, at(now)).unwrap_or_else(|e| panic!("{when}: {e}"));
            known.openings += usize::from(opened.is_some());
            let bytes = opened.map(|bytes| bytes.to_vec());
            assert!(bytes.is_none() || bytes == Some(bytes_of(known.n)), "{when}: other bytes");
            if known.erased || now >= known.at_most_until {
                assert!(bytes.is_none(), "{when}: readable");
            } else if !known.erasing && now < known.surely_until {
                assert!(bytes.is_some(), "{when}: gone");
            }
            let readings = self.store.readings(known.record).unwrap().len();
            assert!(readings >= known.openings, "{when}: opened unseen");
        }
    }

    /// The `n`th capture, as a device that repeats it until it is answered.
    fn capture(&mut self, n: u8, until: i64, now: i64) -> usize {
        let record = self.until_done(now, |player| {
            player.signatures += 1;
            match player.store.admit(&asked(n, player.signatures), at(now))? {
                Admit::New | Admit::Repeat { outcome: None } => {}
                Admit::Repeat { outcome: Some(record) } => return Ok(record.parse().unwrap()),
                other => panic!("{other:?}"),
            }
            let sealed = player.store.seal(RecordKind::PROBE, &bytes_of(n), at(now))?;
            let record = sealed.record();
            let keep = Keep { outcome: &record.to_string(), ..keep_of(sealed, n, until) };
            assert_eq!(player.store.keep(keep, at(now))?, Kept::Done);
            Ok(record)
        });
        let (surely_until, at_most_until) = (until, until);
        self.known.push(Known {
            record,
            n,
            surely_until,
            at_most_until,
            erasing: false,
            erased: false,
            openings: 0,
        });
        self.known.len() - 1
    }

    fn open(&mut self, which: usize, now: i64) {
        let record = self.known[which].record;
        let opened = self.until_done(now, |player| player.store.open(record, &SHOW, at(now)));
        self.known[which].openings += 1;
        assert!(opened.is_some_and(|bytes| *bytes == bytes_of(self.known[which].n)));
    }

    fn erase(&mut self, which: usize, now: i64) {
        let record = self.known[which].record;
        self.known[which].erasing = true;
        self.until_done(now, |player| player.store.erase(record, at(now)));
        self.known[which].erased = true;
        let remains = self.backend.remains();
        let left =
            [&remains.rows, &remains.keys, &remains.bytes].map(|all| all.contains(&record.to_string()));
        assert_eq!(left, [false; 3], "row, key, bytes after {:?}", self.failures);
    }

    fn redate(&mut self, which: usize, until: i64, now: i64) {
        let Known { record, surely_until, at_most_until, .. } = self.known[which];
        self.known[which].surely_until = surely_until.min(until);
        self.known[which].at_most_until = at_most_until.max(until);
        let class = PersonClass::PermanentResident;
        assert!(self.until_done(now, |player| player.store.redate(record, class, at(until), at(now))));
        (self.known[which].surely_until, self.known[which].at_most_until) = (until, until);
    }

    fn erase_due(&mut self, now: i64) {
        while self.until_done(now, |player| player.store.erase_due(at(now), 2)) > 0 {}
        assert_eq!(self.store.due(at(now), 9).unwrap(), []);
    }

    fn sweep(&mut self, now: i64) {
        self.until_done(now, |player| player.store.sweep(at(now)));
    }
}

const MINUTE: i64 = 60;

/// Captures, an opening, an early erasure, a date that goes further and one that comes nearer, what falls due, sweeps.
fn play<B: Faulty>(faults: Faults) -> Vec<String> {
    let backend = B::empty();
    let store = backend.open();
    let mut player =
        Player { backend: &backend, store, known: Vec::new(), signatures: 0, failures: Vec::new() };
    backend.set_faults(faults);
    let [early, further, due, other] = [1, 2, 3, 4].map(|n| player.capture(n, MINUTE, 0));
    let [nearer, stays] = [5, 6].map(|n| player.capture(n, HOUR, 1));
    player.open(early, 2);
    player.erase(early, 3);
    player.redate(further, 2 * HOUR, 4);
    player.redate(nearer, MINUTE / 2, 5);
    player.until_done(6, |player| {
        let sealed = player.store.seal(RecordKind::PROBE, &bytes_of(7), at(6))?;
        player.store.discard(sealed)
    });
    let _dropped = player.until_done(6, |player| player.store.seal(RecordKind::PROBE, &bytes_of(8), at(6)));
    player.erase_due(MINUTE / 2);
    player.open(due, MINUTE - 1);
    player.erase_due(MINUTE);
    player.sweep(15 * MINUTE);
    let rest = backend.set_faults(Faults::Off);

    player.store = backend.open();
    player.check(15 * MINUTE);
    player.sweep(40 * MINUTE);
    player.check(40 * MINUTE);
    let record = |which: usize| player.known[which].record;
    let when = format!("after {:?}", player.failures);
    backend.remains().are_of(&[record(further), record(stays)], &when);
    let class = [PersonClass::NonImmigrant, PersonClass::PermanentResident];
    assert_eq!(dues(&player.store), [(class[0], HOUR), (class[1], 2 * HOUR)], "{when}");
    assert_eq!(player.store.open(record(other), &SHOW, at(MINUTE)).unwrap().map(|_| ()), None);
    player.erase_due(3 * HOUR);
    player.sweep(3 * HOUR);
    backend.remains().are_of(&[], &when);
    if let (Faults::Nth(..), Faults::Off) = (faults, rest) {
        assert_eq!(player.failures.len(), 1, "one write failed, and it was reported: {when}");
    }
    player.failures
}

/// Plays once for each write and each way, until there is no such write; says how many there are.
fn play_every_write<B: Faulty>() -> u64 {
    for nth in 1..1000 {
        for fault in [Fault::Lost, Fault::KeptButFailed, Fault::Crash] {
            if play::<B>(Faults::Nth(nth, fault)).is_empty() {
                return nth - 1;
            }
        }
    }
    panic!("more writes than there can be");
}

#[test]
fn every_write_to_memory_may_fail_both_ways_or_be_the_last() {
    let writes = play_every_write::<memory::Backend>();
    assert!(writes > 60, "{writes}");
}

#[test]
fn many_writes_to_memory_may_fail() {
    let mut failures = 0;
    for seed in 0..400 {
        failures += play::<memory::Backend>(Faults::Seeded { seed, one_in: 4 + seed % 30 }).len();
    }
    assert!(failures > 500, "{failures}");
}

#[test]
#[cfg(feature = "failpoints")]
fn every_write_to_sqlite_may_fail_both_ways_or_be_the_last() {
    let writes = play_every_write::<sqlite::Backend>();
    assert!(writes > 60, "{writes}");
}

#[test]
#[cfg(feature = "failpoints")]
fn many_writes_to_sqlite_may_fail() {
    for seed in 0..20 {
        play::<sqlite::Backend>(Faults::Seeded { seed, one_in: 4 + seed % 30 });
    }
}
