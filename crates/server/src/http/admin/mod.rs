//! What administrators' pages call: points, designations, devices, people, references.

pub(super) mod accounts;
pub(super) mod designations;
pub(super) mod devices;
pub(super) mod points;
pub(super) mod recipients;
pub(super) mod references;
pub(super) mod users;

use super::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;

const BODY_BYTES_MAX: usize = 16 * 1024;
const PORTRAIT_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/points", post(points::handle))
        .route("/designations", post(designations::draft))
        .route("/designations/{id}/attest", post(designations::attest))
        .route("/designations/{id}/approve", post(designations::approve))
        .route("/designations/{id}/drop", post(designations::drop))
        .route("/designations/{id}/notice", post(designations::notice))
        .route("/designations/{id}/withdraw", post(designations::withdraw))
        .route("/enrolments", post(devices::enrol))
        .route("/devices/{id}/revoke", post(devices::revoke))
        .route("/recipients", post(recipients::add))
        .route("/recipients/{id}/withdraw", post(recipients::withdraw))
        .route("/users", post(users::handle))
        .route("/users/{id}/password", post(accounts::password))
        .route("/users/{id}/disable", post(accounts::disable))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .merge(
            Router::new()
                .route("/references", post(references::handle))
                .layer(DefaultBodyLimit::max(PORTRAIT_BYTES_MAX)),
        )
}

/// Something that was made.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Made {
    /// Its identifier.
    id: String,
}

impl Made {
    pub(crate) fn of(id: impl std::fmt::Display) -> Self {
        Self { id: id.to_string() }
    }
}

/// A text of one to `max` characters, trimmed.
fn text(value: &str, what: &str, max: usize) -> Result<String, super::Problem> {
    let value = value.trim();
    if (1..=max).contains(&value.chars().count()) {
        Ok(value.to_owned())
    } else {
        Err(super::Problem::bad_request(format!("{what}: expected 1 to {max} characters")))
    }
}
