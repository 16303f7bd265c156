//! `POST /api/officer/v1/voyages/{id}/outage-boardings`: a boarding that happened while the system was out.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{Outage, Refused};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use portunus_core::crossing::Admission;
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
    /// At an entry: `class` of admission and, for who may not stay for good, `until`, the last day.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    admitted: Option<Admission>,
    /// What the officer notes.
    #[serde(default)]
    reason: String,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/outage-boardings", operation_id = "officer_outage", tag = "officer",
    params(("id" = String, Path, description = "the voyage")), request_body = OutageBoarding,
    responses((status = 201), (status = 400, description = "not a time in the last 72 hours; no admission where people enter"),
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
        // In a watch that is its own point, and not the route that leads to it.
        let watch = service.store().voyage(voyage)?.and_then(|voyage| voyage.watch);
        let point = match watch {
            Some(watch) => Some(watch.point),
            None => service.store().points_of(voyage)?.first().copied(),
        };
        let point = point.ok_or(Refused::WrongStage("this voyage is not boarding at any point"))?;
        let OutageBoarding { passenger, boarded_at, admitted, reason } = entry;
        let outage = Outage { passenger, boarded_at, admitted, reason };
        service.enter_outage_boarding(voyage, point, &outage, user.id)
    })
    .await?;
    Ok(StatusCode::CREATED)
}
