//! `GET /api/officer/v1/parity`: what declining costs in time, now, and the officers that would mend it;
//! `POST /api/officer/v1/queue`: what an officer sees of a queue; `GET /supervisor/events`: that something changed.

use super::events::still_open;
use crate::http::device::QueueEntered;
use crate::http::session::{Staff, carried_hash};
use crate::http::{App, Problem, blocking};
use crate::service::{LeftWaiting, PointParity, Told};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use portunus_core::encounter::Lane;
use portunus_core::id::PointId;
use portunus_core::parity::Step;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;

/// Whoever watches is told at most this often.
const PAUSE: Duration = Duration::from_millis(500);
/// How long to wait for this process's own commits before saying so anyway: other processes commit, too, and waits grow.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);

/// Both choices at every designated point.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Parity {
    /// By point.
    points: Vec<PointParity>,
    /// Boardings of the last hours that were closed while people who had declined still waited: how many, never who.
    left_waiting: Vec<LeftWaiting>,
}

#[utoipa::path(get, path = "/api/officer/v1/parity", operation_id = "officer_parity", tag = "officer",
    responses((status = 200, body = Parity)))]
pub(crate) async fn handle(State(app): State<App>, Staff(_): Staff) -> Result<Json<Parity>, Problem> {
    let service = app.service.clone();
    let parity = blocking(move || {
        let points = service.parity()?;
        Ok::<_, Problem>(Parity { points, left_waiting: service.left_waiting_lately() })
    })
    .await?;
    Ok(Json(parity))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// The crossing point.
    #[schema(value_type = String)]
    point: PointId,
    /// `photo` or `manual`.
    #[schema(value_type = String)]
    choice: Lane,
    /// `joined`, `at-desk` or `done`.
    #[schema(value_type = String)]
    step: Step,
}

#[utoipa::path(post, path = "/api/officer/v1/queue", operation_id = "officer_queue", tag = "officer", request_body = Seen,
    responses((status = 200, body = QueueEntered), (status = 404, description = "no such point")))]
pub(crate) async fn seen(
    State(app): State<App>,
    Staff(_): Staff,
    Json(seen): Json<Seen>,
) -> Result<Json<QueueEntered>, Problem> {
    let service = app.service.clone();
    let told = Told { choice: seen.choice, step: seen.step, at: None };
    let entered = blocking(move || service.queue_seen(seen.point, &[told])).await?;
    Ok(Json(QueueEntered { entered }))
}

/// That something changed: the page asks for itself anew. No identifier, no count.
pub(crate) async fn events(
    State(app): State<App>,
    Staff(_): Staff,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (commits, session) = (app.service.commits(), carried_hash(&headers));
    let opened = futures_util::stream::once(async { Ok(Event::default().event("opened").data("{}")) });
    let changes = futures_util::stream::unfold((app, commits), move |(app, mut commits)| async move {
        tokio::time::sleep(PAUSE).await;
        let closed = tokio::time::timeout(LOOK_ANYWAY, commits.changed()).await;
        if matches!(closed, Ok(Err(_))) || !still_open(&app, session).await {
            return None;
        }
        Some((Ok(Event::default().event("changed").data("{}")), (app, commits)))
    });
    Sse::new(opened.chain(changes)).keep_alive(KeepAlive::new().interval(Duration::from_secs(10)))
}
