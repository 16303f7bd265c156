//! Bounds on what a caller may ask of this process: rates, bodies, pictures at once.

use super::Problem;
use axum::extract::multipart::MultipartError;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A rate per key.
pub(crate) struct Rate<K: Hash + Eq + Clone>(RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>);

impl<K: Hash + Eq + Clone> Rate<K> {
    /// `per_minute` in the long run, `burst` at once.
    pub(crate) fn new(per_minute: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::keyed(Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst))))
    }

    /// Takes one, or says when there will be more. Keys at rest are dropped, so memory stays bounded.
    pub(crate) fn check(&self, key: impl Into<K>) -> Result<(), Problem> {
        if self.0.len() > 10_000 {
            self.0.retain_recent();
        }
        self.0.check_key(&key.into()).map_err(|_| {
            Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate-limited",
                "too many requests; wait a few seconds",
            )
        })
    }
}

/// Heavy work (decoding pictures, hashing passwords) is done by at most so many requests at once; some wait, and
/// more than may wait are told to come back.
pub(crate) struct Turns {
    working: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Turns {
    pub(crate) fn new(working: usize, waiting: usize) -> Self {
        Self { working: Arc::new(Semaphore::new(working)), waiting: Semaphore::new(waiting) }
    }

    /// A turn at the work; given back when dropped. Move it into the work: a caller may go away before.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let busy =
            || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too much at once; repeat in a second");
        if let Ok(free) = Arc::clone(&self.working).try_acquire_owned() {
            return Ok(free);
        }
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        Arc::clone(&self.working).acquire_owned().await.map_err(|_| busy())
    }
}

/// A body that could not be taken.
pub(crate) fn body_problem(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body is larger than this endpoint takes",
        )
    } else {
        Problem::bad_request("the body did not arrive whole or in time")
    }
}

/// A multipart body that could not be read.
pub(crate) fn multipart_problem(error: MultipartError) -> Problem {
    Problem::new(error.status(), "multipart", "the multipart body is broken or too large")
}
