//! `GET /console/events?point=`: server-sent events, identifiers only. After a gap the page asks for the whole.

use super::id;
use crate::http::session::{Staff, carried_hash};
use crate::http::{App, Problem, blocking};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::Stream;
use portunus_core::id::PointId;
use portunus_store::Event;
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
    Staff(user): Staff,
    headers: HeaderMap,
    Query(at): Query<At>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    let point: PointId = id(&at.point, "crossing point")?;
    let service = app.service.clone();
    let start = blocking(move || service.store().last_event()).await?;
    let session = carried_hash(&headers);
    let commits = app.service.commits();
    // The page fetches the whole board on opening: the first event tells it that the stream stands.
    let opened = futures_util::stream::once(async { Ok(Sent::default().event("opened").data("{}")) });
    let changes =
        futures_util::stream::unfold((app, commits, start), move |(app, mut commits, mut last)| async move {
            loop {
                let closed = tokio::time::timeout(Duration::from_secs(LOOK_SECONDS), commits.changed()).await;
                if matches!(closed, Ok(Err(_))) {
                    return None;
                }
                // A stream does not outlive its session, and ends when that locks.
                if !still_open(&app, session).await {
                    return None;
                }
                app.service.works_at(user.id, point);
                let (service, after) = (app.service.clone(), last);
                let events = blocking(move || service.store().events_after(after, EVENTS_MAX)).await.ok()?;
                last = events.last().map_or(last, |event| event.seq);
                let service = app.service.clone();
                let served = blocking(move || service.store().voyage_at(point)).await.ok()?;
                // Who was photographed on the route to a hall is in the hall's queue.
                let of_here = |event: &&Event| {
                    event.point.is_none_or(|at| at == point) || (served.is_some() && event.voyage == served)
                };
                let here = events.iter().rev().find(of_here);
                if let Some(event) = here {
                    let data = serde_json::json!({ "encounter": event.encounter }).to_string();
                    let event = Sent::default().event("changed").id(event.seq.to_string()).data(data);
                    return Some((Ok(event), (app, commits, last)));
                }
            }
        });
    use futures_util::StreamExt as _;
    Ok(Sse::new(opened.chain(changes)).keep_alive(KeepAlive::new().interval(Duration::from_secs(10))))
}

/// Whether a session is there, and not locked.
pub(super) async fn still_open(app: &App, session: Option<[u8; 32]>) -> bool {
    let (Some(hash), service) = (session, app.service.clone()) else { return false };
    let open = blocking(move || {
        let now = service.now();
        let session = service.store().session(hash, now)?;
        let there = session.map(|session| now.duration_since(session.active_at));
        Ok::<_, Problem>(there.is_some_and(|idle| idle < service.consoles_lock_after()))
    });
    open.await.unwrap_or(false)
}
