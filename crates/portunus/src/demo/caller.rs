//! Callers of the service's HTTP: people with a token, and a gate that signs. They go through the whole router,
//! in this process.

use crate::ambient::SystemEntropy;
use crate::house::{cores, fresh, fresh_key};
use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use portunus_core::id::{DesignationId, DeviceId, IdempotencyKey};
use portunus_core::leaf::Bytes32;
use portunus_core::ports::fresh as fresh_id;
use portunus_server::http;
use portunus_server::http::signature::Signing;
use portunus_server::service::Service;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
const BOUNDARY: &str = "portunus-demo-frame";

/// Whoever calls: a router, and what to say of oneself.
#[derive(Clone)]
pub(super) struct Caller {
    router: Router,
    /// Its clock is what a gate signs by.
    service: Service,
    token: Option<String>,
}

impl Caller {
    pub(super) fn of(service: &Service) -> Self {
        Self { router: http::router(service.clone(), cores()), service: service.clone(), token: None }
    }

    async fn send(&self, request: Request<Body>) -> Result<(StatusCode, Vec<u8>)> {
        // A router's error type is Infallible.
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.context("reading an answer")?;
        Ok((status, bytes.to_vec()))
    }

    /// Signs in, and speaks as that person from now on.
    pub(super) async fn signed_in(&self, name: &str, password: &str) -> Result<Self> {
        let session: Value =
            self.post("/api/session", &json!({ "name": name, "password": password })).await?;
        let token = session["token"].as_str().context("the session has no token")?.to_owned();
        Ok(Self { token: Some(token), ..self.clone() })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let (status, bytes) = self.ask(Method::GET, path, "application/json", Vec::new()).await?;
        answer(path, status, &bytes)
    }

    /// A page, or a part of one.
    pub(super) async fn page(&self, path: &str) -> Result<String> {
        let (status, bytes) = self.ask(Method::GET, path, "text/html", Vec::new()).await?;
        if !status.is_success() {
            bail!("{path} answered {status}");
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        self.post_bytes(path, "application/json", serde_json::to_vec(body)?).await
    }

    pub(super) async fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<T> {
        let (status, bytes) = self.ask(Method::POST, path, kind, body).await?;
        answer(path, status, &bytes)
    }

    /// What must not be allowed: why it was refused, in the service's words.
    pub(super) async fn refused(&self, path: &str, body: &Value) -> Result<String> {
        let (status, bytes) =
            self.ask(Method::POST, path, "application/json", serde_json::to_vec(body)?).await?;
        refusal(path, status, &bytes)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Vec<u8>)> {
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body))?).await
    }
}

fn answer<T: DeserializeOwned>(path: &str, status: StatusCode, bytes: &[u8]) -> Result<T> {
    if !status.is_success() && !status.is_redirection() {
        bail!("{path} answered {status}: {}", String::from_utf8_lossy(bytes));
    }
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(bytes).with_context(|| format!("{path} answered something else than expected"))
}

/// Why something was refused: the problem's own words (RFC 9457).
fn refusal(path: &str, status: StatusCode, bytes: &[u8]) -> Result<String> {
    let problem: Value = serde_json::from_slice(bytes).unwrap_or_default();
    match problem["detail"].as_str() {
        Some(why) if status.is_client_error() => Ok(why.to_owned()),
        _ => bail!("{path}: expected a refusal, and the service answered {status}"),
    }
}

/// What a choice began.
pub(super) struct Begun {
    pub(super) encounter: String,
    /// The code of its receipt.
    pub(super) receipt: String,
    /// `camera` or `see-officer`.
    pub(super) next: String,
}

/// A gate: a device with its own key and counter.
#[derive(Clone)]
pub(super) struct Gate {
    caller: Caller,
    key: SigningKey,
    device: DeviceId,
    counter: u64,
    /// What its captures are signed under: learned at the first.
    authority: Option<(DesignationId, Bytes32)>,
}

impl Gate {
    /// Enrols a new device with a one-time code.
    pub(super) async fn enrol(caller: &Caller, code: &str) -> Result<Self> {
        let key = SigningKey::from_bytes(&fresh_key());
        let public = BASE64.encode(key.verifying_key().to_bytes());
        let enrolled: Value =
            caller.post("/api/device/v1/enrolments", &json!({ "code": code, "public_key": public })).await?;
        let device = enrolled["device"].as_str().context("no device")?.parse()?;
        Ok(Self { caller: caller.clone(), key, device, counter: 0, authority: None })
    }

    async fn signed<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
        authority: Option<(DesignationId, Bytes32)>,
    ) -> Result<T> {
        let (status, bytes) = self.sign_and_send(method, path, kind, body, authority).await?;
        answer(path, status, &bytes)
    }

    async fn sign_and_send(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
        authority: Option<(DesignationId, Bytes32)>,
    ) -> Result<(StatusCode, Vec<u8>)> {
        let signing = Signing {
            key: &self.key,
            device: self.device,
            idempotency_key: IdempotencyKey::from_bytes(fresh()),
            counter: self.counter,
            nonce: fresh_id(&SystemEntropy),
            created: self.caller.service.now(),
        };
        let mut request = Request::builder().method(&method).uri(path).header(header::CONTENT_TYPE, kind);
        for (name, value) in signing.headers(method.as_str(), path, &body) {
            request = request.header(name, value);
        }
        if let Some((designation, notice)) = authority {
            let (name, value) = signing.capture_header(designation, notice);
            request = request.header(name, value);
        }
        self.caller.send(request.body(Body::from(body))?).await
    }

    /// The traveller chooses.
    pub(super) async fn begin(&self, choice: &Value) -> Result<Begun> {
        let body = serde_json::to_vec(choice)?;
        let path = "/api/device/v1/encounters";
        let begun: Value = self.signed(Method::POST, path, "application/json", body, None).await?;
        let text = |value: &Value, what| Ok::<_, anyhow::Error>(value.as_str().context(what)?.to_owned());
        Ok(Begun {
            encounter: text(&begun["encounter"], "no encounter")?,
            receipt: text(&begun["receipt"]["code"], "no receipt")?,
            next: text(&begun["next"], "no next step")?,
        })
    }

    /// Any other order of a device.
    pub(super) async fn order(&self, path: &str, body: &Value) -> Result<Value> {
        self.signed(Method::POST, path, "application/json", serde_json::to_vec(body)?, None).await
    }

    /// One capture. Gives the step: `proceed`, `go-to-booth`, `try-again` or `see-officer`.
    pub(super) async fn capture(&mut self, encounter: &str, frames: &[Vec<u8>]) -> Result<String> {
        let captured =
            self.photograph(&format!("/api/device/v1/encounters/{encounter}/captures"), frames).await?;
        Ok(captured["step"].as_str().context("no step")?.to_owned())
    }

    /// One capture, sent to `path`.
    pub(super) async fn photograph(&mut self, path: &str, frames: &[Vec<u8>]) -> Result<Value> {
        let (status, bytes) = self.send_frames(path, frames).await?;
        answer(path, status, &bytes)
    }

    /// One capture that must not be taken: why it was refused.
    pub(super) async fn may_not_photograph(&mut self, path: &str, frames: &[Vec<u8>]) -> Result<String> {
        let (status, bytes) = self.send_frames(path, frames).await?;
        refusal(path, status, &bytes)
    }

    async fn send_frames(&mut self, path: &str, frames: &[Vec<u8>]) -> Result<(StatusCode, Vec<u8>)> {
        let authority = match self.authority {
            Some(known) => known,
            None => self.learn_authority().await?,
        };
        self.counter += 1;
        let mut body = Vec::new();
        for frame in frames {
            let kind = if frame.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
            body.extend_from_slice(
                format!(
                    "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"frame\"; filename=\"frame\"\r\n\
                     Content-Type: {kind}\r\n\r\n"
                )
                .as_bytes(),
            );
            body.extend_from_slice(frame);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.sign_and_send(Method::POST, path, &kind, body, Some(authority)).await
    }

    async fn learn_authority(&mut self) -> Result<(DesignationId, Bytes32)> {
        let json = "application/json";
        let gate: Value = self.signed(Method::GET, "/api/device/v1/gate", json, Vec::new(), None).await?;
        let designation = gate["designation"]["id"].as_str().context("no designation")?.parse()?;
        let notice = gate["notice_sha256"].as_str().context("no notice")?.parse()?;
        self.authority = Some((designation, notice));
        Ok((designation, notice))
    }
}
