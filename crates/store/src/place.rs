//! Crossing points, and the voyage that each serves.

use crate::column::{id, unreadable, word, word_of};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::people::folded;
use crate::store::{Store, raise_generation};
use jiff::Timestamp;
use portunus_core::id::{PointId, VoyageId};
use portunus_core::place::{CrossingPoint, Position};
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
