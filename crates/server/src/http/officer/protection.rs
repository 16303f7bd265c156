//! `POST /api/officer/v1/encounters/{id}/protection`: a traveller claims protection before the officer.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::extract::{Path, State};
use axum::http::StatusCode;

#[utoipa::path(post, path = "/api/officer/v1/encounters/{id}/protection", operation_id = "officer_protection", tag = "officer",
    params(("id" = String, Path, description = "the encounter, which waits for an officer")),
    responses((status = 204, description = "nothing of it is ever given to another state or a carrier"),
        (status = 409, description = "it does not wait for an officer")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Path(encounter): Path<String>,
) -> Result<StatusCode, Problem> {
    let encounter = id(&encounter, "encounter")?;
    let service = app.service.clone();
    blocking(move || service.protect(encounter, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
