//! `POST /api/admin/v1/designations` and what follows a draft: `/attest`, `/approve`, `/drop`, `/notice`, `/withdraw`.

use super::Made;
use crate::http::officer::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::Refused;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portunus_core::designation::{Attestation, DailyHours, Draft, NAME_CHARS_MAX, line, publishable};
use portunus_core::id::{DesignationId, PointId};
use portunus_core::place::{Designation, MANUAL_WAIT_CEILING_SECONDS};
use portunus_store::Posted;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDesignation {
    /// The crossing point.
    #[schema(value_type = String)]
    point: PointId,
    /// The law it rests on.
    legal_basis: String,
    /// Who owns the cameras.
    device_owner: String,
    /// Who else handles them.
    #[serde(default)]
    contractors: Vec<String>,
    /// Nineteen in twenty of those who decline are attended to within so many seconds: at most a day, ten minutes when not
    /// said.
    manual_wait_ceiling_seconds: Option<u32>,
    /// In force from (RFC 3339); once it is approved when not said.
    #[schema(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Until before (RFC 3339); without end when not said.
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Hours of every day by the clock on the wall, as in `05:00-23:30 America/New_York`; at any hour when not said.
    hours: Option<String>,
}

#[utoipa::path(post, path = "/api/admin/v1/designations", operation_id = "admin_draft", tag = "administrator", request_body = NewDesignation,
    responses((status = 201, description = "a draft: nothing is in force by it", body = Made),
        (status = 400, description = "dates in the past or the wrong way round")))]
pub(crate) async fn draft(
    State(app): State<App>,
    Staff(user): Staff,
    Json(new): Json<NewDesignation>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let service = app.service.clone();
    blocking(move || {
        let now = service.now();
        // Never back-dated: what was captured before was captured without it.
        let from = new.from.unwrap_or(now).max(now);
        if new.until.is_some_and(|until| until <= from) {
            return Err(Problem::bad_request("until: expected an instant after from"));
        }
        let ceiling = new.manual_wait_ceiling_seconds.unwrap_or(MANUAL_WAIT_CEILING_SECONDS);
        if !(1..=86_400).contains(&ceiling) {
            return Err(Problem::bad_request("manual_wait_ceiling_seconds: expected 1 to 86400"));
        }
        service.store().point(new.point)?.ok_or_else(|| Problem::not_found("crossing point"))?;
        let designation = publishable(Designation {
            id: DesignationId::from_bytes(service.fresh()),
            point: new.point,
            legal_basis: new.legal_basis,
            from,
            until: new.until,
            device_owner: new.device_owner,
            contractors: new.contractors,
            manual_wait_ceiling_seconds: ceiling,
            hours: new.hours.as_deref().map(hours).transpose()?,
        })?;
        let id = designation.id;
        service.store().put_draft(&Draft::new(designation, &user.name, now))?;
        Ok((StatusCode::CREATED, Json(Made::of(id))))
    })
    .await
}

fn hours(text: &str) -> Result<DailyHours, Problem> {
    let hours: DailyHours = text.parse().map_err(|wrong| Problem::bad_request(format!("hours: {wrong}")))?;
    let unknown = || Problem::bad_request(format!("hours: this machine knows no time zone {}", hours.zone));
    TimeZone::get(&hours.zone).map_err(|_| unknown())?;
    Ok(hours)
}

fn no_draft() -> Problem {
    Problem::not_found("draft of a designation")
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attesting {
    /// The owner or contractor, as the draft names it.
    party: String,
    /// Who attests for it that it keeps no frames.
    by: String,
}

#[utoipa::path(post, path = "/api/admin/v1/designations/{id}/attest", operation_id = "admin_attest", tag = "administrator",
    params(("id" = String, Path, description = "the draft")), request_body = Attesting,
    responses((status = 204, description = "on record, with now as its time; the first stands"),
        (status = 400, description = "the draft names no such owner or contractor"), (status = 404)))]
pub(crate) async fn attest(
    State(app): State<App>,
    Staff(_): Staff,
    Path(draft): Path<String>,
    Json(attesting): Json<Attesting>,
) -> Result<StatusCode, Problem> {
    let draft: DesignationId = id(&draft, "draft of a designation")?;
    let service = app.service.clone();
    blocking(move || {
        let by = line(&attesting.by, "by", NAME_CHARS_MAX)?;
        let attested = Attestation { party: attesting.party, by, at: service.now() };
        let done = service.store().attest(draft, &attested)?.ok_or_else(no_draft)?;
        done.map_err(|not_yet| Problem::from(Refused::from(not_yet)))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/admin/v1/designations/{id}/approve", operation_id = "admin_approve", tag = "administrator",
    params(("id" = String, Path, description = "the draft")),
    responses((status = 200, description = "published, as it is in force", body = Object),
        (status = 403, description = "its author approves nothing of theirs"), (status = 404),
        (status = 409, description = "owner or contractors have not attested, or its end has passed")))]
pub(crate) async fn approve(
    State(app): State<App>,
    Staff(user): Staff,
    Path(draft): Path<String>,
) -> Result<Json<Designation>, Problem> {
    let draft: DesignationId = id(&draft, "draft of a designation")?;
    let service = app.service.clone();
    blocking(move || {
        let done = service.store().approve_draft(draft, &user.name, service.now())?.ok_or_else(no_draft)?;
        let published = done.map_err(|not_yet| Problem::from(Refused::from(not_yet)))?;
        service.announce();
        Ok::<_, Problem>(Json(published))
    })
    .await
}

#[utoipa::path(post, path = "/api/admin/v1/designations/{id}/drop", operation_id = "admin_drop_draft", tag = "administrator",
    params(("id" = String, Path, description = "the draft")),
    responses((status = 204, description = "the draft is gone"), (status = 404)))]
pub(crate) async fn drop(
    State(app): State<App>,
    Staff(_): Staff,
    Path(draft): Path<String>,
) -> Result<StatusCode, Problem> {
    let draft: DesignationId = id(&draft, "draft of a designation")?;
    let service = app.service.clone();
    let known = blocking(move || service.store().drop_draft(draft)).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(no_draft()) }
}

#[utoipa::path(post, path = "/api/admin/v1/designations/{id}/notice", operation_id = "admin_notice", tag = "administrator",
    params(("id" = String, Path, description = "the published designation")),
    responses((status = 204, description = "on record: the notice in force hangs where travellers read it before a camera"),
        (status = 404)))]
pub(crate) async fn notice(
    State(app): State<App>,
    Staff(user): Staff,
    Path(designation): Path<String>,
) -> Result<StatusCode, Problem> {
    let designation: DesignationId = id(&designation, "published designation")?;
    let service = app.service.clone();
    let known = blocking(move || {
        let version = service.policy().notice_version.clone();
        let posted = Posted { version, by: user.name, at: service.now() };
        service.store().post_notice(designation, &posted)
    })
    .await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("published designation")) }
}

#[utoipa::path(post, path = "/api/admin/v1/designations/{id}/withdraw", operation_id = "admin_withdraw", tag = "administrator",
    params(("id" = String, Path, description = "the designation")),
    responses((status = 204, description = "captures at its point are refused from now on"), (status = 404)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Staff(_): Staff,
    Path(designation): Path<String>,
) -> Result<StatusCode, Problem> {
    let designation: DesignationId = id(&designation, "designation")?;
    let service = app.service.clone();
    let known = blocking(move || {
        let now = service.now();
        let known = service.store().withdraw(designation, now, now);
        service.announce();
        known
    })
    .await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("designation in force")) }
}
