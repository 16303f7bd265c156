//! The envelope of a sealed record: version, nonce, ciphertext. Its context binds it to what it is.
//!
//! `0x01 | nonce (24 bytes) | XChaCha20-Poly1305 ciphertext and tag`, the associated data being
//! `portunus:1:KIND:ID`. A later version may change the algorithm; what was sealed by an earlier one opens still.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use portunus_core::ports::Entropy;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// What an envelope is about; another context does not open it.
pub(crate) fn context(kind: &str, id: impl std::fmt::Display) -> String {
    format!("portunus:{VERSION}:{kind}:{id}")
}

/// Seals `plaintext`. `None` only beyond the algorithm's bound of 256 GB.
pub(crate) fn seal(
    key: &[u8; 32],
    context: &str,
    plaintext: &[u8],
    entropy: &dyn Entropy,
) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    // Room for the tag from the start: growing would leave a copy of the plaintext behind.
    let mut text = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
    text.extend_from_slice(plaintext);
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.encrypt_in_place(&XNonce::from(nonce), context.as_bytes(), &mut *text).ok()?;
    let mut envelope = Vec::with_capacity(1 + NONCE_BYTES + text.len());
    envelope.push(VERSION);
    envelope.extend_from_slice(&nonce);
    envelope.extend_from_slice(&text);
    Some(envelope)
}

/// Opens an envelope; `None` when it was altered, is another's, or is of a version not known.
pub(crate) fn open(key: &[u8; 32], context: &str, envelope: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (version, rest) = envelope.split_first()?;
    let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>()?;
    if *version != VERSION {
        return None;
    }
    let mut text = Zeroizing::new(text.to_vec());
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt_in_place(&XNonce::from(*nonce), context.as_bytes(), &mut *text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn an_envelope_opens_only_whole_with_its_key_and_in_its_context() {
        let entropy = Counting(std::sync::atomic::AtomicU8::new(1));
        let (key, here) = ([7; 32], context("probe", "a"));
        let sealed = seal(&key, &here, b"portrait", &entropy).unwrap();
        assert_eq!(open(&key, &here, &sealed).unwrap().as_slice(), b"portrait");
        assert!(open(&[8; 32], &here, &sealed).is_none());
        assert!(open(&key, &context("probe", "b"), &sealed).is_none());
        assert!(open(&key, &context("reference", "a"), &sealed).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&key, &here, &altered).is_none(), "byte {at}");
            assert!(open(&key, &here, &sealed[..at]).is_none(), "first {at} bytes");
        }
    }

    #[test]
    fn the_same_plaintext_never_seals_to_the_same_bytes() {
        let entropy = Counting(std::sync::atomic::AtomicU8::new(1));
        let seal = || seal(&[7; 32], "x", b"portrait", &entropy).unwrap();
        assert_ne!(seal(), seal());
    }
}
