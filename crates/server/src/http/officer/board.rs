//! `GET /console/board?point=` (a fragment) and `GET /api/officer/v1/board?point=` (JSON): everything that an
//! officer sees of a point, from the store; after a reconnect it is whole again.

use super::id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::pages::board::{
    BoardView, BoardedView, KnownView, PointView, Progress, VoyageView, WaitingView, board,
};
use crate::pages::card::{CardView, NamedBy, PassengerView, ProbePhoto, RuledView};
use crate::pages::score::ScoreView;
use crate::service::{Refused, Service};
use axum::Json;
use axum::extract::{Query, State};
use jiff::Timestamp;
use maud::Markup;
use portunus_core::decide::{Decision, Failure, Presented, Reason};
use portunus_core::encounter::{Encounter, Lane, Ruling, Stage};
use portunus_core::id::{EncounterId, PassengerId, PointId, UserId, VoyageId};
use portunus_core::place::CrossingPoint;
use portunus_core::policy::PersonClass;
use portunus_core::retention::{Evidence, Standing, standing};
use portunus_core::voyage::Voyage;
use portunus_store::Listed;
use serde::{Deserialize, Serialize};

/// The last who boarded, and how far back a card can be looked at again.
const RECENT_MAX: usize = 40;
const BOARDED_SHOWN: usize = 10;

/// What a board is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// Where; the first point when not said.
    pub(crate) point: Option<String>,
    /// The card that the officer selected.
    pub(crate) encounter: Option<String>,
    /// The passenger that the officer picked from the manifest.
    pub(crate) passenger: Option<String>,
}

/// `GET /console/board`.
pub(crate) async fn fragment(
    State(app): State<App>,
    Staff(user): Staff,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let service = app.service.clone();
    let view = blocking(move || board_before(&service, &asked, user.id)).await?;
    view.map(|view| board(&view)).ok_or_else(|| Problem::not_found("crossing point"))
}

/// Somebody in the queue, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct WaitingTraveller {
    encounter: String,
    /// RFC 3339.
    since: String,
    /// `photo` or `manual`.
    #[schema(value_type = String)]
    lane: Lane,
    #[schema(value_type = Vec<String>)]
    reasons: Vec<Reason>,
    #[schema(value_type = Option<String>)]
    failure: Option<Failure>,
    officer: Option<String>,
    /// Whom it is about, where that is known: found by face, or the holder of the document shown.
    passenger: Option<WaitingPassenger>,
    /// The traveller asks for a booth where nobody else looks on.
    private_booth: bool,
    /// The traveller asks for an officer of their own sex.
    same_sex_officer: bool,
}

/// Whom an encounter is about, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct WaitingPassenger {
    /// Their identifier on the list, as rulings name them.
    id: String,
    /// Family name, then given names.
    name: String,
    /// Issuing state, kind and number of the first document on the list.
    document: String,
}

/// A point, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Board {
    point: String,
    designated: bool,
    voyage: Option<String>,
    expected: u32,
    boarded_by_face: u32,
    boarded_by_document: u32,
    /// The longest waiting first.
    queue: Vec<WaitingTraveller>,
}

#[utoipa::path(get, path = "/api/officer/v1/board", operation_id = "officer_board", tag = "officer",
    params(("point" = Option<String>, Query, description = "the crossing point; the first when not said")),
    responses((status = 200, body = Board), (status = 404)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    Query(asked): Query<Asked>,
) -> Result<Json<Board>, Problem> {
    let service = app.service.clone();
    let view = blocking(move || board_before(&service, &asked, user.id)).await?;
    let view = view.ok_or_else(|| Problem::not_found("crossing point"))?;
    let progress = view.voyage.as_ref().map(|v| v.progress).unwrap_or_default();
    let queue = view.queue.into_iter().map(|waiting| WaitingTraveller {
        encounter: waiting.encounter.to_string(),
        since: waiting.since.to_string(),
        lane: waiting.lane,
        reasons: waiting.reasons,
        failure: waiting.failure,
        officer: waiting.officer,
        passenger: waiting.passenger.map(|known| WaitingPassenger {
            id: known.id.to_string(),
            name: known.name,
            document: known.document,
        }),
        private_booth: waiting.wish.private_booth,
        same_sex_officer: waiting.wish.same_sex_officer,
    });
    Ok(Json(Board {
        point: view.point.name,
        designated: view.designated,
        voyage: view.voyage.map(|v| format!("{}/{}", v.name, v.date)),
        expected: progress.expected,
        boarded_by_face: progress.by_face,
        boarded_by_document: progress.by_document,
        queue: queue.collect(),
    }))
}

/// The board that an officer now has before them: from here on they work at that point.
pub(crate) fn board_before(
    service: &Service,
    asked: &Asked,
    officer: UserId,
) -> Result<Option<BoardView>, Problem> {
    let view = board_view(service, asked)?;
    if let Some(view) = &view {
        service.works_at(officer, view.point.id);
    }
    Ok(view)
}

/// Everything that an officer sees of a point; `None` when there is no such point.
fn board_view(service: &Service, asked: &Asked) -> Result<Option<BoardView>, Problem> {
    let store = service.store();
    let point = match &asked.point {
        Some(text) => store.point(id::<PointId>(text, "crossing point")?)?,
        None => store.points()?.into_iter().next(),
    };
    let Some(point) = point else { return Ok(None) };
    let (now, waiting) = (service.now(), store.waiting(point.id)?);
    let recent = store.recent(point.id, RECENT_MAX)?;
    let wanted = asked.encounter.as_deref().map(|text| id::<EncounterId>(text, "encounter")).transpose()?;
    let picked = asked.passenger.as_deref().map(|text| id::<PassengerId>(text, "passenger")).transpose()?;
    let selected =
        wanted.and_then(|id| waiting.iter().chain(&recent).find(|e| e.id == id)).or(waiting.first());
    let designated = store.designation_in_force(point.id, now)?.is_some();
    let voyage = match store.voyage_at(point.id)? {
        Some(voyage) => store.voyage(voyage)?,
        None => None,
    };
    let mut queue = Vec::with_capacity(waiting.len());
    for encounter in &waiting {
        queue.push(in_queue(service, encounter)?);
    }
    let mut boarded = Vec::new();
    for encounter in recent.iter().filter(|e| e.stage == Stage::Done) {
        if boarded.len() < BOARDED_SHOWN {
            boarded.extend(passed(service, encounter, now)?);
        }
    }
    let waiting_now = waiting.len();
    Ok(Some(BoardView {
        now,
        designated,
        voyage: voyage.map(|voyage| voyage_view(service, &voyage, waiting_now)).transpose()?,
        queue,
        card: selected.map(|encounter| card_view(service, encounter, picked, now)).transpose()?,
        boarded,
        point: point_view(&point),
    }))
}

/// A point as pages show it.
pub(crate) fn point_view(point: &CrossingPoint) -> PointView {
    PointView { id: point.id, name: point.name.clone(), direction: point.direction, kind: point.kind }
}

/// A voyage as pages show it.
pub(crate) fn voyage_view(service: &Service, voyage: &Voyage, waiting: usize) -> Result<VoyageView, Refused> {
    let progress = service.progress(voyage.id)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let port = |port: Option<&String>| port.cloned().unwrap_or_else(|| "?".to_owned());
    Ok(VoyageView {
        id: voyage.id,
        name: format!("{}{}", voyage.key.carrier, voyage.key.number),
        date: voyage.key.date,
        from: port(voyage.legs.first().map(|leg| &leg.from)),
        to: port(voyage.legs.last().map(|leg| &leg.to)),
        status: voyage.status,
        progress: Progress {
            expected: count(progress.expected),
            by_face: count(progress.face_matched),
            by_document: count(progress.document_inspected),
            waiting: count(waiting),
        },
        watch: voyage.watch.map(|watch| watch.until),
    })
}

fn officer_name(service: &Service, officer: Option<UserId>) -> Result<Option<String>, Refused> {
    Ok(match officer {
        Some(officer) => service.store().user(officer)?.map(|user| user.name),
        None => None,
    })
}

fn name_of(listed: &Listed) -> String {
    let stated = &listed.passenger.stated;
    format!("{}, {}", stated.family_name, stated.given_names)
}

fn document_of(listed: &Listed) -> String {
    let document = listed.passenger.stated.documents.first();
    document.map_or_else(
        || "no document stated".to_owned(),
        |d| format!("{} {} {}", d.issuer, d.kind.in_words(), d.number()),
    )
}

fn why(encounter: &Encounter) -> (Vec<Reason>, Option<Failure>) {
    match &encounter.decision {
        Some(Decision::Refer { reasons, .. }) => (reasons.clone(), None),
        Some(Decision::Unavailable { failure }) => (Vec::new(), Some(*failure)),
        Some(Decision::Confirmed { .. }) | None => (Vec::new(), None),
    }
}

/// Whom an encounter is about: found by face, else the holder of the document shown.
fn about(encounter: &Encounter) -> Option<(PassengerId, NamedBy)> {
    let by_face = encounter.decision.as_ref().and_then(Decision::comparison);
    if let Some(found) = by_face {
        return Some((found.candidate.passenger, NamedBy::Face));
    }
    match encounter.presented {
        Presented::Passenger(holder) => Some((holder, NamedBy::Document)),
        _ => encounter.passenger.map(|passenger| (passenger, NamedBy::Officer)),
    }
}

fn in_queue(service: &Service, encounter: &Encounter) -> Result<WaitingView, Refused> {
    let (reasons, failure) = why(encounter);
    let listed = match about(encounter) {
        Some((passenger, _)) => service.store().passenger(passenger)?,
        None => None,
    };
    Ok(WaitingView {
        encounter: encounter.id,
        since: encounter.joined_at,
        lane: encounter.lane,
        reasons,
        failure,
        passenger: listed.map(|listed| KnownView {
            id: listed.passenger.id,
            name: name_of(&listed),
            document: document_of(&listed),
        }),
        officer: officer_name(service, service.store().officer_of(encounter.id)?)?,
        verified: encounter.is_verified(),
        secondary: encounter.stage == Stage::Secondary,
        wish: service.store().wish(encounter.id)?,
        together: service.store().party_size(encounter.id)?,
    })
}

fn passed(service: &Service, encounter: &Encounter, now: Timestamp) -> Result<Option<BoardedView>, Refused> {
    let Some(passenger) = encounter.passenger else { return Ok(None) };
    let Some(listed) = service.store().passenger(passenger)? else { return Ok(None) };
    let Some(boarding) = listed.boarding.clone() else { return Ok(None) };
    let document = listed.passenger.stated.documents.first();
    Ok(Some(BoardedView {
        encounter: encounter.device.map(|_| encounter.id),
        passenger,
        name: name_of(&listed),
        document: document.map_or_else(String::new, |document| document.masked()),
        at: boarding.at,
        method: boarding.method,
        entered_later: boarding.entered_later,
        probe: probe_photo(service, encounter, now),
        has_reference: service.shows_portrait(encounter.voyage, &listed)?,
        held: listed.hold.map(|hold| hold.reason),
    }))
}

fn probe_photo(service: &Service, encounter: &Encounter, now: Timestamp) -> ProbePhoto {
    if let Some(until) = service.photo_shown_until(encounter.id, now) {
        return ProbePhoto::ShownUntil(until);
    }
    match (encounter.probe, encounter.attempts) {
        (Some(_), _) => ProbePhoto::Kept,
        (None, 0) => ProbePhoto::NeverTaken,
        (None, _) => ProbePhoto::Gone,
    }
}

fn card_view(
    service: &Service,
    encounter: &Encounter,
    picked: Option<PassengerId>,
    now: Timestamp,
) -> Result<CardView, Refused> {
    let store = service.store();
    let about = picked.map(|passenger| (passenger, NamedBy::Officer)).or_else(|| about(encounter));
    let found = encounter.decision.as_ref().and_then(Decision::comparison);
    let passenger = match about {
        Some((passenger, named_by)) => store
            .passenger_on(encounter.voyage, passenger)?
            .map(|listed| passenger_view(service, encounter.voyage, &listed, named_by))
            .transpose()?,
        None => None,
    };
    // The score is the candidate's: beside another passenger it would say something untrue.
    let score =
        found.filter(|found| about.is_none_or(|(passenger, _)| passenger == found.candidate.passenger));
    let (reasons, failure) = why(encounter);
    // By a match with the reference of an issuer, or an officer; never by a claim or the carrier alone.
    let matched = matches!(encounter.decision, Some(Decision::Confirmed { .. }));
    let settled =
        matched && (encounter.class != PersonClass::Citizen || holds_home_passport(service, encounter)?);
    let mut rulings_settle = false;
    let mut rulings = Vec::new();
    for ruled in store.rulings(encounter.id)? {
        let author = officer_name(service, Some(ruled.author))?.unwrap_or_else(|| "an officer".to_owned());
        rulings_settle |= matches!(
            ruled.ruling,
            Ruling::Establish { .. }
                | Ruling::Board { .. }
                | Ruling::Admit { .. }
                | Ruling::SomebodyElse { instead: Some(_), .. }
        );
        rulings.push(RuledView { what: in_words(ruled.ruling), author, reason: ruled.reason, at: ruled.at });
    }
    let confirmed = match &encounter.decision {
        Some(Decision::Confirmed { comparison }) => Some(comparison.candidate.passenger),
        _ => None,
    };
    Ok(CardView {
        confirmed: confirmed.filter(|passenger| encounter.passenger == Some(*passenger)),
        encounter: encounter.id,
        lane: encounter.lane,
        stage: encounter.stage,
        since: encounter.joined_at,
        attempts: encounter.attempts,
        officer: officer_name(service, store.officer_of(encounter.id)?)?,
        wish: store.wish(encounter.id)?,
        claims_citizenship: encounter.claims_citizenship,
        class: encounter.class,
        class_confirmed: settled || rulings_settle,
        probe: probe_photo(service, encounter, now),
        passenger,
        score: score.map(|found| ScoreView {
            score: found.candidate.score,
            threshold: found.threshold,
            false_match_rate: found.candidate.false_match_rate,
            gallery_people: found.gallery_people,
            runner_up: found.runner_up,
        }),
        reasons,
        failure,
        rulings,
        entering: service.is_entered(encounter)?,
        confidential: encounter.confidential,
    })
}

fn holds_home_passport(service: &Service, encounter: &Encounter) -> Result<bool, Refused> {
    let Some(passenger) = encounter.passenger else { return Ok(false) };
    let Some(listed) = service.store().passenger(passenger)? else { return Ok(false) };
    let documents = &listed.passenger.stated.documents;
    let evidence = Evidence { documents, reference_matched: true, ..Evidence::default() };
    Ok(standing(&evidence, service.policy()) == Standing { class: PersonClass::Citizen, confirmed: true })
}

fn passenger_view(
    service: &Service,
    voyage: VoyageId,
    listed: &Listed,
    named_by: NamedBy,
) -> Result<PassengerView, Refused> {
    let stated = &listed.passenger.stated;
    Ok(PassengerView {
        id: listed.passenger.id,
        name: name_of(listed),
        document: document_of(listed),
        born: stated.birth(),
        document_is_out_of_date: stated.document_is_out_of_date(service.now()),
        nationality: stated.nationality.as_ref().map(ToString::to_string),
        has_reference: service.shows_portrait(voyage, listed)?,
        boarded: listed.boarding.is_some(),
        held: listed.hold.is_some(),
        lookouts: service.lookout_hits_of(listed)?,
        named_by,
    })
}

fn in_words(ruling: Ruling) -> String {
    match ruling {
        Ruling::Board { .. } => "Boarded after the document was inspected".to_owned(),
        Ruling::Admit { .. } => "Admitted".to_owned(),
        Ruling::Secondary => "Referred to a second inspection".to_owned(),
        Ruling::Refuse => "Refused".to_owned(),
        Ruling::Retake => "Another photo asked for".to_owned(),
        Ruling::Establish { class } => format!("Established: {}", class.in_words()),
        Ruling::OffLoad { .. } => "Taken off the voyage".to_owned(),
        Ruling::SomebodyElse { instead: Some(_), .. } => {
            "The match was wrong: boarded as somebody else after the document was inspected".to_owned()
        }
        Ruling::SomebodyElse { instead: None, .. } => "The match was wrong: it was somebody else".to_owned(),
    }
}
