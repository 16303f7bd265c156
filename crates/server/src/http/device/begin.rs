//! `POST /api/device/v1/encounters`: a traveller has chosen. Until then no camera runs.

use super::Signed;
use crate::http::receipt::ReceiptGiven;
use crate::http::{App, Problem, blocking, site};
use crate::service::{BegunWith, Companion, Joining, Refused};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portunus_core::document::{DocumentKey, DocumentKind, State as IssuingState};
use portunus_core::encounter::Lane;
use portunus_core::voyage::ManifestPerson;
use portunus_documents::mrz::{self, Reading};
use portunus_store::Wish;
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
    /// The whole machine-readable zone of it, lines apart by line breaks: where documents come first.
    #[serde(default)]
    mrz: Option<String>,
    /// The traveller asks for an officer instead of any choice: they have no state's document, or ask for protection.
    #[serde(default)]
    officer_only: bool,
    /// The traveller asks for a booth where nobody else looks on.
    #[serde(default)]
    private_booth: bool,
    /// The traveller asks for an officer of their own sex.
    #[serde(default)]
    same_sex_officer: bool,
    /// Who chooses together with them, the same: children with their guardian, a family; at most nine. Each has an encounter.
    #[serde(default)]
    together: Vec<CompanionHere>,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanionHere {
    /// They say, or it is said of them, that they are a citizen.
    #[serde(default)]
    claims_citizenship: bool,
    /// Their document read at the gate, if one was.
    #[serde(default)]
    presented: Option<PresentedDocument>,
    /// The whole machine-readable zone of it: where documents come first.
    #[serde(default)]
    mrz: Option<String>,
    /// Their own choice, as everybody in a vehicle has; the same as the first's when not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    lane: Option<Lane>,
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
    pub(crate) fn of(issuer: &str, kind: &str, number: &str) -> Self {
        let [issuer, kind, number] = [issuer, kind, number].map(str::to_owned);
        Self { issuer, kind, number }
    }

    pub(crate) fn key(&self) -> Result<DocumentKey, Problem> {
        let issuer = IssuingState::new(&self.issuer);
        let kind = DocumentKind::new(&self.kind);
        issuer
            .and_then(|issuer| DocumentKey::new(issuer, kind?, &self.number))
            .map_err(|error| Problem::bad_request(format!("presented: {error}")))
    }
}

impl CompanionHere {
    fn companion(&self, now: Timestamp) -> Result<Companion, Problem> {
        Ok(Companion {
            claims_citizenship: self.claims_citizenship,
            presented: self.presented.as_ref().map(PresentedDocument::key).transpose()?,
            person: self.mrz.as_deref().map(|mrz| read_mrz(mrz, now)).transpose()?,
            lane: self.lane,
        })
    }
}

/// The answer to a choice, with what the traveller takes away.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BegunHere {
    /// The encounter that began.
    encounter: String,
    /// `camera` or `see-officer`.
    next: String,
    /// Shown at the end of the passage, briefly, and forgotten by the gate; none once boarding is closed.
    receipt: Option<ReceiptGiven>,
    /// Whether the holder of the document read here asked before to be known at this point without it; they may end that.
    known_here: bool,
    /// Of those who chose together with them, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    together: Vec<BegunWithHere>,
}

/// The same for somebody who chose together with another.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BegunWithHere {
    encounter: String,
    next: String,
    receipt: Option<ReceiptGiven>,
}

/// Whom a machine-readable zone names. `now` settles the centuries.
pub(super) fn read_mrz(text: &str, now: Timestamp) -> Result<ManifestPerson, Problem> {
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    match mrz::read(text.as_bytes(), today) {
        Reading::Holds(facts) => Ok(facts.person(today)),
        Reading::Faulty(faulty) => {
            let first = faulty.faults.first().map_or_else(String::new, ToString::to_string);
            Err(Problem::bad_request(format!("mrz: {first}")))
        }
        Reading::None(fault) => Err(Problem::bad_request(format!("mrz: {fault}"))),
    }
}

#[utoipa::path(post, path = "/api/device/v1/encounters", operation_id = "device_begin", tag = "device", request_body = Choice,
    responses((status = 201, body = BegunHere), (status = 403, description = "no designation in force"),
        (status = 409, description = "nothing is open here, or a stale notice was shown")))]
pub(crate) async fn handle(
    State(app): State<App>,
    signed: Signed,
) -> Result<(StatusCode, Json<BegunHere>), Problem> {
    let choice: Choice = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the choice: {error}")))?;
    let now = app.service.now();
    let joining = Joining {
        lane: choice.lane,
        claims_citizenship: choice.claims_citizenship,
        notice_version: choice.notice_version,
        wish: Wish { private_booth: choice.private_booth, same_sex_officer: choice.same_sex_officer },
        presented: choice.presented.as_ref().map(PresentedDocument::key).transpose()?,
        person: choice.mrz.as_deref().map(|mrz| read_mrz(mrz, now)).transpose()?,
        officer_only: choice.officer_only,
        together: choice.together.iter().map(|one| one.companion(now)).collect::<Result<_, _>>()?,
    };
    let (service, site) = (app.service.clone(), site(&signed.headers));
    let begun = blocking(move || {
        let begun = service.begin(&signed.device, &signed.submission, &joining)?;
        // Not part of the outcome that is kept for repeats: the code stands nowhere.
        let receipt = |encounter: &str| {
            let encounter = encounter.parse().map_err(|_| Refused::Unknown("encounter"))?;
            let code = service.store().receipt_code(encounter)?;
            Ok::<_, Refused>(code.map(|code| ReceiptGiven::of(code, &site)))
        };
        let with = |one: BegunWith| {
            let receipt = receipt(&one.encounter)?;
            Ok::<_, Refused>(BegunWithHere { encounter: one.encounter, next: one.next, receipt })
        };
        let receipt = receipt(&begun.encounter)?;
        let together = begun.together.into_iter().map(with).collect::<Result<_, _>>()?;
        let known_here = match &joining.person {
            Some(person) => service.is_known_at(signed.device.point, person)?,
            None => false,
        };
        let (encounter, next) = (begun.encounter, begun.next);
        Ok::<_, Refused>(BegunHere { encounter, next, receipt, known_here, together })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(begun)))
}
