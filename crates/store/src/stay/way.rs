//! Ways out of the state: exit points under a designation, and what somebody declared beside them.

use crate::column::{instant, instant_or_none, micros, word, word_of};
use crate::error::{During, Result, touched};
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::place::PointKind;
use portunus_core::stay::{Mode, Span, WayOut};
use rusqlite::named_params;

/// A way out, as somebody declared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredWay {
    /// The way. One span while exits by it are recorded; none: they are not.
    pub way: WayOut,
    /// Why that is so, for everybody to read.
    pub reason: String,
    /// When it was declared.
    pub declared_at: Timestamp,
}

/// A designation of an exit point: exits there are recorded while it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitDesignated {
    /// What kind of point.
    pub kind: PointKind,
    /// Its port.
    pub port: String,
    /// While it is in force.
    pub span: Span,
}

impl Store {
    /// Declares a way out, beside what was declared before: of one way the spans add up.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn declare_way_out(
        &self,
        mode: Mode,
        port: Option<&str>,
        recorded: Option<Span>,
        reason: &str,
        now: Timestamp,
    ) -> Result<()> {
        let during = "declare_way_out";
        let id = self.fresh();
        self.tx(during, |tx| {
            let rows = tx
                .execute(
                    "INSERT INTO way_out (id, mode, port, from_at, until_at, reason, declared_at)
                     VALUES (:id, :mode, :port, :from, :until, :reason, :now)",
                    named_params! {
                        ":id": id,
                        ":mode": word(&mode),
                        ":port": port,
                        ":from": recorded.map(|span| micros(span.from)),
                        ":until": recorded.and_then(|span| span.until).map(micros),
                        ":reason": reason,
                        ":now": micros(now),
                    },
                )
                .during(during)?;
            touched(during, 1, rows)
        })
    }

    /// Every way out that was declared, the earliest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn declared_ways_out(&self) -> Result<Vec<DeclaredWay>> {
        self.read("declared_ways_out", |tx| {
            tx.prepare_cached("SELECT * FROM way_out ORDER BY declared_at, id")?
                .query_map([], |row| {
                    let until = instant_or_none(row, "until_at")?;
                    let span = instant_or_none(row, "from_at")?.map(|from| Span { from, until });
                    Ok(DeclaredWay {
                        way: WayOut {
                            mode: word_of(row, "mode")?,
                            port: row.get("port")?,
                            recorded: span.into_iter().collect(),
                        },
                        reason: row.get("reason")?,
                        declared_at: instant(row, "declared_at")?,
                    })
                })?
                .collect()
        })
    }

    /// Every designation that an exit point has or had.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn exits_designated(&self) -> Result<Vec<ExitDesignated>> {
        self.read("exits_designated", |tx| {
            tx.prepare_cached(
                "SELECT kind, port, from_at, until_at FROM designation JOIN point ON point.id = designation.point
                 WHERE point.direction = 'exit' ORDER BY port, kind, from_at",
            )?
            .query_map([], |row| {
                let (from, until) = (instant(row, "from_at")?, instant_or_none(row, "until_at")?);
                Ok(ExitDesignated {
                    kind: word_of(row, "kind")?,
                    port: row.get("port")?,
                    span: Span { from, until },
                })
            })?
            .collect()
        })
    }
}
