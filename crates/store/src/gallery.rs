//! Galleries at rest: sealed bytes of a voyage under a key that dies with them.

use crate::error::Result;
use crate::failpoint::failpoint;
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::id::VoyageId;
use zeroize::Zeroizing;

impl Store {
    /// The key that `voyage`'s gallery is sealed under; made, durably, on first use.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn gallery_key(&self, voyage: VoyageId, now: Timestamp) -> Result<Zeroizing<[u8; 32]>> {
        self.keys().gallery(voyage, self.entropy(), now)
    }

    /// Keeps the sealed gallery of `voyage` in place of an earlier one. Whole and durable when this returns.
    ///
    /// # Errors
    /// What the disk says; the earlier one then still stands.
    pub fn put_gallery(&self, voyage: VoyageId, sealed: &[u8]) -> Result<()> {
        self.galleries().put(voyage.bytes(), sealed)
    }

    /// The sealed gallery of `voyage`.
    ///
    /// # Errors
    /// What the disk says.
    pub fn gallery(&self, voyage: VoyageId) -> Result<Option<Vec<u8>>> {
        self.galleries().get(voyage.bytes())
    }

    /// Destroys the gallery of `voyage`: its key, then its bytes. Gone already is fine.
    ///
    /// # Errors
    /// What the disk says; the sweep finishes it for voyages that are over.
    pub fn destroy_gallery(&self, voyage: VoyageId) -> Result<()> {
        self.keys().destroy_gallery(voyage)?;
        failpoint("gallery.after-key");
        self.galleries().remove(voyage.bytes())
    }
}
