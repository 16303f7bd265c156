//! `GET /oversight` and `GET /api/public/v1/oversight`, each with `?year=`: what anybody may read, as a page and as JSON.

use super::{App, Problem, blocking};
use crate::pages;
use crate::service::oversight::Oversight;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

/// Others may keep it so long: figures change when a voyage is closed.
const CACHE: &str = "public, max-age=60";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/oversight", get(page)).route("/api/public/v1/oversight", get(figures))
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    year: Option<String>,
}

/// Where the log is, as whoever asks sees this service; what is no host's name is not repeated.
fn place(uri: &Uri, headers: &HeaderMap) -> String {
    // HTTP/2 has it in the address, HTTP/1.1 in a header.
    let named = uri.authority().map(|authority| authority.as_str());
    let named = named.or_else(|| headers.get(header::HOST)?.to_str().ok());
    let plain = |host: &&str| {
        host.len() <= 255
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
    };
    format!("https://{}/ledger", named.filter(plain).unwrap_or("HOST"))
}

async fn made(app: &App, asked: Asked, place: &str) -> Result<Oversight, Problem> {
    let service = app.service.clone();
    let found = blocking(move || service.oversight(asked.year.as_deref())).await?;
    let mut report =
        Oversight::clone(&*found.ok_or_else(|| Problem::not_found("year with published figures"))?);
    report.ledger.verify = report.ledger.command(place);
    Ok(report)
}

async fn page(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let report = made(&app, asked, &place(&uri, &headers)).await?;
    Ok(([(header::CACHE_CONTROL, CACHE)], pages::oversight::oversight(&report)).into_response())
}

#[utoipa::path(get, path = "/api/public/v1/oversight", operation_id = "public_oversight", tag = "public",
    params(("year" = Option<String>, Query, description = "the year that passages and captures are of; the latest when not said")),
    responses((status = 200, description = "what /oversight shows; null is withheld", body = Oversight), (status = 404, description = "nothing is published of that year")))]
pub(crate) async fn figures(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let report = made(&app, asked, &place(&uri, &headers)).await?;
    Ok(([(header::CACHE_CONTROL, CACHE)], Json(report)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_is_repeated() {
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            place(&Uri::from_static("/oversight"), &headers)
        };
        assert_eq!(of("border.example:8443"), "https://border.example:8443/ledger");
        assert_eq!(of("x --key y; rm"), "https://HOST/ledger");
        assert_eq!(place(&Uri::from_static("/oversight"), &HeaderMap::new()), "https://HOST/ledger");
        let whole = Uri::from_static("https://border.example/oversight");
        assert_eq!(place(&whole, &HeaderMap::new()), "https://border.example/ledger");
    }
}
