//! People who sign in, each in one role.

use crate::column::{id, instant, micros, word, word_of};
use crate::error::{During, Result, touched};
use crate::store::Store;
use jiff::Timestamp;
use portunus_core::id::UserId;
use portunus_core::role::Role;
use rusqlite::{OptionalExtension, Row, named_params};

/// Someone who signs in. Holds a secret and a name: no `Debug`.
#[derive(Clone)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// The name to sign in with, as first written.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The carrier they act for, for [`Role::Carrier`].
    pub carrier: Option<String>,
    /// A password hash in PHC form; the store never sees the password.
    pub password_hash: String,
}

/// What no password hashes to: who has it does not sign in.
pub const NO_PASSWORD: &str = "disabled";

impl User {
    /// Whether a password opens their account.
    pub fn signs_in(&self) -> bool {
        self.password_hash != NO_PASSWORD
    }
}

/// Someone to be able to sign in. Holds a secret and a name: no `Debug`.
#[derive(Clone)]
pub struct NewUser {
    /// The name to sign in with; upper and lower case are the same.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The carrier they act for, for [`Role::Carrier`].
    pub carrier: Option<String>,
    /// A password hash in PHC form.
    pub password_hash: String,
}

/// Somebody's session. Holds a name and a secret: no `Debug`.
pub struct Session {
    /// Whose it is.
    pub user: User,
    /// When somebody was last seen at it.
    pub active_at: Timestamp,
}

/// What became of a new user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateUser {
    /// They can sign in.
    Created(UserId),
    /// Someone has that name; nothing was changed.
    NameTaken,
}

/// The form in which names are compared.
pub(crate) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: id(row, "id", UserId::from_bytes)?,
        name: row.get("name")?,
        role: word_of(row, "role")?,
        carrier: row.get("carrier")?,
        password_hash: row.get("password_hash")?,
    })
}

impl Store {
    /// Adds someone who signs in.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn create_user(&self, new: &NewUser, now: Timestamp) -> Result<CreateUser> {
        let id = UserId::from_bytes(self.fresh());
        let rows = self.tx("create_user", |tx| {
            tx.execute(
                "INSERT INTO user (id, name, name_folded, role, carrier, password_hash, created_at)
                 VALUES (:id, :name, :folded, :role, :carrier, :hash, :now) ON CONFLICT (name_folded) DO NOTHING",
                named_params! {
                    ":id": id.bytes(),
                    ":name": new.name.trim(),
                    ":folded": folded(&new.name),
                    ":role": word(&new.role),
                    ":carrier": new.carrier,
                    ":hash": new.password_hash,
                    ":now": micros(now),
                },
            )
            .during("create_user")
        })?;
        Ok(if rows == 1 { CreateUser::Created(id) } else { CreateUser::NameTaken })
    }

    /// Who signs in with `name`, in whatever case.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn user_by_name(&self, name: &str) -> Result<Option<User>> {
        self.read("user_by_name", |tx| {
            tx.prepare_cached("SELECT * FROM user WHERE name_folded = :name")?
                .query_row(named_params! {":name": folded(name)}, user)
                .optional()
        })
    }

    /// Someone who signs in.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn user(&self, id: UserId) -> Result<Option<User>> {
        self.read("user", |tx| {
            tx.prepare_cached("SELECT * FROM user WHERE id = :id")?
                .query_row(named_params! {":id": id.bytes()}, user)
                .optional()
        })
    }

    /// Everyone who signs in, by name.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn users(&self) -> Result<Vec<User>> {
        self.read("users", |tx| {
            tx.prepare("SELECT * FROM user ORDER BY name_folded")?.query_map([], user)?.collect()
        })
    }

    /// Whether anyone can sign in.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn has_users(&self) -> Result<bool> {
        self.read("has_users", |tx| tx.query_row("SELECT EXISTS (SELECT 1 FROM user)", [], |row| row.get(0)))
    }

    /// Changes a password and ends that person's sessions. `false` when there is no such person.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn set_password(&self, user: UserId, password_hash: &str) -> Result<bool> {
        self.tx("set_password", |tx| {
            let rows = tx
                .execute(
                    "UPDATE user SET password_hash = :hash WHERE id = :id",
                    named_params! {":hash": password_hash, ":id": user.bytes()},
                )
                .during("set_password")?;
            tx.execute("DELETE FROM session WHERE user = :id", named_params! {":id": user.bytes()})
                .during("set_password")?;
            Ok(rows == 1)
        })
    }

    /// Opens a session known by the hash of its token, from `now` until `expires`.
    ///
    /// # Errors
    /// What SQLite says; among it that there is no such user.
    pub fn open_session(
        &self,
        token_hash: [u8; 32],
        user: UserId,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.tx("open_session", |tx| {
            let rows = tx
                .execute(
                    "INSERT INTO session (token_hash, user, expires_at, active_at)
                     VALUES (:hash, :user, :expires, :now)",
                    named_params! {
                        ":hash": token_hash,
                        ":user": user.bytes(),
                        ":expires": micros(expires),
                        ":now": micros(now),
                    },
                )
                .during("open_session")?;
            touched("open_session", 1, rows)
        })
    }

    /// The session that a token opens at `now`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn session(&self, token_hash: [u8; 32], now: Timestamp) -> Result<Option<Session>> {
        self.read("session", |tx| {
            tx.prepare_cached(
                "SELECT user.*, session.active_at FROM session JOIN user ON user.id = session.user
                 WHERE token_hash = :hash AND expires_at > :now",
            )?
            .query_row(named_params! {":hash": token_hash, ":now": micros(now)}, |row| {
                Ok(Session { user: user(row)?, active_at: instant(row, "active_at")? })
            })
            .optional()
        })
    }

    /// Somebody was at a session at `at`; the first instant of all locks it. `false` when there is none.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn mark_session(&self, token_hash: [u8; 32], at: Timestamp) -> Result<bool> {
        self.tx("mark_session", |tx| {
            tx.execute(
                "UPDATE session SET active_at = :at WHERE token_hash = :hash",
                named_params! {":hash": token_hash, ":at": micros(at)},
            )
            .during("mark_session")
            .map(|rows| rows == 1)
        })
    }

    /// Ends a session; ended already is fine. Expired ones of everyone go with it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn close_session(&self, token_hash: [u8; 32], now: Timestamp) -> Result<()> {
        self.tx("close_session", |tx| {
            tx.execute(
                "DELETE FROM session WHERE token_hash = :hash OR expires_at <= :now",
                named_params! {":hash": token_hash, ":now": micros(now)},
            )
            .during("close_session")
            .map(|_| ())
        })
    }

    /// Keeps the hash of a one-time set-up token, in place of earlier ones.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn put_setup_token(&self, hash: [u8; 32], expires: Timestamp) -> Result<()> {
        self.tx("put_setup_token", |tx| {
            tx.execute("DELETE FROM setup_token", []).during("put_setup_token")?;
            let rows = tx
                .execute(
                    "INSERT INTO setup_token (hash, expires_at) VALUES (:hash, :expires)",
                    named_params! {":hash": hash, ":expires": micros(expires)},
                )
                .during("put_setup_token")?;
            touched("put_setup_token", 1, rows)
        })
    }

    /// Uses up a set-up token: `true` once, and only before it expires.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn take_setup_token(&self, hash: [u8; 32], now: Timestamp) -> Result<bool> {
        self.tx("take_setup_token", |tx| {
            tx.execute(
                "DELETE FROM setup_token WHERE hash = :hash AND expires_at > :now",
                named_params! {":hash": hash, ":now": micros(now)},
            )
            .during("take_setup_token")
            .map(|rows| rows == 1)
        })
    }
}
