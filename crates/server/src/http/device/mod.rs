//! What gates call. Every request but the enrolment is signed ([`super::signature`]).

pub(super) mod begin;
pub(super) mod capture;
pub(super) mod consent;
pub(super) mod enrolment;
pub(super) mod gate;
pub(super) mod leave;
pub(super) mod preview;
pub(super) mod queue;

pub(super) use self::begin::PresentedDocument;
pub(super) use self::queue::QueueEntered;

use super::routes::Asked;
use super::signature::{Claimed, SignatureError, read_capture, verify_capture};
use super::{App, Problem, blocking, limit};
use crate::service::Submission;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use portunus_core::capture::SignedCapture;
use portunus_core::id::{DeviceId, EncounterId};
use portunus_core::role::Role;
use portunus_store::Device;

const SMALL_BODY_BYTES_MAX: usize = 16 * 1024;
const PREVIEW_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Five frames of 720p at good quality are two megabytes; of a phone's camera, twenty.
const CAPTURE_BODY_BYTES_MAX: usize = 24 * 1024 * 1024;

pub(super) fn routes() -> Router<App> {
    let body = DefaultBodyLimit::max;
    Router::new()
        .route("/gate", get(gate::handle))
        .route("/encounters", post(begin::handle))
        .route("/encounters/{id}/decline", post(leave::decline))
        .route("/encounters/{id}/camera-failure", post(leave::camera_failed))
        .route("/encounters/{id}/leave", post(leave::leave))
        .route("/encounters/{id}/consent", post(consent::give))
        .route("/consents/withdraw", post(consent::withdraw))
        .route("/queue", post(queue::handle))
        .layer(body(SMALL_BODY_BYTES_MAX))
        .merge(
            Router::new()
                .route("/encounters/{id}/previews", post(preview::handle))
                .layer(body(PREVIEW_BODY_BYTES_MAX)),
        )
        .merge(
            Router::new()
                .route("/encounters/{id}/captures", post(capture::handle))
                .route("/encounters/{id}/vehicle-captures", post(capture::of_vehicle))
                .layer(body(CAPTURE_BODY_BYTES_MAX)),
        )
}

/// What a device calls that is none yet.
pub(super) fn unsigned() -> Router<App> {
    Router::new().route("/api/device/v1/enrolments", post(enrolment::handle))
}

/// A request whose signature was checked with its device's key.
pub(super) struct Signed {
    pub(super) device: Device,
    pub(super) submission: Submission,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Held until the request is answered.
    pub(super) place: limit::Place<DeviceId>,
}

impl FromRequest<App> for Signed {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        Asked::from_request_parts(&mut parts, app).await?.by(Role::Device)?;
        let once = |name: &'static str| {
            let mut values = parts.headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(value), None) => value.to_str().ok(),
                _ => None,
            }
        };
        let claimed = Claimed::read(once).map_err(refuse)?;
        app.device_rate.check(claimed.device)?;
        let place = app.device_under_way.enter(claimed.device)?;
        let raw = (once("idempotency-key").unwrap_or(""), once("portunus-counter").unwrap_or(""));
        let raw = (raw.0.to_owned(), raw.1.to_owned());
        let (service, id) = (app.service.clone(), claimed.device);
        // An unknown device costs a look-up, never the reading of a body.
        let device = blocking(move || service.store().device(id)).await?;
        let device = device.ok_or_else(not_enrolled)?;
        let path = super::original_path(&parts);
        let now = app.service.now();
        let believed = match device.revoked_at {
            Some(_) => Err(not_enrolled()),
            None => claimed
                .verify(parts.method.as_str(), &path, (&raw.0, &raw.1), &device.public_key, now)
                .map_err(refuse),
        };
        // Nothing of a body is kept for a stranger; a gate that is revoked, or whose clock is wrong, hears of it.
        if let Err(problem) = believed {
            limit::discard(body.into_data_stream(), CAPTURE_BODY_BYTES_MAX).await;
            return Err(problem);
        }
        let headers = parts.headers.clone();
        let body =
            Bytes::from_request(Request::from_parts(parts, body), &()).await.map_err(limit::body_problem)?;
        claimed.is_of(&body).map_err(refuse)?;
        let submission = Submission {
            device: device.id,
            key: claimed.idempotency_key,
            counter: claimed.counter,
            nonce: claimed.nonce,
            created: claimed.created,
            body_mac: app.service.body_mac(&path, &body)?,
        };
        Ok(Self { device, submission, headers, body, place })
    }
}

impl Signed {
    /// What the device signed of this capture, for the ledger.
    pub(super) fn capture(&self) -> Result<SignedCapture, Problem> {
        let mut values = self.headers.get_all("portunus-capture").iter();
        let value = values.next().and_then(|value| value.to_str().ok()).filter(|_| values.next().is_none());
        let of = read_capture(value).map_err(refuse)?;
        verify_capture(&of, self.device.id, self.submission.counter, &self.device.public_key)
            .map_err(refuse)?;
        Ok(of)
    }
}

fn not_enrolled() -> Problem {
    Problem::unauthenticated("this device is not enrolled; an administrator makes it an enrolment link")
}

fn refuse(error: SignatureError) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "signature", error.to_string())
}

/// The encounter that a path names.
pub(super) fn encounter_id(text: &str) -> Result<EncounterId, Problem> {
    text.parse().map_err(|_| Problem::not_found("encounter"))
}
