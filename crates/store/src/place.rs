//! Crossing points, the designations that allow capture there, and the voyage that each serves.

use crate::column::{id, instant, instant_or_none, json, json_of, micros, unreadable, word, word_of};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::ledger::{tell_designated, tell_withdrawn};
use crate::people::folded;
use crate::store::{Store, raise_generation};
use jiff::Timestamp;
use portunus_core::id::{DesignationId, PointId, VoyageId};
use portunus_core::place::{CrossingPoint, Designation, Position};
use rusqlite::{OptionalExtension, Row, named_params};

/// What became of a crossing point that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutPoint {
    /// It is kept, in place of an earlier one of its identifier.
    Stored,
    /// Another point has that name; nothing was changed.
    NameTaken,
}

pub(crate) fn point(row: &Row<'_>) -> rusqlite::Result<CrossingPoint> {
    Ok(CrossingPoint {
        id: id(row, "id", PointId::from_bytes)?,
        name: row.get("name")?,
        port: row.get("port")?,
        direction: word_of(row, "direction")?,
        kind: word_of(row, "kind")?,
    })
}

pub(crate) fn position(row: &Row<'_>) -> rusqlite::Result<Position> {
    Position::from_e4(row.get("latitude")?, row.get("longitude")?).ok_or_else(|| unreadable("latitude"))
}

pub(crate) fn designation(row: &Row<'_>) -> rusqlite::Result<Designation> {
    Ok(Designation {
        id: id(row, "id", DesignationId::from_bytes)?,
        point: id(row, "point", PointId::from_bytes)?,
        legal_basis: row.get("legal_basis")?,
        from: instant(row, "from_at")?,
        until: instant_or_none(row, "until_at")?,
        device_owner: row.get("device_owner")?,
        contractors: json_of(row, "contractors")?,
    })
}

impl Store {
    /// Keeps a crossing point, in place of an earlier one of its identifier.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_point(&self, point: &CrossingPoint) -> Result<PutPoint> {
        self.tx("put_point", |tx| {
            let taken = tx
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM point WHERE name_folded = :folded AND id <> :id)",
                    named_params! {":folded": folded(&point.name), ":id": point.id.bytes()},
                    |row| row.get::<_, bool>(0),
                )
                .during("put_point")?;
            if taken {
                return Ok(PutPoint::NameTaken);
            }
            let rows = tx
                .execute(
                    "INSERT INTO point (id, name, name_folded, port, direction, kind)
                     VALUES (:id, :name, :folded, :port, :direction, :kind)
                     ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_folded = excluded.name_folded,
                     port = excluded.port, direction = excluded.direction, kind = excluded.kind",
                    named_params! {
                        ":id": point.id.bytes(),
                        ":name": point.name.trim(),
                        ":folded": folded(&point.name),
                        ":port": point.port,
                        ":direction": word(&point.direction),
                        ":kind": word(&point.kind),
                    },
                )
                .during("put_point")?;
            touched("put_point", 1, rows)?;
            raise_generation(tx, "put_point")?;
            Ok(PutPoint::Stored)
        })
    }

    /// Says where a crossing point is, or that nobody says. `false` when there is no such point.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_position(&self, point: PointId, position: Option<Position>) -> Result<bool> {
        self.tx("put_position", |tx| {
            tx.execute(
                "UPDATE point SET latitude = :latitude, longitude = :longitude WHERE id = :id",
                named_params! {
                    ":latitude": position.map(|position| position.to_e4().0),
                    ":longitude": position.map(|position| position.to_e4().1),
                    ":id": point.bytes(),
                },
            )
            .during("put_position")
            .map(|rows| rows == 1)
        })
    }

    /// A crossing point.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn point(&self, id: PointId) -> Result<Option<CrossingPoint>> {
        self.read("point", |tx| {
            tx.prepare_cached("SELECT * FROM point WHERE id = :id")?
                .query_row(named_params! {":id": id.bytes()}, point)
                .optional()
        })
    }

    /// The crossing point that people call `name`, in whatever case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn point_by_name(&self, name: &str) -> Result<Option<CrossingPoint>> {
        self.read("point_by_name", |tx| {
            tx.prepare_cached("SELECT * FROM point WHERE name_folded = :name")?
                .query_row(named_params! {":name": folded(name)}, point)
                .optional()
        })
    }

    /// Every crossing point, by name.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn points(&self) -> Result<Vec<CrossingPoint>> {
        self.read("points", |tx| {
            tx.prepare_cached("SELECT * FROM point ORDER BY name_folded")?.query_map([], point)?.collect()
        })
    }

    /// Keeps a designation. One of the same identifier is kept already: nothing changes (withdrawing is its own act).
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point.
    pub fn designate(&self, designation: &Designation, now: Timestamp) -> Result<()> {
        self.tx("designate", |tx| {
            let rows = tx.execute(
                "INSERT INTO designation (id, point, legal_basis, from_at, until_at, device_owner, contractors)
                 VALUES (:id, :point, :basis, :from, :until, :owner, :contractors) ON CONFLICT (id) DO NOTHING",
                named_params! {
                    ":id": designation.id.bytes(),
                    ":point": designation.point.bytes(),
                    ":basis": designation.legal_basis,
                    ":from": micros(designation.from),
                    ":until": designation.until.map(micros),
                    ":owner": designation.device_owner,
                    ":contractors": json(&designation.contractors).during("designate")?,
                },
            )
            .during("designate")?;
            if rows == 1 {
                tell_designated(tx, designation, now)?;
            }
            raise_generation(tx, "designate")?;
            append(tx, EventKind::PointChanged, (Some(designation.point), None, None), now)
        })
    }

    /// Ends a designation at `at`. `false` when there is none, or it ends earlier anyway.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn withdraw(&self, designation: DesignationId, at: Timestamp, now: Timestamp) -> Result<bool> {
        self.tx("withdraw", |tx| {
            let point = tx
                .query_row(
                    "UPDATE designation SET until_at = :at
                     WHERE id = :id AND (until_at IS NULL OR until_at > :at) RETURNING point",
                    named_params! {":at": micros(at), ":id": designation.bytes()},
                    |row| id(row, "point", PointId::from_bytes),
                )
                .optional()
                .during("withdraw")?;
            let Some(point) = point else { return Ok(false) };
            tell_withdrawn(tx, designation, at, now)?;
            raise_generation(tx, "withdraw")?;
            append(tx, EventKind::PointChanged, (Some(point), None, None), now)?;
            Ok(true)
        })
    }

    /// Every designation that a point has or had, the earliest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn designations(&self, point: PointId) -> Result<Vec<Designation>> {
        self.read("designations", |tx| {
            tx.prepare_cached("SELECT * FROM designation WHERE point = :point ORDER BY from_at, id")?
                .query_map(named_params! {":point": point.bytes()}, designation)?
                .collect()
        })
    }

    /// The designation of a point in force at `now`; of several the one that began last.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn designation_in_force(&self, point: PointId, now: Timestamp) -> Result<Option<Designation>> {
        self.read("designation_in_force", |tx| {
            tx.prepare_cached(
                "SELECT * FROM designation
                 WHERE point = :point AND from_at <= :now AND (until_at IS NULL OR until_at > :now)
                 ORDER BY from_at DESC, id LIMIT 1",
            )?
            .query_row(named_params! {":point": point.bytes(), ":now": micros(now)}, designation)
            .optional()
        })
    }

    /// Lets a point serve a voyage, or none.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point or voyage.
    pub fn assign_voyage(&self, point: PointId, voyage: Option<VoyageId>, now: Timestamp) -> Result<()> {
        self.tx("assign_voyage", |tx| {
            match voyage {
                Some(voyage) => {
                    let rows = tx
                        .execute(
                            "INSERT INTO assignment (point, voyage) VALUES (:point, :voyage)
                             ON CONFLICT (point) DO UPDATE SET voyage = excluded.voyage",
                            named_params! {":point": point.bytes(), ":voyage": voyage.bytes()},
                        )
                        .during("assign_voyage")?;
                    touched("assign_voyage", 1, rows)?;
                }
                None => {
                    tx.execute(
                        "DELETE FROM assignment WHERE point = :point",
                        named_params! {":point": point.bytes()},
                    )
                    .during("assign_voyage")?;
                }
            }
            raise_generation(tx, "assign_voyage")?;
            append(tx, EventKind::PointChanged, (Some(point), voyage, None), now)
        })
    }

    /// The voyage that a point serves.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn voyage_at(&self, point: PointId) -> Result<Option<VoyageId>> {
        self.read("voyage_at", |tx| {
            tx.prepare_cached("SELECT voyage FROM assignment WHERE point = :point")?
                .query_row(named_params! {":point": point.bytes()}, |row| {
                    id(row, "voyage", VoyageId::from_bytes)
                })
                .optional()
        })
    }

    /// The points that serve a voyage.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn points_of(&self, voyage: VoyageId) -> Result<Vec<PointId>> {
        self.read("points_of", |tx| {
            tx.prepare_cached("SELECT point FROM assignment WHERE voyage = :voyage ORDER BY point")?
                .query_map(named_params! {":voyage": voyage.bytes()}, |row| {
                    id(row, "point", PointId::from_bytes)
                })?
                .collect()
        })
    }
}
