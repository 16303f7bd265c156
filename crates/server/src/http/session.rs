//! Who signed in: a session token in a cookie (browsers) or a bearer header (programs), kept only as its hash.

use super::routes::Asked;
use super::{App, Problem, blocking};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jiff::{SignedDuration, Timestamp};
use portunus_core::role::{Action, allows};
use portunus_store::{Session, User};
use sha2::{Digest, Sha256};

/// The cookie's name; the prefix makes browsers insist on TLS and the whole site.
pub(crate) const COOKIE: &str = "__Host-portunus";
/// A shift and a little more.
pub(crate) const SESSION_HOURS: i64 = 12;
/// That somebody is there is written down so often, not with every request.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Shorter passwords are refused (NIST SP 800-63B-4 section 3.1.1.2 asks for at least 15 for a sole factor).
pub(crate) const PASSWORD_CHARS_MIN: usize = 15;
const PASSWORD_BYTES_MAX: usize = 1024;

/// A token and what is kept of it.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) hash: [u8; 32],
}

impl Token {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        let text = BASE64URL.encode(bytes);
        let hash = token_hash(&text);
        Self { text, hash }
    }
}

/// What is kept of a token: 256 random bits need no salt.
pub(crate) fn token_hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn argon2id() -> Argon2<'static> {
    // OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Hashes a new password (argon2id). `salt` is 16 random bytes.
pub(crate) fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, Problem> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(Problem::bad_request(format!(
            "the password needs at least {PASSWORD_CHARS_MIN} characters"
        )));
    }
    let hash = argon2id().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Problem::internal(&error))
}

/// Checks a password. Takes as long for a name that is not known, so that names cannot be found by timing.
pub(crate) fn check_password(user: Option<&User>, password: &str) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let stored = user.map_or(NOBODY, |user| user.password_hash.as_str());
    let verified = PasswordHash::new(stored)
        .is_ok_and(|hash| argon2id().verify_password(password.as_bytes(), &hash).is_ok());
    verified && user.is_some() && password.len() <= PASSWORD_BYTES_MAX
}

/// The bearer token that a program sends.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The token that a request carries, and whether a browser sent it by itself (a cookie).
fn carried(headers: &HeaderMap) -> Option<(&str, bool)> {
    if headers.contains_key(header::AUTHORIZATION) {
        return bearer(headers).map(|token| (token, false));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .map(|token| (token, true))
}

/// Refuses a state-changing request that a browser sends on another site's behalf.
///
/// Browsers state the initiator in `Sec-Fetch-Site`; `Origin` serves those that do not. A request with
/// neither is not from a page.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, o)| o == host),
        (Some(_), None) => false,
    }
}

/// A session, locked or not.
pub(crate) struct AnySession {
    pub(crate) user: User,
    pub(crate) hash: [u8; 32],
    /// How long until it locks when nobody is at it; nothing is left: it is locked. `None`: this role's do not lock.
    pub(crate) locks_in: Option<SignedDuration>,
    /// When somebody was last seen at it.
    active_at: Timestamp,
    by_cookie: bool,
}

impl AnySession {
    /// Whether the password is to be given again.
    pub(crate) fn locked(&self) -> bool {
        self.locks_in.is_some_and(|left| left <= SignedDuration::ZERO)
    }

    /// Whether the request itself says that somebody is there: a program's does, and a page that a person asked for.
    /// What a page asks for by itself does not.
    fn shows_somebody(&self, headers: &HeaderMap) -> bool {
        let by_hand = || headers.get("sec-fetch-user").is_some_and(|value| value.as_bytes() == b"?1");
        !self.by_cookie || by_hand()
    }
}

impl FromRequestParts<App> for AnySession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Some((token, by_cookie)) = carried(&parts.headers) else {
            return Err(Problem::unauthenticated("sign in first"));
        };
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        if by_cookie && changes && !same_origin(&parts.headers) {
            return Err(Problem::forbidden("this request comes from another site"));
        }
        let (hash, service) = (token_hash(token), app.service.clone());
        let over = || Problem::unauthenticated("the session is over; sign in again");
        blocking(move || {
            let now = service.now();
            let session = service.store().session(hash, now)?.ok_or_else(over)?;
            // Consoles stand in booths that officers share.
            let locks = allows(session.user.role, Action::SeeTravellers);
            let idle = now.duration_since(session.active_at);
            let locks_in = locks.then(|| service.consoles_lock_after() - idle);
            let Session { user, active_at } = session;
            Ok::<_, Problem>(Self { user, hash, locks_in, active_at, by_cookie })
        })
        .await
    }
}

/// Somebody who signed in and is there, whatever they may do.
pub(crate) struct SignedIn(pub(crate) User);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let session = AnySession::from_request_parts(parts, app).await?;
        if session.locked() {
            return Err(Problem::locked());
        }
        let now = app.service.now();
        let noted = now.duration_since(session.active_at) < NOTED_EVERY;
        if session.locks_in.is_some() && !noted && session.shows_somebody(&parts.headers) {
            let (service, hash) = (app.service.clone(), session.hash);
            blocking(move || service.store().mark_session(hash, now)).await?;
        }
        Ok(Self(session.user))
    }
}

/// The hash of the session token that a request carries.
pub(crate) fn carried_hash(headers: &HeaderMap) -> Option<[u8; 32]> {
    carried(headers).map(|(token, _)| token_hash(token))
}

/// When a session opened at `now` is over.
pub(crate) fn session_end(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(SESSION_HOURS)).unwrap_or(now)
}

/// Somebody who signed in and may do what the route is for, by the table of roles.
pub(crate) struct Staff(pub(crate) User);

impl FromRequestParts<App> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let asked = Asked::from_request_parts(parts, app).await?;
        let SignedIn(user) = SignedIn::from_request_parts(parts, app).await?;
        asked.by(user.role)?;
        Ok(Self(user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_another_is_not() {
        let hash = hash_password("correct horse battery", [5; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let parsed = PasswordHash::new(&hash).unwrap();
        assert!(argon2id().verify_password(b"correct horse battery", &parsed).is_ok());
        assert!(argon2id().verify_password(b"correct horse batterz", &parsed).is_err());
        assert!(hash_password("short", [5; 16]).is_err());
        assert!(!check_password(None, "correct horse battery"));
    }

    #[test]
    fn another_sites_requests_are_known() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            headers
        };
        assert!(same_origin(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!same_origin(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(!same_origin(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(!same_origin(&headers(&[("origin", "https://evil.example"), ("host", "localhost:8443")])));
        assert!(same_origin(&headers(&[("origin", "https://localhost:8443"), ("host", "localhost:8443")])));
    }
}
