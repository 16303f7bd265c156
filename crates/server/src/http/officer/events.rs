//! `GET /console/events?point=`: server-sent events, identifiers only. After a gap the page asks for the whole.

use super::id;
use crate::http::session::Officer;
use crate::http::{App, Problem, blocking};
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use portunus_core::id::PointId;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;

/// How long to wait for this process's own commits before looking for those of others.
const LOOK_SECONDS: u64 = 1;
const EVENTS_MAX: usize = 500;

#[derive(Deserialize)]
pub(crate) struct At {
    point: String,
}

pub(crate) async fn handle(
    State(app): State<App>,
    Officer(user): Officer,
    Query(at): Query<At>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let point: PointId = id(&at.point, "crossing point")?;
    let service = app.service.clone();
    let start = blocking(move || service.store().last_event()).await?;
    let commits = app.service.commits();
    // The page fetches the whole board on opening: the first event tells it that the stream stands.
    let opened = futures_util::stream::once(async { Ok(Event::default().event("opened").data("{}")) });
    let changes =
        futures_util::stream::unfold((app, commits, start), move |(app, mut commits, mut last)| async move {
            loop {
                let closed = tokio::time::timeout(Duration::from_secs(LOOK_SECONDS), commits.changed()).await;
                if matches!(closed, Ok(Err(_))) {
                    return None;
                }
                app.service.works_at(user.id, point);
                let (service, after) = (app.service.clone(), last);
                let events = blocking(move || service.store().events_after(after, EVENTS_MAX)).await.ok()?;
                last = events.last().map_or(last, |event| event.seq);
                let here = events.iter().rev().find(|event| event.point.is_none_or(|at| at == point));
                if let Some(event) = here {
                    let data = serde_json::json!({ "encounter": event.encounter }).to_string();
                    let event = Event::default().event("changed").id(event.seq.to_string()).data(data);
                    return Some((Ok(event), (app, commits, last)));
                }
            }
        });
    use futures_util::StreamExt as _;
    Ok(Sse::new(opened.chain(changes)).keep_alive(KeepAlive::new().interval(Duration::from_secs(10))))
}
