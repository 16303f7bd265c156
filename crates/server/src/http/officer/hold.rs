//! `POST /api/officer/v1/passengers/{id}/hold`: an officer asks to see a passenger, or lets them go.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hold {
    /// Hold, or let go.
    held: bool,
    /// Why; needed for a hold.
    #[serde(default)]
    reason: String,
}

#[utoipa::path(post, path = "/api/officer/v1/passengers/{id}/hold", operation_id = "officer_hold", tag = "officer",
    params(("id" = String, Path, description = "the passenger")), request_body = Hold,
    responses((status = 204), (status = 400, description = "a hold needs a reason"), (status = 404)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Path(passenger): Path<String>,
    Json(hold): Json<Hold>,
) -> Result<StatusCode, Problem> {
    let passenger = id(&passenger, "passenger")?;
    let service = app.service.clone();
    blocking(move || service.hold(passenger, hold.held, user.id, &hold.reason)).await?;
    Ok(StatusCode::NO_CONTENT)
}
