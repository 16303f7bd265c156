//! What carriers call: a manifest in, boarding status out. Never a portrait, a name or a decline.

pub(super) mod manifest;
pub(super) mod status;

use super::{App, Problem};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use portunus_core::voyage::VoyageKey;
use portunus_store::User;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/manifests",
            post(manifest::handle)
                .layer(DefaultBodyLimit::max(portunus_documents::edifact::paxlst::INPUT_BYTES_MAX)),
        )
        .route("/voyages/{name}/{date}", get(status::handle))
}

/// A carrier speaks of its own voyages only.
fn own_voyage(user: &User, voyage: &VoyageKey) -> Result<(), Problem> {
    if user.carrier.as_deref() == Some(voyage.carrier.as_str()) {
        Ok(())
    } else {
        Err(Problem::forbidden("this voyage is another carrier's"))
    }
}
