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
    /// Whether the card shows it: a photo that is kept is shown from the vault, and is here for a second look alone.
    for_card: bool,
    for_second_look: bool,
}

impl FleetingPhotos {
    /// Holds an encoded photo for the officer's card until `now` + `seconds`.
    pub(super) fn hold(
        &self,
        encounter: EncounterId,
        encoded: Zeroizing<Vec<u8>>,
        now: Timestamp,
        seconds: u32,
    ) {
        self.put(encounter, encoded, now, seconds, true);
    }

    /// Lets a second officer see the photo, too: the one that is held already, in whose life nothing changes, or this
    /// one, which the card does not know of.
    pub(super) fn lend(
        &self,
        encounter: EncounterId,
        encoded: &Zeroizing<Vec<u8>>,
        now: Timestamp,
        seconds: u32,
    ) -> Option<Timestamp> {
        if let Some(photo) = lock(&self.0).get_mut(&encounter).filter(|photo| now < photo.gone_at) {
            photo.for_second_look = true;
            return Some(photo.gone_at);
        }
        self.put(encounter, encoded.clone(), now, seconds, false)
    }

    fn put(
        &self,
        encounter: EncounterId,
        encoded: Zeroizing<Vec<u8>>,
        now: Timestamp,
        seconds: u32,
        for_card: bool,
    ) -> Option<Timestamp> {
        let gone_at = now.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok()?;
        let mut held = lock(&self.0);
        held.retain(|_, photo| now < photo.gone_at);
        // What the card does not need goes first: sampling takes nothing from the officer at the point.
        let oldest =
            || held.iter().min_by_key(|(_, photo)| (photo.for_card, photo.gone_at)).map(|(id, _)| *id);
        if held.len() >= HELD_MAX
            && let Some(oldest) = oldest()
        {
            held.remove(&oldest);
        }
        held.insert(encounter, Photo { encoded, gone_at, for_card, for_second_look: !for_card });
        Some(gone_at)
    }

    /// The photo, while it lives, for the card.
    pub(super) fn look(&self, encounter: EncounterId, now: Timestamp) -> Option<Zeroizing<Vec<u8>>> {
        let held = lock(&self.0);
        let photo = held.get(&encounter).filter(|photo| photo.for_card && now < photo.gone_at);
        photo.map(|photo| photo.encoded.clone())
    }

    /// The photo, while it lives, for a second look.
    pub(super) fn look_again(&self, encounter: EncounterId, now: Timestamp) -> Option<Zeroizing<Vec<u8>>> {
        let held = lock(&self.0);
        let photo = held.get(&encounter).filter(|photo| photo.for_second_look && now < photo.gone_at);
        photo.map(|photo| photo.encoded.clone())
    }

    /// Until when the card shows the photo.
    pub(super) fn until(&self, encounter: EncounterId, now: Timestamp) -> Option<Timestamp> {
        let held = lock(&self.0);
        let photo = held.get(&encounter).filter(|photo| photo.for_card && now < photo.gone_at);
        photo.map(|photo| photo.gone_at)
    }

    /// The second look is over: what was here for it alone goes at once.
    pub(super) fn looked_again(&self, encounter: EncounterId) {
        let mut held = lock(&self.0);
        if held.get(&encounter).is_some_and(|photo| !photo.for_card) {
            held.remove(&encounter);
        } else if let Some(photo) = held.get_mut(&encounter) {
            photo.for_second_look = false;
        }
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
    fn a_second_look_prolongs_nothing_and_shows_the_card_nothing() {
        let (photos, id) = (FleetingPhotos::default(), EncounterId::from_bytes([1; 16]));
        let at = |second| Timestamp::from_second(second).unwrap();
        let photo = Zeroizing::new(vec![1, 2, 3]);
        photos.hold(id, photo.clone(), at(0), 30);
        assert!(photos.look_again(id, at(1)).is_none(), "not drawn");
        assert_eq!(photos.lend(id, &photo, at(10), 30), Some(at(30)), "it dies when it would have died");
        assert!(photos.look_again(id, at(29)).is_some() && photos.look_again(id, at(30)).is_none());
        photos.looked_again(id);
        assert!(photos.look_again(id, at(11)).is_none() && photos.look(id, at(11)).is_some());

        let kept = EncounterId::from_bytes([2; 16]);
        assert_eq!(photos.lend(kept, &photo, at(0), 30), Some(at(30)));
        assert!(photos.look(kept, at(1)).is_none() && photos.until(kept, at(1)).is_none());
        assert!(photos.look_again(kept, at(29)).is_some());
        photos.looked_again(kept);
        assert!(photos.look_again(kept, at(1)).is_none());
    }

    #[test]
    fn what_is_lent_goes_before_what_a_card_shows() {
        let photos = FleetingPhotos::default();
        let id = |n: usize| EncounterId::from_bytes((n as u128).to_be_bytes());
        for n in 0..HELD_MAX {
            photos.hold(id(n), Zeroizing::new(vec![0]), Timestamp::UNIX_EPOCH, 30);
        }
        photos.forget(id(0));
        photos.lend(id(1000), &Zeroizing::new(vec![0]), Timestamp::from_second(1).unwrap(), 30);
        photos.hold(id(1001), Zeroizing::new(vec![0]), Timestamp::from_second(1).unwrap(), 30);
        let at = Timestamp::from_second(2).unwrap();
        assert!(photos.look_again(id(1000), at).is_none());
        assert!((1..HELD_MAX).all(|n| photos.look(id(n), at).is_some()));
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
