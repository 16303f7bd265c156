//! RFC 9457 problem details: what was wrong, where, and what to do; never personal data.

use crate::service::Refused;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portunus_biometrics::face::FaceError;
use serde::Serialize;

/// An error as its caller sees it. What only the operator may see goes to the log, not in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    detail: String,
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
        Self { status, slug, detail: detail.into() }
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
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            kind: format!("urn:portunus:problem:{}", self.slug),
            title: self.slug.replace('-', " "),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = (self.status, Json(body)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<portunus_store::StoreError> for Problem {
    fn from(error: portunus_store::StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::PointNotDesignated => Self::new(StatusCode::FORBIDDEN, "point-not-designated", detail),
            Refused::NoVoyage => Self::conflict("no-voyage", detail),
            Refused::StaleNotice { .. } => Self::conflict("stale-notice", detail),
            Refused::Unknown(what) => Self::not_found(what),
            Refused::WrongStage(_) => Self::conflict("wrong-stage", detail),
            Refused::InProgress => Self::conflict("capture-in-progress", detail),
            Refused::NonceReused => Self::new(StatusCode::UNAUTHORIZED, "nonce-reused", detail),
            Refused::OtherBody => Self::conflict("idempotency-key-reused", detail),
            Refused::Counter { .. } => Self::conflict("capture-counter", detail),
            Refused::NeedsReason => Self::bad_request(detail),
            Refused::AlreadyBoarded => Self::conflict("already-boarded", detail),
            Refused::Face(FaceError::Net(error)) => Self::internal(&error),
            Refused::Face(_) => Self::new(StatusCode::BAD_REQUEST, "not-a-picture", detail),
            Refused::Malformed(_) => Self::bad_request(detail),
            Refused::Store(error) => Self::internal(&error),
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
