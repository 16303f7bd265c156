//! What a device signs of each capture: its count, under which designation and which notice.
//!
//! The text names nobody, so that it can stand in the public ledger with the range of counts that it ends.

use crate::id::{DesignationId, DeviceId};
use crate::leaf::{Bytes32, Signature};

/// What a device says of one capture, with its signature over [`CaptureStatement::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedCapture {
    /// The designation under which it was taken.
    pub designation: DesignationId,
    /// SHA-256 of the notice that was shown, as in the ledger's policy leaf.
    pub notice: Bytes32,
    /// Ed25519, with the device's key.
    pub signature: Signature,
}

/// The statement itself.
///
/// ```
/// use portunus_core::capture::CaptureStatement;
/// use portunus_core::id::{DesignationId, DeviceId};
/// use portunus_core::leaf::Bytes32;
/// let statement = CaptureStatement {
///     device: DeviceId::from_bytes([1; 16]),
///     designation: DesignationId::from_bytes([2; 16]),
///     notice: Bytes32([3; 32]),
///     count: 41,
/// };
/// assert!(statement.text().starts_with("portunus-capture/1\ndevice 0101"));
/// assert!(statement.text().ends_with("\ncount 41\n"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureStatement {
    /// Which device.
    pub device: DeviceId,
    /// Under which designation.
    pub designation: DesignationId,
    /// SHA-256 of the notice that was shown.
    pub notice: Bytes32,
    /// Captures so far, this one included.
    pub count: u64,
}

impl CaptureStatement {
    /// The bytes that are signed: five lines, each with a newline at its end.
    pub fn text(&self) -> String {
        let Self { device, designation, notice, count } = self;
        format!(
            "portunus-capture/1\ndevice {device}\ndesignation {designation}\nnotice {notice}\ncount {count}\n"
        )
    }
}
