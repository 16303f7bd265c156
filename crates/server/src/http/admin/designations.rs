//! `POST /api/admin/v1/designations` and `/designations/{id}/withdraw`: the authority to photograph, and its end.

use super::{Made, text};
use crate::http::session::Administrator;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use portunus_core::id::{DesignationId, PointId};
use portunus_core::place::Designation;
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
    /// In force from (RFC 3339); at once when not said.
    #[schema(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Until before (RFC 3339); without end when not said.
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
}

#[utoipa::path(post, path = "/api/admin/v1/designations", operation_id = "admin_publish", tag = "administrator", request_body = NewDesignation,
    responses((status = 201, body = Made), (status = 400, description = "dates in the past or the wrong way round")))]
pub(crate) async fn publish(
    State(app): State<App>,
    Administrator(_): Administrator,
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
        service.store().point(new.point)?.ok_or_else(|| Problem::not_found("crossing point"))?;
        let contractors = new.contractors.iter().take(20).map(|name| text(name, "contractor", 100));
        let designation = Designation {
            id: DesignationId::from_bytes(service.fresh()),
            point: new.point,
            legal_basis: text(&new.legal_basis, "legal_basis", 200)?,
            from,
            until: new.until,
            device_owner: text(&new.device_owner, "device_owner", 100)?,
            contractors: contractors.collect::<Result<_, _>>()?,
        };
        service.store().designate(&designation, now)?;
        service.announce();
        Ok((StatusCode::CREATED, Json(Made::of(designation.id))))
    })
    .await
}

#[utoipa::path(post, path = "/api/admin/v1/designations/{id}/withdraw", operation_id = "admin_withdraw", tag = "administrator",
    params(("id" = String, Path, description = "the designation")),
    responses((status = 204, description = "captures at its point are refused from now on"), (status = 404)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: DesignationId = id.parse().map_err(|_| Problem::not_found("designation"))?;
    let service = app.service.clone();
    let known = blocking(move || {
        let known = service.store().withdraw(id, service.now(), service.now());
        service.announce();
        known
    })
    .await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("designation in force")) }
}
