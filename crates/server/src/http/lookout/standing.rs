//! `POST /api/lookout/v1/lookouts/{id}/approve` and `/withdraw`: in force by another's word, and gone.

use super::lookout_id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookedAt {
    /// The lookout's `written_at` as the list has it: what was looked at. One that was written anew since is not approved.
    #[schema(value_type = String)]
    written_at: Timestamp,
}

#[utoipa::path(post, path = "/api/lookout/v1/lookouts/{id}/approve", operation_id = "lookout_approve", tag = "lookouts",
    params(("id" = String, Path, description = "the lookout")), request_body = LookedAt,
    responses((status = 204, description = "in force"), (status = 403, description = "their own lookout"), (status = 404),
        (status = 409, description = "it is approved, or was written anew since it was looked at")))]
pub(crate) async fn approve(
    State(app): State<App>,
    Staff(user): Staff,
    Path(lookout): Path<String>,
    Json(LookedAt { written_at }): Json<LookedAt>,
) -> Result<StatusCode, Problem> {
    let (lookout, service) = (lookout_id(&lookout)?, app.service.clone());
    blocking(move || service.approve_lookout(lookout, written_at, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/lookout/v1/lookouts/{id}/withdraw", operation_id = "lookout_withdraw", tag = "lookouts",
    params(("id" = String, Path, description = "the lookout")),
    responses((status = 204, description = "gone from every card, and erased"), (status = 404)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Staff(_): Staff,
    Path(lookout): Path<String>,
) -> Result<StatusCode, Problem> {
    let (lookout, service) = (lookout_id(&lookout)?, app.service.clone());
    blocking(move || service.withdraw_lookout(lookout)).await?;
    Ok(StatusCode::NO_CONTENT)
}
