//! `POST /api/carrier/v1/manifests`: an EDIFACT interchange with PAXLST messages.

use super::own_voyage;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking, limit};
use crate::service::Taken;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;

#[utoipa::path(post, path = "/api/carrier/v1/manifests", operation_id = "carrier_manifest", tag = "carrier",
    request_body(content = String, content_type = "application/edifact"),
    responses((status = 200, body = Taken, description = "what was taken, and what was not and why"),
        (status = 403, description = "a message is of another carrier's voyage; nothing was taken")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Taken>, Problem> {
    let body = body.map_err(limit::body_problem)?;
    let service = app.service.clone();
    blocking(move || {
        let reading = portunus_documents::edifact::paxlst::read(&body);
        for message in &reading.messages {
            own_voyage(&user, &message.manifest.voyage)?;
        }
        service.take_manifests(reading).map(Json).map_err(Problem::from)
    })
    .await
}
