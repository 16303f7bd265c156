//! What is held, one by one and without anybody's name: for counts by class, data and date.

use crate::column::{instant, word_of};
use crate::error::Result;
use crate::store::Store;
use crate::vault::RecordKind;
use jiff::Timestamp;
use portunus_core::policy::{DataClass, PersonClass};

/// One thing that is held until its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Whose rules apply.
    pub class: PersonClass,
    /// What it is.
    pub data: DataClass,
    /// What started the count: the capture, the import, the crossing.
    pub began: Timestamp,
    /// When it is to be gone.
    pub due: Timestamp,
}

impl Store {
    /// Gives every sealed record and every crossing that is not erased to `each`, the earliest due first among each
    /// kind.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn holdings(&self, mut each: impl FnMut(Holding)) -> Result<()> {
        self.read("holdings", |tx| {
            let mut records = tx.prepare(
                "SELECT kind, class, created_at, erase_after FROM record
                 WHERE erased_at IS NULL ORDER BY erase_after",
            )?;
            let mut rows = records.query([])?;
            while let Some(row) = rows.next()? {
                let data = match word_of(row, "kind")? {
                    RecordKind::Probe => DataClass::Probe,
                    RecordKind::Reference => DataClass::Reference,
                };
                let class = word_of(row, "class")?;
                each(Holding {
                    class,
                    data,
                    began: instant(row, "created_at")?,
                    due: instant(row, "erase_after")?,
                });
            }
            let mut crossings =
                tx.prepare("SELECT class, at, erase_after FROM crossing ORDER BY erase_after")?;
            let mut rows = crossings.query([])?;
            while let Some(row) = rows.next()? {
                let (class, began) = (word_of(row, "class")?, instant(row, "at")?);
                each(Holding { class, data: DataClass::Crossing, began, due: instant(row, "erase_after")? });
            }
            Ok(())
        })
    }
}
