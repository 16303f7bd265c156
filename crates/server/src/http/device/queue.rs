//! `POST /api/device/v1/queue`: a button at a queue, or a sensor over it, tells who joined, is at the desk, is done.
//! Nobody is told apart.

use super::Signed;
use crate::http::{App, Problem, blocking};
use crate::service::Told;
use axum::Json;
use axum::extract::State;
use portunus_core::parity::{Entered, Source};
use serde::{Deserialize, Serialize};

/// Events in one request.
const EVENTS_MAX: usize = 200;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueTold {
    /// `button` or `sensor`.
    #[schema(value_type = String)]
    source: Source,
    /// In the order in which they happened; at most 200.
    events: Vec<Told>,
}

/// What became of each event.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct QueueEntered {
    /// `counted`, `of-nobody`, `other-source` or `full`, in order.
    #[schema(value_type = Vec<String>)]
    pub(crate) entered: Vec<Entered>,
}

#[utoipa::path(post, path = "/api/device/v1/queue", operation_id = "device_queue", tag = "device", request_body = QueueTold,
    responses((status = 200, body = QueueEntered), (status = 400, description = "an instant that is not of the last 15 minutes")))]
pub(crate) async fn handle(State(app): State<App>, signed: Signed) -> Result<Json<QueueEntered>, Problem> {
    let told: QueueTold = serde_json::from_slice(&signed.body)
        .map_err(|error| Problem::bad_request(format!("the events: {error}")))?;
    if told.source == Source::Console || told.events.len() > EVENTS_MAX {
        return Err(Problem::bad_request("expected a button or a sensor, and at most 200 events"));
    }
    let service = app.service.clone();
    let entered =
        blocking(move || service.queue_told(&signed.device, &signed.submission, told.source, &told.events))
            .await?;
    Ok(Json(QueueEntered { entered }))
}
