//! `GET /oversight` and `GET /api/public/v1/oversight`, each with `?year=`: what anybody may read, as a page and as JSON.

use super::{App, Problem, blocking, site};
use crate::pages;
use crate::service::oversight::Oversight;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
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

async fn made(app: &App, asked: Asked, headers: &HeaderMap) -> Result<Oversight, Problem> {
    let service = app.service.clone();
    let found = blocking(move || service.oversight(asked.year.as_deref())).await?;
    let mut report =
        Oversight::clone(&*found.ok_or_else(|| Problem::not_found("year with published figures"))?);
    report.ledger.verify = report.ledger.command(&format!("{}/ledger", site(headers)));
    Ok(report)
}

async fn page(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let report = made(&app, asked, &headers).await?;
    Ok(([(header::CACHE_CONTROL, CACHE)], pages::oversight::oversight(&report)).into_response())
}

#[utoipa::path(get, path = "/api/public/v1/oversight", operation_id = "public_oversight", tag = "public",
    params(("year" = Option<String>, Query, description = "the year that passages and captures are of; the latest when not said")),
    responses((status = 200, description = "what /oversight shows; null is withheld", body = Oversight), (status = 404, description = "nothing is published of that year")))]
pub(crate) async fn figures(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let report = made(&app, asked, &headers).await?;
    Ok(([(header::CACHE_CONTROL, CACHE)], Json(report)).into_response())
}
