//! `POST /api/device/v1/encounters`: a traveller has chosen. Until then no camera runs.

use super::Signed;
use crate::http::{App, Problem, blocking};
use crate::service::{Begun, Joining, Refused};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portunus_core::document::{DocumentKey, DocumentKind, State as IssuingState};
use portunus_core::encounter::Lane;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    /// `photo` or `manual`.
    #[schema(value_type = String)]
    lane: Lane,
    /// The traveller says that they are a citizen.
    #[serde(default)]
    claims_citizenship: bool,
    /// The version of the notice that was shown.
    notice_version: String,
    /// The document read at the gate, if one was.
    #[serde(default)]
    presented: Option<PresentedDocument>,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresentedDocument {
    /// Issuing state, as in the MRZ.
    issuer: String,
    /// Kind, as in the MRZ.
    kind: String,
    /// Number.
    number: String,
}

impl PresentedDocument {
    pub(crate) fn key(&self) -> Result<DocumentKey, Problem> {
        let issuer = IssuingState::new(&self.issuer);
        let kind = DocumentKind::new(&self.kind);
        issuer
            .and_then(|issuer| DocumentKey::new(issuer, kind?, &self.number))
            .map_err(|error| Problem::bad_request(format!("presented: {error}")))
    }
}

#[utoipa::path(post, path = "/api/device/v1/encounters", operation_id = "device_begin", tag = "device", request_body = Choice,
    responses((status = 201, body = Begun), (status = 403, description = "no designation in force"),
        (status = 409, description = "no voyage is boarding here, or a stale notice was shown")))]
pub(crate) async fn handle(
    State(app): State<App>,
    signed: Signed,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let choice: Choice = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the choice: {error}")))?;
    let joining = Joining {
        lane: choice.lane,
        claims_citizenship: choice.claims_citizenship,
        notice_version: choice.notice_version,
        presented: choice.presented.as_ref().map(PresentedDocument::key).transpose()?,
    };
    let service = app.service.clone();
    let begun = blocking(move || {
        service.begin(&signed.device, &signed.submission, &joining).map_err(|refused: Refused| refused)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(begun)))
}
