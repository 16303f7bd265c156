//! What officers' and supervisors' pages call.

pub(super) mod accuracy;
pub(super) mod board;
pub(super) mod boarding;
mod events;
pub(super) mod hold;
pub(super) mod outage;
pub(super) mod parity;
mod photos;
pub(super) mod protection;
pub(super) mod receipt;
pub(super) mod rulings;
pub(super) mod second_look;
pub(super) mod seek;
pub(super) mod take;
pub(super) mod waits;
pub(super) mod watches;

pub(super) use self::board::{Asked, board_before, fragment, point_view, voyage_view};
pub(super) use self::photos::{probe, reference};

use super::{App, Problem};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::str::FromStr;

const BODY_BYTES_MAX: usize = 16 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/board", get(board::handle))
        .route("/encounters/{id}/take", post(take::handle))
        .route("/encounters/{id}/rulings", post(rulings::handle))
        .route("/encounters/{id}/protection", post(protection::handle))
        .route("/encounters/{id}/receipt", post(receipt::give))
        .route("/voyages/{id}/passengers", post(seek::handle))
        .route("/voyages/{id}/outage-boardings", post(outage::handle))
        .route("/voyages/{id}/open", post(boarding::open))
        .route("/voyages/{id}/close", post(boarding::close))
        .route("/voyages/{id}/move", post(boarding::move_to))
        .route("/voyages/{id}/return", post(boarding::come_back))
        .route("/watches", post(watches::open))
        .route("/watches/{id}/people", post(watches::register))
        .route("/consents/withdraw", post(watches::withdraw_consent))
        .route("/passengers/{id}/hold", post(hold::handle))
        .route("/passengers/{id}/not-this-person", post(super::lookout::redress::ask))
        .route("/waits", get(waits::handle))
        .route("/parity", get(parity::handle))
        .route("/queue", post(parity::seen))
        .route("/second-looks", get(second_look::report).post(second_look::take))
        .route("/second-looks/shares", post(second_look::set_shares))
        .route("/second-looks/{id}", post(second_look::judge))
        .route("/disputes", get(second_look::disputes))
        .route("/disputes/{encounter}", post(second_look::step))
        .route("/accuracy", get(accuracy::handle))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// The event stream, which stays open.
pub(super) fn stream() -> Router<App> {
    Router::new()
        .route("/console/events", get(events::handle))
        .route("/supervisor/events", get(parity::events))
}

/// An identifier in a path or query.
pub(super) fn id<T: FromStr>(text: &str, what: &'static str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}
