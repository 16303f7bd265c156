//! HTTP: one endpoint, one file.

mod admin;
mod carrier;
mod decline;
mod device;
mod limit;
mod lock;
mod lookout;
mod officer;
mod open;
mod oversight;
mod page;
mod problem;
mod receipt;
mod recipient;
mod records;
mod routes;
mod session;
pub mod signature;

pub use page::set_up_link;
pub use problem::Problem;
pub(crate) use problem::blocking;
pub use routes::{ROUTES, Route};

use crate::service::Service;
use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use limit::{Rate, Turns, UnderWay};
use portunus_core::id::DeviceId;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// A request is answered within this, or given up.
const REQUEST_SECONDS_MAX: u64 = 30;
/// Between two pieces of a body no more than this may pass: a slow sender does not hold a place.
const BODY_PAUSE_SECONDS_MAX: u64 = 10;
/// Requests at once; more are told to come back.
const REQUESTS_MAX: usize = 512;
/// Captures waiting for a turn at the models.
const PICTURES_WAITING_MAX: usize = 64;
/// Sign-ins waiting for a turn at the hash, which takes 19 MiB.
const PASSWORDS_WAITING_MAX: usize = 32;

/// A gate with a traveller before it sends three requests a second.
const DEVICE_REQUESTS_PER_MINUTE: u32 = 3000;
const DEVICE_REQUESTS_AT_ONCE: u32 = 300;
/// A gate waits for its answers; a few requests may cross.
const DEVICE_REQUESTS_UNDER_WAY_MAX: usize = 6;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob: data:; connect-src 'self'; media-src 'self' blob:; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// What every handler has.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// What [`App`] shares.
pub(crate) struct Shared {
    pub(crate) service: Service,
    device_rate: Rate<DeviceId>,
    device_under_way: UnderWay<DeviceId>,
    sign_in_rate: Rate<String>,
    wrong_code_rate: Rate<&'static str>,
    decline_tries: decline::Tries,
    pictures: Turns,
    passwords: Turns,
    requests: Turns,
}

impl std::ops::Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The whole of HTTP over a service. `cores` bounds how many pictures are worked on at once.
pub fn router(service: Service, cores: usize) -> Router {
    let app = App(Arc::new(Shared {
        service,
        device_rate: Rate::new(DEVICE_REQUESTS_PER_MINUTE, DEVICE_REQUESTS_AT_ONCE),
        device_under_way: UnderWay::new(DEVICE_REQUESTS_UNDER_WAY_MAX),
        sign_in_rate: Rate::new(10, 10),
        wrong_code_rate: Rate::new(receipt::WRONG_CODES_PER_MINUTE, receipt::WRONG_CODES_AT_ONCE),
        decline_tries: decline::Tries::new(),
        pictures: Turns::new(cores.max(1), PICTURES_WAITING_MAX),
        passwords: Turns::new(1, PASSWORDS_WAITING_MAX),
        requests: Turns::new(REQUESTS_MAX, 0),
    }));
    let in_time = TimeoutLayer::with_status_code(
        StatusCode::SERVICE_UNAVAILABLE,
        Duration::from_secs(REQUEST_SECONDS_MAX),
    );
    let bounded = Router::new()
        .nest("/api/device/v1", device::routes())
        .nest("/api/officer/v1", officer::routes())
        .nest("/api/carrier/v1", carrier::routes())
        .nest("/api/admin/v1", admin::routes())
        .nest("/api/records/v1", records::routes())
        .nest("/api/lookout/v1", lookout::routes())
        .nest("/api/recipient/v1", recipient::routes())
        .merge(open::routes())
        .merge(oversight::routes())
        .merge(lock::routes())
        .merge(page::routes())
        .layer(in_time);
    let counted = middleware::from_fn_with_state(app.clone(), so_many_at_once);
    // A stranger's body is whole before the request takes one of the places.
    let strangers = device::unsigned()
        .merge(page::unsigned())
        .merge(receipt::unsigned())
        .merge(decline::unsigned())
        .layer(in_time)
        .layer(counted.clone());
    let strangers = strangers.layer(middleware::from_fn(limit::whole_small_body));
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    // The event stream stays open: it stands beside the time limit, not under it.
    bounded
        .merge(officer::stream())
        .layer(counted)
        .merge(strangers)
        .fallback(async || Problem::not_found("page or endpoint"))
        .layer(middleware::from_fn(routes::in_the_table))
        .layer(middleware::from_fn(lock::keep_the_place))
        .layer(middleware::from_fn(problem::in_place_of_bare_errors))
        .layer(middleware::from_fn(no_store_by_default))
        .layer(middleware::from_fn(host_of_http2))
        .layer(RequestBodyTimeoutLayer::new(Duration::from_secs(BODY_PAUSE_SECONDS_MAX)))
        .layer(CatchPanicLayer::custom(|_| {
            Problem::internal(&"a handler panicked; see the log above").into_response()
        }))
        .layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
        .layer(set(
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(), geolocation=()",
        ))
        .layer(set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .with_state(app)
}

/// Nothing is cached unless its handler says so: pages and answers hold personal data.
async fn no_store_by_default(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// HTTP/2 says in the request's address (`:authority`) what HTTP/1.1 says in `Host`: from here on it stands in both.
async fn host_of_http2(mut request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(|authority| HeaderValue::from_str(authority.as_str()));
    if let Some(Ok(authority)) = authority {
        request.headers_mut().entry(header::HOST).or_insert(authority);
    }
    next.run(request).await
}

/// Where this service is, as whoever asks calls it: `https://host:port`.
pub(crate) fn site(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let plain = |host: &&str| {
        host.len() <= 260 && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
    };
    format!("https://{}", host.filter(plain).unwrap_or("localhost"))
}

/// More requests at once than can be answered are told so, instead of waiting.
async fn so_many_at_once(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.requests.turn().await {
        Ok(_turn) => next.run(request).await,
        Err(busy) => busy.into_response(),
    }
}

/// The path as sent, before routers took their prefix off.
fn original_path(parts: &Parts) -> String {
    parts
        .extensions
        .get::<OriginalUri>()
        .map_or_else(|| parts.uri.path().to_owned(), |uri| uri.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_called_as_its_caller_calls_it_and_what_is_no_hosts_name_is_not_repeated() {
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            site(&headers)
        };
        assert_eq!(of("border.example:8443"), "https://border.example:8443");
        assert_eq!(of("[::1]:8443"), "https://[::1]:8443");
        assert_eq!(of("x --key y; rm"), "https://localhost");
        assert_eq!(site(&HeaderMap::new()), "https://localhost");
    }
}
