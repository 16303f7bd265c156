//! `POST /api/officer/v1/voyages/{id}/passengers`: find a passenger of this voyage by name or document.
//!
//! A POST, so that no name or number stands in a URL.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::Sought;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seek {
    /// Words of a name, a document number or a booking; all must be there. None find everyone.
    query: String,
}

#[utoipa::path(post, path = "/api/officer/v1/voyages/{id}/passengers", operation_id = "officer_seek", tag = "officer",
    params(("id" = String, Path, description = "the voyage")), request_body = Seek,
    responses((status = 200, description = "at most thirty: id, name, document, nationality, born, boarded, held, has_reference")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(_): Staff,
    Path(voyage): Path<String>,
    Json(seek): Json<Seek>,
) -> Result<Json<Vec<Sought>>, Problem> {
    let voyage = id(&voyage, "voyage")?;
    let service = app.service.clone();
    blocking(move || service.seek(voyage, &seek.query)).await.map(Json)
}
