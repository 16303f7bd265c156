//! `/api/admin/v1/recipients`: who receives copies of what, and why.

use crate::http::officer::id;
use crate::http::session::{Staff, Token};
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portunus_core::id::RecipientId;
use portunus_core::policy::DataClass;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRecipient {
    name: String,
    /// What it needs the copies for.
    purpose: String,
    /// The legal basis.
    basis: String,
    /// `crossing`, `probe`, or both.
    #[schema(value_type = Vec<String>)]
    receives: Vec<DataClass>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Entered {
    id: String,
    /// What it signs in with. It is not shown again.
    token: String,
}

#[utoipa::path(post, path = "/api/admin/v1/recipients", operation_id = "admin_add_recipient", tag = "administrator", request_body = NewRecipient,
    responses((status = 201, body = Entered), (status = 400), (status = 409, description = "the name is taken")))]
pub(crate) async fn add(
    State(app): State<App>,
    Staff(user): Staff,
    Json(new): Json<NewRecipient>,
) -> Result<(StatusCode, Json<Entered>), Problem> {
    let service = app.service.clone();
    blocking(move || {
        let token = Token::from_bytes(service.fresh_token());
        let texts = [new.name.as_str(), new.purpose.as_str(), new.basis.as_str()];
        let id = service.add_recipient(texts, &new.receives, token.hash, user.id)?;
        Ok::<_, Problem>((StatusCode::CREATED, Json(Entered { id: id.to_string(), token: token.text })))
    })
    .await
}

#[utoipa::path(post, path = "/api/admin/v1/recipients/{id}/withdraw", operation_id = "admin_withdraw_recipient", tag = "administrator",
    params(("id" = String, Path, description = "the recipient")),
    responses((status = 204, description = "it receives nothing more; what it has is recalled"), (status = 404)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Staff(_): Staff,
    Path(recipient): Path<String>,
) -> Result<StatusCode, Problem> {
    let recipient: RecipientId = id(&recipient, "recipient")?;
    let service = app.service.clone();
    blocking(move || service.withdraw_recipient(recipient)).await?;
    Ok(StatusCode::NO_CONTENT)
}
