//! A gate: a device with its own key, which signs, and which can be made to sign badly.

use super::caller::{Answer, Caller, JSON, Raw, multipart};
use super::fresh;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use portunus_core::id::{DesignationId, DeviceId, IdempotencyKey};
use portunus_core::leaf::Bytes32;
use portunus_server::http::signature::Signing;
use serde_json::{Value, json};
use std::sync::Mutex;

/// An enrolled device.
pub struct Gate {
    caller: Caller,
    pub key: SigningKey,
    pub device: DeviceId,
    /// Captures and previews so far. A new one counts itself first.
    pub counter: u64,
    /// What its captures are signed under: learned whenever it asks for its state.
    authority: Mutex<Option<(DesignationId, Bytes32)>>,
}

/// A request that is to be signed. Every field may be altered first; the same order sent again is a repeat that is
/// signed afresh when its `nonce` is [`Order::afresh`], a replay when not.
#[derive(Clone)]
pub struct Order {
    pub method: &'static str,
    pub path: String,
    pub kind: String,
    pub body: Vec<u8>,
    pub idempotency_key: [u8; 16],
    pub counter: u64,
    pub nonce: [u8; 16],
    /// Seconds since 1970.
    pub created: i64,
    /// Of a capture: what it is signed under.
    pub authority: Option<(DesignationId, Bytes32)>,
}

impl Order {
    /// The same request, to be signed afresh under the same idempotency key.
    pub fn afresh(&self) -> Self {
        Self { nonce: fresh(), created: Timestamp::now().as_second(), ..self.clone() }
    }
}

/// The body of a choice: lane `photo` or `manual`, and the number of a passport of this state shown at the gate.
pub fn choice(lane: &str, claims_citizenship: bool, shown: Option<(&str, &str)>) -> Value {
    let presented = shown.map(|(issuer, number)| json!({ "issuer": issuer, "kind": "P", "number": number }));
    json!({
        "lane": lane, "claims_citizenship": claims_citizenship, "notice_version": "2026-11", "presented": presented,
    })
}

impl Gate {
    /// Enrols a new device with a one-time code.
    #[track_caller]
    pub fn enrol(caller: &Caller, code: &str) -> Self {
        let key = SigningKey::from_bytes(&[fresh(), fresh()].concat().try_into().unwrap());
        let public = BASE64.encode(key.verifying_key().to_bytes());
        let body = json!({ "code": code, "public_key": public });
        let enrolled = caller.post("/api/device/v1/enrolments", &body).ok().json();
        let device = enrolled["device"].as_str().unwrap().parse().ok().unwrap();
        Self { caller: caller.clone(), key, device, counter: 0, authority: Mutex::default() }
    }

    /// A request that is well in every respect.
    pub fn order(&self, method: &'static str, path: &str, kind: &str, body: Vec<u8>) -> Order {
        Order {
            method,
            path: path.to_owned(),
            kind: kind.to_owned(),
            body,
            idempotency_key: fresh(),
            counter: self.counter,
            nonce: fresh(),
            created: Timestamp::now().as_second(),
            authority: None,
        }
    }

    /// The same for a capture or preview, counted and signed under what the gate was told last.
    pub fn counted(&mut self, path: &str, kind: &str, body: Vec<u8>) -> Order {
        self.learn();
        self.counter += 1;
        let authority = *self.authority.lock().unwrap();
        Order { authority, ..self.order("POST", path, kind, body) }
    }

    fn learn(&self) {
        if self.authority.lock().unwrap().is_none() {
            self.state();
        }
    }

    /// The order with its signature, as it would be sent.
    pub fn sign(&self, order: &Order) -> Raw {
        let signing = Signing {
            key: &self.key,
            device: self.device,
            idempotency_key: IdempotencyKey::from_bytes(order.idempotency_key),
            counter: order.counter,
            nonce: order.nonce,
            created: Timestamp::from_second(order.created).unwrap(),
        };
        let mut headers: Vec<(String, String)> = signing
            .headers(order.method, &order.path, &order.body)
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        if let Some((designation, notice)) = order.authority {
            let (name, value) = signing.capture_header(designation, notice);
            headers.push((name.to_owned(), value));
        }
        headers.push(("content-type".to_owned(), order.kind.clone()));
        Raw { method: order.method, path: order.path.clone(), headers, body: order.body.clone() }
    }

    /// Signs and sends; `None` when no answer comes.
    pub fn try_send(&self, order: &Order) -> Option<Answer> {
        self.caller.try_send(&self.sign(order))
    }

    /// Signs and sends.
    #[track_caller]
    pub fn send(&self, order: &Order) -> Answer {
        self.caller.send(&self.sign(order))
    }

    /// What the gate needs to know before it greets anyone.
    #[track_caller]
    pub fn state(&self) -> Value {
        let gate = self.send(&self.order("GET", "/api/device/v1/gate", JSON, Vec::new())).ok().json();
        if let Some(designation) = gate["designation"]["id"].as_str() {
            let notice = gate["notice_sha256"].as_str().unwrap().parse().ok().unwrap();
            *self.authority.lock().unwrap() = Some((designation.parse().ok().unwrap(), notice));
        }
        gate
    }

    /// The order of a choice.
    pub fn begin_order(&self, choice: &Value) -> Order {
        self.order("POST", "/api/device/v1/encounters", JSON, serde_json::to_vec(choice).unwrap())
    }

    /// The traveller chooses. Gives the encounter.
    #[track_caller]
    pub fn begin(&self, choice: &Value) -> String {
        self.learn();
        self.send(&self.begin_order(choice)).ok().json()["encounter"].as_str().unwrap().to_owned()
    }

    /// The order of one capture, counted.
    pub fn capture_order<F: AsRef<[u8]>>(&mut self, encounter: &str, frames: &[F]) -> Order {
        let parts: Vec<(&str, &[u8])> = frames.iter().map(|frame| ("frame", frame.as_ref())).collect();
        let (kind, body) = multipart(&parts);
        self.counted(&format!("/api/device/v1/encounters/{encounter}/captures"), &kind, body)
    }

    /// One capture; the answer may be a problem.
    #[track_caller]
    pub fn capture<F: AsRef<[u8]>>(&mut self, encounter: &str, frames: &[F]) -> Answer {
        let order = self.capture_order(encounter, frames);
        self.send(&order)
    }

    /// One preview frame, counted; the answer may be a problem.
    #[track_caller]
    pub fn preview(&mut self, encounter: &str, frame: &[u8]) -> Answer {
        let path = format!("/api/device/v1/encounters/{encounter}/previews");
        let order = self.counted(&path, "image/jpeg", frame.to_vec());
        self.send(&order)
    }

    /// `decline` or `leave`; the answer may be a problem.
    #[track_caller]
    pub fn end(&self, encounter: &str, how: &str) -> Answer {
        let path = format!("/api/device/v1/encounters/{encounter}/{how}");
        self.send(&self.order("POST", &path, JSON, b"{}".to_vec()))
    }
}
