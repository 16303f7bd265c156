//! What a traveller asks for at the gate: a private booth, an officer of their own sex. Beside the encounter and not of
//! it: nothing counts it, nothing keeps it, and it goes when the encounter goes.

use crate::error::{During, Result};
use crate::store::Store;
use portunus_core::id::EncounterId;
use rusqlite::{OptionalExtension, Transaction, named_params};

/// What a traveller asks of whoever inspects them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// A booth where nobody else looks on.
    pub private_booth: bool,
    /// An officer of the traveller's own sex.
    pub same_sex_officer: bool,
}

/// Keeps a wish with the transaction that begins its encounter; none leaves no row.
pub(crate) fn put_wish(tx: &Transaction<'_>, encounter: EncounterId, wish: Wish) -> Result<()> {
    if wish == Wish::default() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO wish (encounter, private_booth, same_sex) VALUES (:encounter, :booth, :sex)",
        named_params! {
            ":encounter": encounter.bytes(),
            ":booth": wish.private_booth,
            ":sex": wish.same_sex_officer,
        },
    )
    .during("put_wish")
    .map(|_| ())
}

impl Store {
    /// What the traveller of an encounter asked for.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn wish(&self, encounter: EncounterId) -> Result<Wish> {
        self.read("wish", |tx| {
            let wish = tx
                .prepare_cached("SELECT * FROM wish WHERE encounter = :encounter")?
                .query_row(named_params! {":encounter": encounter.bytes()}, |row| {
                    Ok(Wish {
                        private_booth: row.get("private_booth")?,
                        same_sex_officer: row.get("same_sex")?,
                    })
                })
                .optional()?;
            Ok(wish.unwrap_or_default())
        })
    }
}
