//! What the records office calls: cases, and what is done in them.

pub(super) mod cases;
pub(super) mod deeds;

use super::{App, Problem};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use portunus_core::id::CaseId;

/// A thousand records named, and room to spare.
const BODY_BYTES_MAX: usize = 64 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/cases", get(cases::list).post(cases::open))
        .route("/cases/{id}", get(cases::one))
        .route("/cases/{id}/find", post(cases::find))
        .route("/cases/{id}/records", post(cases::name))
        .route("/cases/{id}/approve", post(cases::approve))
        .route("/cases/{id}/close", post(cases::close))
        .route("/cases/{id}/give", post(deeds::give))
        .route("/cases/{id}/correct", post(deeds::correct))
        .route("/cases/{id}/answer", post(deeds::answer))
        .route("/cases/{id}/change-class", post(deeds::change_class))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

fn case_id(text: &str) -> Result<CaseId, Problem> {
    super::officer::id(text, "case")
}
