//! Bounds on what a caller may ask of this process: rates, bodies, pictures at once.

use super::Problem;
use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::extract::multipart::MultipartError;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who is not known yet sends names, passwords and codes: never more than this.
const STRANGER_BODY_BYTES_MAX: usize = 16 * 1024;
/// What is more is read and forgotten so far, so that its sender hears that it was too much.
const STRANGER_DISCARDED_BYTES_MAX: usize = 1024 * 1024;
/// And all of it within this.
const STRANGER_WITHIN: Duration = Duration::from_secs(10);

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
        self.0.check_key(&key.into()).map_err(|until| {
            let seconds = until.wait_time_from(self.0.clock().now()).as_secs() + 1;
            Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate-limited",
                "too many requests; wait a few seconds",
            )
            .after(seconds)
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

/// Requests under way, per key: what each may hold in memory is bounded, and so is all of it.
pub(crate) struct UnderWay<K: Hash + Eq + Clone> {
    most: usize,
    now: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Hash + Eq + Clone> UnderWay<K> {
    /// At most `most` at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, now: Arc::default() }
    }

    /// A place; given back when dropped.
    pub(crate) fn enter(&self, key: K) -> Result<Place<K>, Problem> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let count = now.entry(key.clone()).or_default();
        if *count >= self.most {
            let detail = "too many requests at once; wait for an answer";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", detail));
        }
        *count += 1;
        Ok(Place { key, now: Arc::clone(&self.now) })
    }
}

/// A request under way.
pub(crate) struct Place<K: Hash + Eq + Clone> {
    key: K,
    now: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Hash + Eq + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = now.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                now.remove(&self.key);
            }
        }
    }
}

/// Takes in a stranger's body, small and whole within seconds, before the request takes anybody's place.
pub(crate) async fn whole_small_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let refused = match tokio::time::timeout(STRANGER_WITHIN, whole(body, STRANGER_BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => return next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(problem)) => problem,
        Err(_) => too_slow(),
    };
    refused.into_response()
}

async fn whole(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let (mut pieces, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.map_err(|_| too_slow())?);
        if bytes.len() > bytes_max {
            drop(bytes);
            discard(pieces, STRANGER_DISCARDED_BYTES_MAX).await;
            return Err(too_large());
        }
    }
    Ok(bytes)
}

/// Reads and forgets a body that is not wanted, so that its sender, who is still sending, hears the answer.
pub(crate) async fn discard(mut pieces: BodyDataStream, bytes_max: usize) {
    let mut bytes = 0;
    while let Some(Ok(piece)) = pieces.next().await {
        bytes += piece.len();
        if bytes > bytes_max {
            return;
        }
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is larger than this endpoint takes")
}

fn too_slow() -> Problem {
    let detail = "the body did not arrive whole or in time; repeat the request";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail)
}

/// A body that could not be taken.
pub(crate) fn body_problem(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { too_slow() }
}

/// A multipart body that could not be read.
pub(crate) fn multipart_problem(error: MultipartError) -> Problem {
    Problem::new(error.status(), "multipart", "the multipart body is broken or too large")
}
