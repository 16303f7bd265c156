//! Photos that are never written: they live here, in this process's memory, for seconds.
//!
//! The one state that another process cannot rebuild, on purpose (DESIGN section 3).

use super::lock;
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::EncounterId;
use std::collections::HashMap;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// At most this many are held; with more, the oldest goes first.
const HELD_MAX: usize = 256;

#[derive(Default)]
pub(super) struct FleetingPhotos(Mutex<HashMap<EncounterId, Photo>>);

struct Photo {
    encoded: Zeroizing<Vec<u8>>,
    gone_at: Timestamp,
}

impl FleetingPhotos {
    /// Holds an encoded photo until `now` + `seconds`.
    pub(super) fn hold(
        &self,
        encounter: EncounterId,
        encoded: Zeroizing<Vec<u8>>,
        now: Timestamp,
        seconds: u32,
    ) {
        let Ok(gone_at) = now.checked_add(SignedDuration::from_secs(i64::from(seconds))) else { return };
        let mut held = lock(&self.0);
        held.retain(|_, photo| now < photo.gone_at);
        if held.len() >= HELD_MAX
            && let Some(oldest) = held.iter().min_by_key(|(_, photo)| photo.gone_at).map(|(id, _)| *id)
        {
            held.remove(&oldest);
        }
        held.insert(encounter, Photo { encoded, gone_at });
    }

    /// The photo, while it lives.
    pub(super) fn look(&self, encounter: EncounterId, now: Timestamp) -> Option<Zeroizing<Vec<u8>>> {
        let held = lock(&self.0);
        held.get(&encounter).filter(|photo| now < photo.gone_at).map(|photo| photo.encoded.clone())
    }

    /// Until when the photo lives.
    pub(super) fn until(&self, encounter: EncounterId, now: Timestamp) -> Option<Timestamp> {
        let held = lock(&self.0);
        held.get(&encounter).map(|photo| photo.gone_at).filter(|gone_at| now < *gone_at)
    }

    /// Lets one go before its time.
    pub(super) fn forget(&self, encounter: EncounterId) {
        lock(&self.0).remove(&encounter);
    }

    /// Lets go of what has outlived its seconds; its bytes are overwritten.
    pub(super) fn purge(&self, now: Timestamp) {
        lock(&self.0).retain(|_, photo| now < photo.gone_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleeting_photo_is_gone_when_its_seconds_are_over() {
        let (photos, id) = (FleetingPhotos::default(), EncounterId::from_bytes([1; 16]));
        let at = |second| Timestamp::from_second(second).unwrap();
        photos.hold(id, Zeroizing::new(vec![1, 2, 3]), at(0), 30);
        assert!(photos.look(id, at(29)).is_some());
        assert!(photos.look(id, at(30)).is_none());
        photos.purge(at(30));
        assert!(photos.look(id, at(0)).is_none(), "its bytes are gone, not only hidden");
    }

    #[test]
    fn only_so_many_are_held() {
        let photos = FleetingPhotos::default();
        for n in 0..=HELD_MAX {
            let id = EncounterId::from_bytes((n as u128).to_be_bytes());
            photos.hold(id, Zeroizing::new(vec![0]), Timestamp::from_millisecond(n as i64).unwrap(), 30);
        }
        assert_eq!(lock(&photos.0).len(), HELD_MAX);
        assert!(photos.look(EncounterId::from_bytes([0; 16]), Timestamp::UNIX_EPOCH).is_none());
    }
}
