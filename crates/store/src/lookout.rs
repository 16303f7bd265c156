//! Lookouts as kept: whom they are on is sealed like a record, under a data key wrapped by a bucket's key that dies with it.
//!
//! Hits stand nowhere: they are computed when somebody asks ([`portunus_core::lookout::Index`]). What stays of them are
//! counts by authority, of closed voyages.

use crate::bucket::{BucketId, Place, forget_dead_buckets};
use crate::column::{
    count as count_of, id, id_or_none, instant, instant_or_none, micros, signed, unreadable,
};
use crate::envelope;
use crate::error::{During, Result, StoreError, touched};
use crate::keyring::fresh;
use crate::store::{Store, limit};
use crate::subject::PersonKey;
use jiff::Timestamp;
use jiff::civil::Date;
use portunus_core::accuracy::CELL_MIN;
use portunus_core::id::{LookoutId, RecordId, UserId, VoyageId};
use portunus_core::lookout::{Lookout, NotApproved, Standing, takes_approval};
use portunus_core::month::{month, month_of};
use portunus_core::voyage::ManifestPerson;
use rusqlite::{OptionalExtension, Row, Transaction, named_params};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What is known of a lookout without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookoutRow {
    /// Which.
    pub id: LookoutId,
    /// Who asked for it.
    pub authority: String,
    /// `document`, `person` or `voyage`.
    pub kind: String,
    /// Who wrote it.
    pub author: UserId,
    /// When.
    pub written_at: Timestamp,
    /// Whether it is in force.
    pub standing: Standing,
    /// By then somebody looks at it again.
    pub review_on: Date,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

/// How many lookouts came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Put {
    /// New ones.
    pub written: usize,
    /// Known by authority and file number, with other content: they need approval again.
    pub replaced: usize,
    /// Known, and the same.
    pub unchanged: usize,
}

/// A wish that a traveller is not taken for whom a lookout is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedressRow {
    /// What names it: a keyed MAC, from which nobody can be read.
    pub mac: [u8; 32],
    /// Which lookout.
    pub lookout: LookoutId,
    /// Its authority.
    pub authority: String,
    /// Why, in the officer's words.
    pub reason: String,
    /// Who asked.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Timestamp,
}

/// What may be told of an authority's lookouts; under ten is not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LookoutCount {
    /// Whose.
    pub authority: String,
    /// How many travellers of closed voyages were hit.
    pub hits: u64,
    /// How many of these were found to be somebody else; `None` under ten.
    pub false_hits: Option<u64>,
}

fn row(row: &Row<'_>) -> rusqlite::Result<LookoutRow> {
    let approver = id_or_none(row, "approver", UserId::from_bytes)?;
    let standing = match approver.zip(instant_or_none(row, "approved_at")?) {
        Some((approver, at)) => Standing::InForce { approver, at },
        None => Standing::Proposed,
    };
    let review: String = row.get("review_on")?;
    Ok(LookoutRow {
        id: id(row, "id", LookoutId::from_bytes)?,
        authority: row.get("authority")?,
        kind: row.get("kind")?,
        author: id(row, "author", UserId::from_bytes)?,
        written_at: instant(row, "written_at")?,
        standing,
        review_on: review.parse().map_err(|_| unreadable("review_on"))?,
        expires_at: instant(row, "erase_after")?,
    })
}

fn as_record(lookout: LookoutId) -> RecordId {
    RecordId::from_bytes(lookout.bytes())
}

/// Lookouts that end on one day share buckets. Below -1, which backup::restore uses for buckets that take nobody.
fn period(expires_at: Timestamp) -> i64 {
    -2 - micros(expires_at).div_euclid(86_400_000_000).max(0)
}

impl Store {
    /// Takes lookouts in, all of them or none; each needs approval. One known by authority and file number is replaced.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_lookouts(&self, all: &[Lookout], author: UserId, now: Timestamp) -> Result<Put> {
        let put = self.tx("put_lookouts", |tx| {
            let (mut put, mut left) = (Put::default(), BTreeSet::new());
            for lookout in all {
                self.put_lookout(tx, lookout, author, now, &mut put, &mut left)?;
            }
            self.leave_buckets(tx, &left, now)?;
            // What is new waits for approval; what is replaced is no longer in force.
            if put.replaced > 0 {
                raise(tx, "put_lookouts")?;
            }
            Ok(put)
        })?;
        self.destroy_left_behind()?;
        Ok(put)
    }

    /// Whether a lookout is kept just as it stands, and not expired at `now`: to put it again changes nothing.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn keeps_lookout(&self, lookout: &Lookout, now: Timestamp) -> Result<bool> {
        let (named, same, _) = self.lookout_macs(lookout);
        let kept: Option<(LookoutId, Place)> = self.read("keeps_lookout", |tx| {
            tx.prepare_cached(
                "SELECT * FROM lookout WHERE reference_mac = :named AND content_mac = :same AND erase_after > :now",
            )?
            .query_row(named_params! {":named": named, ":same": same, ":now": micros(now)}, |row| {
                Ok((id(row, "id", LookoutId::from_bytes)?, Place::of(row)?))
            })
            .optional()
        })?;
        match kept {
            Some((id, place)) => Ok(self.data_key(as_record(id), &place)?.is_some()),
            None => Ok(false),
        }
    }

    /// What names a lookout, what tells whether it changed, and what is sealed.
    fn lookout_macs(&self, lookout: &Lookout) -> ([u8; 32], [u8; 32], Zeroizing<Vec<u8>>) {
        let content = Zeroizing::new(serde_json::to_vec(lookout).unwrap_or_default());
        let named = [lookout.authority.trim().as_bytes(), lookout.reference.trim().as_bytes()];
        (self.mac("lookout", &named), self.mac("lookout-content", &[&content]), content)
    }

    fn put_lookout(
        &self,
        tx: &Transaction<'_>,
        lookout: &Lookout,
        author: UserId,
        now: Timestamp,
        put: &mut Put,
        left: &mut BTreeSet<BucketId>,
    ) -> Result<()> {
        let during = "put_lookouts";
        let (named, same, content) = self.lookout_macs(lookout);
        let known: Option<(LookoutId, [u8; 32], Place)> = tx
            .prepare_cached("SELECT * FROM lookout WHERE reference_mac = :mac")
            .and_then(|mut s| {
                s.query_row(named_params! {":mac": named}, |row| {
                    Ok((id(row, "id", LookoutId::from_bytes)?, row.get("content_mac")?, Place::of(row)?))
                })
                .optional()
            })
            .during(during)?;
        let id = match known {
            None => {
                put.written += 1;
                LookoutId::from_bytes(self.fresh())
            }
            Some((id, content, place)) => {
                // What does not open any more, as after an older copy was brought back, is not there: it is written again.
                if content == same && self.data_key(as_record(id), &place)?.is_some() {
                    put.unchanged += 1;
                    return Ok(());
                }
                put.replaced += 1;
                left.insert(place.bucket);
                // That somebody is not meant was said of what it said before.
                tx.execute(
                    "DELETE FROM lookout_redress WHERE lookout = :id",
                    named_params! {":id": id.bytes()},
                )
                .during(during)?;
                id
            }
        };
        let data_key = fresh(self.entropy());
        let place = self.join_period(tx, as_record(id), &data_key, period(lookout.expires_at), now)?;
        let too_large = StoreError::TooLarge { what: "a lookout", bound: crate::vault::RECORD_BYTES_MAX };
        let sealed = envelope::seal(&data_key, &envelope::context("lookout", id), &content, self.entropy())
            .ok_or(too_large)?;
        let rows = tx
            .prepare_cached(
                "INSERT INTO lookout (id, reference_mac, content_mac, authority, kind, author, written_at, review_on,
                 erase_after, bucket, wrapped, content)
                 VALUES (:id, :named, :same, :authority, :kind, :author, :now, :review, :due, :bucket, :wrapped, :content)
                 ON CONFLICT (id) DO UPDATE SET content_mac = :same, kind = :kind, author = :author, written_at = :now,
                 approver = NULL, approved_at = NULL, review_on = :review, erase_after = :due, bucket = :bucket,
                 wrapped = :wrapped, content = :content",
            )
            .and_then(|mut s| {
                s.execute(named_params! {
                    ":id": id.bytes(),
                    ":named": named,
                    ":same": same,
                    ":authority": lookout.authority.trim(),
                    ":kind": lookout.on.slug(),
                    ":author": author.bytes(),
                    ":now": micros(now),
                    ":review": lookout.review_on.to_string(),
                    ":due": micros(lookout.expires_at),
                    ":bucket": place.bucket.0,
                    ":wrapped": place.wrapped,
                    ":content": sealed,
                })
            })
            .during(during)?;
        touched(during, 1, rows)
    }

    /// Puts a lookout in force as it was written at `written_at`. The outer `None`: there is none.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn approve_lookout(
        &self,
        lookout: LookoutId,
        written_at: Timestamp,
        approver: UserId,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<(), NotApproved>>> {
        let during = "approve_lookout";
        self.tx(during, |tx| {
            let Some(kept) = one(tx, lookout, now).during(during)? else { return Ok(None) };
            if kept.written_at != written_at {
                return Ok(Some(Err(NotApproved::WrittenAnew)));
            }
            if let Err(not) = takes_approval(kept.author, kept.standing, approver) {
                return Ok(Some(Err(not)));
            }
            let rows = tx
                .execute(
                    "UPDATE lookout SET approver = :approver, approved_at = :now WHERE id = :id AND approver IS NULL",
                    named_params! {":approver": approver.bytes(), ":now": micros(now), ":id": lookout.bytes()},
                )
                .during(during)?;
            touched(during, 1, rows)?;
            raise(tx, during)?;
            Ok(Some(Ok(())))
        })
    }

    /// Withdraws a lookout: gone, its key destroyed, when this returns. `false` when there is none.
    ///
    /// # Errors
    /// What the disk says; the next change finishes what had begun.
    pub fn withdraw_lookout(&self, lookout: LookoutId, now: Timestamp) -> Result<bool> {
        let gone =
            self.tx("withdraw_lookout", |tx| self.delete_lookouts(tx, "id = ?1", lookout.bytes(), now))?;
        self.destroy_left_behind()?;
        Ok(gone > 0)
    }

    /// Erases lookouts whose time has come; says how many.
    ///
    /// # Errors
    /// What the disk says; the next round finishes what had begun.
    pub fn erase_expired_lookouts(&self, now: Timestamp) -> Result<usize> {
        let due = "SELECT EXISTS (SELECT 1 FROM lookout WHERE erase_after <= ?1)";
        if !self.read("expired lookouts", |tx| tx.query_row(due, [micros(now)], |row| row.get(0)))? {
            return Ok(0);
        }
        let gone = self.tx("erase_expired_lookouts", |tx| {
            self.delete_lookouts(tx, "erase_after <= ?1", micros(now), now)
        })?;
        self.destroy_left_behind()?;
        Ok(gone)
    }

    fn delete_lookouts(
        &self,
        tx: &Transaction<'_>,
        which: &str,
        of: impl rusqlite::ToSql,
        now: Timestamp,
    ) -> Result<usize> {
        let during = "erase lookouts";
        let buckets: Vec<BucketId> = tx
            .prepare_cached(&format!("DELETE FROM lookout WHERE {which} RETURNING bucket"))
            .and_then(|mut s| s.query_map([of], |row| row.get(0).map(BucketId))?.collect())
            .during(during)?;
        let gone = buckets.len();
        let left: BTreeSet<BucketId> = buckets.into_iter().collect();
        if gone > 0 {
            self.leave_buckets(tx, &left, now)?;
            raise(tx, during)?;
        }
        Ok(gone)
    }

    /// Lets buckets die that somebody left: who stays is wrapped under other keys.
    fn leave_buckets(&self, tx: &Transaction<'_>, left: &BTreeSet<BucketId>, now: Timestamp) -> Result<()> {
        let during = "leave a bucket of lookouts";
        for bucket in left {
            tx.prepare_cached("UPDATE bucket SET dying = 1 WHERE id = :id")
                .and_then(|mut s| s.execute(named_params! {":id": bucket.0}))
                .during(during)?;
            let stay: Vec<(LookoutId, Timestamp, Place)> = tx
                .prepare_cached("SELECT * FROM lookout WHERE bucket = :bucket")
                .and_then(|mut s| {
                    s.query_map(named_params! {":bucket": bucket.0}, |row| {
                        Ok((
                            id(row, "id", LookoutId::from_bytes)?,
                            instant(row, "erase_after")?,
                            Place::of(row)?,
                        ))
                    })?
                    .collect()
                })
                .during(during)?;
            for (lookout, due, place) in stay {
                // What does not open any more is nobody's.
                let Some(data_key) = self.data_key(as_record(lookout), &place)? else { continue };
                let place = self.join_period(tx, as_record(lookout), &data_key, period(due), now)?;
                let rows = tx
                    .prepare_cached("UPDATE lookout SET bucket = :bucket, wrapped = :wrapped WHERE id = :id")
                    .and_then(|mut s| {
                        s.execute(named_params! {
                            ":bucket": place.bucket.0,
                            ":wrapped": place.wrapped,
                            ":id": lookout.bytes(),
                        })
                    })
                    .during(during)?;
                touched(during, 1, rows)?;
            }
        }
        Ok(())
    }

    fn destroy_left_behind(&self) -> Result<()> {
        if self.destroy_dying()? > 0 {
            self.tx("forget dead buckets", forget_dead_buckets)?;
            self.empty_log()?;
        }
        Ok(())
    }

    /// Every lookout that is not expired at `now`, in the order in which they were written, opened. What does not open,
    /// as after an older copy was brought back, is left out.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lookouts(&self, now: Timestamp) -> Result<Vec<(LookoutRow, Lookout)>> {
        let rows: Vec<(LookoutRow, Place, Vec<u8>)> = self.read("lookouts", |tx| {
            tx.prepare_cached("SELECT * FROM lookout WHERE erase_after > :now ORDER BY written_at, rowid")?
                .query_map(named_params! {":now": micros(now)}, |r| {
                    Ok((row(r)?, Place::of(r)?, r.get("content")?))
                })?
                .collect()
        })?;
        let mut all = Vec::with_capacity(rows.len());
        for (row, place, sealed) in rows {
            if let Some(lookout) = self.unseal_lookout(row.id, &place, &sealed)? {
                all.push((row, lookout));
            }
        }
        Ok(all)
    }

    /// Which lookouts are in force at `now`, each with the instant at which it was approved. Nothing is opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lookouts_in_force(&self, now: Timestamp) -> Result<Vec<(LookoutId, Timestamp)>> {
        self.read("lookouts_in_force", |tx| {
            tx.prepare_cached(
                "SELECT id, approved_at FROM lookout WHERE approver IS NOT NULL AND erase_after > :now",
            )?
            .query_map(named_params! {":now": micros(now)}, |row| {
                Ok((id(row, "id", LookoutId::from_bytes)?, instant(row, "approved_at")?))
            })?
            .collect()
        })
    }

    /// One lookout, opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lookout(&self, lookout: LookoutId, now: Timestamp) -> Result<Option<(LookoutRow, Lookout)>> {
        let found: Option<(LookoutRow, Place, Vec<u8>)> = self.read("lookout", |tx| {
            tx.prepare_cached("SELECT * FROM lookout WHERE id = :id AND erase_after > :now")?
                .query_row(named_params! {":id": lookout.bytes(), ":now": micros(now)}, |r| {
                    Ok((row(r)?, Place::of(r)?, r.get("content")?))
                })
                .optional()
        })?;
        let Some((row, place, sealed)) = found else { return Ok(None) };
        Ok(self.unseal_lookout(row.id, &place, &sealed)?.map(|lookout| (row, lookout)))
    }

    fn unseal_lookout(&self, lookout: LookoutId, place: &Place, sealed: &[u8]) -> Result<Option<Lookout>> {
        let Some(key) = self.data_key(as_record(lookout), place)? else { return Ok(None) };
        let content = envelope::open(&key, &envelope::context("lookout", lookout), sealed);
        Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
    }

    /// A counter that every change of what is in force raises, in whatever process.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lookout_generation(&self) -> Result<u64> {
        self.read("lookout_generation", |tx| {
            tx.prepare_cached("SELECT n FROM lookout_generation")?.query_row([], |row| count_of(row, "n"))
        })
    }

    /// What a traveller is remembered by in redress: their first document with name and date of birth, or its year where no more
    /// is known, and nothing that could be read back. `None` without both.
    pub fn traveller_mac(&self, stated: &ManifestPerson) -> Option<[u8; 32]> {
        let document = self.document_mac(stated.documents.first()?);
        let person = match (PersonKey::of(stated), stated.born_in) {
            (Some(person), _) => self.person_mac(&person),
            (None, Some(year)) => {
                // As if of its first day, and no such person's.
                let first =
                    PersonKey::new(&stated.family_name, &stated.given_names, Date::new(year, 1, 1).ok()?)?;
                self.mac("born in", &[&self.person_mac(&first)])
            }
            (None, None) => return None,
        };
        Some(self.mac("lookout-traveller", &[&document, &person]))
    }

    /// Notes that somebody is not whom a lookout is on; works once another has approved it. `false` when it is noted
    /// already, or there is no such lookout.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn ask_redress(
        &self,
        mac: [u8; 32],
        lookout: LookoutId,
        reason: &str,
        by: UserId,
        now: Timestamp,
    ) -> Result<bool> {
        self.tx("ask_redress", |tx| {
            tx.execute(
                "INSERT INTO lookout_redress (mac, lookout, reason, asked_by, asked_at)
                 SELECT :mac, id, :reason, :by, :now FROM lookout WHERE id = :lookout ON CONFLICT DO NOTHING",
                named_params! {
                    ":mac": mac,
                    ":reason": reason,
                    ":by": by.bytes(),
                    ":now": micros(now),
                    ":lookout": lookout.bytes(),
                },
            )
            .during("ask_redress")
            .map(|rows| rows == 1)
        })
    }

    /// Agrees that somebody is not whom a lookout is on, and counts a false hit of its authority. The outer `None`: nothing
    /// waits there.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn approve_redress(
        &self,
        mac: [u8; 32],
        lookout: LookoutId,
        approver: UserId,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<(), NotApproved>>> {
        let during = "approve_redress";
        self.tx(during, |tx| {
            let asked = "SELECT asked_by, authority FROM lookout_redress JOIN lookout ON lookout.id = lookout
                 WHERE mac = ?1 AND lookout = ?2 AND lookout_redress.approver IS NULL";
            let found: Option<([u8; 16], String)> = tx
                .prepare_cached(asked)
                .and_then(|mut s| {
                    s.query_row((mac, lookout.bytes()), |row| Ok((row.get(0)?, row.get(1)?))).optional()
                })
                .during(during)?;
            let Some((asked_by, authority)) = found else { return Ok(None) };
            if asked_by == approver.bytes() {
                return Ok(Some(Err(NotApproved::OwnLookout)));
            }
            let rows = tx
                .execute(
                    "UPDATE lookout_redress SET approver = :approver, approved_at = :now
                     WHERE mac = :mac AND lookout = :lookout",
                    named_params! {
                        ":approver": approver.bytes(),
                        ":now": micros(now),
                        ":mac": mac,
                        ":lookout": lookout.bytes(),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)?;
            let month = month_of(now);
            count(tx, &authority, &month, "false-hit", 1)?;
            Ok(Some(Ok(())))
        })
    }

    /// What was asked and waits for somebody to agree, the oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn redress_waiting(&self, at_most: usize) -> Result<Vec<RedressRow>> {
        self.read("redress_waiting", |tx| {
            tx.prepare_cached(
                "SELECT r.*, l.authority FROM lookout_redress AS r JOIN lookout AS l ON l.id = r.lookout
                 WHERE r.approver IS NULL ORDER BY r.asked_at LIMIT :limit",
            )?
            .query_map(named_params! {":limit": limit(at_most)}, |row| {
                Ok(RedressRow {
                    mac: row.get("mac")?,
                    lookout: id(row, "lookout", LookoutId::from_bytes)?,
                    authority: row.get("authority")?,
                    reason: row.get("reason")?,
                    asked_by: id(row, "asked_by", UserId::from_bytes)?,
                    asked_at: instant(row, "asked_at")?,
                })
            })?
            .collect()
        })
    }

    /// Which lookouts a traveller is known not to be on, and whether that was agreed to.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn redress_of(&self, mac: [u8; 32]) -> Result<Vec<(LookoutId, bool)>> {
        self.read("redress_of", |tx| {
            tx.prepare_cached(
                "SELECT lookout, approver IS NOT NULL AS agreed FROM lookout_redress WHERE mac = :mac",
            )?
            .query_map(named_params! {":mac": mac}, |row| {
                Ok((id(row, "lookout", LookoutId::from_bytes)?, row.get("agreed")?))
            })?
            .collect()
        })
    }

    /// Counts a closed voyage's hits by authority. Once: of one that came back they are counted already.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn count_lookout_hits(
        &self,
        voyage: VoyageId,
        day: Date,
        hits: &std::collections::BTreeMap<String, u64>,
    ) -> Result<()> {
        let during = "count_lookout_hits";
        self.tx(during, |tx| {
            let rows = tx
                .execute(
                    "UPDATE voyage SET hits_counted = 1 WHERE id = :id AND hits_counted = 0",
                    named_params! {":id": voyage.bytes()},
                )
                .during(during)?;
            if rows == 0 {
                return Ok(());
            }
            hits.iter().try_for_each(|(authority, n)| count(tx, authority, &month(day), "hit", *n))
        })
    }

    /// What may be told of each authority: hits by tens, false hits among them by tens. No voyage's closing shows in them as one
    /// traveller more.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn lookout_counts(&self) -> Result<Vec<LookoutCount>> {
        self.read("lookout_counts", |tx| {
            tx.prepare_cached(
                "SELECT authority, SUM(n) FILTER (WHERE kind = 'hit') AS hits,
                 COALESCE(SUM(n) FILTER (WHERE kind = 'false-hit'), 0) AS wrong
                 FROM lookout_count GROUP BY authority HAVING hits >= :least ORDER BY authority",
            )?
            .query_map(named_params! {":least": signed(CELL_MIN)}, |row| {
                let by_tens = |n: u64| n - n % CELL_MIN;
                let wrong = by_tens(count_of(row, "wrong")?);
                Ok(LookoutCount {
                    authority: row.get("authority")?,
                    hits: by_tens(count_of(row, "hits")?),
                    false_hits: Some(wrong).filter(|n| *n > 0),
                })
            })?
            .collect()
        })
    }
}

fn one(tx: &Transaction<'_>, lookout: LookoutId, now: Timestamp) -> rusqlite::Result<Option<LookoutRow>> {
    tx.prepare_cached("SELECT * FROM lookout WHERE id = :id AND erase_after > :now")?
        .query_row(named_params! {":id": lookout.bytes(), ":now": micros(now)}, row)
        .optional()
}

fn raise(tx: &Transaction<'_>, during: &'static str) -> Result<()> {
    let rows = tx.execute("UPDATE lookout_generation SET n = n + 1", []).during(during)?;
    touched(during, 1, rows)
}

fn count(tx: &Transaction<'_>, authority: &str, month: &str, kind: &str, n: u64) -> Result<()> {
    let during = "count lookouts";
    let rows = tx
        .prepare_cached(
            "INSERT INTO lookout_count (authority, month, kind, n) VALUES (:authority, :month, :kind, :n)
             ON CONFLICT DO UPDATE SET n = n + excluded.n",
        )
        .and_then(|mut s| {
            s.execute(
                named_params! {":authority": authority, ":month": month, ":kind": kind, ":n": signed(n)},
            )
        })
        .during(during)?;
    touched(during, 1, rows)
}
