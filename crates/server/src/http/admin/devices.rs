//! `POST /api/admin/v1/enrolments` and `/devices/{id}/revoke`: devices come and go.

use crate::http::session::{Staff, Token};
use crate::http::{App, Problem, blocking};
use crate::service::Service;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{DeviceId, PointId};
use serde::{Deserialize, Serialize};

/// An enrolment link is good for this long, once.
const LINK_MINUTES: i64 = 30;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct For {
    /// The crossing point where the device will stand.
    #[schema(value_type = String)]
    point: PointId,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Link {
    /// The one-time code.
    code: String,
    /// The path to open on the device; the code stands behind `#` and never reaches a log.
    link: String,
}

#[utoipa::path(post, path = "/api/admin/v1/enrolments", operation_id = "admin_enrol", tag = "administrator", request_body = For,
    responses((status = 201, body = Link), (status = 404),
        (status = 409, description = "no designation is published for the point, or its notice does not hang yet")))]
pub(crate) async fn enrol(
    State(app): State<App>,
    Staff(_): Staff,
    Json(asked): Json<For>,
) -> Result<(StatusCode, Json<Link>), Problem> {
    let service = app.service.clone();
    blocking(move || {
        service.store().point(asked.point)?.ok_or_else(|| Problem::not_found("crossing point"))?;
        let now = service.now();
        ready_for_devices(&service, asked.point, now)?;
        let token = Token::from_bytes(service.fresh_token());
        let expires = now.checked_add(SignedDuration::from_mins(LINK_MINUTES)).unwrap_or(now);
        service.store().put_enrolment(token.hash, asked.point, expires)?;
        let link = format!("/gate#enrol={}", token.text);
        Ok::<_, Problem>((StatusCode::CREATED, Json(Link { code: token.text, link })))
    })
    .await
}

/// A device comes last: after the designation was published, and after its notice hangs.
fn ready_for_devices(service: &Service, point: PointId, now: Timestamp) -> Result<(), Problem> {
    let published = service.store().designated(point)?;
    let mut published = published.iter().filter(|one| !one.over(now)).peekable();
    if published.peek().is_none() {
        let detail =
            "no designation is published for this crossing point: draft one, let somebody else approve it";
        return Err(Problem::conflict("not-designated", detail));
    }
    let version = &service.policy().notice_version;
    if published.any(|one| one.notice_hangs(version)) {
        Ok(())
    } else {
        Err(Problem::conflict(
            "notice-not-posted",
            format!("post notice {version} at the crossing point first"),
        ))
    }
}

#[utoipa::path(post, path = "/api/admin/v1/devices/{id}/revoke", operation_id = "admin_revoke", tag = "administrator",
    params(("id" = String, Path, description = "the device")),
    responses((status = 204, description = "its requests are refused from now on"), (status = 404)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Staff(_): Staff,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: DeviceId = id.parse().map_err(|_| Problem::not_found("device"))?;
    let service = app.service.clone();
    let known = blocking(move || service.store().revoke_device(id, service.now())).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("device in service")) }
}
