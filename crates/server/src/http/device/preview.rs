//! `POST /api/device/v1/encounters/{id}/previews`: is this frame good enough? Nothing of it is kept.

use super::{Signed, encounter_id};
use crate::http::{App, Problem, blocking};
use crate::service::Previewed;
use axum::Json;
use axum::extract::{Path, State};

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/previews", operation_id = "device_preview", tag = "device",
    params(("id" = String, Path, description = "the encounter")),
    request_body(content = String, content_type = "image/jpeg"),
    responses((status = 200, body = Previewed), (status = 400, description = "not a picture that can be read"),
        (status = 403, description = "no designation in force")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<Previewed>, Problem> {
    let (id, of) = (encounter_id(&id)?, signed.capture()?);
    let turn = app.pictures.turn().await?;
    let service = app.service.clone();
    blocking(move || {
        let _turn = turn;
        service.preview(&signed.device, &signed.submission, of, id, &signed.body)
    })
    .await
    .map(Json)
}
