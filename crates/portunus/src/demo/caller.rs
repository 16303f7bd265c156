//! Callers of the service's HTTP: people with a token, and a gate that signs. They go through the whole router,
//! in this process.

use crate::ambient::SystemEntropy;
use crate::house::{fresh, fresh_key, now};
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
use portunus_server::http::signature::Signing;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
const BOUNDARY: &str = "portunus-demo-frame";

/// Whoever calls: a router, and what to say of oneself.
#[derive(Clone)]
pub(super) struct Caller {
    router: Router,
    token: Option<String>,
}

impl Caller {
    pub(super) fn new(router: Router) -> Self {
        Self { router, token: None }
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
        Ok(Self { router: self.router.clone(), token: Some(token) })
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
        let mut request =
            Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, kind);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let (status, bytes) = self.send(request.body(Body::from(body))?).await?;
        answer(path, status, &bytes)
    }
}

fn answer<T: DeserializeOwned>(path: &str, status: StatusCode, bytes: &[u8]) -> Result<T> {
    if !status.is_success() && !status.is_redirection() {
        bail!("{path} answered {status}: {}", String::from_utf8_lossy(bytes));
    }
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(bytes).with_context(|| format!("{path} answered something else than expected"))
}

/// A gate: a device with its own key and counter.
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
        let signing = Signing {
            key: &self.key,
            device: self.device,
            idempotency_key: IdempotencyKey::from_bytes(fresh()),
            counter: self.counter,
            nonce: fresh_id(&SystemEntropy),
            created: now(),
        };
        let mut request = Request::builder().method(&method).uri(path).header(header::CONTENT_TYPE, kind);
        for (name, value) in signing.headers(method.as_str(), path, &body) {
            request = request.header(name, value);
        }
        if let Some((designation, notice)) = authority {
            let (name, value) = signing.capture_header(designation, notice);
            request = request.header(name, value);
        }
        let (status, bytes) = self.caller.send(request.body(Body::from(body))?).await?;
        answer(path, status, &bytes)
    }

    /// The traveller chooses. Gives the encounter, and the code of its receipt.
    pub(super) async fn begin(&self, choice: &Value) -> Result<(String, String)> {
        let body = serde_json::to_vec(choice)?;
        let path = "/api/device/v1/encounters";
        let begun: Value = self.signed(Method::POST, path, "application/json", body, None).await?;
        let receipt = begun["receipt"]["code"].as_str().context("no receipt")?.to_owned();
        Ok((begun["encounter"].as_str().context("no encounter")?.to_owned(), receipt))
    }

    /// One capture. Gives the step: `proceed`, `try-again` or `see-officer`.
    pub(super) async fn capture(&mut self, encounter: &str, frames: &[Vec<u8>]) -> Result<String> {
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
        let path = format!("/api/device/v1/encounters/{encounter}/captures");
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let captured: Value = self.signed(Method::POST, &path, &kind, body, Some(authority)).await?;
        Ok(captured["step"].as_str().context("no step")?.to_owned())
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
