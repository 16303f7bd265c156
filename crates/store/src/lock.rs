//! What locks the key ring: its keys are sealed under a key that comes from a secret outside its file.

use crate::column::unreadable;
use crate::envelope;
use crate::error::{During, Result, StoreError};
use crate::keyring::Key;
use argon2::{Algorithm, Argon2, Params, Version};
use portunus_core::ports::Entropy;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use zeroize::Zeroizing;

/// Argon2id's cost: a guess takes a quarter of a second and 64 MiB (RFC 9106, section 4, second choice).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// A secret is at least this long: a passphrase of words, or random bytes.
pub const SECRET_BYTES_MIN: usize = 16;

/// The secret that opens a locked key ring: a passphrase, or a credential that the system hands over. No `Debug`; wiped
/// when dropped.
#[derive(Clone)]
pub struct RingSecret(Zeroizing<Vec<u8>>);

impl RingSecret {
    /// White space around it does not count. `None` when it is shorter than [`SECRET_BYTES_MIN`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        (bytes.len() >= SECRET_BYTES_MIN).then(|| Self(Zeroizing::new(bytes.to_vec())))
    }
}

/// How a ring's keys stand in its file. Another implementation may keep the sealing key where no program reads it, behind
/// PKCS#11 for one.
pub(crate) trait KeyWrap: Send + Sync {
    /// A key as it stands in the ring: of what (the table) and whose (the row) it is bound to.
    fn wrap(&self, context: &str, key: &Key, entropy: &dyn Entropy) -> Option<Vec<u8>>;
    /// A key as it stood in the ring; `None` when it does not open.
    fn unwrap(&self, context: &str, stored: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// In the clear.
struct Bare;

impl KeyWrap for Bare {
    fn wrap(&self, _context: &str, key: &Key, _entropy: &dyn Entropy) -> Option<Vec<u8>> {
        Some(key.to_vec())
    }

    fn unwrap(&self, _context: &str, stored: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(stored.to_vec()))
    }
}

/// Sealed under a key that a secret gives.
struct Sealing(Key);

impl KeyWrap for Sealing {
    fn wrap(&self, context: &str, key: &Key, entropy: &dyn Entropy) -> Option<Vec<u8>> {
        envelope::seal(&self.0, context, key.as_slice(), entropy)
    }

    fn unwrap(&self, context: &str, stored: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        envelope::open(&self.0, context, stored)
    }
}

/// What a ring is locked with, if it is.
pub(crate) struct Lock(Box<dyn KeyWrap>);

impl Lock {
    /// Unlocks a ring. A ring that has no key yet is locked with the secret that is given.
    pub(crate) fn open(
        connection: &mut Connection,
        secret: Option<&RingSecret>,
        entropy: &dyn Entropy,
    ) -> Result<Self> {
        let during = "unlocking the key ring";
        let found: Option<([u8; 16], u32, u32, Vec<u8>)> = connection
            .query_row("SELECT salt, memory, passes, checking FROM ring_lock", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()
            .during(during)?;
        match (found, secret) {
            (None, None) => Ok(Self(Box::new(Bare))),
            (Some(_), None) => Err(StoreError::Ring("it is locked, and no secret was given")),
            (Some((salt, memory, passes, checking)), Some(secret)) => {
                let key = derive(secret, &salt, memory, passes)?;
                match envelope::open(&key, &checking_context(), &checking) {
                    Some(_) => Ok(Self(Box::new(Sealing(key)))),
                    None => Err(StoreError::Ring("the secret is not the one that locks it")),
                }
            }
            (None, Some(secret)) => {
                let fresh = "SELECT NOT EXISTS (SELECT 1 FROM secret)";
                if !connection.query_row(fresh, [], |row| row.get(0)).during(during)? {
                    return Err(StoreError::Ring(
                        "a secret was given, and it is not locked: `portunus keys protect` locks it",
                    ));
                }
                let tx = connection.transaction().during(during)?;
                let lock = Self::put(&tx, secret, entropy)?;
                tx.commit().during(during)?;
                Ok(lock)
            }
        }
    }

    fn put(tx: &Transaction<'_>, secret: &RingSecret, entropy: &dyn Entropy) -> Result<Self> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let key = derive(secret, &salt, MEMORY_KIB, PASSES)?;
        let checking = envelope::seal(&key, &checking_context(), &[0; 32], entropy);
        let checking = checking.ok_or(StoreError::Ring("it could not be locked"))?;
        tx.execute(
            "INSERT INTO ring_lock (id, salt, memory, passes, checking) VALUES (1, :salt, :memory, :passes, :checking)",
            named_params! {":salt": salt, ":memory": MEMORY_KIB, ":passes": PASSES, ":checking": checking},
        )
        .during("locking the key ring")?;
        Ok(Self(Box::new(Sealing(key))))
    }

    /// A key as it stands in the ring.
    pub(crate) fn seal(
        &self,
        what: &str,
        id: &[u8],
        key: &Key,
        entropy: &dyn Entropy,
    ) -> rusqlite::Result<Vec<u8>> {
        self.0.wrap(&context(what, id), key, entropy).ok_or_else(|| unreadable("key"))
    }

    /// A key as it stood in the ring.
    pub(crate) fn unseal(&self, what: &str, id: &[u8], stored: Vec<u8>) -> rusqlite::Result<Key> {
        let opened = self.0.unwrap(&context(what, id), &Zeroizing::new(stored));
        let key = opened.and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        key.map(Zeroizing::new).ok_or_else(|| unreadable("key"))
    }

    /// Locks a ring anew, or lets its keys stand in the clear: every key is sealed again, in one transaction.
    pub(crate) fn change(
        &self,
        connection: &mut Connection,
        secret: Option<&RingSecret>,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let during = "changing the key ring's lock";
        let tx = connection.transaction().during(during)?;
        tx.execute("DELETE FROM ring_lock", []).during(during)?;
        let next = match secret {
            Some(secret) => Self::put(&tx, secret, entropy)?,
            None => Self(Box::new(Bare)),
        };
        for (what, column) in [("bucket_key", "bucket"), ("gallery_key", "voyage"), ("secret", "name")] {
            let rows: Vec<(rusqlite::types::Value, Vec<u8>, Vec<u8>)> = tx
                .prepare(&format!("SELECT {column}, CAST({column} AS BLOB), key FROM {what}"))
                .and_then(|mut s| {
                    s.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
                })
                .during(during)?;
            let mut put =
                tx.prepare(&format!("UPDATE {what} SET key = ?1 WHERE {column} = ?2")).during(during)?;
            for (id, bytes, stored) in rows {
                let key = self.unseal(what, &bytes, stored).during(during)?;
                let sealed = next.seal(what, &bytes, &key, entropy).during(during)?;
                put.execute((sealed, id)).during(during)?;
            }
        }
        tx.commit().during(during)
    }
}

fn derive(secret: &RingSecret, salt: &[u8], memory_kib: u32, passes: u32) -> Result<Key> {
    let cannot = |_| StoreError::Ring("its lock is of a kind that this program does not know");
    let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(cannot)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(&secret.0, salt, key.as_mut())
        .map_err(cannot)?;
    Ok(key)
}

fn checking_context() -> String {
    envelope::context("ring-lock", "checking")
}

fn context(what: &str, id: &[u8]) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    envelope::context(what, hex)
}
