//! SQLite in a folder of its own. Its writes fail with the feature `failpoints`.

use crate::Remains;
use crate::border::{self, DEVICE, HOUR, POINT, at};
use portunus_core::id::RecordId;
use portunus_store::{PutPoint, Store};
use std::cell::Cell;

pub(crate) struct Backend {
    folder: tempfile::TempDir,
    opened: Cell<u64>,
}

impl crate::Backend for Backend {
    type Store = Store;

    fn empty() -> Self {
        let backend = Self { folder: tempfile::tempdir().unwrap(), opened: Cell::new(0) };
        let store = backend.open();
        assert_eq!(store.put_point(&border::gate()).unwrap(), PutPoint::Stored);
        store.put_enrolment([1; 32], POINT, at(HOUR)).unwrap();
        store.enrol([1; 32], DEVICE, [2; 32], at(0)).unwrap().expect("enrolled");
        backend
    }

    fn open(&self) -> Store {
        self.opened.set(self.opened.get() + 1);
        border::open(self.folder.path(), self.opened.get())
    }

    fn remains(&self) -> Remains {
        let [keys, rows, bytes] = border::vault(self.folder.path()).map(|list| list.into_iter().collect());
        Remains { rows, keys, bytes }
    }

    fn damage(&self, record: RecordId, byte: Option<usize>) {
        let path = self.folder.path().join(format!("blobs/{:02x}/{record}", record.bytes()[0]));
        let Some(byte) = byte else { return std::fs::remove_file(path).unwrap() };
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[byte] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }
}

#[cfg(feature = "failpoints")]
impl crate::Faulty for Backend {
    fn set_faults(&self, faults: portunus_store::Faults) -> portunus_store::Faults {
        portunus_store::set_faults(faults)
    }
}
