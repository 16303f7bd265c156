//! What outside systems that receive copies call: what there is, a copy, what is recalled.

use super::routes::Asked;
use super::session::{bearer, token_hash};
use super::{App, Problem, blocking};
use crate::service::{Copy, Offered};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use portunus_core::id::RecordId;
use portunus_core::role::Role;
use portunus_store::Recipient;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/crossings", get(crossings))
        .route("/records/{id}", get(copy))
        .route("/recalls", get(recalls))
        .route("/recalls/{seq}/acknowledge", post(acknowledge))
        .layer(DefaultBodyLimit::max(1024))
}

/// The outside system that a request's bearer token belongs to; one that was withdrawn still answers recalls.
pub(crate) struct Caller(Recipient);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Asked::from_request_parts(parts, app).await?.by(Role::Recipient)?;
        let token =
            bearer(&parts.headers).ok_or_else(|| Problem::unauthenticated("send the bearer token"))?;
        let (hash, service) = (token_hash(token), app.service.clone());
        let recipient = blocking(move || service.store().recipient_by_token(hash)).await?;
        recipient.map(Self).ok_or_else(|| Problem::unauthenticated("this token is no recipient's"))
    }
}

#[derive(Deserialize)]
pub(crate) struct After {
    #[serde(default)]
    after: u64,
}

#[utoipa::path(get, path = "/api/recipient/v1/crossings", operation_id = "recipient_crossings", tag = "recipient",
    params(("after" = Option<u64>, Query, description = "the last `seq` known; 0 at first")),
    responses((status = 200, description = "identifiers only, at most 500", body = Vec<Offered>), (status = 401)))]
pub(crate) async fn crossings(
    State(app): State<App>,
    Caller(recipient): Caller,
    Query(After { after }): Query<After>,
) -> Result<Json<Vec<Offered>>, Problem> {
    let service = app.service.clone();
    blocking(move || service.offered(&recipient, after)).await.map(Json)
}

#[utoipa::path(get, path = "/api/recipient/v1/records/{id}", operation_id = "recipient_record", tag = "recipient",
    params(("id" = String, Path, description = "the record")),
    responses((status = 200, description = "a copy; that you have it is on record", body = Copy), (status = 401), (status = 404)))]
pub(crate) async fn copy(
    State(app): State<App>,
    Caller(recipient): Caller,
    Path(record): Path<String>,
) -> Result<Json<Copy>, Problem> {
    let record: RecordId = super::officer::id(&record, "record")?;
    let service = app.service.clone();
    blocking(move || service.give_copy(&recipient, record)).await.map(Json)
}

/// A copy to be erased, or to be given another date.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RecallShown {
    /// Name it to acknowledge.
    seq: u64,
    #[schema(value_type = String)]
    record: RecordId,
    /// `erase` at once, or `redate`: gone at `until`.
    action: &'static str,
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Since when, RFC 3339. It is to be acknowledged within 15 minutes.
    #[schema(value_type = String)]
    since: Timestamp,
}

#[utoipa::path(get, path = "/api/recipient/v1/recalls", operation_id = "recipient_recalls", tag = "recipient",
    responses((status = 200, description = "what is not acknowledged yet, oldest first", body = Vec<RecallShown>), (status = 401)))]
pub(crate) async fn recalls(
    State(app): State<App>,
    Caller(recipient): Caller,
) -> Result<Json<Vec<RecallShown>>, Problem> {
    let service = app.service.clone();
    let recalls = blocking(move || service.recalls_of(&recipient)).await?;
    let shown = recalls.into_iter().map(|recall| RecallShown {
        seq: recall.seq,
        record: recall.record,
        action: if recall.due.is_some() { "redate" } else { "erase" },
        until: recall.due,
        since: recall.made_at,
    });
    Ok(Json(shown.collect()))
}

#[utoipa::path(post, path = "/api/recipient/v1/recalls/{seq}/acknowledge", operation_id = "recipient_acknowledge", tag = "recipient",
    params(("seq" = u64, Path, description = "the recall")),
    responses((status = 204, description = "it is done, durably; again is fine"), (status = 401), (status = 404)))]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    Caller(recipient): Caller,
    Path(seq): Path<String>,
) -> Result<StatusCode, Problem> {
    let seq: u64 = seq.parse().map_err(|_| Problem::not_found("recall"))?;
    let service = app.service.clone();
    blocking(move || service.acknowledge_recall(&recipient, seq)).await?;
    Ok(StatusCode::NO_CONTENT)
}
