//! `POST /api/device/v1/enrolments`: a device hands in its public key with a one-time code.

use crate::http::session::token_hash;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use portunus_core::id::DeviceId;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolment {
    /// The one-time code of the enrolment link.
    code: String,
    /// The Ed25519 public key: 32 bytes in base64.
    public_key: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Enrolled {
    /// The device's identifier, the `keyid` of its signatures.
    device: String,
    /// The crossing point it stands at.
    point: String,
}

#[utoipa::path(post, path = "/api/device/v1/enrolments", operation_id = "device_enrolment", tag = "device", request_body = Enrolment,
    responses((status = 201, body = Enrolled), (status = 401, description = "the code is unknown, used or over")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Json(enrolment): Json<Enrolment>,
) -> Result<(StatusCode, Json<Enrolled>), Problem> {
    app.sign_in_rate.check("enrolment")?;
    let key: [u8; 32] = BASE64
        .decode(&enrolment.public_key)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .filter(|key| ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| !key.is_weak()))
        .ok_or_else(|| Problem::bad_request("public_key: expected an Ed25519 key, 32 bytes in base64"))?;
    let service = app.service.clone();
    let enrolled = blocking(move || {
        let (code, id) = (token_hash(&enrolment.code), DeviceId::from_bytes(service.fresh()));
        let Some(device) = service.store().enrol(code, id, key, service.now())? else { return Ok(None) };
        let point = service.store().point(device.point)?.map_or_else(String::new, |point| point.name);
        Ok::<_, portunus_store::StoreError>(Some(Enrolled { device: device.id.to_string(), point }))
    })
    .await?;
    let enrolled = enrolled.ok_or_else(|| {
        Problem::unauthenticated(
            "the enrolment code is unknown, used or over; an administrator makes a new one",
        )
    })?;
    Ok((StatusCode::CREATED, Json(enrolled)))
}
