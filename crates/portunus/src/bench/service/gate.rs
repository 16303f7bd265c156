//! A gate as the service sees it: a device with its own key, on a connection that stays open, that signs every request.

use super::instant;
use crate::ambient::SystemEntropy;
use crate::house::{fresh, now};
use anyhow::{Context as _, Result, bail};
use ed25519_dalek::SigningKey;
use portunus_core::id::{DesignationId, DeviceId, IdempotencyKey};
use portunus_core::leaf::Bytes32;
use portunus_core::ports::fresh as fresh_id;
use portunus_server::http::signature::Signing;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ANSWER_WITHIN: Duration = Duration::from_secs(40);
const ANSWER_BYTES_MAX: usize = 1 << 20;
const HEAD_BYTES_MAX: usize = 16 << 10;
/// The service closes a connection on which nothing was asked for ten seconds.
const FRESH_FOR: Duration = Duration::from_secs(6);
const BOUNDARY: &str = "portunus-bench-frame";

/// Where the service is, and how it is believed.
#[derive(Clone)]
pub(super) struct Address {
    socket: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Address {
    /// The certificate is trusted that the service made for itself.
    pub(super) fn new(socket: SocketAddr, certificate: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(certificate).context("reading the service's certificate")?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { socket, tls: Arc::new(tls) })
    }

    /// Asks for a page without a signature; gives the status and the body.
    pub(super) fn get(&self, path: &str) -> Result<(u16, Vec<u8>)> {
        Line::open(self)?.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), &[])
    }
}

/// One connection over TLS, HTTP/1.1, kept open.
struct Line {
    stream: StreamOwned<ClientConnection, TcpStream>,
    used: Instant,
}

impl Line {
    fn open(address: &Address) -> Result<Self> {
        let socket = TcpStream::connect_timeout(&address.socket, Duration::from_secs(5))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(ANSWER_WITHIN))?;
        socket.set_write_timeout(Some(ANSWER_WITHIN))?;
        let tls = ClientConnection::new(address.tls.clone(), ServerName::try_from("localhost")?)?;
        Ok(Self { stream: StreamOwned::new(tls, socket), used: instant() })
    }

    /// Sends a request, waits for its answer: status and body.
    fn ask(&mut self, head: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.stream.write_all(head.as_bytes())?;
        self.stream.write_all(body)?;
        self.stream.flush()?;
        let mut got = Vec::new();
        let end = loop {
            if let Some(at) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if got.len() > HEAD_BYTES_MAX {
                bail!("an answer's head does not end");
            }
            self.more(&mut got)?;
        };
        let head = String::from_utf8_lossy(&got[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status in an answer")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(Ok(0), |text| text.trim().parse())?;
        if length > ANSWER_BYTES_MAX || head.contains("\r\ntransfer-encoding:") {
            bail!("an answer of another form than expected");
        }
        while got.len() < end + length {
            self.more(&mut got)?;
        }
        self.used = instant();
        Ok((status, got.split_off(end)))
    }

    fn more(&mut self, got: &mut Vec<u8>) -> Result<()> {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece)? {
            0 => bail!("the service hung up"),
            n => got.extend_from_slice(&piece[..n]),
        }
        Ok(())
    }
}

/// A request, signed, ready to go.
pub(super) struct Ready(String);

/// An enrolled device.
pub(super) struct Gate {
    key: SigningKey,
    device: DeviceId,
    counter: u64,
    /// What its captures are signed under: learned when it begins to speak.
    authority: Option<(DesignationId, Bytes32)>,
    address: Option<Address>,
    line: Option<Line>,
}

impl Gate {
    pub(super) fn new(key: SigningKey, device: DeviceId) -> Self {
        Self { key, device, counter: 0, authority: None, address: None, line: None }
    }

    /// From now on it speaks with this service.
    pub(super) fn speaks_with(&mut self, address: &Address) {
        (self.address, self.line) = (Some(address.clone()), None);
    }

    /// Opens a connection where there is none that is surely open still.
    pub(super) fn connect(&mut self) -> Result<()> {
        if self.line.as_ref().is_none_or(|line| line.used.elapsed() >= FRESH_FOR) {
            self.line = Some(Line::open(self.address.as_ref().context("no service yet")?)?);
        }
        Ok(())
    }

    fn signed(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Ready {
        let signing = Signing {
            key: &self.key,
            device: self.device,
            idempotency_key: IdempotencyKey::from_bytes(fresh()),
            counter: self.counter,
            nonce: fresh_id(&SystemEntropy),
            created: now(),
        };
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n",
            body.len()
        );
        let capture = self.authority.map(|(designation, notice)| signing.capture_header(designation, notice));
        for (name, value) in signing.headers(method, path, body).into_iter().chain(capture) {
            head.extend([name, ": ", &value, "\r\n"]);
        }
        head.push_str("\r\n");
        Ready(head)
    }

    /// Sends what was signed; gives a field of the answer, which must be a success.
    pub(super) fn send(&mut self, ready: &Ready, body: &[u8], field: &str) -> Result<String> {
        text(&self.ask(ready, body)?, field)
    }

    fn ask(&mut self, ready: &Ready, body: &[u8]) -> Result<Value> {
        self.connect()?;
        let line = self.line.as_mut().context("no connection")?;
        let asked = line.ask(&ready.0, body);
        if asked.is_err() {
            self.line = None;
        }
        let (status, answer) = asked?;
        if status >= 300 {
            bail!("the service answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    /// What its captures are signed under.
    fn learn_authority(&mut self) -> Result<()> {
        let ready = self.signed("GET", "/api/device/v1/gate", "application/json", &[]);
        let gate = self.ask(&ready, &[])?;
        let designation = text(&gate["designation"], "id")?.parse()?;
        self.authority = Some((designation, text(&gate, "notice_sha256")?.parse()?));
        Ok(())
    }

    /// A traveller chooses the photo. Gives the encounter.
    pub(super) fn choose(&mut self, notice_version: &str) -> Result<String> {
        if self.authority.is_none() {
            self.learn_authority()?;
        }
        let choice = serde_json::json!({ "lane": "photo", "notice_version": notice_version });
        let body = serde_json::to_vec(&choice)?;
        let ready = self.signed("POST", "/api/device/v1/encounters", "application/json", &body);
        self.send(&ready, &body, "encounter")
    }

    /// Signs one capture, to be sent later. `body` is of [`multipart`].
    pub(super) fn sign_capture(&mut self, encounter: &str, body: &[u8]) -> Ready {
        self.counter += 1;
        let path = format!("/api/device/v1/encounters/{encounter}/captures");
        self.signed("POST", &path, &format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }
}

fn text(answer: &Value, field: &str) -> Result<String> {
    Ok(answer[field].as_str().with_context(|| format!("an answer without {field}"))?.to_owned())
}

/// Frames as the body of a capture.
pub(super) fn multipart<F: AsRef<[u8]>>(frames: &[F]) -> Vec<u8> {
    let mut body = Vec::new();
    for frame in frames {
        let head =
            "Content-Disposition: form-data; name=\"frame\"; filename=\"frame\"\r\nContent-Type: image/jpeg";
        body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(frame.as_ref());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}
