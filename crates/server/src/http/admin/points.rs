//! `POST /api/admin/v1/points`: a crossing point.

use super::Made;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portunus_core::designation::{POINT_CHARS_MAX, line, port};
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
    /// `boarding-gate`, `cruise-terminal`, `arrival-hall`, `arrival-route`, `pedestrian-lane`, `rail-platform`, `vehicle-lane`,
    /// `private-airfield` or `marina`.
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
    Staff(_): Staff,
    Json(point): Json<Point>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let service = app.service.clone();
    blocking(move || {
        let position = point.position.as_deref().map(str::parse::<Position>).transpose();
        let position = position.map_err(|problem| Problem::bad_request(format!("position: {problem}")))?;
        point.kind.expects(point.direction).ok_or_else(|| Problem::bad_request(no_such_point(point.kind)))?;
        let point = CrossingPoint {
            id: PointId::from_bytes(service.fresh()),
            name: line(&point.name, "name", POINT_CHARS_MAX)?,
            port: port(&point.port)?,
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

fn no_such_point(kind: PointKind) -> String {
    format!("direction: a {} is crossed the other way", kind.in_words())
}
