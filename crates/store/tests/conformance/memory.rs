//! The store in memory.

use crate::border::{DEVICE, Seeded};
use crate::{Faulty, Remains};
use portunus_core::id::RecordId;
use portunus_store::{Faults, MemoryStore};

pub(crate) struct Backend(MemoryStore);

impl crate::Backend for Backend {
    type Store = MemoryStore;

    fn empty() -> Self {
        Self(MemoryStore::new(Seeded::new(1), &[DEVICE]))
    }

    fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    fn remains(&self) -> Remains {
        let there = self.0.inventory();
        let [rows, mut keys, bytes] = [&there.rows, &there.with_key, &there.bytes]
            .map(|all| all.iter().map(RecordId::to_string).collect());
        if there.of_no_record > 0 {
            std::collections::BTreeSet::insert(&mut keys, format!("{} of no record", there.of_no_record));
        }
        Remains { rows, keys, bytes }
    }

    fn damage(&self, record: RecordId, byte: Option<usize>) {
        self.0.damage(record, byte);
    }
}

impl Faulty for Backend {
    fn set_faults(&self, faults: Faults) -> Faults {
        self.0.set_faults(faults)
    }
}
