//! Device requests are signed: RFC 9421 HTTP Message Signatures with Ed25519, in one fixed profile.
//!
//! ```text
//! Content-Digest: sha-256=:BASE64:
//! Idempotency-Key: 32 lower-case hexadecimal digits
//! Portunus-Counter: captures made so far
//! Signature-Input: portunus=("@method" "@path" "content-digest" "idempotency-key" "portunus-counter")
//!     ;created=UNIX;nonce="HEX";keyid="DEVICE";alg="ed25519"
//! Signature: portunus=:BASE64:
//! ```
//! The profile is fixed so that nothing is negotiable: what is covered, in which order, by which algorithm.
//!
//! A capture, and a preview, is signed once more, for the public ledger: the text of [`CaptureStatement`], which names
//! nobody.
//!
//! ```text
//! Portunus-Capture: designation="HEX", notice="HEX", signature=:BASE64:
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use jiff::Timestamp;
use portunus_core::capture::{CaptureStatement, SignedCapture};
use portunus_core::id::{DesignationId, DeviceId, IdempotencyKey};
use portunus_core::leaf::{Bytes32, Signature as Signed};
use sha2::{Digest, Sha256};

/// How far `created` may lie from the server's clock, in seconds, either way.
pub const CREATED_SKEW_SECONDS_MAX: i64 = 300;

const COVERED: &str = r#"("@method" "@path" "content-digest" "idempotency-key" "portunus-counter")"#;
const HEADER_BYTES_MAX: usize = 1024;

/// Why a request is not a signed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing, doubled, too long or of another form.
    #[error("header {0}: missing, doubled or not of the documented form")]
    Header(&'static str),
    /// The body is not the one signed.
    #[error("content-digest does not match the body")]
    Digest,
    /// Signed too long ago, or in the future.
    #[error("created is more than 300 seconds from the server's clock: set the device's clock")]
    Stale,
    /// Not this device's signature over this request.
    #[error("the signature does not verify with the device's key")]
    Forged,
    /// The count, designation or notice of a capture is not what the device signed.
    #[error("portunus-capture is not this device's signature over its count, designation and notice")]
    Capture,
}

/// What a device states in its headers, before anything of it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Which device says it signed.
    pub device: DeviceId,
    /// Names the request; the same when it is repeated.
    pub idempotency_key: IdempotencyKey,
    /// Captures that the device made so far, this one included.
    pub counter: u64,
    /// Good once.
    pub nonce: [u8; 16],
    /// When it was signed.
    pub created: Timestamp,
    digest: String,
    params: String,
    signature: [u8; 64],
}

impl Claimed {
    /// Reads the headers through `header`, which gives a header's value when it stands there exactly once.
    ///
    /// # Errors
    /// [`SignatureError::Header`] names the first header that is not of the documented form.
    pub fn read<'a>(header: impl Fn(&'static str) -> Option<&'a str>) -> Result<Self, SignatureError> {
        let get = |name| {
            header(name).filter(|value| value.len() <= HEADER_BYTES_MAX).ok_or(SignatureError::Header(name))
        };
        let input = get("signature-input")?;
        let bad_input = || SignatureError::Header("signature-input");
        let params = input.strip_prefix("portunus=").ok_or_else(bad_input)?;
        let rest = params.strip_prefix(COVERED).ok_or_else(bad_input)?;
        let field = |rest: &'a str, before: &str, after: char| -> Option<(&'a str, &'a str)> {
            rest.strip_prefix(before)?.split_once(after)
        };
        let (created, rest) = field(rest, ";created=", ';').ok_or_else(bad_input)?;
        let (nonce, rest) = field(rest, "nonce=\"", '"').ok_or_else(bad_input)?;
        let (device, rest) = field(rest, ";keyid=\"", '"').ok_or_else(bad_input)?;
        if rest != r#";alg="ed25519""# {
            return Err(bad_input());
        }
        let created =
            created.parse().ok().and_then(|s| Timestamp::from_second(s).ok()).ok_or_else(bad_input)?;
        let nonce: IdempotencyKey = nonce.parse().map_err(|_| bad_input())?;
        let signature = byte_sequence(get("signature")?, "portunus=").and_then(|bytes| bytes.try_into().ok());
        let key = get("idempotency-key")?.trim_matches('"');
        Ok(Self {
            device: device.parse().map_err(|_| bad_input())?,
            idempotency_key: key.parse().map_err(|_| SignatureError::Header("idempotency-key"))?,
            counter: get("portunus-counter")?
                .parse()
                .map_err(|_| SignatureError::Header("portunus-counter"))?,
            nonce: nonce.bytes(),
            created,
            digest: get("content-digest")?.to_owned(),
            params: params.to_owned(),
            signature: signature.ok_or(SignatureError::Header("signature"))?,
        })
    }

    /// Believes the headers, or says why not; the body may not have arrived yet ([`Self::is_of`]). `raw` is the
    /// idempotency key and the counter as sent.
    ///
    /// # Errors
    /// [`SignatureError`] when stale, or not signed by `key`.
    pub fn verify(
        &self,
        method: &str,
        path: &str,
        raw: (&str, &str),
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        if (now.as_second() - self.created.as_second()).abs() > CREATED_SKEW_SECONDS_MAX {
            return Err(SignatureError::Stale);
        }
        let base = format!(
            "\"@method\": {method}\n\"@path\": {path}\n\"content-digest\": {}\n\"idempotency-key\": {}\n\
             \"portunus-counter\": {}\n\"@signature-params\": {}",
            self.digest, raw.0, raw.1, self.params
        );
        let key = VerifyingKey::from_bytes(key).map_err(|_| SignatureError::Forged)?;
        key.verify_strict(base.as_bytes(), &Signature::from_bytes(&self.signature))
            .map_err(|_| SignatureError::Forged)
    }

    /// Whether `body` is the one whose digest was signed.
    ///
    /// # Errors
    /// [`SignatureError::Digest`] when it is another.
    pub fn is_of(&self, body: &[u8]) -> Result<(), SignatureError> {
        let digest = Sha256::digest(body);
        let same = byte_sequence(&self.digest, "sha-256=").as_deref() == Some(digest.as_slice());
        if same { Ok(()) } else { Err(SignatureError::Digest) }
    }
}

/// Reads the header `portunus-capture`. Nothing of it is believed before [`verify_capture`].
///
/// # Errors
/// [`SignatureError::Header`].
pub fn read_capture(value: Option<&str>) -> Result<SignedCapture, SignatureError> {
    let read = |text: &str| {
        let (designation, rest) = text.strip_prefix("designation=\"")?.split_once('"')?;
        let (notice, rest) = rest.strip_prefix(", notice=\"")?.split_once('"')?;
        let signature = byte_sequence(rest.strip_prefix(", ")?, "signature=")?;
        Some(SignedCapture {
            designation: designation.parse().ok()?,
            notice: notice.parse().ok()?,
            signature: Signed(signature.try_into().ok()?),
        })
    };
    value
        .filter(|value| value.len() <= HEADER_BYTES_MAX)
        .and_then(read)
        .ok_or(SignatureError::Header("portunus-capture"))
}

/// Whether `device`, whose key this is, signed `of` for its count.
///
/// # Errors
/// [`SignatureError::Capture`].
pub fn verify_capture(
    of: &SignedCapture,
    device: DeviceId,
    count: u64,
    key: &[u8; 32],
) -> Result<(), SignatureError> {
    let statement = CaptureStatement { device, designation: of.designation, notice: of.notice, count };
    VerifyingKey::from_bytes(key)
        .and_then(|key| {
            key.verify_strict(statement.text().as_bytes(), &Signature::from_bytes(&of.signature.0))
        })
        .map_err(|_| SignatureError::Capture)
}

/// An RFC 8941 byte sequence behind its dictionary key: `sha-256=:BASE64:`.
fn byte_sequence(text: &str, key: &str) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(key)?.strip_prefix(':')?.strip_suffix(':')?;
    BASE64.decode(inner).ok()
}

/// The headers of a signed request: what a device sends. The demo and the tests are devices, too.
pub struct Signing<'a> {
    /// The device's key.
    pub key: &'a ed25519_dalek::SigningKey,
    /// The device.
    pub device: DeviceId,
    /// Names the request.
    pub idempotency_key: IdempotencyKey,
    /// Captures so far.
    pub counter: u64,
    /// Good once.
    pub nonce: [u8; 16],
    /// When it is signed.
    pub created: Timestamp,
}

impl Signing<'_> {
    /// The headers, by name.
    pub fn headers(&self, method: &str, path: &str, body: &[u8]) -> [(&'static str, String); 5] {
        use ed25519_dalek::Signer as _;
        let digest = format!("sha-256=:{}:", BASE64.encode(Sha256::digest(body)));
        let nonce = IdempotencyKey::from_bytes(self.nonce);
        let params = format!(
            "{COVERED};created={};nonce=\"{nonce}\";keyid=\"{}\";alg=\"ed25519\"",
            self.created.as_second(),
            self.device
        );
        let base = format!(
            "\"@method\": {method}\n\"@path\": {path}\n\"content-digest\": {digest}\n\"idempotency-key\": {}\n\
             \"portunus-counter\": {}\n\"@signature-params\": {params}",
            self.idempotency_key, self.counter
        );
        let signature = BASE64.encode(self.key.sign(base.as_bytes()).to_bytes());
        [
            ("content-digest", digest),
            ("idempotency-key", self.idempotency_key.to_string()),
            ("portunus-counter", self.counter.to_string()),
            ("signature-input", format!("portunus={params}")),
            ("signature", format!("portunus=:{signature}:")),
        ]
    }
}

impl Signing<'_> {
    /// The further header of a capture or preview.
    pub fn capture_header(&self, designation: DesignationId, notice: Bytes32) -> (&'static str, String) {
        use ed25519_dalek::Signer as _;
        let statement = CaptureStatement { device: self.device, designation, notice, count: self.counter };
        let signature = BASE64.encode(self.key.sign(statement.text().as_bytes()).to_bytes());
        let value = format!("designation=\"{designation}\", notice=\"{notice}\", signature=:{signature}:");
        ("portunus-capture", value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    const METHOD: &str = "POST";
    const PATH: &str = "/api/device/v1/encounters";

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_000_000).unwrap()
    }

    fn signed(body: &[u8]) -> [(&'static str, String); 5] {
        let key = SigningKey::from_bytes(&[7; 32]);
        let signing = Signing {
            key: &key,
            device: DeviceId::from_bytes([1; 16]),
            idempotency_key: IdempotencyKey::from_bytes([2; 16]),
            counter: 41,
            nonce: [3; 16],
            created: now(),
        };
        signing.headers(METHOD, PATH, body)
    }

    fn check(
        headers: &[(&'static str, String)],
        path: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let get = |name| headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str());
        let claimed = Claimed::read(get)?;
        let raw = (get("idempotency-key").unwrap(), get("portunus-counter").unwrap());
        let key = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        claimed.verify(METHOD, path, raw, &key, now)?;
        claimed.is_of(body)
    }

    #[test]
    fn a_signed_request_is_believed() {
        assert_eq!(check(&signed(b"{}"), PATH, b"{}", now()), Ok(()));
    }

    #[test]
    fn another_body_path_time_or_counter_is_not() {
        let headers = signed(b"{}");
        assert_eq!(check(&headers, PATH, b"{ }", now()), Err(SignatureError::Digest));
        assert_eq!(check(&headers, "/other", b"{}", now()), Err(SignatureError::Forged));
        let late = Timestamp::from_second(now().as_second() + 301).unwrap();
        assert_eq!(check(&headers, PATH, b"{}", late), Err(SignatureError::Stale));
        let mut raised = headers.clone();
        raised[2].1 = "42".to_owned();
        assert_eq!(check(&raised, PATH, b"{}", now()), Err(SignatureError::Forged));
    }

    #[test]
    fn a_weaker_profile_is_refused() {
        let mut headers = signed(b"{}");
        headers[3].1 = headers[3].1.replace(" \"content-digest\"", "");
        assert_eq!(check(&headers, PATH, b"{}", now()), Err(SignatureError::Header("signature-input")));
    }

    #[test]
    fn a_capture_is_signed_for_its_count_designation_and_notice() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let (device, public) = (DeviceId::from_bytes([1; 16]), key.verifying_key().to_bytes());
        let signing = Signing {
            key: &key,
            device,
            idempotency_key: IdempotencyKey::from_bytes([2; 16]),
            counter: 41,
            nonce: [3; 16],
            created: now(),
        };
        let (_, value) = signing.capture_header(DesignationId::from_bytes([4; 16]), Bytes32([5; 32]));
        let of = read_capture(Some(&value)).unwrap();
        assert_eq!((of.designation, of.notice), (DesignationId::from_bytes([4; 16]), Bytes32([5; 32])));
        assert_eq!(verify_capture(&of, device, 41, &public), Ok(()));
        assert_eq!(verify_capture(&of, device, 42, &public), Err(SignatureError::Capture));
        let other = SignedCapture { notice: Bytes32([6; 32]), ..of };
        assert_eq!(verify_capture(&other, device, 41, &public), Err(SignatureError::Capture));
        let bad = Err(SignatureError::Header("portunus-capture"));
        for value in [None, Some(""), Some(&value[1..]), Some(&value.replace(", n", ",n"))] {
            assert_eq!(read_capture(value), bad);
        }
    }

    proptest! {
        #[test]
        fn hostile_capture_headers_never_panic(value in "(designation=\")?.{0,300}") {
            prop_assert!(read_capture(Some(&value)).is_err());
        }

        #[test]
        fn hostile_headers_never_panic(input in ".{0,300}", signature in ".{0,100}", key in ".{0,40}") {
            let get = |name| match name {
                "signature-input" => Some(input.as_str()),
                "signature" => Some(signature.as_str()),
                _ => Some(key.as_str()),
            };
            prop_assert!(Claimed::read(get).is_err());
        }
    }
}
