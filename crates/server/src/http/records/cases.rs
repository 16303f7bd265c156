//! `/api/records/v1/cases`: opened, listed, looked into, approved by others, ended.

use super::case_id;
use crate::http::admin::Made;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{NewCase, OnRecord, RedressShown, Refused, Wanted};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use portunus_core::case::{Case, CaseOutcome};
use portunus_core::id::{CaseId, RecordId};
use portunus_core::policy::{DataClass, Modality, PersonClass};
use portunus_store::{KeptFor, Purpose, Source, Within};
use serde::{Deserialize, Serialize};

#[utoipa::path(post, path = "/api/records/v1/cases", operation_id = "records_open_case", tag = "records office", request_body = NewCase,
    responses((status = 201, body = Made), (status = 400, description = "what is missing")))]
pub(crate) async fn open(
    State(app): State<App>,
    Staff(user): Staff,
    Json(new): Json<NewCase>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let service = app.service.clone();
    let id = blocking(move || service.open_case(&new, user.id)).await?;
    Ok((StatusCode::CREATED, Json(Made::of(id))))
}

#[utoipa::path(get, path = "/api/records/v1/cases", operation_id = "records_cases", tag = "records office",
    responses((status = 200, description = "those that are open first, then the latest", body = Vec<Object>)))]
pub(crate) async fn list(State(app): State<App>, Staff(_): Staff) -> Result<Json<Vec<Case>>, Problem> {
    let service = app.service.clone();
    blocking(move || service.cases()).await.map(Json)
}

/// A record, unopened.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RecordShown {
    #[schema(value_type = String)]
    record: RecordId,
    /// `probe`, `reference`, `crossing`, ...
    #[schema(value_type = String)]
    data: DataClass,
    /// `face`, `finger`, `iris`; none where it is not of a body.
    #[schema(value_type = Option<String>)]
    modality: Option<Modality>,
    /// Media type.
    format: String,
    /// 0 to 100 (ISO/IEC 29794-1); none where it was not measured.
    quality: Option<u8>,
    #[schema(value_type = String)]
    source: Source,
    #[schema(value_type = String)]
    purpose: KeptFor,
    #[schema(value_type = String)]
    class: PersonClass,
    /// What started the count, RFC 3339.
    #[schema(value_type = String)]
    since: Timestamp,
    /// When it is to be gone, RFC 3339.
    #[schema(value_type = String)]
    until: Timestamp,
    /// Cases whose hold keeps it.
    #[schema(value_type = Vec<String>)]
    held_by: Vec<CaseId>,
    /// Recipients that have a copy.
    copies: Vec<String>,
    /// Who read it, oldest first.
    read: Vec<ReadingShown>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReadingShown {
    #[schema(value_type = String)]
    at: Timestamp,
    by: String,
    #[schema(value_type = String)]
    purpose: Purpose,
    /// `encounter`, `voyage`, `case` or `receiving`, with the identifier.
    within: String,
}

pub(crate) fn shown(one: OnRecord) -> RecordShown {
    let OnRecord { held, holds, copies, readings } = one;
    let read = readings.into_iter().map(|(reading, by)| ReadingShown {
        at: reading.at,
        by,
        purpose: reading.access.purpose,
        within: match reading.access.within {
            Within::Encounter(id) => format!("encounter {id}"),
            Within::Voyage(id) => format!("voyage {id}"),
            Within::Case(id) => format!("case {id}"),
            Within::Receiving(id) => format!("receiving {id}"),
        },
    });
    RecordShown {
        record: held.record,
        data: held.kind.data,
        modality: held.kind.modality,
        format: held.kind.format.into_owned(),
        quality: held.kind.quality,
        source: held.kind.source,
        purpose: held.kind.purpose,
        class: held.class,
        since: held.start.at,
        until: held.erase_after,
        held_by: holds,
        copies,
        read: read.collect(),
    }
}

/// A case, with what it names.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Whole {
    #[schema(value_type = Object)]
    case: Case,
    /// What it names and is still there.
    records: Vec<RecordShown>,
    /// Of a mis-identification, what is proposed and what would follow.
    redress: Option<RedressShown>,
}

#[utoipa::path(get, path = "/api/records/v1/cases/{id}", operation_id = "records_case", tag = "records office",
    params(("id" = String, Path, description = "the case")),
    responses((status = 200, body = Whole), (status = 404)))]
pub(crate) async fn one(
    State(app): State<App>,
    Staff(_): Staff,
    Path(case): Path<String>,
) -> Result<Json<Whole>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    let found = blocking(move || Ok::<_, Refused>((service.case(case)?, service.redress_shown(case)?)));
    let ((case, records), redress) = found.await?;
    Ok(Json(Whole { case, records: records.into_iter().map(shown).collect(), redress }))
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/find", operation_id = "records_find", tag = "records office",
    params(("id" = String, Path, description = "the case that it is for")), request_body = Wanted,
    responses((status = 200, description = "what is held on the person; nothing is opened", body = Vec<RecordShown>),
        (status = 400, description = "no document, and no name with a date of birth"), (status = 404),
        (status = 409, description = "the case is approved or over")))]
pub(crate) async fn find(
    State(app): State<App>,
    Staff(_): Staff,
    Path(case): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Vec<RecordShown>>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    let found = blocking(move || service.find_for(case, &wanted)).await?;
    Ok(Json(found.into_iter().map(shown).collect()))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    /// The records that the case is about, and no others.
    #[schema(value_type = Vec<String>)]
    records: Vec<RecordId>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Named {
    /// How many of them are there.
    named: usize,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/records", operation_id = "records_name", tag = "records office",
    params(("id" = String, Path, description = "the case")), request_body = Names,
    responses((status = 200, body = Named), (status = 404), (status = 409, description = "the case is approved or over")))]
pub(crate) async fn name(
    State(app): State<App>,
    Staff(_): Staff,
    Path(case): Path<String>,
    Json(names): Json<Names>,
) -> Result<Json<Named>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    let named = blocking(move || service.name_records(case, &names.records)).await?;
    Ok(Json(Named { named }))
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/approve", operation_id = "records_approve", tag = "records office",
    params(("id" = String, Path, description = "the case")),
    responses((status = 200, description = "the case as it is now", body = Object), (status = 403, description = "their own case"),
        (status = 404), (status = 409, description = "nothing is to be approved")))]
pub(crate) async fn approve(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
) -> Result<Json<Case>, Problem> {
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.approve_case(case, user.id)).await.map(Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    /// `refused`, `released` or `withdrawn`; what was asked for ends a case by being done.
    #[schema(value_type = String)]
    outcome: CaseOutcome,
}

#[utoipa::path(post, path = "/api/records/v1/cases/{id}/close", operation_id = "records_close", tag = "records office",
    params(("id" = String, Path, description = "the case")), request_body = Ending,
    responses((status = 204), (status = 400), (status = 403, description = "a mis-identification of their own is not refused by them"),
        (status = 404), (status = 409, description = "it is over")))]
pub(crate) async fn close(
    State(app): State<App>,
    Staff(user): Staff,
    Path(case): Path<String>,
    Json(ending): Json<Ending>,
) -> Result<StatusCode, Problem> {
    if ending.outcome == CaseOutcome::Done {
        return Err(Problem::bad_request("outcome: a case is done by doing what it asks for"));
    }
    let (case, service) = (case_id(&case)?, app.service.clone());
    blocking(move || service.close_case(case, ending.outcome, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
