//! `POST /api/admin/v1/users`: somebody who signs in.

use super::{Made, text};
use crate::http::session::{Staff, hash_password};
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portunus_core::designation::line;
use portunus_core::role::Role;
use portunus_store::{CreateUser, NewUser};
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    /// What they sign in with.
    name: String,
    /// `officer`, `supervisor`, `carrier`, `lookout-author`, `lookout-approver`, `records`, `data-protection`, `auditor` or
    /// `administrator`.
    #[schema(value_type = String)]
    role: Role,
    /// For a carrier's people: its code, as in its voyages.
    #[serde(default)]
    carrier: Option<String>,
    /// At least fifteen characters.
    password: String,
}

/// What somebody signs in with, as names are compared: on one line, one blank between words.
pub(in crate::http) fn account_name(name: &str) -> Result<String, Problem> {
    Ok(line(name, "name", 60)?)
}

#[utoipa::path(post, path = "/api/admin/v1/users", operation_id = "admin_users", tag = "administrator", request_body = Person,
    responses((status = 201, body = Made), (status = 400), (status = 409, description = "the name is taken")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(_): Staff,
    Json(person): Json<Person>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let service = app.service.clone();
    blocking(move || {
        let carrier = person.carrier.as_deref().map(str::trim).filter(|carrier| !carrier.is_empty());
        if !person.role.signs_in() {
            return Err(Problem::bad_request("role: a device or a recipient has credentials of its own"));
        }
        if (person.role == Role::Carrier) != carrier.is_some() {
            return Err(Problem::bad_request(
                "carrier: a carrier's people need its code, and nobody else has one",
            ));
        }
        let user = NewUser {
            name: account_name(&person.name)?,
            role: person.role,
            carrier: carrier
                .map(|carrier| text(carrier, "carrier", 10))
                .transpose()?
                .map(|c| c.to_ascii_uppercase()),
            password_hash: hash_password(&person.password, service.fresh())?,
        };
        match service.store().create_user(&user, service.now())? {
            CreateUser::Created(id) => Ok((StatusCode::CREATED, Json(Made::of(id)))),
            CreateUser::NameTaken => Err(Problem::conflict("name-taken", "this name is taken")),
        }
    })
    .await
}
