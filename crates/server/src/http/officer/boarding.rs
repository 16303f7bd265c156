//! `POST /api/officer/v1/voyages/{id}/open` and `/close`: boarding begins at a point, and ends.

use super::id;
use crate::http::session::Supervisor;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portunus_core::id::PointId;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenAt {
    /// The crossing point.
    #[schema(value_type = String)]
    point: PointId,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/open", operation_id = "officer_open", tag = "officer",
    params(("id" = String, Path, description = "the voyage")), request_body = OpenAt,
    responses((status = 204), (status = 403, description = "the point is not designated"),
        (status = 409, description = "another voyage boards there, or this one is over")))]
pub(crate) async fn open(
    State(app): State<App>,
    Supervisor(_): Supervisor,
    Path(voyage): Path<String>,
    Json(at): Json<OpenAt>,
) -> Result<StatusCode, Problem> {
    let voyage = id(&voyage, "voyage")?;
    let service = app.service.clone();
    blocking(move || service.open_boarding(voyage, at.point)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a closed boarding left.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Closed {
    /// Departures or arrivals recorded; transit and domestic passengers make none.
    crossings: usize,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/close", operation_id = "officer_close", tag = "officer",
    params(("id" = String, Path, description = "the voyage")),
    responses((status = 200, body = Closed), (status = 409, description = "closed already")))]
pub(crate) async fn close(
    State(app): State<App>,
    Supervisor(_): Supervisor,
    Path(voyage): Path<String>,
) -> Result<Json<Closed>, Problem> {
    let voyage = id(&voyage, "voyage")?;
    let service = app.service.clone();
    let crossings = blocking(move || service.close_boarding(voyage)).await?;
    Ok(Json(Closed { crossings }))
}
