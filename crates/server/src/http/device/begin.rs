//! `POST /api/device/v1/encounters`: a traveller has chosen. Until then no camera runs.

use super::Signed;
use crate::http::receipt::ReceiptGiven;
use crate::http::{App, Problem, blocking, site};
use crate::service::{Begun, Joining, Refused};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portunus_core::document::{DocumentKey, DocumentKind, State as IssuingState};
use portunus_core::encounter::Lane;
use serde::{Deserialize, Serialize};

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

/// The answer to a choice, with what the traveller takes away.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BegunHere {
    #[serde(flatten)]
    begun: Begun,
    /// Shown at the end of the passage, briefly, and forgotten by the gate; none once boarding is closed.
    receipt: Option<ReceiptGiven>,
}

#[utoipa::path(post, path = "/api/device/v1/encounters", operation_id = "device_begin", tag = "device", request_body = Choice,
    responses((status = 201, body = BegunHere), (status = 403, description = "no designation in force"),
        (status = 409, description = "no voyage is boarding here, or a stale notice was shown")))]
pub(crate) async fn handle(
    State(app): State<App>,
    signed: Signed,
) -> Result<(StatusCode, Json<BegunHere>), Problem> {
    let choice: Choice = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the choice: {error}")))?;
    let joining = Joining {
        lane: choice.lane,
        claims_citizenship: choice.claims_citizenship,
        notice_version: choice.notice_version,
        presented: choice.presented.as_ref().map(PresentedDocument::key).transpose()?,
    };
    let (service, site) = (app.service.clone(), site(&signed.headers));
    let begun = blocking(move || {
        let begun = service.begin(&signed.device, &signed.submission, &joining)?;
        // Not part of the outcome that is kept for repeats: the code stands nowhere.
        let encounter = begun.encounter.parse().map_err(|_| Refused::Unknown("encounter"))?;
        let code = service.store().receipt_code(encounter)?;
        Ok::<_, Refused>(BegunHere { begun, receipt: code.map(|code| ReceiptGiven::of(code, &site)) })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(begun)))
}
