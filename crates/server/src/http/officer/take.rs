//! `POST /api/officer/v1/encounters/{id}/take`: an officer takes a case up.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::extract::{Path, State};
use axum::http::StatusCode;

#[utoipa::path(post, path = "/api/officer/v1/encounters/{id}/take", operation_id = "officer_take", tag = "officer",
    params(("id" = String, Path, description = "the encounter")),
    responses((status = 204), (status = 409, description = "another officer has it, or it is over")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Path(encounter): Path<String>,
) -> Result<StatusCode, Problem> {
    let encounter = id(&encounter, "encounter")?;
    let service = app.service.clone();
    blocking(move || service.take(encounter, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
