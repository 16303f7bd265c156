//! `POST /api/officer/v1/encounters/{id}/rulings`: an officer rules, under their name, with a reason.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portunus_core::crossing::Admission;
use portunus_core::encounter::Ruling;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct RulingRequest {
    /// `ruling`: `board` with `passenger`, `admit` with `passenger`, `secondary`, `refuse`, `retake`, `establish` with `class`, `off-load` with `passenger`,
    /// `somebody-else` with `passenger` (whom the machine confirmed) and, where that was established, `instead`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    ruling: Ruling,
    /// At an entry, with `admit`: `class` of admission and, for who may not stay for good, `until`, the last day.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    admitted: Option<Admission>,
    /// Why; needed to refuse, to refer to a second inspection, to off-load and to correct a match.
    #[serde(default)]
    reason: String,
}

#[utoipa::path(post, path = "/api/officer/v1/encounters/{id}/rulings", operation_id = "officer_rulings", tag = "officer",
    params(("id" = String, Path, description = "the encounter")), request_body = RulingRequest,
    responses((status = 204), (status = 400, description = "a reason is needed"),
        (status = 409, description = "not waiting, or boarded already")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Path(encounter): Path<String>,
    Json(request): Json<RulingRequest>,
) -> Result<StatusCode, Problem> {
    let encounter = id(&encounter, "encounter")?;
    let service = app.service.clone();
    let RulingRequest { ruling, admitted, reason } = request;
    blocking(move || service.rule_and_admit(encounter, ruling, admitted, user.id, &reason)).await?;
    Ok(StatusCode::NO_CONTENT)
}
