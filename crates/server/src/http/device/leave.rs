//! `POST .../decline`, `.../camera-failure` and `.../leave`: the traveller would rather not, cannot be
//! photographed, or has gone.

use super::{Signed, encounter_id};
use crate::http::{App, Problem, blocking};
use crate::service::Begun;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declining {
    /// Whether it is for all who chose together and still stand at the camera: a guardian for their children.
    #[serde(default)]
    together: bool,
}

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/decline", operation_id = "device_decline", tag = "device",
    params(("id" = String, Path, description = "the encounter")), request_body = Declining,
    responses((status = 200, body = Begun), (status = 409, description = "already decided")))]
pub(crate) async fn decline(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<Begun>, Problem> {
    let id = encounter_id(&id)?;
    let declining: Declining = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the decline: {error}")))?;
    let service = app.service.clone();
    let decline = move || service.decline(&signed.device, &signed.submission, id, declining.together);
    blocking(decline).await.map(Json)
}

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/camera-failure", operation_id = "device_camera_failed", tag = "device",
    params(("id" = String, Path, description = "the encounter")),
    responses((status = 200, body = Begun), (status = 409, description = "already decided")))]
pub(crate) async fn camera_failed(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<Begun>, Problem> {
    let id = encounter_id(&id)?;
    let service = app.service.clone();
    blocking(move || service.camera_failed(&signed.device, &signed.submission, id)).await.map(Json)
}

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/leave", operation_id = "device_leave", tag = "device",
    params(("id" = String, Path, description = "the encounter")),
    responses((status = 204), (status = 409, description = "already decided")))]
pub(crate) async fn leave(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let id = encounter_id(&id)?;
    let service = app.service.clone();
    blocking(move || service.leave(&signed.device, &signed.submission, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
