//! What the records office calls: cases, and what is done in them.

pub(super) mod cases;
pub(super) mod deeds;
pub(super) mod redress;
pub(super) mod stays;

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
        .route("/cases/{id}/propose", post(redress::propose))
        .route("/cases/{id}/proposed", post(redress::proposed))
        .route("/cases/{id}/agree", post(redress::agree))
        .route("/cases/{id}/stays", post(stays::stays))
        .route("/cases/{id}/stay-decisions", post(stays::decide))
        .route("/cases/{id}/stay-changes", post(stays::change))
        .route("/overstays", get(stays::overstays))
        .route("/ways-out", get(stays::ways_out).post(stays::declare))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

fn case_id(text: &str) -> Result<CaseId, Problem> {
    super::officer::id(text, "case")
}
