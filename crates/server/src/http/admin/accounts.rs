//! `POST /api/admin/v1/users/{id}/password` and `/disable`: a new password, or none at all; sessions end.

use crate::http::session::{Staff, hash_password};
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portunus_store::NO_PASSWORD;
use serde::Deserialize;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// At least fifteen characters.
    password: String,
}

#[utoipa::path(post, path = "/api/admin/v1/users/{id}/password", operation_id = "admin_password", tag = "administrator",
    params(("id" = String, Path, description = "the person")), request_body = NewPassword,
    responses((status = 204, description = "changed; their sessions are over"), (status = 404)))]
pub(crate) async fn password(
    State(app): State<App>,
    Staff(_): Staff,
    Path(id): Path<String>,
    Json(new): Json<NewPassword>,
) -> Result<StatusCode, Problem> {
    let salt = app.service.fresh();
    let turn = app.passwords.turn().await?;
    set(&app, &id, move || {
        let _turn = turn;
        hash_password(&new.password, salt)
    })
    .await
}

#[utoipa::path(post, path = "/api/admin/v1/users/{id}/disable", operation_id = "admin_disable", tag = "administrator",
    params(("id" = String, Path, description = "the person")),
    responses((status = 204, description = "no password opens this account any more; its sessions are over"),
        (status = 404), (status = 409, description = "yourself")))]
pub(crate) async fn disable(
    State(app): State<App>,
    Staff(own): Staff,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if id == own.id.to_string() {
        return Err(Problem::conflict("yourself", "another administrator disables this account"));
    }
    set(&app, &id, || Ok(NO_PASSWORD.to_owned())).await
}

async fn set(
    app: &App,
    id: &str,
    hash: impl FnOnce() -> Result<String, Problem> + Send + 'static,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found("person"))?;
    let service = app.service.clone();
    let known = blocking(move || Ok::<_, Problem>(service.store().set_password(id, &hash()?)?)).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("person")) }
}
