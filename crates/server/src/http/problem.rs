//! RFC 9457 problem details: what was wrong, where, and what to do; never personal data.

use crate::service::Refused;
use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use portunus_biometrics::face::FaceError;
use portunus_core::case::NotAllowed;
use portunus_core::designation::NotYet;
use portunus_core::lookout::NotApproved;
use serde::Serialize;

const PROBLEM: &str = "application/problem+json";
/// Of what the framework says of an error, this much is looked at.
const BARE_ERROR_BYTES_MAX: usize = 4096;

/// An error as its caller sees it. What only the operator may see goes to the log, not in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    detail: String,
    retry_after_s: Option<u64>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
struct Body<'a> {
    /// `urn:portunus:problem:` and a stable name.
    #[serde(rename = "type")]
    kind: String,
    /// The name in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What was wrong and what to do.
    detail: &'a str,
}

impl Problem {
    /// Makes a problem; `slug` is its stable name, `detail` says what was wrong and what to do.
    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self { status, slug, detail: detail.into(), retry_after_s: None }
    }

    /// The same request may succeed after so many seconds (RFC 9110 section 10.2.3).
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// 400: the request itself is wrong.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 401: who asks is not known.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// 403: who asks may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 423: nobody has been at this session for a while.
    pub fn locked() -> Self {
        Self::new(
            StatusCode::LOCKED,
            "locked",
            "nobody was here for a while: give the password again at /lock",
        )
    }

    /// 404: there is no such thing, or it is gone.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("no such {what}"))
    }

    /// 409: the state of things does not allow it.
    pub fn conflict(slug: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, slug, detail)
    }

    /// 500: our fault. The cause is logged; the caller learns only that it happened and nothing was recorded.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the service failed; repeat the request under the same idempotency key, or board by document",
        )
    }

    /// What was wrong and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    fn retry_after(&self) -> Option<[(HeaderName, String); 1]> {
        self.retry_after_s.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())])
    }

    /// The problem as a page that says it in its own words.
    pub(crate) fn on_page(self, page: Markup) -> Response {
        (self.status, self.retry_after(), page).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            kind: format!("urn:portunus:problem:{}", self.slug),
            title: self.slug.replace('-', " "),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = (self.status, self.retry_after(), Json(body)).into_response();
        let kind = HeaderValue::from_static(PROBLEM);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// The framework's own errors (no such method, a body of another form, time is up) are told as problems, too.
pub(crate) async fn in_place_of_bare_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let told = kind == PROBLEM.as_bytes() || kind.starts_with(b"text/html");
    if told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = to_bytes(body, BARE_ERROR_BYTES_MAX).await.unwrap_or_default();
    let mut response = bare(status, &String::from_utf8_lossy(&said)).into_response();
    if let Some(methods) = parts.headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, methods.clone());
    }
    response
}

fn bare(status: StatusCode, said: &str) -> Problem {
    let said = without_quotations(said);
    let (slug, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "this path takes another method: see /api"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "the body is larger than this endpoint takes"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("content-type", "the body is of another content type: see /api")
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => {
            ("too-slow", "the request took too long; repeat it, a device under the same idempotency key")
        }
        StatusCode::NOT_FOUND => ("not-found", "no such page or endpoint"),
        _ if status.is_server_error() => ("internal", "the service failed; repeat the request"),
        _ if said.is_empty() => ("bad-request", "the request is not of the documented form: see /api"),
        _ => ("bad-request", &*said),
    };
    Problem::new(status, slug, detail)
}

/// What a parser said, without the values that it quotes: they may be personal.
fn without_quotations(said: &str) -> String {
    let said: String = said.chars().take(400).collect();
    said.split('"').step_by(2).collect::<Vec<_>>().join("\u{2026}")
}

impl From<portunus_store::StoreError> for Problem {
    fn from(error: portunus_store::StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<portunus_core::designation::Unpublishable> for Problem {
    fn from(error: portunus_core::designation::Unpublishable) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::PointNotDesignated(_) => {
                Self::new(StatusCode::FORBIDDEN, "point-not-designated", detail)
            }
            Refused::NoVoyage => Self::conflict("no-voyage", detail),
            Refused::StaleNotice { .. } => Self::conflict("stale-notice", detail),
            Refused::StaleAuthority(_) => Self::conflict("stale-authority", detail),
            Refused::Unknown(what) => Self::not_found(what),
            Refused::WrongStage(_) => Self::conflict("wrong-stage", detail),
            Refused::InProgress => Self::conflict("capture-in-progress", detail),
            Refused::NonceReused => Self::new(StatusCode::UNAUTHORIZED, "nonce-reused", detail),
            Refused::OtherBody => Self::conflict("idempotency-key-reused", detail),
            Refused::Counter { .. } => Self::conflict("capture-counter", detail),
            Refused::NeedsReason => Self::bad_request(detail),
            Refused::AlreadyBoarded => Self::conflict("already-boarded", detail),
            Refused::Draft(NotYet::OwnDraft) => Self::new(StatusCode::FORBIDDEN, "own-draft", detail),
            Refused::Draft(NotYet::NotAttested(_)) => Self::conflict("not-attested", detail),
            Refused::Draft(NotYet::Over) => Self::conflict("draft-over", detail),
            Refused::Draft(NotYet::NoSuchParty) => Self::bad_request(detail),
            Refused::Case(NotAllowed::OwnCase) => Self::new(StatusCode::FORBIDDEN, "own-case", detail),
            Refused::Case(_) => Self::conflict("case", detail),
            Refused::Lookout(NotApproved::OwnLookout) => {
                Self::new(StatusCode::FORBIDDEN, "own-lookout", detail)
            }
            Refused::Lookout(NotApproved::AlreadyApproved | NotApproved::WrittenAnew) => {
                Self::conflict("lookout", detail)
            }
            Refused::Face(FaceError::Net(error)) => Self::internal(&error),
            Refused::Face(_) => Self::new(StatusCode::BAD_REQUEST, "not-a-picture", detail),
            Refused::Malformed(_) => Self::bad_request(detail),
            Refused::Store(error) => Self::internal(&error),
            Refused::Ledger(error) => Self::internal(&error),
        }
    }
}

/// Runs blocking work (the store, the models, password hashing) off the event loop.
pub(crate) async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => Err(Problem::internal(&panic)),
    }
}
