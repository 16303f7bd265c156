//! Enrolled capture devices: a one-time code, a key, a capture counter without unexplained gaps.

use crate::column::{count, id, instant, instant_or_none, micros};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::ledger::{tell_enrolled, tell_revoked};
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::id::{DeviceId, PointId};
use rusqlite::{OptionalExtension, Row, named_params};

/// A capture device at a crossing point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Identifier: the key identifier of its signatures.
    pub id: DeviceId,
    /// Where it stands.
    pub point: PointId,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// Since when.
    pub enrolled_at: Timestamp,
    /// From when on its signatures are refused.
    pub revoked_at: Option<Timestamp>,
    /// The capture counter of its last counted request.
    pub last_counter: u64,
    /// How many counts were never seen: captures that the device made and did not send.
    pub gaps: u64,
}

pub(crate) fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: id(row, "id", DeviceId::from_bytes)?,
        point: id(row, "point", PointId::from_bytes)?,
        public_key: row.get("public_key")?,
        enrolled_at: instant(row, "enrolled_at")?,
        revoked_at: instant_or_none(row, "revoked_at")?,
        last_counter: count(row, "last_counter")?,
        gaps: count(row, "gaps")?,
    })
}

impl Store {
    /// Keeps the hash of a one-time code that enrols a device at a point.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point.
    pub fn put_enrolment(&self, code_hash: [u8; 32], point: PointId, expires: Timestamp) -> Result<()> {
        self.tx("put_enrolment", |tx| {
            let rows = tx
                .execute(
                    "INSERT INTO enrolment (code_hash, point, expires_at) VALUES (:hash, :point, :expires)",
                    named_params! {":hash": code_hash, ":point": point.bytes(), ":expires": micros(expires)},
                )
                .during("put_enrolment")?;
            touched("put_enrolment", 1, rows)
        })
    }

    /// Uses up an enrolment code for a device. `None` when the code is unknown, used or expired.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn enrol(
        &self,
        code_hash: [u8; 32],
        device: DeviceId,
        public_key: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Device>> {
        self.tx("enrol", |tx| {
            let point = tx
                .query_row(
                    "DELETE FROM enrolment WHERE code_hash = :hash AND expires_at > :now RETURNING point",
                    named_params! {":hash": code_hash, ":now": micros(now)},
                    |row| id(row, "point", PointId::from_bytes),
                )
                .optional()
                .during("enrol")?;
            let Some(point) = point else { return Ok(None) };
            let rows = tx
                .execute(
                    "INSERT INTO device (id, point, public_key, enrolled_at) VALUES (:id, :point, :key, :now)",
                    named_params! {
                        ":id": device.bytes(),
                        ":point": point.bytes(),
                        ":key": public_key,
                        ":now": micros(now),
                    },
                )
                .during("enrol")?;
            touched("enrol", 1, rows)?;
            tell_enrolled(tx, device, now)?;
            append(tx, EventKind::PointChanged, (Some(point), None, None), now)?;
            let enrolled_at = Timestamp::from_microsecond(micros(now)).unwrap_or(now);
            Ok(Some(Device {
                id: device,
                point,
                public_key,
                enrolled_at,
                revoked_at: None,
                last_counter: 0,
                gaps: 0,
            }))
        })
    }

    /// A device, revoked ones too.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn device(&self, id: DeviceId) -> Result<Option<Device>> {
        self.read("device", |tx| {
            tx.prepare_cached("SELECT * FROM device WHERE id = :id")?
                .query_row(named_params! {":id": id.bytes()}, device)
                .optional()
        })
    }

    /// Every device, in order of enrolment.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn devices(&self) -> Result<Vec<Device>> {
        self.read("devices", |tx| {
            tx.prepare("SELECT * FROM device ORDER BY enrolled_at, id")?.query_map([], device)?.collect()
        })
    }

    /// Revokes a device. `false` when there is none, or it is revoked already.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn revoke_device(&self, device: DeviceId, now: Timestamp) -> Result<bool> {
        self.tx("revoke_device", |tx| {
            let point = tx
                .query_row(
                    "UPDATE device SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING point",
                    named_params! {":now": micros(now), ":id": device.bytes()},
                    |row| id(row, "point", PointId::from_bytes),
                )
                .optional()
                .during("revoke_device")?;
            let Some(point) = point else { return Ok(false) };
            tell_revoked(tx, device, now)?;
            append(tx, EventKind::PointChanged, (Some(point), None, None), now)?;
            Ok(true)
        })
    }
}
