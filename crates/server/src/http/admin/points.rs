//! `POST /api/admin/v1/points`: a crossing point.

use super::{Made, text};
use crate::http::session::Administrator;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portunus_core::id::PointId;
use portunus_core::place::{CrossingPoint, Direction, PointKind, Position};
use portunus_store::PutPoint;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    /// What people call it.
    name: String,
    /// IATA location or UN/LOCODE.
    port: String,
    /// `exit` or `entry`.
    #[schema(value_type = String)]
    direction: Direction,
    /// `boarding-gate`.
    #[schema(value_type = String)]
    kind: PointKind,
    /// Where it is, for the public map: degrees north and east, as in `40.64,-73.78`.
    #[serde(default)]
    position: Option<String>,
}

#[utoipa::path(post, path = "/api/admin/v1/points", operation_id = "admin_points", tag = "administrator", request_body = Point,
    responses((status = 201, body = Made), (status = 409, description = "the name is taken")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Administrator(_): Administrator,
    Json(point): Json<Point>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let service = app.service.clone();
    blocking(move || {
        let position = point.position.as_deref().map(str::parse::<Position>).transpose();
        let position = position.map_err(|problem| Problem::bad_request(format!("position: {problem}")))?;
        let point = CrossingPoint {
            id: PointId::from_bytes(service.fresh()),
            name: text(&point.name, "name", 60)?,
            port: text(&point.port, "port", 5)?.to_ascii_uppercase(),
            direction: point.direction,
            kind: point.kind,
        };
        match service.store().put_point(&point)? {
            PutPoint::Stored => {
                service.store().put_position(point.id, position)?;
                Ok((StatusCode::CREATED, Json(Made::of(point.id))))
            }
            PutPoint::NameTaken => Err(Problem::conflict("name-taken", "another point has this name")),
        }
    })
    .await
}
