//! The two photos of a card. Never cached; a photo that is not kept is gone after its seconds.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use portunus_core::id::{EncounterId, PassengerId};
use serde::Deserialize;
use zeroize::Zeroizing;

pub(super) fn jpeg(photo: Option<Zeroizing<Vec<u8>>>) -> Result<Response, Problem> {
    let photo = photo.ok_or_else(|| Problem::not_found("photo, or it is gone"))?;
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, photo.to_vec()).into_response())
}

/// `GET /console/encounters/{id}/probe`: the photo taken now.
pub(crate) async fn probe(
    State(app): State<App>,
    Staff(user): Staff,
    Path(encounter): Path<String>,
) -> Result<Response, Problem> {
    let encounter = id(&encounter, "encounter")?;
    let service = app.service.clone();
    jpeg(blocking(move || service.probe_photo(encounter, user.id)).await?)
}

#[derive(Deserialize)]
pub(crate) struct For {
    encounter: Option<EncounterId>,
}

/// `GET /console/passengers/{id}/reference`: the portrait that was there before.
pub(crate) async fn reference(
    State(app): State<App>,
    Staff(user): Staff,
    Path(passenger): Path<String>,
    Query(query): Query<For>,
) -> Result<Response, Problem> {
    let passenger: PassengerId = id(&passenger, "passenger")?;
    let service = app.service.clone();
    jpeg(blocking(move || service.reference_photo(passenger, query.encounter, user.id)).await?)
}
