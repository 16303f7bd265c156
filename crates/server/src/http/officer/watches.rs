//! `POST /api/officer/v1/watches`: a hall, a lane or a marina opens for some hours; and who is entered there by hand.

use super::id;
use crate::http::admin::Made;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::WatchOpened;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use portunus_core::document::{DocumentKey, DocumentKind, State as IssuingState};
use portunus_core::id::PointId;
use portunus_core::voyage::{Capacity, ManifestPerson, Sex};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWatch {
    /// The crossing point.
    #[schema(value_type = String)]
    point: PointId,
    /// For how many hours, 1 to 24; a shift of 12 when not said.
    #[serde(default)]
    hours: Option<i64>,
}

#[utoipa::path(post, path = "/api/officer/v1/watches", operation_id = "officer_open_watch", tag = "officer", request_body = NewWatch,
    responses((status = 201, body = WatchOpened), (status = 403, description = "the point is not designated"),
        (status = 409, description = "voyages board there, or it is open already")))]
pub(crate) async fn open(
    State(app): State<App>,
    Staff(_): Staff,
    Json(new): Json<NewWatch>,
) -> Result<(StatusCode, Json<WatchOpened>), Problem> {
    let service = app.service.clone();
    let opened = blocking(move || service.open_watch(new.point, new.hours)).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

/// A document as an officer reads it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRead {
    /// Issuing state, as in an MRZ; `XXA` and so on where there is none (ICAO 9303-3 section 5).
    pub(crate) issuer: String,
    /// Kind, as in an MRZ.
    pub(crate) kind: String,
    /// Number.
    pub(crate) number: String,
}

impl DocumentRead {
    pub(crate) fn key(&self) -> Result<DocumentKey, Problem> {
        let issuer = IssuingState::new(&self.issuer);
        let kind = DocumentKind::new(&self.kind);
        issuer
            .and_then(|issuer| DocumentKey::new(issuer, kind?, &self.number))
            .map_err(|error| Problem::bad_request(format!("documents: {error}")))
    }
}

/// Somebody whose document no machine reads, or who has none.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    family_name: String,
    #[serde(default)]
    given_names: String,
    /// Year, month, day.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    born: Option<Date>,
    /// `F`, `M` or `X`, as declared.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    sex: Option<Sex>,
    /// As in an MRZ: `XXA` stateless, `XXB` and `XXC` refugee, `XXX` not known.
    #[serde(default)]
    nationality: Option<String>,
    /// At most four; may be none.
    #[serde(default)]
    documents: Vec<DocumentRead>,
}

impl NewPerson {
    fn read(self) -> Result<ManifestPerson, Problem> {
        let nationality = self.nationality.filter(|code| !code.trim().is_empty());
        let nationality = nationality.map(|code| IssuingState::new(&code)).transpose();
        Ok(ManifestPerson {
            born: self.born,
            sex: self.sex,
            nationality: nationality
                .map_err(|error| Problem::bad_request(format!("nationality: {error}")))?,
            documents: self.documents.iter().map(DocumentRead::key).collect::<Result<_, _>>()?,
            ..ManifestPerson::named(Capacity::Passenger, self.family_name, self.given_names)
        })
    }
}

#[utoipa::path(post, path = "/api/officer/v1/watches/{id}/people", operation_id = "officer_register", tag = "officer",
    params(("id" = String, Path, description = "the watch")), request_body = NewPerson,
    responses((status = 201, description = "on the watch's list: admit or refuse them by this identifier", body = Made),
        (status = 409, description = "not a watch, or it is closed")))]
pub(crate) async fn register(
    State(app): State<App>,
    Staff(_): Staff,
    Path(watch): Path<String>,
    Json(person): Json<NewPerson>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let (watch, person) = (id(&watch, "watch")?, person.read()?);
    let service = app.service.clone();
    let passenger = blocking(move || service.register(watch, person)).await?;
    Ok((StatusCode::CREATED, Json(Made::of(passenger))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdrawal {
    /// Where they had consented.
    #[schema(value_type = String)]
    point: PointId,
    /// The document by which they were known.
    document: DocumentRead,
}

/// What was taken back.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Withdrawn {
    /// How many consents were erased.
    consents: usize,
}

impl Withdrawn {
    pub(crate) fn of(consents: usize) -> Self {
        Self { consents }
    }
}

#[utoipa::path(post, path = "/api/officer/v1/consents/withdraw", operation_id = "officer_withdraw_consent", tag = "officer",
    request_body = Withdrawal,
    responses((status = 200, description = "erased; they are not known without a document any more", body = Withdrawn)))]
pub(crate) async fn withdraw_consent(
    State(app): State<App>,
    Staff(_): Staff,
    Json(asked): Json<Withdrawal>,
) -> Result<Json<Withdrawn>, Problem> {
    let document = asked.document.key()?;
    let service = app.service.clone();
    let consents = blocking(move || service.withdraw_consent(asked.point, &document)).await?;
    Ok(Json(Withdrawn { consents }))
}
