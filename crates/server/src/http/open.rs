//! What anyone may ask: is it alive, its counters, its API's description, its static files.

use super::{App, Problem, blocking};
use crate::pages::assets;
use crate::service::KEY_FILE;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use portunus_core::policy::DataClass;
use portunus_ledger::log::CHECKPOINT;
use portunus_ledger::tile;
use portunus_store::CaseCount;
use utoipa::OpenApi as _;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route("/api", get(api))
        .route("/api/public/v1/cases", get(case_counts))
        .route("/api/public/v1/recipients", get(recipients))
        .route("/assets/{*name}", get(asset))
        .route("/ledger/{*path}", get(ledger))
}

/// 200 when the store answers.
async fn health(State(app): State<App>) -> Result<&'static str, Problem> {
    let service = app.service.clone();
    blocking(move || service.store().has_users()).await?;
    Ok("ok\n")
}

/// Counters in the Prometheus text format, without personal data.
async fn metrics(State(app): State<App>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.service.metrics().text()).into_response()
}

#[utoipa::path(get, path = "/api/public/v1/cases", operation_id = "public_cases", tag = "public",
    responses((status = 200, description = "how many requests, holds and corrections there were, by kind and outcome", body = Vec<Object>)))]
pub(crate) async fn case_counts(State(app): State<App>) -> Result<Json<Vec<CaseCount>>, Problem> {
    let service = app.service.clone();
    blocking(move || service.store().case_counts()).await.map(Json)
}

/// Who receives copies of what, and why.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(crate) struct OnRegister {
    name: String,
    purpose: String,
    basis: String,
    #[schema(value_type = Vec<String>)]
    receives: Vec<DataClass>,
    /// RFC 3339.
    since: String,
    /// RFC 3339; then it receives nothing more.
    until: Option<String>,
}

#[utoipa::path(get, path = "/api/public/v1/recipients", operation_id = "public_recipients", tag = "public",
    responses((status = 200, description = "by name; those withdrawn, too", body = Vec<OnRegister>)))]
pub(crate) async fn recipients(State(app): State<App>) -> Result<Json<Vec<OnRegister>>, Problem> {
    let service = app.service.clone();
    let recipients = blocking(move || service.store().recipients()).await?;
    let on_register = recipients.into_iter().map(|recipient| OnRegister {
        name: recipient.name,
        purpose: recipient.purpose,
        basis: recipient.basis,
        receives: recipient.receives,
        since: recipient.added_at.to_string(),
        until: recipient.withdrawn_at.map(|at| at.to_string()),
    });
    Ok(Json(on_register.collect()))
}

/// The public log's files, as C2SP tlog-tiles has them.
async fn ledger(State(app): State<App>, Path(path): Path<String>) -> Result<Response, Problem> {
    let (kind, cache) = match path.as_str() {
        CHECKPOINT | KEY_FILE => ("text/plain; charset=utf-8", "no-cache"),
        path if tile::is_path(path) => ("application/octet-stream", "public, max-age=31536000, immutable"),
        _ => return Err(Problem::not_found("file of the ledger")),
    };
    let service = app.service.clone();
    let file = blocking(move || service.ledger_file(&path)).await?;
    let bytes = file.ok_or_else(|| Problem::not_found("file of the ledger"))?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], bytes).into_response())
}

/// The API, described (OpenAPI 3.1).
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Portunus",
        description = "Devices sign every request as RFC 9421 HTTP Message Signatures in a fixed \
        profile: see the module server::http::signature. People send a session cookie or a bearer token."
    ),
    paths(
        super::device::enrolment::handle,
        super::device::gate::handle,
        super::device::begin::handle,
        super::device::preview::handle,
        super::device::capture::handle,
        super::device::capture::of_vehicle,
        super::device::leave::decline,
        super::device::leave::camera_failed,
        super::device::leave::leave,
        super::device::consent::give,
        super::device::consent::withdraw,
        super::device::queue::handle,
        super::carrier::manifest::handle,
        super::carrier::status::handle,
        super::officer::board::handle,
        super::officer::take::handle,
        super::officer::rulings::handle,
        super::officer::protection::handle,
        super::officer::seek::handle,
        super::officer::receipt::give,
        super::receipt::open_by_api,
        super::decline::decline_by_api,
        super::receipt::contest_by_api,
        super::officer::outage::handle,
        super::officer::hold::handle,
        super::lookout::redress::ask,
        super::lookout::list::handle,
        super::lookout::list::counts,
        super::lookout::import::one,
        super::lookout::import::handle,
        super::lookout::standing::approve,
        super::lookout::standing::withdraw,
        super::lookout::redress::waiting,
        super::lookout::redress::approve,
        super::officer::boarding::open,
        super::officer::boarding::close,
        super::officer::boarding::move_to,
        super::officer::boarding::come_back,
        super::officer::watches::open,
        super::officer::watches::register,
        super::officer::watches::withdraw_consent,
        super::officer::waits::handle,
        super::officer::parity::handle,
        super::officer::parity::seen,
        super::officer::second_look::report,
        super::officer::second_look::take,
        super::officer::second_look::judge,
        super::officer::second_look::set_shares,
        super::officer::second_look::disputes,
        super::officer::second_look::step,
        super::officer::accuracy::handle,
        super::admin::points::handle,
        super::admin::designations::draft,
        super::admin::designations::attest,
        super::admin::designations::approve,
        super::admin::designations::drop,
        super::admin::designations::notice,
        super::admin::designations::withdraw,
        super::admin::devices::enrol,
        super::admin::devices::revoke,
        super::admin::recipients::add,
        super::admin::recipients::withdraw,
        super::admin::users::handle,
        super::admin::accounts::password,
        super::admin::accounts::disable,
        super::admin::references::handle,
        super::records::cases::open,
        super::records::cases::list,
        super::records::cases::one,
        super::records::cases::find,
        super::records::cases::name,
        super::records::cases::approve,
        super::records::cases::close,
        super::records::deeds::give,
        super::records::deeds::correct,
        super::records::deeds::answer,
        super::records::deeds::change_class,
        super::records::redress::propose,
        super::records::redress::proposed,
        super::records::redress::agree,
        super::records::stays::overstays,
        super::records::stays::ways_out,
        super::records::stays::declare,
        super::records::stays::stays,
        super::records::stays::decide,
        super::records::stays::change,
        super::recipient::crossings,
        super::recipient::copy,
        super::recipient::recalls,
        super::recipient::acknowledge,
        case_counts,
        recipients,
        super::oversight::figures,
    )
)]
struct Api;

/// The description as JSON text.
pub(crate) fn description() -> String {
    Api::openapi().to_pretty_json().unwrap_or_default()
}

async fn api() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], description()).into_response()
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::asset(&name) else { return Problem::not_found("file").into_response() };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes());
    let cache = [(header::ETAG, asset.etag.to_string()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/openapi.json` is what integrators read; it is made here and nowhere else.
    #[test]
    fn the_description_in_the_docs_is_the_one_served() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let served = description() + "\n";
        if kept != served {
            let new = path.with_extension("json.new");
            std::fs::write(&new, served).unwrap();
            panic!("docs/openapi.json is stale: look at docs/openapi.json.new and put it in its place");
        }
    }
}
