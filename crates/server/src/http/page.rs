//! The pages, and signing in and out of them.

use super::admin::users::account_name;
use super::officer::{self, board_before, point_view, voyage_view};
use super::session::{
    COOKIE, PASSWORD_CHARS_MIN, SESSION_HOURS, SignedIn, Staff, Token, carried_hash, check_password,
    hash_password, same_origin, session_end, token_hash,
};
use super::{App, Problem, blocking};
use crate::pages::{
    self, Section, Viewer, admin, board, console, designation, door, lookouts, message, parity, records,
    redress, report, setup, sign_in, stays, supervisor,
};
use crate::service::{OVERSTAYS_SHOWN_MAX, Service};
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::Markup;
use portunus_core::case::THE_TRAVELLER;
use portunus_core::lookout::Standing;
use portunus_core::role::{Action, Role, allows};
use portunus_store::{CreateUser, NewUser, User};
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(front))
        .route("/gate", get(async || pages::gate::gate()))
        .route("/lane", get(async || pages::lane::lane()))
        .route("/tablet", get(tablet_page))
        .route("/sign-out", post(sign_out))
        .route("/console", get(console_page))
        .route("/console/board", get(officer::fragment))
        .route("/console/encounters/{id}/probe", get(officer::probe))
        .route("/console/encounters/{id}/held", get(held_page))
        .route("/console/encounters/{id}/receipt", get(officer::receipt::slip))
        .route("/console/passengers/{id}/reference", get(officer::reference))
        .route("/second-look", get(second_look_page))
        .route("/second-look/{id}/taken", get(officer::second_look::taken))
        .route("/second-look/{id}/reference", get(officer::second_look::reference))
        .route("/supervisor", get(supervisor_page))
        .route("/supervisor/accuracy", get(accuracy_page))
        .route("/records", get(records_page))
        .route("/records/stays", get(stays_page))
        .route("/records/{id}", get(case_page))
        .route("/lookouts", get(lookouts_page))
        .route("/admin", get(admin_page))
}

/// What somebody calls who is not signed in yet.
pub(super) fn unsigned() -> Router<App> {
    Router::new()
        .route("/sign-in", get(ask_to_sign_in).post(sign_in_form))
        .route("/api/session", post(open_session))
        .route("/setup", get(ask_to_set_up).post(set_up))
}

const NAME_CHARS_MAX: usize = 60;

fn viewer(user: &User) -> Viewer {
    let sections = Section::ALL.into_iter().filter(|section| allows(user.role, section.action()));
    Viewer { name: user.name.clone(), role: user.role.in_words().to_owned(), sections: sections.collect() }
}

/// A page's error is a page: who is not signed in is led to the door, others read what was wrong.
fn as_page(problem: &Problem) -> Response {
    if problem.status() == StatusCode::UNAUTHORIZED {
        return Redirect::to("/sign-in").into_response();
    }
    if problem.status() == StatusCode::LOCKED {
        return Redirect::to("/lock").into_response();
    }
    (problem.status(), message::message("This is not open to you", problem.detail())).into_response()
}

async fn front(State(app): State<App>, user: Result<SignedIn, Problem>) -> Result<Response, Problem> {
    if let Err(problem) = &user
        && problem.status() == StatusCode::LOCKED
    {
        return Ok(as_page(problem));
    }
    let service = app.service.clone();
    let needs_setup = !blocking(move || service.store().has_users()).await?;
    let viewer = user.ok().map(|user| viewer(&user.0));
    Ok(door::door(&door::DoorView { viewer, needs_setup }).into_response())
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

async fn ask_to_sign_in(Query(next): Query<Next>) -> Markup {
    sign_in::sign_in(&sign_in::SignInView { problem: None, next: next.next.filter(|next| is_local(next)) })
}

/// A path of this site, and not `//elsewhere`, also not by what browsers leave out or turn round.
pub(super) fn is_local(path: &str) -> bool {
    let plain = path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    plain && path.starts_with('/') && !path.starts_with("//")
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: Option<String>,
}

/// A session for whoever knows the password; the rate is bounded by name.
async fn enter(app: &App, credentials: &Credentials) -> Result<(User, Token), Problem> {
    if credentials.name.chars().count() > NAME_CHARS_MAX {
        return Err(Problem::unauthenticated("name and password do not go together"));
    }
    // As the store compares names: no spelling of one account is a fresh allowance.
    app.sign_in_rate.check(format!("sign-in {}", credentials.name.trim().to_lowercase()))?;
    let _turn = app.passwords.turn().await?;
    let service = app.service.clone();
    let (name, password) = (credentials.name.clone(), zeroize::Zeroizing::new(credentials.password.clone()));
    blocking(move || {
        let user = service.store().user_by_name(&name)?;
        let known = check_password(user.as_ref(), &password);
        let user = user.filter(|_| known);
        let user = user.ok_or_else(|| Problem::unauthenticated("name and password do not go together"))?;
        let token = Token::from_bytes(service.fresh_token());
        let now = service.now();
        service.store().open_session(token.hash, user.id, session_end(now), now)?;
        Ok::<_, Problem>((user, token))
    })
    .await
}

fn cookie(value: &str, seconds: i64) -> [(header::HeaderName, String); 1] {
    let attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";
    [(header::SET_COOKIE, format!("{COOKIE}={value}; Max-Age={seconds}; {attributes}"))]
}

/// Where somebody's work begins.
pub(super) fn home(role: Role) -> &'static str {
    match role {
        Role::Officer => "/console",
        Role::Supervisor | Role::Auditor => "/supervisor",
        Role::Records | Role::DataProtection => "/records",
        Role::LookoutAuthor | Role::LookoutApprover => "/lookouts",
        _ => "/",
    }
}

async fn sign_in_form(
    State(app): State<App>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Problem> {
    if !same_origin(&headers) {
        return Err(Problem::forbidden("this request comes from another site"));
    }
    match enter(&app, &credentials).await {
        Ok((user, token)) => {
            // An officer takes over from another: the session that this browser had is over.
            if let Some(before) = carried_hash(&headers) {
                let service = app.service.clone();
                blocking(move || service.store().close_session(before, service.now())).await?;
            }
            let home = home(user.role);
            let next = credentials.next.as_deref().filter(|next| is_local(next)).unwrap_or(home);
            Ok((cookie(&token.text, SESSION_HOURS * 3600), Redirect::to(next)).into_response())
        }
        Err(problem) if problem.status() == StatusCode::INTERNAL_SERVER_ERROR => Err(problem),
        Err(problem) => {
            let next = credentials.next.filter(|next| is_local(next));
            let view = sign_in::SignInView { problem: Some(problem.detail().to_owned()), next };
            Ok((problem.status(), sign_in::sign_in(&view)).into_response())
        }
    }
}

#[derive(Serialize)]
struct Session {
    token: String,
    role: &'static str,
    expires: String,
}

async fn open_session(
    State(app): State<App>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Session>, Problem> {
    let (user, token) = enter(&app, &credentials).await?;
    let expires = session_end(app.service.now()).to_string();
    Ok(Json(Session { token: token.text, role: user.role.in_words(), expires }))
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    if !same_origin(&headers) {
        return Err(Problem::forbidden("this request comes from another site"));
    }
    if let Some(hash) = carried_hash(&headers) {
        let service = app.service.clone();
        blocking(move || service.store().close_session(hash, service.now())).await?;
    }
    Ok((cookie("", 0), Redirect::to("/")).into_response())
}

fn set_up_page(problem: Option<String>) -> Markup {
    setup::setup(&setup::SetupView { problem, password_chars_min: PASSWORD_CHARS_MIN })
}

async fn ask_to_set_up() -> Markup {
    set_up_page(None)
}

#[derive(Deserialize)]
struct SetUp {
    token: String,
    name: String,
    password: String,
}

/// Makes the first administrator for whoever holds the one-time link that `serve` printed.
async fn set_up(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<SetUp>,
) -> Result<Response, Problem> {
    if !same_origin(&headers) {
        return Err(Problem::forbidden("this request comes from another site"));
    }
    app.sign_in_rate.check("set-up".to_owned())?;
    let service = app.service.clone();
    let made = blocking(move || first_administrator(&service, &form)).await;
    Ok(match made {
        Ok(()) => Redirect::to("/sign-in").into_response(),
        Err(problem) if problem.status() == StatusCode::INTERNAL_SERVER_ERROR => return Err(problem),
        Err(problem) => (problem.status(), set_up_page(Some(problem.detail().to_owned()))).into_response(),
    })
}

fn first_administrator(service: &Service, form: &SetUp) -> Result<(), Problem> {
    let name = account_name(&form.name)?;
    let hash = hash_password(&form.password, service.fresh())?;
    let used =
        Problem::unauthenticated("the set-up link was used or is over; restart the service for a new one");
    if service.store().has_users()?
        || !service.store().take_setup_token(token_hash(&form.token), service.now())?
    {
        return Err(used);
    }
    let user = NewUser { name, role: Role::Administrator, carrier: None, password_hash: hash };
    match service.store().create_user(&user, service.now())? {
        CreateUser::Created(_) => Ok(()),
        CreateUser::NameTaken => Err(Problem::conflict("name-taken", "this name is taken")),
    }
}

async fn console_page(
    State(app): State<App>,
    user: Result<Staff, Problem>,
    Query(asked): Query<officer::Asked>,
) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let view = blocking(move || {
        let points = service.store().points()?.iter().map(point_view).collect();
        let board: Option<board::BoardView> = board_before(&service, &asked, user.id)?;
        Ok::<_, Problem>(console::ConsoleView { viewer: viewer(&user), points, board })
    })
    .await?;
    Ok(console::console(&view).into_response())
}

async fn second_look_page(user: Result<Staff, Problem>) -> Response {
    match user {
        Ok(Staff(user)) => pages::second_look::second_look(&viewer(&user)).into_response(),
        // Not by way of the console: whoever has a board before them works there, and is given no pair of that point.
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            Redirect::to("/sign-in?next=/second-look").into_response()
        }
        Err(problem) => as_page(&problem),
    }
}

async fn tablet_page(user: Result<Staff, Problem>) -> Response {
    match user {
        Ok(Staff(_)) => pages::lane::tablet().into_response(),
        // Whoever signs in on a tablet works on it, and not on the console.
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            Redirect::to("/sign-in?next=/tablet").into_response()
        }
        Err(problem) if problem.status() == StatusCode::LOCKED => {
            Redirect::to("/lock?next=/tablet").into_response()
        }
        Err(problem) => as_page(&problem),
    }
}

async fn supervisor_page(State(app): State<App>, user: Result<Staff, Problem>) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let view = blocking(move || {
        let store = service.store();
        let mut designated = Vec::new();
        for point in store.points()? {
            if store.designations(point.id)?.iter().any(|designation| designation.in_force(service.now())) {
                designated.push(point);
            }
        }
        let watched = designated.iter().map(point_view).filter(|point| point.has_watches()).collect();
        let mut voyages = Vec::new();
        for voyage in store.voyages()? {
            let (photo, manual) = service.waits(voyage.id)?;
            let mut boards_at = Vec::new();
            let mut waiting = 0;
            for point in store.points_of(voyage.id)? {
                waiting += store.waiting(point)?.len();
                boards_at.extend(store.point(point)?.as_ref().map(point_view));
            }
            let without = service.progress(voyage.id)?.without_reference;
            voyages.push(supervisor::VoyageRow {
                departs: voyage.legs.first().and_then(|leg| leg.departs),
                without_reference: u32::try_from(without).unwrap_or(u32::MAX),
                voyage: voyage_view(&service, &voyage, waiting)?,
                boards_at,
                may_board_at: (designated.iter().filter(|point| voyage.calls_at(point)).map(point_view))
                    .filter(|point| !point.has_watches())
                    .collect(),
                declined_waiting: service.declined_waiting(voyage.id)?,
                photo,
                manual,
                desk: service.at_the_desk(voyage.id)?,
            });
        }
        voyages.sort_by_key(|row| (row.voyage.date, row.departs));
        Ok::<_, Problem>(supervisor::SupervisorView {
            viewer: viewer(&user),
            now: service.now(),
            second_looks: officer::second_look::disputes_view(&service)?,
            late_recalls: late_recalls(&service)?,
            erasing_halted: service.erasing_halted()?,
            parity: parity::ParityView {
                points: service.parity()?,
                left_waiting: service.left_waiting_lately(),
            },
            watched,
            voyages,
        })
    })
    .await?;
    Ok(supervisor::supervisor(&view).into_response())
}

async fn held_page(
    State(app): State<App>,
    user: Result<Staff, Problem>,
    Path(encounter): Path<String>,
) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let (encounter, service) = (officer::id(&encounter, "encounter")?, app.service.clone());
    let records = blocking(move || service.held_of(encounter)).await?;
    Ok(records::held_of(&records::HeldView { viewer: viewer(&user), encounter, records }).into_response())
}

async fn records_page(State(app): State<App>, user: Result<Staff, Problem>) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let view = blocking(move || {
        Ok::<_, Problem>(records::CasesView {
            viewer: viewer(&user),
            now: service.now(),
            may_act: allows(user.role, Action::WorkCases),
            cases: service.cases()?,
            late: late_recalls(&service)?,
        })
    })
    .await?;
    Ok(records::cases(&view).into_response())
}

async fn stays_page(State(app): State<App>, user: Result<Staff, Problem>) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let view = blocking(move || {
        Ok::<_, Problem>(stays::StaysView {
            viewer: viewer(&user),
            may_act: allows(user.role, Action::WorkCases),
            list: service.overstays(OVERSTAYS_SHOWN_MAX)?,
            ways: service.ways_shown()?,
        })
    })
    .await?;
    Ok(stays::stays(&view).into_response())
}

async fn lookouts_page(State(app): State<App>, user: Result<Staff, Problem>) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let view = blocking(move || {
        let mut all = service.lookouts()?;
        let count = all.len();
        // What waits for approval first, and of each the latest first.
        all.reverse();
        all.sort_by_key(|one| one.row.standing != Standing::Proposed);
        all.truncate(lookouts::SHOWN_MAX);
        Ok::<_, Problem>(lookouts::LookoutsView {
            viewer: viewer(&user),
            now: service.now(),
            may_write: allows(user.role, Action::WriteLookouts),
            may_approve: allows(user.role, Action::ApproveLookouts),
            lookouts: all,
            all: count,
            redress: service.redress_waiting()?,
            counts: service.lookout_counts()?,
        })
    })
    .await?;
    Ok(lookouts::lookouts(&view).into_response())
}

fn late_recalls(service: &Service) -> Result<Vec<records::LateRecall>, Problem> {
    let late = service.late_recalls()?.into_iter();
    Ok(late.map(|(recipient, recall)| records::LateRecall { recipient, since: recall.made_at }).collect())
}

async fn case_page(
    State(app): State<App>,
    user: Result<Staff, Problem>,
    Path(case): Path<String>,
) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let (id, service) = (officer::id(&case, "case")?, app.service.clone());
    let view = blocking(move || {
        let (case, records) = service.case(id)?;
        let name =
            |id| Ok::<_, Problem>(service.store().user(id)?.map_or_else(String::new, |user| user.name));
        let now = service.now();
        let approver = allows(user.role, Action::ApproveCases);
        let file = service.store().redress_file(id)?.unwrap_or_default();
        Ok::<_, Problem>(records::CaseView {
            redress: redress::RedressView {
                shown: service.redress_shown(id)?,
                answers_contest: file.contest.is_some(),
                may_decide: approver && service.may_decide_redress(id, user.id).is_ok(),
            },
            contest: service.store().contest(id)?,
            now,
            may_act: allows(user.role, Action::WorkCases),
            may_approve: approver && case.takes_approval(user.id, now).is_ok(),
            author: match case.author {
                THE_TRAVELLER => "the traveller, by their receipt".to_owned(),
                author => name(author)?,
            },
            approvals: case.approvals.iter().map(|id| name(*id)).collect::<Result<_, _>>()?,
            viewer: viewer(&user),
            case,
            records,
        })
    })
    .await?;
    Ok(records::case(&view).into_response())
}

async fn accuracy_page(
    State(app): State<App>,
    user: Result<Staff, Problem>,
    Query(asked): Query<officer::accuracy::Asked>,
) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let report = blocking(move || service.accuracy(asked.per_day)).await?;
    let view = report::AccuracyView { viewer: viewer(&user), report, per_day: asked.per_day };
    Ok(report::accuracy(&view).into_response())
}

async fn admin_page(State(app): State<App>, user: Result<Staff, Problem>) -> Result<Response, Problem> {
    let user = match user {
        Ok(Staff(user)) => user,
        Err(problem) => return Ok(as_page(&problem)),
    };
    let service = app.service.clone();
    let view = blocking(move || admin_view(&service, &user)).await?;
    Ok(admin::admin(&view).into_response())
}

fn admin_view(service: &Service, user: &User) -> Result<admin::AdminView, Problem> {
    let (store, now) = (service.store(), service.now());
    let devices = store.devices()?;
    let mut points = Vec::new();
    for point in store.points()? {
        let published = store.designated(point.id)?;
        let here = devices.iter().filter(|device| device.point == point.id).collect::<Vec<_>>();
        let enrolled = here.iter().any(|device| device.revoked_at.is_none());
        let notice = &service.policy().notice_version;
        let mut designations: Vec<_> =
            store.drafts(point.id)?.into_iter().map(designation::DesignationView::of_draft).collect();
        let shown =
            published.into_iter().map(|one| designation::DesignationView::of(one, notice, enrolled, now));
        designations.extend(shown);
        let here = here.into_iter().map(|device| admin::DeviceView {
            id: device.id,
            enrolled_at: device.enrolled_at,
            revoked_at: device.revoked_at,
            captures: device.last_counter,
            gaps: device.gaps,
        });
        points.push(admin::PointRow {
            point: point_view(&point),
            port: point.port.clone(),
            designated: store.authority(point.id, now)?.map(|_| ()),
            designations,
            devices: here.collect(),
        });
    }
    let people = store.users()?.into_iter().map(|person| admin::PersonView {
        id: person.id,
        signs_in: person.signs_in(),
        role: person.role.in_words().to_owned(),
        name: person.name,
        carrier: person.carrier,
    });
    Ok(admin::AdminView {
        viewer: viewer(user),
        role: user.role,
        points,
        people: people.collect(),
        password_chars_min: PASSWORD_CHARS_MIN,
    })
}

/// A fresh one-time link for the first administrator, good for a day; `None` once there is somebody.
///
/// # Errors
/// When the store fails.
pub fn set_up_link(service: &Service) -> Result<Option<String>, portunus_store::StoreError> {
    if service.store().has_users()? {
        return Ok(None);
    }
    let token = Token::from_bytes(service.fresh_token());
    let now = service.now();
    let expires = now.checked_add(jiff::SignedDuration::from_hours(24)).unwrap_or(now);
    service.store().put_setup_token(token.hash, expires)?;
    Ok(Some(format!("/setup#{}", token.text)))
}
