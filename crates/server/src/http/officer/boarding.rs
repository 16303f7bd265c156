//! `POST /api/officer/v1/voyages/{id}/open`, `/move`, `/close`, `/return`: boarding begins at a point, goes on at another,
//! ends, and was not to be.

use super::id;
use crate::http::session::Staff;
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
    Staff(_): Staff,
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
    /// People who had declined and still waited for an officer: nobody may miss a voyage for declining.
    declined_left_waiting: u64,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/close", operation_id = "officer_close", tag = "officer",
    params(("id" = String, Path, description = "the voyage")),
    responses((status = 200, body = Closed), (status = 409, description = "closed already")))]
pub(crate) async fn close(
    State(app): State<App>,
    Staff(_): Staff,
    Path(voyage): Path<String>,
) -> Result<Json<Closed>, Problem> {
    let voyage = id(&voyage, "voyage")?;
    let service = app.service.clone();
    let closed = blocking(move || {
        let declined_left_waiting = service.declined_waiting(voyage)?;
        let crossings = service.close_boarding(voyage)?;
        Ok::<_, Problem>(Closed { crossings, declined_left_waiting })
    })
    .await?;
    Ok(Json(closed))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveTo {
    /// Where it boards.
    #[schema(value_type = String)]
    from: PointId,
    /// Where it is to go on.
    #[schema(value_type = String)]
    to: PointId,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/move", operation_id = "officer_move", tag = "officer",
    params(("id" = String, Path, description = "the voyage")), request_body = MoveTo,
    responses((status = 204, description = "who waits for an officer is met at the other point"),
        (status = 403, description = "the other point is not designated"), (status = 409, description = "it cannot go on there")))]
pub(crate) async fn move_to(
    State(app): State<App>,
    Staff(_): Staff,
    Path(voyage): Path<String>,
    Json(points): Json<MoveTo>,
) -> Result<StatusCode, Problem> {
    let voyage = id(&voyage, "voyage")?;
    let service = app.service.clone();
    blocking(move || service.move_boarding(voyage, points.from, points.to)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a voyage that came back undid.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CameBack {
    /// Departures that did not happen: erased, and recalled from whoever has copies.
    crossings: usize,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/return", operation_id = "officer_return", tag = "officer",
    params(("id" = String, Path, description = "the voyage, closed before")),
    responses((status = 200, body = CameBack), (status = 409, description = "it was not closed")))]
pub(crate) async fn come_back(
    State(app): State<App>,
    Staff(_): Staff,
    Path(voyage): Path<String>,
) -> Result<Json<CameBack>, Problem> {
    let voyage = id(&voyage, "voyage")?;
    let service = app.service.clone();
    let crossings = blocking(move || service.return_to_gate(voyage)).await?;
    Ok(Json(CameBack { crossings }))
}
