//! `POST /api/officer/v1/encounters/{id}/rulings`: an officer rules, under their name, with a reason.

use super::id;
use crate::http::session::Officer;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portunus_core::encounter::Ruling;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct RulingRequest {
    /// `ruling`: `board` with `passenger`, `refuse`, `retake`, `establish` with `class`, `off-load` with `passenger`,
    /// `somebody-else` with `passenger` (whom the machine confirmed) and, where that was established, `instead`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    ruling: Ruling,
    /// Why; needed to refuse, to off-load and to correct a match.
    #[serde(default)]
    reason: String,
}

#[utoipa::path(post, path = "/api/officer/v1/encounters/{id}/rulings", operation_id = "officer_rulings", tag = "officer",
    params(("id" = String, Path, description = "the encounter")), request_body = RulingRequest,
    responses((status = 204), (status = 400, description = "a reason is needed"),
        (status = 409, description = "not waiting, or boarded already")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Officer(user): Officer,
    Path(encounter): Path<String>,
    Json(request): Json<RulingRequest>,
) -> Result<StatusCode, Problem> {
    let encounter = id(&encounter, "encounter")?;
    let service = app.service.clone();
    blocking(move || service.rule(encounter, request.ruling, user.id, &request.reason)).await?;
    Ok(StatusCode::NO_CONTENT)
}
