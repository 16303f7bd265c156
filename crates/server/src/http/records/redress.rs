//! Mis-identification: proposed, looked at by somebody else, and carried out when they agree.

use super::case_id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{Findings, RedressOpened, RedressShown};
use axum::Json;
use axum::extract::{Path, State};
use portunus_core::id::DecisionId;
use portunus_store::RedressDone;
use serde::Deserialize;

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/propose", operation_id = "records_propose", tag = "records office",
    params(("id" = String, Path, description = "a case of mis-identification")), request_body = Findings,
    responses((status = 200, description = "what would follow; it does when somebody else agrees", body = RedressShown),
        (status = 400, description = "what is missing or does not fit"), (status = 404, description = "no such case, or it does not name the record"),
        (status = 409, description = "the case is over or of another kind")))]
pub(crate) async fn propose(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
    Json(findings): Json<Findings>,
) -> Result<Json<RedressShown>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.propose_redress(case, &findings, user.id)).await.map(Json)
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/proposed", operation_id = "records_proposed", tag = "records office",
    params(("id" = String, Path, description = "a case of mis-identification")),
    responses((status = 200, description = "whose it is said to be, opened for who decides; on record", body = RedressOpened),
        (status = 403, description = "who opened the case or proposed it does not decide"), (status = 404),
        (status = 409, description = "nothing is proposed, or the case is over or of another kind")))]
pub(crate) async fn proposed(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
) -> Result<Json<RedressOpened>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.open_proposed(case, user.id)).await.map(Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agreeing {
    /// The proposal that was looked at.
    #[schema(value_type = String)]
    proposal: DecisionId,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/agree", operation_id = "records_agree", tag = "records office",
    params(("id" = String, Path, description = "a case of mis-identification")), request_body = Agreeing,
    responses((status = 200, description = "how many were erased, redated, held, set apart; crossings written anew; cases in which some were given", body = Object),
        (status = 403, description = "who opened the case or proposed it does not decide"), (status = 404),
        (status = 409, description = "something else is proposed, or boarding is not closed, or the case is over or of another kind")))]
pub(crate) async fn agree(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
    Json(agreeing): Json<Agreeing>,
) -> Result<Json<RedressDone>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.agree_to_redress(case, agreeing.proposal, user.id)).await.map(Json)
}
