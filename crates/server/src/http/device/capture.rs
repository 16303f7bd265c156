//! `POST /api/device/v1/encounters/{id}/captures`: the frames of one capture; the gate learns what to do next.

use super::{Signed, encounter_id};
use crate::http::{App, Problem, blocking, limit};
use crate::service::{Captured, Device, FRAMES_MAX, Refused, Service, Submission, VehicleCaptured};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, header};
use portunus_core::capture::SignedCapture;
use portunus_core::id::EncounterId;

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/captures", operation_id = "device_capture", tag = "device",
    params(("id" = String, Path, description = "the encounter")),
    request_body(content = String, content_type = "multipart/form-data",
        description = "one to five parts named `frame`, JPEG or PNG"),
    responses((status = 200, body = Captured), (status = 400, description = "no frame, too many, or not pictures"),
        (status = 403, description = "no designation in force"),
        (status = 409, description = "being worked on, key or counter reused, or not at this stage")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<Captured>, Problem> {
    taken(&app, &id, signed, Service::capture).await
}

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/vehicle-captures", operation_id = "device_vehicle_capture", tag = "device",
    params(("id" = String, Path, description = "the encounter of anybody in the vehicle")),
    request_body(content = String, content_type = "multipart/form-data",
        description = "one to five parts named `frame`, JPEG or PNG, of one camera"),
    responses((status = 200, body = VehicleCaptured), (status = 403, description = "no designation in force"),
        (status = 409, description = "not everybody in the vehicle has chosen the photo, or as for any capture")))]
pub(crate) async fn of_vehicle(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<VehicleCaptured>, Problem> {
    taken(&app, &id, signed, Service::capture_vehicle).await
}

/// What the service makes of a capture.
type Take<T> = fn(&Service, &Device, &Submission, SignedCapture, EncounterId, &[&[u8]]) -> Result<T, Refused>;

/// One capture at a time is worked on for each turn that there is.
async fn taken<T: Send + 'static>(
    app: &App,
    id: &str,
    signed: Signed,
    take: Take<T>,
) -> Result<Json<T>, Problem> {
    let id = encounter_id(id)?;
    let of = signed.capture()?;
    let Signed { device, submission, headers, body, place: _place } = signed;
    let frames = frames(&headers, body).await?;
    let turn = app.pictures.turn().await?;
    let service = app.service.clone();
    blocking(move || {
        let _turn = turn;
        let frames: Vec<&[u8]> = frames.iter().map(AsRef::as_ref).collect();
        take(&service, &device, &submission, of, id, &frames)
    })
    .await
    .map(Json)
}

/// The parts named `frame`. They are views of the one body: nothing is copied to a file.
async fn frames(headers: &HeaderMap, body: Bytes) -> Result<Vec<Bytes>, Problem> {
    let mut request = Request::new(Body::from(body));
    // The body is here already, within its own bound; the default of two megabytes is not meant for it.
    DefaultBodyLimit::disable().apply(&mut request);
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    let mut multipart = Multipart::from_request(request, &())
        .await
        .map_err(|_| Problem::bad_request("expected multipart/form-data with parts named \"frame\""))?;
    let mut frames = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(limit::multipart_problem)? {
        if part.name() != Some("frame") {
            return Err(Problem::bad_request("a part is not named \"frame\""));
        }
        if frames.len() == FRAMES_MAX {
            return Err(Problem::bad_request(format!("more than {FRAMES_MAX} frames")));
        }
        frames.push(part.bytes().await.map_err(limit::multipart_problem)?);
    }
    if frames.is_empty() {
        return Err(Problem::bad_request("no part named \"frame\""));
    }
    Ok(frames)
}
