//! `GET /api/device/v1/gate`: what a gate needs to know before it greets anyone.

use super::Signed;
use crate::http::{App, Problem, blocking};
use crate::service::Refused;
use axum::Json;
use axum::extract::State;
use portunus_core::place::{CrossingPoint, Designation, Expects};
use portunus_core::policy::Notice;
use serde::Serialize;
use std::collections::BTreeMap;

/// Preview frames are asked for this often.
const PREVIEW_INTERVAL_MS: u32 = 400;

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Gate {
    /// The crossing point.
    #[schema(value_type = Object)]
    point: CrossingPoint,
    /// `open`, `no-voyage` or `not-designated`.
    state: &'static str,
    /// `voyage`, `arrivals` or `documents`: at the last the document is read before anything else.
    #[schema(value_type = String)]
    expects: Expects,
    /// The authority to photograph here, as shown to travellers.
    #[schema(value_type = Option<Object>)]
    designation: Option<Designation>,
    /// The voyage that is boarding.
    voyage: Option<GateVoyage>,
    /// Named in every encounter.
    notice_version: String,
    /// SHA-256 of the notice, as the ledger's policy leaf has it: signed with every capture.
    notice_sha256: String,
    /// What travellers read before the camera starts, by language.
    #[schema(value_type = Object)]
    notice: BTreeMap<String, Notice>,
    /// Captures before an officer is called.
    attempts_max: u32,
    /// Frames in one capture.
    frames_max: usize,
    /// How often a preview frame is asked for.
    preview_interval_ms: u32,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct GateVoyage {
    id: String,
    /// Carrier and number: `LH400`.
    name: String,
    /// Scheduled local date.
    date: String,
    from: Option<String>,
    to: Option<String>,
}

#[utoipa::path(get, path = "/api/device/v1/gate", operation_id = "device_gate", tag = "device",
    responses((status = 200, body = Gate), (status = 401, description = "not a signed request of an enrolled device")))]
pub(crate) async fn handle(State(app): State<App>, signed: Signed) -> Result<Json<Gate>, Problem> {
    let service = app.service.clone();
    blocking(move || {
        service.seen(&signed.submission)?;
        let store = service.store();
        let point = store.point(signed.device.point)?.ok_or(Refused::Unknown("crossing point"))?;
        let designation = store.designation_in_force(point.id, service.now())?;
        let voyage = service.served_at(point.id, service.now())?;
        let state = match (&designation, &voyage) {
            (None, _) => "not-designated",
            (_, None) => "no-voyage",
            _ => "open",
        };
        let voyage = voyage.map(|voyage| GateVoyage {
            id: voyage.id.to_string(),
            name: format!("{}{}", voyage.key.carrier, voyage.key.number),
            date: voyage.key.date.to_string(),
            from: voyage.legs.first().map(|leg| leg.from.clone()),
            to: voyage.legs.last().map(|leg| leg.to.clone()),
        });
        let policy = service.policy();
        let expects = point.kind.expects(point.direction).unwrap_or(Expects::Voyage);
        Ok::<_, Refused>(Json(Gate {
            point,
            state,
            expects,
            designation,
            voyage,
            notice_version: policy.notice_version.clone(),
            notice_sha256: service.notice_sha256().to_string(),
            notice: policy.notice.clone(),
            attempts_max: policy.attempts_max,
            frames_max: crate::service::FRAMES_MAX,
            preview_interval_ms: PREVIEW_INTERVAL_MS,
        }))
    })
    .await
}
