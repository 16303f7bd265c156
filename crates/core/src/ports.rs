//! What the house needs from outside: the time and randomness. Only the binary holds the real ones.

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes, fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`. Implementations must not return when they could not.
    fn fill(&self, bytes: &mut [u8]);
}

/// 16 fresh random bytes, for an identifier.
pub fn fresh(entropy: &dyn Entropy) -> [u8; 16] {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    bytes
}
