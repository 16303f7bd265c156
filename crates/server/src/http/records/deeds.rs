//! What a case is for: records given, mistakes put right, a class that changes.

use super::case_id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{RecordsGiven, Wanted};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use portunus_core::case::Correction;
use portunus_core::document::DocumentKey;
use portunus_core::policy::PersonClass;
use portunus_store::CorrectionDone;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Giving {
    /// Of somebody who asks for their own records: the document shown, for passenger lists that no crossing named tells of.
    #[serde(default)]
    person: Option<Wanted>,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/give", operation_id = "records_give", tag = "records office",
    params(("id" = String, Path, description = "the case")), request_body = Giving,
    responses((status = 200, description = "what it names, opened once; the case is done", body = RecordsGiven), (status = 404),
        (status = 409, description = "approvals are missing, or the case is over or of another kind")))]
pub(crate) async fn give(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
    Json(giving): Json<Giving>,
) -> Result<Json<RecordsGiven>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.give_records(case, giving.person.as_ref(), user.id)).await.map(Json)
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/correct", operation_id = "records_correct", tag = "records office",
    params(("id" = String, Path, description = "the case")), request_body(content = Object,
        description = "`{\"correction\":\"class\",\"class\":\"citizen\"}` or `{\"correction\":\"not-this-person\"}`"),
    responses((status = 200, description = "how many were erased, redated, held; cases in which some were given", body = Object),
        (status = 404), (status = 409, description = "the case is over or of another kind")))]
pub(crate) async fn correct(
    State(app): State<App>,
    Staff(_): Staff,
    Path(case): Path<String>,
    Json(correction): Json<Correction>,
) -> Result<Json<CorrectionDone>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.correct(case, correction)).await.map(Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answering {
    /// What the traveller reads by their receipt, at most 500 characters.
    answer: String,
    /// What is put right, as in a correction; none: the contest is not upheld.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    upheld: Option<Correction>,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/answer", operation_id = "records_answer", tag = "records office",
    params(("id" = String, Path, description = "the case of a traveller who contests")), request_body = Answering,
    responses((status = 200, description = "how many were erased, redated, held; cases in which some were given", body = Object),
        (status = 400, description = "no answer"), (status = 404), (status = 409, description = "the case is over or of another kind")))]
pub(crate) async fn answer(
    State(app): State<App>,
    Staff(_): Staff,
    Path(case): Path<String>,
    Json(answering): Json<Answering>,
) -> Result<Json<CorrectionDone>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.answer_contest(case, &answering.answer, answering.upheld)).await.map(Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// `{"issuer": "FRA", "kind": "P", "number": "..."}`
    #[schema(value_type = Object)]
    document: DocumentKey,
    /// `citizen` or `permanent-resident`.
    #[schema(value_type = String)]
    class: PersonClass,
    /// From when on, RFC 3339.
    #[schema(value_type = String)]
    from: Timestamp,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/change-class", operation_id = "records_change_class", tag = "records office",
    params(("id" = String, Path, description = "the case")), request_body = Change,
    responses((status = 204, description = "from then on; what was recorded before stays as it is"), (status = 400), (status = 404),
        (status = 409, description = "the case is over or of another kind")))]
pub(crate) async fn change_class(
    State(app): State<App>,
    Staff(_): Staff,
    Path(case): Path<String>,
    Json(change): Json<Change>,
) -> Result<StatusCode, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.change_class(case, &change.document, change.class, change.from)).await?;
    Ok(StatusCode::NO_CONTENT)
}
