//! A gallery at rest: sealed under its own key, and gone when the key is.

use super::{Gallery, GalleryError, TEMPLATES_MAX, Window};
use crate::face::template::Template;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use jiff::Timestamp;
use portunus_core::biometric::PackId;
use portunus_core::id::{PassengerId, VoyageId};
use zeroize::Zeroizing;

/// Bytes of a gallery's key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce; random, never used twice under one key.
pub const NONCE_BYTES: usize = 24;

/// First bytes of a sealed gallery, which are also authenticated; the last is the layout's version.
const MAGIC: [u8; 4] = *b"PGL\x01";
const CONTEXT: &[u8] = b"portunus gallery";

/// Why a sealed gallery does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a sealed gallery of this version.
    #[error("the bytes are no sealed gallery of version 1: stage the gallery again")]
    Layout,
    /// Another key, another voyage, or changed bytes.
    #[error(
        "the sealed gallery does not open: another key, another voyage, or changed bytes; stage it again"
    )]
    Authentication,
    /// It opened, and what is in it is broken.
    #[error("the opened gallery is broken at byte {offset}: stage it again")]
    Content {
        /// Where.
        offset: usize,
    },
}

impl Gallery {
    /// Seals the gallery (XChaCha20-Poly1305) for its voyage: version, nonce, ciphertext.
    ///
    /// `nonce` must be random and never used before under `key`.
    pub fn seal(&self, key: &[u8; KEY_BYTES], nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
        let plain = self.to_plain();
        let payload = Payload { msg: &plain, aad: &context(self.owner) };
        let sealed = XChaCha20Poly1305::new(key.into())
            .encrypt(&XNonce::from(*nonce), payload)
            // ChaCha20 ends at 2^38 bytes; TEMPLATES_MAX rows of 4,096 values are 2^31.
            .expect("a gallery is never so large");
        [MAGIC.as_slice(), nonce, &sealed].concat()
    }

    /// Opens what [`Self::seal`] made, for the voyage that it was made for.
    ///
    /// # Errors
    /// [`SealError`] for anything else, another voyage's gallery included. Never panics on hostile bytes.
    pub fn open(sealed: &[u8], owner: VoyageId, key: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        let rest = sealed.strip_prefix(&MAGIC).ok_or(SealError::Layout)?;
        let (nonce, cipher) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Layout)?;
        let payload = Payload { msg: cipher, aad: &context(owner) };
        let plain = XChaCha20Poly1305::new(key.into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealError::Authentication)?;
        Self::from_plain(&Zeroizing::new(plain), owner)
    }

    /// Window, pack id, dimension, rows: all little-endian.
    fn to_plain(&self) -> Zeroizing<Vec<u8>> {
        let dimension = self.matrix.dimension();
        let size = 64 + self.pack.0.len() + self.matrix.rows() * (16 + 4 * dimension);
        let mut plain = Zeroizing::new(Vec::with_capacity(size));
        for moment in [self.window.opens, self.window.expires] {
            plain.extend_from_slice(&moment.as_nanosecond().to_le_bytes());
        }
        plain.extend_from_slice(&(self.pack.0.len() as u32).to_le_bytes());
        plain.extend_from_slice(self.pack.0.as_bytes());
        plain.extend_from_slice(&(dimension as u32).to_le_bytes());
        plain.extend_from_slice(&(self.matrix.rows() as u32).to_le_bytes());
        for (person, row) in self.matrix.iter() {
            plain.extend_from_slice(&person.bytes());
            row.iter().for_each(|v| plain.extend_from_slice(&v.to_le_bytes()));
        }
        plain
    }

    pub(super) fn from_plain(plain: &[u8], owner: VoyageId) -> Result<Self, SealError> {
        let mut rest = Reader { bytes: plain, at: 0 };
        let moment = |rest: &mut Reader<'_>| {
            let offset = rest.at;
            Timestamp::from_nanosecond(i128::from_le_bytes(rest.array()?))
                .map_err(|_| SealError::Content { offset })
        };
        let window = Window { opens: moment(&mut rest)?, expires: moment(&mut rest)? };
        let broken = |offset| SealError::Content { offset };
        let id_length = rest.count()?;
        let pack = std::str::from_utf8(rest.take(id_length)?).map_err(|_| broken(36))?;
        let mut gallery = Self::new(owner, window, PackId(pack.to_owned()));
        let dimension = rest.count()?;
        let rows = rest.count()?;
        if rows > TEMPLATES_MAX {
            return Err(broken(rest.at));
        }
        for _ in 0..rows {
            let offset = rest.at;
            let person = PassengerId::from_bytes(rest.array()?);
            let row = rest.take(dimension.checked_mul(4).ok_or(broken(offset))?)?;
            let values: Zeroizing<Vec<f32>> = Zeroizing::new(
                row.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect(),
            );
            let template = Template::new(gallery.pack.clone(), &values).map_err(|_| broken(offset))?;
            gallery.insert(person, &template).map_err(|_: GalleryError| broken(offset))?;
        }
        if rest.at == plain.len() { Ok(gallery) } else { Err(broken(rest.at)) }
    }
}

/// What a seal is bound to: what it is, its version, whose it is.
fn context(owner: VoyageId) -> Vec<u8> {
    [CONTEXT, &MAGIC, &owner.bytes()].concat()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], SealError> {
        let end = self.at.checked_add(length).ok_or(SealError::Content { offset: self.at })?;
        let taken = self.bytes.get(self.at..end).ok_or(SealError::Content { offset: self.at })?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SealError> {
        let offset = self.at;
        self.take(N)?.try_into().map_err(|_| SealError::Content { offset })
    }

    fn count(&mut self) -> Result<usize, SealError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }
}
