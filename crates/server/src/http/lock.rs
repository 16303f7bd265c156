//! `/lock`, `/unlock`, `/api/session`: a console that nobody is at locks; the password opens it again where it was, and another
//! officer takes over by signing in there.

use super::page::{home, is_local};
use super::routes::Asked;
use super::session::{AnySession, check_password};
use super::{App, Problem, blocking};
use crate::pages::lock::{LockView, lock};
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/lock", get(page).post(lock_now))
        .route("/unlock", post(unlock))
        .route("/api/session", get(state))
        .route("/api/session/here", post(here))
}

#[derive(Deserialize)]
struct Place {
    next: Option<String>,
}

impl Place {
    fn local(self) -> Option<String> {
        self.next.filter(|next| is_local(next))
    }
}

fn view(session: &AnySession, next: Option<String>, problem: Option<String>) -> LockView {
    LockView { name: session.user.name.clone(), locked: session.locked(), next, problem }
}

/// The page, for whoever has a session: with the way back in, and the way in for somebody else.
async fn page(
    asked: Asked,
    session: Result<AnySession, Problem>,
    Query(place): Query<Place>,
) -> Result<Response, Problem> {
    let session = match session {
        Ok(session) => session,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            return Ok(Redirect::to("/sign-in").into_response());
        }
        Err(problem) => return Err(problem),
    };
    asked.by(session.user.role)?;
    Ok(lock(&view(&session, place.local(), None)).into_response())
}

/// Locks at once: an officer leaves the booth.
async fn lock_now(
    State(app): State<App>,
    asked: Asked,
    session: AnySession,
    Form(place): Form<Place>,
) -> Result<Response, Problem> {
    asked.by(session.user.role)?;
    let (service, hash) = (app.service.clone(), session.hash);
    blocking(move || service.store().mark_session(hash, Timestamp::UNIX_EPOCH)).await?;
    let query = place.local().map_or_else(String::new, |next| format!("?next={}", encoded(&next)));
    Ok(Redirect::to(&format!("/lock{query}")).into_response())
}

#[derive(Deserialize)]
struct Unlocking {
    password: String,
    next: Option<String>,
}

/// The password again, of whose session it is; the rate is bounded as for signing in.
async fn unlock(
    State(app): State<App>,
    asked: Asked,
    session: AnySession,
    Form(unlocking): Form<Unlocking>,
) -> Result<Response, Problem> {
    asked.by(session.user.role)?;
    let place = Place { next: unlocking.next };
    let name = session.user.name.trim().to_lowercase();
    let known = match app.sign_in_rate.check(format!("sign-in {name}")) {
        Ok(()) => {
            let _turn = app.passwords.turn().await?;
            let (user, service, hash) = (session.user.clone(), app.service.clone(), session.hash);
            let password = zeroize::Zeroizing::new(unlocking.password);
            blocking(move || {
                let known = check_password(Some(&user), &password);
                if known {
                    service.store().mark_session(hash, service.now())?;
                }
                Ok::<_, Problem>(known)
            })
            .await?
        }
        Err(problem) => {
            let view = view(&session, place.local(), Some(problem.detail().to_owned()));
            return Ok((problem.status(), lock(&view)).into_response());
        }
    };
    let next = place.local();
    Ok(if known {
        Redirect::to(next.as_deref().unwrap_or(home(session.user.role))).into_response()
    } else {
        let wrong = Some("This is not the password of who is signed in here".to_owned());
        (StatusCode::UNPROCESSABLE_ENTITY, lock(&view(&session, next, wrong))).into_response()
    })
}

/// A session, for the page that it is used by.
#[derive(Serialize)]
struct SessionState {
    locked: bool,
    /// Seconds until it locks when nobody does anything; none: it does not.
    locks_in_seconds: Option<i64>,
}

fn told(session: &AnySession) -> Json<SessionState> {
    let locks_in_seconds = session.locks_in.map(|left| left.as_secs().max(0));
    Json(SessionState { locked: session.locked(), locks_in_seconds })
}

async fn state(asked: Asked, session: AnySession) -> Result<Json<SessionState>, Problem> {
    asked.by(session.user.role)?;
    Ok(told(&session))
}

/// Somebody pressed a key or moved: a page says so of its own accord.
async fn here(
    State(app): State<App>,
    asked: Asked,
    mut session: AnySession,
) -> Result<Json<SessionState>, Problem> {
    asked.by(session.user.role)?;
    if session.locked() {
        return Err(Problem::locked());
    }
    let (service, hash) = (app.service.clone(), session.hash);
    let after = service.consoles_lock_after();
    blocking(move || service.store().mark_session(hash, service.now())).await?;
    session.locks_in = session.locks_in.map(|_| after);
    Ok(told(&session))
}

/// Whoever is led to the lock comes back to where they were.
pub(super) async fn keep_the_place(request: Request, next: Next) -> Response {
    let place = request.uri().path_and_query().map(|place| place.as_str().to_owned());
    let mut response = next.run(request).await;
    let to_lock = response.headers().get(header::LOCATION).is_some_and(|to| to == "/lock");
    let place = place.filter(|place| to_lock && is_local(place));
    let to = place.and_then(|place| HeaderValue::from_str(&format!("/lock?next={}", encoded(&place))).ok());
    if let Some(to) = to {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// Percent-encoded as one value of a query (RFC 3986 section 2.1).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut all, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            all.push(char::from(byte));
        } else {
            let _ = write!(all, "%{byte:02X}");
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_as_one_value_of_a_query() {
        assert_eq!(encoded("/console?point=1&encounter=a b"), "/console%3Fpoint%3D1%26encounter%3Da%20b");
    }
}
