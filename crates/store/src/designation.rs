//! Designations: drafts, what is attested of them, approval by a second person, publication, notices, withdrawal.
//!
//! What may be photographed under stands in the table `designation`, and nothing comes there but what is
//! [`Approved`]: a draft has a table of its own.

use crate::column::{id, instant, instant_or_none, json, json_of, micros};
use crate::error::{During, Result, touched};
use crate::event::{EventKind, append};
use crate::ledger::{tell_designated, tell_withdrawn};
use crate::store::{Store, raise_generation};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portunus_core::designation::{Approved, Attestation, DailyHours, Draft, NotYet, Undesignated};
use portunus_core::id::{DesignationId, IdempotencyKey, PointId};
use portunus_core::place::Designation;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

/// A designation with how it came about.
pub struct Designated {
    /// What is, was or will be in force.
    pub designation: Designation,
    /// Who wrote it; `None`: published before two people had to stand for it.
    pub author: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
    /// When its withdrawal was stated.
    pub withdrawn_at: Option<Timestamp>,
    /// The notice that hangs at the point, by whom and since when.
    pub notice: Option<Posted>,
    /// What owner and contractors attested.
    pub attestations: Vec<Attestation>,
}

impl Designated {
    /// Whether its end has come.
    pub fn over(&self, now: Timestamp) -> bool {
        self.designation.until.is_some_and(|until| until <= now)
    }

    /// Whether this version of the notice hangs at the point.
    pub fn notice_hangs(&self, version: &str) -> bool {
        self.notice.as_ref().is_some_and(|posted| posted.version == version)
    }
}

/// Somebody says that the notice hangs where travellers read it before a camera.
pub struct Posted {
    /// Its version.
    pub version: String,
    /// Who says so.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

pub(crate) fn designation(row: &Row<'_>) -> rusqlite::Result<Designation> {
    let hours: Option<String> = row.get("hours")?;
    let hours = hours.map(|hours| hours.parse::<DailyHours>()).transpose();
    Ok(Designation {
        id: id(row, "id", DesignationId::from_bytes)?,
        point: id(row, "point", PointId::from_bytes)?,
        legal_basis: row.get("legal_basis")?,
        from: instant(row, "from_at")?,
        until: instant_or_none(row, "until_at")?,
        device_owner: row.get("device_owner")?,
        contractors: json_of(row, "contractors")?,
        manual_wait_ceiling_seconds: row.get("manual_wait_ceiling_seconds")?,
        hours: hours.map_err(|_| crate::column::unreadable("hours"))?,
    })
}

fn attestations(connection: &Connection, of: DesignationId) -> rusqlite::Result<Vec<Attestation>> {
    connection
        .prepare_cached("SELECT * FROM attestation WHERE designation = :id ORDER BY at, party")?
        .query_map(named_params! {":id": of.bytes()}, |row| {
            Ok(Attestation { party: row.get("party")?, by: row.get("by_whom")?, at: instant(row, "at")? })
        })?
        .collect()
}

fn draft(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Draft> {
    let designation = designation(row)?;
    Ok(Draft {
        attestations: attestations(connection, designation.id)?,
        designation,
        author: row.get("author")?,
        drafted_at: instant(row, "drafted_at")?,
    })
}

fn draft_of(connection: &Connection, of: DesignationId) -> rusqlite::Result<Option<Draft>> {
    connection
        .prepare_cached("SELECT * FROM draft WHERE id = :id")?
        .query_row(named_params! {":id": of.bytes()}, |row| draft(connection, row))
        .optional()
}

fn put_attestation(tx: &Transaction<'_>, of: DesignationId, attested: &Attestation) -> Result<()> {
    // Attested twice, the first stands.
    tx.execute(
        "INSERT INTO attestation (designation, party, by_whom, at) VALUES (:id, :party, :by, :at)
         ON CONFLICT (designation, party) DO NOTHING",
        named_params! {
            ":id": of.bytes(),
            ":party": attested.party,
            ":by": attested.by,
            ":at": micros(attested.at),
        },
    )
    .during("put_attestation")
    .map(|_| ())
}

/// Publishes what two people stand for. One of the same identifier is published already: nothing changes.
fn publish(tx: &Transaction<'_>, approved: &Approved, now: Timestamp) -> Result<()> {
    let during = "designate";
    let new = approved.designation();
    let rows = tx
        .execute(
            "INSERT INTO designation (id, point, legal_basis, from_at, until_at, device_owner, contractors,
                manual_wait_ceiling_seconds, hours, direction, author, approver, approved_at)
             VALUES (:id, :point, :basis, :from, :until, :owner, :contractors, :ceiling, :hours,
                (SELECT direction FROM point WHERE id = :point), :author, :approver, :approved)
             ON CONFLICT (id) DO NOTHING",
            named_params! {
                ":id": new.id.bytes(),
                ":point": new.point.bytes(),
                ":basis": new.legal_basis,
                ":from": micros(new.from),
                ":until": new.until.map(micros),
                ":owner": new.device_owner,
                ":contractors": json(&new.contractors).during(during)?,
                ":ceiling": new.manual_wait_ceiling_seconds,
                ":hours": new.hours.as_ref().map(ToString::to_string),
                ":author": approved.author(),
                ":approver": approved.approver(),
                ":approved": micros(approved.at()),
            },
        )
        .during(during)?;
    if rows == 0 {
        return Ok(());
    }
    for attested in approved.attestations() {
        put_attestation(tx, new.id, attested)?;
    }
    tell_designated(tx, new, now)?;
    raise_generation(tx, during)?;
    append(tx, EventKind::PointChanged, (Some(new.point), None, None), now)
}

impl Store {
    /// Keeps a draft: nothing is in force by it.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point.
    pub fn put_draft(&self, draft: &Draft) -> Result<()> {
        let new = &draft.designation;
        self.tx("put_draft", |tx| {
            let rows = tx
                .execute(
                    "INSERT INTO draft (id, point, legal_basis, from_at, until_at, device_owner, contractors,
                        manual_wait_ceiling_seconds, hours, author, drafted_at)
                     VALUES (:id, :point, :basis, :from, :until, :owner, :contractors, :ceiling, :hours, :author, :drafted)",
                    named_params! {
                        ":id": new.id.bytes(),
                        ":point": new.point.bytes(),
                        ":basis": new.legal_basis,
                        ":from": micros(new.from),
                        ":until": new.until.map(micros),
                        ":owner": new.device_owner,
                        ":contractors": json(&new.contractors).during("put_draft")?,
                        ":ceiling": new.manual_wait_ceiling_seconds,
                        ":hours": new.hours.as_ref().map(ToString::to_string),
                        ":author": draft.author.trim(),
                        ":drafted": micros(draft.drafted_at),
                    },
                )
                .during("put_draft")?;
            touched("put_draft", 1, rows)?;
            draft.attestations.iter().try_for_each(|attested| put_attestation(tx, new.id, attested))
        })
    }

    /// The drafts for a point, the earliest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn drafts(&self, point: PointId) -> Result<Vec<Draft>> {
        self.read("drafts", |tx| {
            tx.prepare_cached("SELECT * FROM draft WHERE point = :point ORDER BY drafted_at, id")?
                .query_map(named_params! {":point": point.bytes()}, |row| draft(tx, row))?
                .collect()
        })
    }

    /// Somebody attests for an owner or contractor of a draft. `None` when there is no such draft.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn attest(
        &self,
        of: DesignationId,
        attested: &Attestation,
    ) -> Result<Option<std::result::Result<(), NotYet>>> {
        self.tx("attest", |tx| {
            let Some(draft) = draft_of(tx, of).during("attest")? else { return Ok(None) };
            let party = match draft.party(&attested.party) {
                Ok(party) => party.clone(),
                Err(no) => return Ok(Some(Err(no))),
            };
            put_attestation(tx, of, &Attestation { party, ..attested.clone() })?;
            Ok(Some(Ok(())))
        })
    }

    /// A second person approves a draft: it is published, in one transaction. `None` when there is no such draft.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn approve_draft(
        &self,
        of: DesignationId,
        approver: &str,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Designation, NotYet>>> {
        self.tx("approve_draft", |tx| {
            let Some(draft) = draft_of(tx, of).during("approve_draft")? else { return Ok(None) };
            let approved = match draft.approved(approver, now) {
                Ok(approved) => approved,
                Err(not_yet) => return Ok(Some(Err(not_yet))),
            };
            let rows = tx
                .execute("DELETE FROM draft WHERE id = :id", named_params! {":id": of.bytes()})
                .during("approve_draft")?;
            touched("approve_draft", 1, rows)?;
            publish(tx, &approved, now)?;
            Ok(Some(Ok(approved.designation().clone())))
        })
    }

    /// Drops a draft. `false` when there is none.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn drop_draft(&self, of: DesignationId) -> Result<bool> {
        self.tx("drop_draft", |tx| {
            let ours = named_params! {":id": of.bytes()};
            let rows = tx.execute("DELETE FROM draft WHERE id = :id", ours).during("drop_draft")?;
            if rows == 1 {
                tx.execute("DELETE FROM attestation WHERE designation = :id", ours).during("drop_draft")?;
            }
            Ok(rows == 1)
        })
    }

    /// Publishes a designation that two people stand for. One of the same identifier is published already: nothing changes
    /// (withdrawing is its own act).
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such point.
    pub fn designate(&self, approved: &Approved, now: Timestamp) -> Result<()> {
        self.tx("designate", |tx| publish(tx, approved, now))
    }

    /// Somebody says that a version of the notice hangs at the point. `false` when no such designation is published.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn post_notice(&self, of: DesignationId, posted: &Posted) -> Result<bool> {
        self.tx("post_notice", |tx| {
            tx.execute(
                "UPDATE designation SET notice = :version, notice_by = :by, notice_at = :at WHERE id = :id",
                named_params! {
                    ":version": posted.version,
                    ":by": posted.by,
                    ":at": micros(posted.at),
                    ":id": of.bytes(),
                },
            )
            .during("post_notice")
            .map(|rows| rows == 1)
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
                    "UPDATE designation SET until_at = :at, withdrawn_at = :now
                     WHERE id = :id AND (until_at IS NULL OR until_at > :at) RETURNING point",
                    named_params! {":at": micros(at), ":now": micros(now), ":id": designation.bytes()},
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

    /// Every designation that a point has or had, with how it came about, the earliest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn designated(&self, point: PointId) -> Result<Vec<Designated>> {
        self.read("designated", |tx| {
            tx.prepare_cached("SELECT * FROM designation WHERE point = :point ORDER BY from_at, id")?
                .query_map(named_params! {":point": point.bytes()}, |row| {
                    let designation = designation(row)?;
                    let posted = |version| -> rusqlite::Result<Posted> {
                        Ok(Posted { version, by: row.get("notice_by")?, at: instant(row, "notice_at")? })
                    };
                    let notice = row.get::<_, Option<String>>("notice")?.map(posted).transpose()?;
                    Ok(Designated {
                        attestations: attestations(tx, designation.id)?,
                        designation,
                        author: row.get("author")?,
                        approver: row.get("approver")?,
                        withdrawn_at: instant_or_none(row, "withdrawn_at")?,
                        notice,
                    })
                })?
                .collect()
        })
    }

    /// Every designation that a point has or had, the earliest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn designations(&self, point: PointId) -> Result<Vec<Designation>> {
        Ok(self.designated(point)?.into_iter().map(|one| one.designation).collect())
    }

    /// The designation of a point in force at `now`; of several the one that began last.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn designation_in_force(&self, point: PointId, now: Timestamp) -> Result<Option<Designation>> {
        Ok(self.authority(point, now)?.ok())
    }

    /// The designation of a point in force at `now`, or why there is none.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn authority(
        &self,
        point: PointId,
        now: Timestamp,
    ) -> Result<std::result::Result<Designation, Undesignated>> {
        self.read("authority", |tx| authority_in(tx, point, now))
    }
}

/// The same, within a transaction.
pub(crate) fn authority_in(
    connection: &Connection,
    point: PointId,
    now: Timestamp,
) -> rusqlite::Result<std::result::Result<Designation, Undesignated>> {
    let direction: Option<String> = connection
        .prepare_cached("SELECT direction FROM point WHERE id = :point")?
        .query_row(named_params! {":point": point.bytes()}, |row| row.get(0))
        .optional()?;
    let mut latest_first = connection
        .prepare_cached("SELECT * FROM designation WHERE point = :point ORDER BY from_at DESC, id")?;
    let mut rows = latest_first.query(named_params! {":point": point.bytes()})?;
    let mut why = None;
    while let Some(row) = rows.next()? {
        let of: Option<String> = row.get("direction")?;
        let one = designation(row)?;
        let missing = if of == direction {
            not_in_force(&one, instant_or_none(row, "withdrawn_at")?, now)
        } else {
            Some(Undesignated::OtherDirection)
        };
        match missing {
            None => return Ok(Ok(one)),
            Some(missing) => why = why.or(Some(missing)),
        }
    }
    Ok(Err(why.unwrap_or(Undesignated::Never)))
}

/// When the designation that a counted capture was signed under ended, if it has. One that was withdrawn at once counts
/// from when that was stated, whatever the request's clock said when it began.
pub(crate) fn ended_under(
    tx: &Transaction<'_>,
    key: IdempotencyKey,
    now: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    tx.prepare_cached(
        "SELECT until_at FROM counted JOIN designation ON designation.id = counted.designation
         WHERE counted.key = :key AND until_at <= MAX(:now, COALESCE(withdrawn_at, 0))",
    )?
    .query_row(named_params! {":key": key.bytes(), ":now": micros(now)}, |row| instant(row, "until_at"))
    .optional()
}

/// Why nobody may be photographed under it at `now`.
fn not_in_force(one: &Designation, withdrawn: Option<Timestamp>, now: Timestamp) -> Option<Undesignated> {
    if let Some(until) = one.until.filter(|until| *until <= now) {
        return Some(if withdrawn.is_some() {
            Undesignated::Withdrawn(until)
        } else {
            Undesignated::Ended(until)
        });
    }
    if now < one.from {
        return Some(Undesignated::Begins(one.from));
    }
    let hours = one.hours.as_ref()?;
    // A zone that this machine does not know is never open.
    let open = TimeZone::get(&hours.zone).is_ok_and(|zone| hours.open(now, &zone));
    (!open).then_some(Undesignated::OutsideHours)
}
