//! `POST /api/device/v1/encounters/{id}/consent`: a traveller asks to be known at this point without a document from now on;
//! and takes it back with `POST /api/device/v1/consents/withdraw`.

use super::{Signed, encounter_id};
use crate::http::officer::watches::Withdrawn;
use crate::http::{App, Problem, blocking};
use crate::service::Refused;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

/// A year, unless less is asked.
const DAYS_USUAL: i64 = 365;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consent {
    /// For how many days, 1 to 366.
    #[serde(default)]
    days: Option<i64>,
}

#[utoipa::path(post, path = "/api/device/v1/encounters/{id}/consent", operation_id = "device_consent", tag = "device",
    params(("id" = String, Path, description = "the encounter, in which the machine knew them by their document")),
    request_body = Consent,
    responses((status = 204), (status = 409, description = "documents are not read here, or the machine did not know them")))]
pub(crate) async fn give(
    State(app): State<App>,
    Path(encounter): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let id = encounter_id(&encounter)?;
    let consent: Consent = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the consent: {error}")))?;
    let service = app.service.clone();
    blocking(move || {
        service.seen(&signed.submission)?;
        let of = service.store().encounter(id)?.filter(|e| e.device == Some(signed.device.id));
        let of = of.ok_or(Refused::Unknown("encounter at this gate"))?;
        service.consent(&of, consent.days.unwrap_or(DAYS_USUAL))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakenBack {
    /// The machine-readable zone of the document by which they were known, lines apart by line breaks.
    mrz: String,
}

#[utoipa::path(post, path = "/api/device/v1/consents/withdraw", operation_id = "device_withdraw_consent", tag = "device",
    request_body = TakenBack, responses((status = 200, description = "erased", body = Withdrawn)))]
pub(crate) async fn withdraw(State(app): State<App>, signed: Signed) -> Result<Json<Withdrawn>, Problem> {
    let asked: TakenBack = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the withdrawal: {error}")))?;
    let person = super::begin::read_mrz(&asked.mrz, app.service.now())?;
    let service = app.service.clone();
    let consents = blocking(move || {
        service.seen(&signed.submission)?;
        let mut taken_back = 0;
        for document in &person.documents {
            taken_back += service.withdraw_consent(signed.device.point, document)?;
        }
        Ok::<_, Refused>(taken_back)
    })
    .await?;
    Ok(Json(Withdrawn::of(consents)))
}
