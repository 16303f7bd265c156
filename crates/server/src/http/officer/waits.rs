//! `GET /api/officer/v1/waits?voyage=`: how long both choices take.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Query, State};
use portunus_core::encounter::LaneWaits;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Of {
    voyage: String,
}

/// Waits of both choices.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Waits {
    /// Who chose the photo.
    #[schema(value_type = Object)]
    photo: LaneWaits,
    /// Who chose no photo.
    #[schema(value_type = Object)]
    manual: LaneWaits,
}

#[utoipa::path(get, path = "/api/officer/v1/waits", operation_id = "officer_waits", tag = "officer",
    params(("voyage" = String, Query, description = "the voyage")),
    responses((status = 200, body = Waits)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(_): Staff,
    Query(of): Query<Of>,
) -> Result<Json<Waits>, Problem> {
    let voyage = id(&of.voyage, "voyage")?;
    let service = app.service.clone();
    let (photo, manual) = blocking(move || service.waits(voyage)).await?;
    Ok(Json(Waits { photo, manual }))
}
