//! `GET /api/carrier/v1/voyages/{LH400}/{2026-11-23}`: who has boarded, by the carrier's own references.

use super::own_voyage;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::CarrierStatus;
use axum::Json;
use axum::extract::{Path, State};
use portunus_core::voyage::VoyageKey;

#[utoipa::path(get, path = "/api/carrier/v1/voyages/{name}/{date}", operation_id = "carrier_status", tag = "carrier",
    params(("name" = String, Path, description = "carrier and number: LH400"),
        ("date" = String, Path, description = "scheduled local date: 2026-11-23")),
    responses((status = 200, body = CarrierStatus), (status = 403), (status = 404)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Path((name, date)): Path<(String, String)>,
) -> Result<Json<CarrierStatus>, Problem> {
    let key: VoyageKey =
        format!("{name}/{date}").parse().map_err(|error| Problem::bad_request(format!("{error}")))?;
    own_voyage(&user, &key)?;
    let service = app.service.clone();
    blocking(move || service.carrier_status(&key)).await.map(Json)
}
