//! Stays: who is past their last day, ways out of the state, one person's stays in a case, and what officers decide on them.

use super::case_id;
use crate::http::admin::Made;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{OVERSTAYS_SHOWN_MAX, OverstayList, PersonStays, StaysWanted, WayShown};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use portunus_core::document::DocumentKey;
use portunus_core::stay::{Decided, Mode, Span, StatusChange};
use serde::Deserialize;

#[utoipa::path(get, path = "/api/records/v1/overstays", operation_id = "records_overstays", tag = "records office",
    responses((status = 200, description = "records, last days and grounds; nobody is named", body = OverstayList)))]
pub(crate) async fn overstays(State(app): State<App>, _: Staff) -> Result<Json<OverstayList>, Problem> {
    let service = app.service.clone();
    blocking(move || service.overstays(OVERSTAYS_SHOWN_MAX)).await.map(Json)
}

#[utoipa::path(get, path = "/api/records/v1/ways-out", operation_id = "records_ways_out", tag = "records office",
    responses((status = 200, description = "where exits are recorded and where not, and why that is known", body = Vec<WayShown>)))]
pub(crate) async fn ways_out(State(app): State<App>, _: Staff) -> Result<Json<Vec<WayShown>>, Problem> {
    let service = app.service.clone();
    blocking(move || service.ways_shown()).await.map(Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WayDeclared {
    /// `air`, `sea` or `land`
    #[schema(value_type = String)]
    mode: Mode,
    /// A port or a region; none: anywhere by this mode.
    #[serde(default)]
    port: Option<String>,
    /// `{"from": .., "until": ..}`, RFC 3339; none: exits by it are not recorded.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    recorded: Option<Span>,
    /// Why that is so.
    reason: String,
}

#[utoipa::path(post, path = "/api/records/v1/ways-out", operation_id = "records_declare_way_out", tag = "records office",
    request_body = WayDeclared, responses((status = 204), (status = 400, description = "no reason")))]
pub(crate) async fn declare(
    State(app): State<App>,
    _: Staff,
    Json(way): Json<WayDeclared>,
) -> Result<StatusCode, Problem> {
    let service = app.service.clone();
    blocking(move || service.declare_way_out(way.mode, way.port.as_deref(), way.recorded, &way.reason))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/stays", operation_id = "records_stays", tag = "records office",
    params(("id" = String, Path, description = "a case on stays, or a correction")), request_body = StaysWanted,
    responses((status = 200, description = "stays with every ground; what is shown was opened, on record", body = PersonStays),
        (status = 400, description = "neither a person nor a record"), (status = 404),
        (status = 409, description = "the case is of another kind or over")))]
pub(crate) async fn stays(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
    Json(wanted): Json<StaysWanted>,
) -> Result<Json<PersonStays>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.stays_in(case, &wanted, user.id)).await.map(Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deciding {
    /// `{"decided":"same","a":..,"b":..}` (a proposal accepted, a merge), `not-same` (a proposal rejected),
    /// `{"decided":"apart","records":[..]}` (a split) or `{"decided":"undone","decision":..}`.
    #[schema(value_type = Object)]
    decision: Decided,
    /// Why. It never names the traveller.
    reason: String,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/stay-decisions", operation_id = "records_decide_on_stays", tag = "records office",
    params(("id" = String, Path, description = "a case on stays, or a correction")), request_body = Deciding,
    responses((status = 201, body = Made), (status = 400, description = "no reason, or a record with itself"), (status = 404),
        (status = 409, description = "the case is of another kind or over")))]
pub(crate) async fn decide(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
    Json(deciding): Json<Deciding>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    let Deciding { decision, reason } = deciding;
    let id = blocking(move || service.decide_on_stays(case, decision, &reason, user.id)).await?;
    Ok((StatusCode::CREATED, Json(Made::of(id))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changing {
    /// The person's documents: `[{"issuer": "FRA", "kind": "P", "number": "..."}]`
    #[schema(value_type = Vec<Object>)]
    documents: Vec<DocumentKey>,
    /// `{"change":"extension","until":..}`, `status` with class and until, `applied`, `application-refused`, `settled` with
    /// citizen; none: nothing, but the documents are one person's.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    change: Option<StatusChange>,
    /// From when it counts, RFC 3339.
    #[schema(value_type = String)]
    at: Timestamp,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/stay-changes", operation_id = "records_change_stay", tag = "records office",
    params(("id" = String, Path, description = "a case on stays, or a correction")), request_body = Changing,
    responses((status = 201, description = "sealed, and found by the documents", body = Made), (status = 400), (status = 404),
        (status = 409, description = "the case is of another kind or over")))]
pub(crate) async fn change(
    State(app): State<App>,
    _: Staff,
    Path(case): Path<String>,
    Json(changing): Json<Changing>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    let Changing { documents, change, at } = changing;
    let id = blocking(move || service.note_stay_change(case, &documents, change.as_ref(), at)).await?;
    Ok((StatusCode::CREATED, Json(Made::of(id))))
}
