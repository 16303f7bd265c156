//! `POST /api/lookout/v1/lookouts/{id}/approve` and `/withdraw`: in force by another's word, and gone.

use super::lookout_id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::extract::{Path, State};
use axum::http::StatusCode;

#[utoipa::path(post, path = "/api/lookout/v1/lookouts/{id}/approve", operation_id = "lookout_approve", tag = "lookouts",
    params(("id" = String, Path, description = "the lookout")),
    responses((status = 204, description = "in force"), (status = 403, description = "their own lookout"), (status = 404),
        (status = 409, description = "it is approved")))]
pub(crate) async fn approve(
    State(app): State<App>,
    Staff(user): Staff,
    Path(lookout): Path<String>,
) -> Result<StatusCode, Problem> {
    let (lookout, service) = (lookout_id(&lookout)?, app.service.clone());
    blocking(move || service.approve_lookout(lookout, user.id)).await?;
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
