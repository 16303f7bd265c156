//! `POST /api/officer/v1/voyages/{id}/outage-boardings`: a boarding that happened while the system was out.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{Outage, Refused};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use portunus_core::id::{PassengerId, VoyageId};
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutageBoarding {
    /// Who boarded.
    #[schema(value_type = String)]
    passenger: PassengerId,
    /// When (RFC 3339), in the last 72 hours.
    #[schema(value_type = String)]
    boarded_at: Timestamp,
    /// What the officer notes.
    #[serde(default)]
    reason: String,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/outage-boardings", operation_id = "officer_outage", tag = "officer",
    params(("id" = String, Path, description = "the voyage")), request_body = OutageBoarding,
    responses((status = 201), (status = 400, description = "not a time in the last 72 hours"),
        (status = 409, description = "boarded already, or boarding is not open")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Path(voyage): Path<String>,
    Json(entry): Json<OutageBoarding>,
) -> Result<StatusCode, Problem> {
    let voyage: VoyageId = id(&voyage, "voyage")?;
    let service = app.service.clone();
    blocking(move || {
        let point = service.store().points_of(voyage)?.first().copied();
        let point = point.ok_or(Refused::WrongStage("this voyage is not boarding at any point"))?;
        let outage =
            Outage { passenger: entry.passenger, boarded_at: entry.boarded_at, reason: entry.reason };
        service.enter_outage_boarding(voyage, point, &outage, user.id)
    })
    .await?;
    Ok(StatusCode::CREATED)
}
