//! What who writes and approves lookouts calls.

pub(super) mod import;
pub(super) mod list;
pub(super) mod redress;
pub(super) mod standing;

use super::{App, Problem};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use portunus_core::id::LookoutId;
use portunus_documents::lookout::INPUT_BYTES_MAX;

const BODY_BYTES_MAX: usize = 16 * 1024;

pub(super) fn routes() -> Router<App> {
    let lists = Router::new()
        .route("/lookouts/import", post(import::handle))
        .layer(DefaultBodyLimit::max(INPUT_BYTES_MAX));
    Router::new()
        .route("/lookouts", get(list::handle).post(import::one))
        .route("/lookouts/{id}/approve", post(standing::approve))
        .route("/lookouts/{id}/withdraw", post(standing::withdraw))
        .route("/redress", get(redress::waiting))
        .route("/redress/approve", post(redress::approve))
        .route("/counts", get(list::counts))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .merge(lists)
}

fn lookout_id(text: &str) -> Result<LookoutId, Problem> {
    super::officer::id(text, "lookout")
}
