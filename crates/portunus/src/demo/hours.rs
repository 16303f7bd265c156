//! Twelve hours in seconds: the demo's clock goes on, the real eraser runs, and what is left is shown.

use crate::ambient::SystemClock;
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use portunus_core::policy::{DataClass, PersonClass};
use portunus_core::ports::Clock;
use portunus_core::voyage::{Voyage, VoyageStatus};
use portunus_server::service::Service;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When it is looked at, in minutes after boarding was closed. No step is longer than a clock may leap.
const LOOKS: [(&str, i64); 4] =
    [("at once", 0), ("61 minutes", 61), ("12 hours", 12 * 60 + 1), ("72 hours", 72 * 60 + 1)];

/// The machine's clock, and how far the demo is ahead of it.
#[derive(Clone, Default)]
pub(super) struct Ahead(Arc<AtomicI64>);

impl Ahead {
    /// So many hours ahead of the machine's clock from now on; behind it, where fewer than none.
    pub(super) fn set_hours(&self, hours: i64) {
        self.0.store(hours * 3600, Ordering::Relaxed);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.0.load(Ordering::Relaxed));
        SystemClock.now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }
}

/// What is held after some time.
#[derive(Serialize)]
pub(super) struct Left {
    /// How long after boarding was closed.
    after: &'static str,
    /// Records by class and data.
    held: Vec<Held>,
    /// People on the lists of voyages that are over.
    on_lists: usize,
}

#[derive(Serialize)]
struct Held {
    class: PersonClass,
    data: DataClass,
    records: usize,
}

/// Lets the time pass, and looks.
pub(super) fn pass(service: &Service, clock: &Ahead) -> Result<Vec<Left>> {
    let mut all = Vec::new();
    for (after, minutes) in LOOKS {
        clock.0.store(minutes * 60, Ordering::Relaxed);
        service.erase_due()?;
        service.tidy()?;
        service.publish_ledger()?;
        let mut held: BTreeMap<(PersonClass, DataClass), usize> = BTreeMap::new();
        service.store().holdings(|one| *held.entry((one.class, one.data)).or_default() += 1)?;
        let held = held.into_iter().map(|((class, data), records)| Held { class, data, records }).collect();
        let mut on_lists = 0;
        let over = |voyage: &Voyage| matches!(voyage.status, VoyageStatus::Closed | VoyageStatus::Cancelled);
        for voyage in service.store().voyages()?.into_iter().filter(over) {
            on_lists += service.store().passengers(voyage.id)?.len();
        }
        all.push(Left { after, held, on_lists });
    }
    Ok(all)
}

/// Prints it as a table.
pub(super) fn print(left: &[Left]) -> Result<()> {
    let mut kinds: Vec<(PersonClass, DataClass)> =
        left.iter().flat_map(|left| left.held.iter().map(|held| (held.class, held.data))).collect();
    kinds.extend([(PersonClass::Citizen, DataClass::Probe), (PersonClass::NonImmigrant, DataClass::Probe)]);
    kinds.sort_unstable();
    kinds.dedup();
    let line = |what: &str, of: &dyn Fn(&Left) -> String| {
        let cells: Vec<String> = left.iter().map(|left| format!("{:>12}", of(left))).collect();
        crate::print(&format!("{what:<58}{}", cells.concat()))
    };
    line("\nwhat is left after boarding was closed", &|left| left.after.to_owned())?;
    for (class, data) in kinds {
        let what = format!("{}, {}", data.in_words(), class.in_words());
        line(&what, &|left| {
            let held = left.held.iter().find(|held| (held.class, held.data) == (class, data));
            held.map_or("-".to_owned(), |held| held.records.to_string())
        })?;
    }
    line("people on the lists of voyages that are over", &|left| match left.on_lists {
        0 => "-".to_owned(),
        people => people.to_string(),
    })?;
    crate::print(
        "A citizen's photo is never written. What stays has its date: portunus policy explain says which.",
    )
}
