//! Whoever calls over TLS, and what was answered.

use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::http::{HeaderMap, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

/// The content type.
pub const JSON: &str = "application/json";
const ANSWER_BYTES_MAX: u64 = 64 << 20;
const BOUNDARY: &str = "portunus-test-part";

/// A caller: anybody, or somebody with a token.
#[derive(Clone)]
pub struct Caller {
    address: SocketAddr,
    certificate: std::path::PathBuf,
    agent: Arc<OnceLock<ureq::Agent>>,
    token: Option<String>,
}

/// A request as it goes out.
#[derive(Clone)]
pub struct Raw {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Raw {
    /// The value of a header, to look at or to forge.
    pub fn header(&mut self, name: &str) -> &mut String {
        let found = self.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name));
        &mut found.unwrap_or_else(|| panic!("no header {name}")).1
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Itself, if it was a success; else the test fails with what was said.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status < 400, "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        self
    }

    /// The body as JSON; `null` where there is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// The last part of a problem's `type`, of an answer that must be one.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.status);
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.rsplit(['/', ':']).next().unwrap().to_owned()
    }
}

impl Caller {
    pub(super) fn of(address: SocketAddr, certificate: &Path) -> Self {
        Self { address, certificate: certificate.to_owned(), agent: Arc::default(), token: None }
    }

    /// The certificate is trusted that the service made for itself; it may take a moment to be there.
    fn agent(&self) -> Option<&ureq::Agent> {
        if self.agent.get().is_none() {
            let certificate = Certificate::from_pem(&std::fs::read(&self.certificate).ok()?).ok()?;
            let tls = TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .root_certs(RootCerts::new_with_certs(&[certificate]))
                .build();
            let config = ureq::Agent::config_builder()
                .tls_config(tls)
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .timeout_global(Some(Duration::from_secs(60)))
                // A service that was killed leaves nothing to reuse.
                .max_idle_connections(0)
                .build();
            let _ = self.agent.set(config.into());
        }
        self.agent.get()
    }

    /// Sends a request, with the token if there is one; `None` when no answer comes: the service is gone, or hung up.
    pub fn try_send(&self, raw: &Raw) -> Option<Answer> {
        let uri = format!("https://{}{}", self.address, raw.path);
        let mut request = Request::builder().method(raw.method).uri(uri);
        for (name, value) in &raw.headers {
            request = request.header(name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let agent = self.agent()?;
        let response = if raw.method == "GET" {
            agent.run(request.body(()).unwrap())
        } else {
            agent.run(request.body(&raw.body[..]).unwrap())
        };
        let (parts, mut body) = response.ok()?.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec().ok()?;
        Some(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// As [`Self::try_send`]; without an answer the test fails.
    #[track_caller]
    pub fn send(&self, raw: &Raw) -> Answer {
        self.try_send(raw).unwrap_or_else(|| panic!("no answer to {} {}", raw.method, raw.path))
    }

    pub fn try_get(&self, path: &str) -> Option<Answer> {
        self.try_send(&Raw { method: "GET", path: path.to_owned(), headers: Vec::new(), body: Vec::new() })
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap_or_else(|| panic!("no answer to GET {path}"))
    }

    pub fn try_post(&self, path: &str, kind: &str, body: Vec<u8>) -> Option<Answer> {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        self.try_send(&Raw { method: "POST", path: path.to_owned(), headers, body })
    }

    #[track_caller]
    pub fn post_bytes(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        self.try_post(path, kind, body).unwrap_or_else(|| panic!("no answer to POST {path}"))
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, JSON, serde_json::to_vec(body).unwrap())
    }

    /// Signs in, and speaks as that person from now on.
    #[track_caller]
    pub fn signed_in(&self, name: &str, password: &str) -> Self {
        let session =
            self.post("/api/session", &serde_json::json!({ "name": name, "password": password })).ok();
        self.with_token(session.json()["token"].as_str().unwrap())
    }

    /// The same caller, speaking with this bearer token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }
}

/// A multipart body of parts (name, bytes), and its content type.
pub fn multipart(parts: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
