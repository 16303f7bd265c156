//! A small country: its points, its officers, its cameras. Everything goes through the service's HTTP.

use super::chapter::Parity;
use crate::demo::caller::{Caller, Gate};
use crate::demo::cast::{Traveller, Voyage, frames, paxlst};
use crate::demo::hours::Ahead;
use crate::demo::play;
use anyhow::{Context as _, Result, bail};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portunus_core::accuracy::traffic::DeskTimes;
use portunus_server::service::{ReferenceOutcome, Service};
use serde_json::{Value, json};

pub(super) const AIRPORT: &str = "JFK";
pub(super) const HARBOUR: &str = "USNYC";
const ROAD: &str = "USBUF";
const BRIDGE: &str = "USIAG";
const MARINA: &str = "USNPT";

/// Name, port, direction, kind, where: degrees north and east.
const POINTS: [(&str, &str, &str, &str, &str); 9] = [
    ("Gate 1", AIRPORT, "exit", "boarding-gate", "40.6413,-73.7781"),
    ("Gate 2", AIRPORT, "exit", "boarding-gate", "40.6415,-73.7775"),
    ("Arrival hall", AIRPORT, "entry", "arrival-hall", "40.6417,-73.7779"),
    ("Arrival route", AIRPORT, "entry", "arrival-route", "40.6418,-73.7778"),
    ("Pier, out", HARBOUR, "exit", "cruise-terminal", "40.7681,-73.9973"),
    ("Pier, in", HARBOUR, "entry", "cruise-terminal", "40.7683,-73.9975"),
    ("North road, in", ROAD, "entry", "vehicle-lane", "42.9066,-78.9055"),
    ("Footbridge, out", BRIDGE, "exit", "pedestrian-lane", "43.0902,-79.0677"),
    ("Marina, in", MARINA, "entry", "marina", "41.4870,-71.3270"),
];
/// Who signs in beside those whom every demo has.
const MORE_STAFF: [&str; 3] = ["lookout-author", "lookout-approver", "records"];

/// More than a day has.
const CROSSINGS_MAX: usize = 10_000;

/// A point with its camera.
struct Point {
    name: &'static str,
    id: String,
    designation: String,
    gate: Option<Gate>,
}

/// How somebody's choice ended at the camera.
pub(super) struct Passed {
    pub(super) encounter: String,
    /// `proceed`, `go-to-booth` or `see-officer`.
    pub(super) step: String,
}

/// As what somebody is admitted.
#[derive(Clone, Copy)]
pub(super) enum Admission {
    /// For so many days.
    Visitor(i64),
    Student,
    Refugee,
}

impl Admission {
    /// Visitors, and now and then a student.
    pub(super) fn of(n: usize) -> Self {
        if n % 5 == 4 { Self::Student } else { Self::Visitor(90) }
    }

    fn json(self, today: Date) -> Value {
        match self {
            Self::Visitor(days) => json!({ "class": "B-2", "until": today.saturating_add(days.days()) }),
            Self::Student => json!({ "class": "F-1", "until": today.saturating_add(1.years()) }),
            Self::Refugee => json!({ "class": "RE" }),
        }
    }
}

/// What a closed voyage or watch left.
pub(super) struct Closed {
    pub(super) crossings: usize,
    /// Who had declined and still waited.
    pub(super) left_waiting: u64,
}

pub(super) struct Country {
    pub(super) service: Service,
    clock: Ahead,
    hours: i64,
    anybody: Caller,
    password: String,
    administrator: Caller,
    carrier: Caller,
    supervisor: Caller,
    officer: Caller,
    pub(super) author: Caller,
    pub(super) approver: Caller,
    pub(super) records: Caller,
    points: Vec<Point>,
    /// Nothing is told while it happens.
    pub(super) quiet: bool,
}

impl Country {
    /// From nothing, so many days ago: people of each role, points, each designated by two people.
    pub(super) async fn found(service: &Service, clock: Ahead, days_ago: i64, quiet: bool) -> Result<Self> {
        let hours = -24 * days_ago;
        clock.set_hours(hours);
        let anybody = Caller::of(service);
        let people = play::people(service, &anybody).await?;
        let password = people.password;
        for role in MORE_STAFF {
            let user = json!({ "name": role, "role": role, "password": password });
            let _: Value = people.administrator.post("/api/admin/v1/users", &user).await?;
        }
        let [author, approver, records] = MORE_STAFF.map(|name| anybody.signed_in(name, &password));
        let mut country = Self {
            service: service.clone(),
            clock,
            hours,
            author: author.await?,
            approver: approver.await?,
            records: records.await?,
            anybody: anybody.clone(),
            administrator: people.administrator,
            carrier: people.carrier,
            supervisor: people.supervisor,
            officer: people.officer,
            points: Vec::new(),
            password: password.clone(),
            quiet,
        };
        for (name, port, direction, kind, position) in POINTS {
            let point = json!({ "name": name, "port": port, "direction": direction, "kind": kind, "position": position });
            let made: Value = country.administrator.post("/api/admin/v1/points", &point).await?;
            let id = made["id"].as_str().context("no point")?.to_owned();
            let designation = play::designate(&country.administrator, &country.supervisor, &id).await?;
            country.points.push(Point { name, id, designation, gate: None });
        }
        for mode in ["air", "sea", "land"] {
            let recorded = json!({ "from": country.service.now() });
            let way = json!({ "mode": mode, "recorded": recorded, "reason": "the country has these points and no others" });
            let _: Value = country.records.post("/api/records/v1/ways-out", &way).await?;
        }
        country.upkeep().await?;
        Ok(country)
    }

    /// So many days pass: every hour what is due is erased and what is to be said is published, as workers do. Then
    /// everybody signs in anew.
    pub(super) async fn days_pass(&mut self, days: i64) -> Result<()> {
        for _ in 0..24 * days {
            self.hours += 1;
            self.clock.set_hours(self.hours);
            self.upkeep().await?;
        }
        let sign_in = |name: &'static str| self.anybody.signed_in(name, &self.password);
        let (administrator, carrier) = (sign_in("administrator").await?, sign_in("carrier").await?);
        let (supervisor, officer) = (sign_in("supervisor").await?, sign_in("officer").await?);
        let (author, approver) = (sign_in("lookout-author").await?, sign_in("lookout-approver").await?);
        let records = sign_in("records").await?;
        (self.administrator, self.carrier, self.supervisor) = (administrator, carrier, supervisor);
        (self.officer, self.author, self.approver, self.records) = (officer, author, approver, records);
        Ok(())
    }

    async fn upkeep(&self) -> Result<()> {
        let (service, midnight) = (self.service.clone(), self.hours % 24 == 0);
        tokio::task::spawn_blocking(move || {
            service.erase_due()?;
            if midnight {
                service.tidy()?;
            }
            service.publish_ledger()
        })
        .await??;
        Ok(())
    }

    pub(super) fn today(&self) -> Date {
        self.service.now().to_zoned_datetime(TimeZone::UTC).date()
    }

    fn point(&self, name: &str) -> Result<&Point> {
        self.points.iter().find(|point| point.name == name).with_context(|| format!("no point {name}"))
    }

    /// The camera of a point, enrolled when it is first needed.
    async fn gate(&mut self, name: &str) -> Result<&mut Gate> {
        if self.point(name)?.gate.is_none() {
            let order = json!({ "point": self.point(name)?.id });
            let made: Value = self.administrator.post("/api/admin/v1/enrolments", &order).await?;
            let code = made["code"].as_str().context("no code")?;
            let gate = Gate::enrol(&self.anybody, code).await?;
            self.points.iter_mut().filter(|point| point.name == name).for_each(|point| {
                point.gate = Some(gate.clone());
            });
        }
        let point = self.points.iter_mut().find(|point| point.name == name);
        point.and_then(|point| point.gate.as_mut()).context("no camera")
    }

    /// A point's designation ends at once.
    pub(super) async fn withdraw(&self, name: &str) -> Result<()> {
        let path = format!("/api/admin/v1/designations/{}/withdraw", self.point(name)?.designation);
        self.administrator.post(&path, &json!({})).await
    }

    /// Two people designate a point anew, and its notice hangs again.
    pub(super) async fn designate(&self, name: &str) -> Result<()> {
        let point = &self.point(name)?.id;
        play::designate(&self.administrator, &self.supervisor, point).await.map(|_| ())
    }

    /// Portraits from passports, as issuers give them for a voyage.
    pub(super) async fn add_references(&self, people: &[Traveller]) -> Result<()> {
        for person in people {
            let Some(portrait) = person.portrait()? else { continue };
            let (service, document) = (self.service.clone(), person.document()?);
            let taken =
                tokio::task::spawn_blocking(move || service.add_reference(&document, &portrait)).await??;
            if let (ReferenceOutcome::Refused { reason }, Some(path)) = (taken, &person.reference) {
                bail!("{}: {reason}", path.display());
            }
        }
        Ok(())
    }

    /// The carrier's list of a voyage of today.
    pub(super) async fn send_list(
        &self,
        number: u32,
        from: &'static str,
        to: &'static str,
        people: &[Traveller],
    ) -> Result<()> {
        let people: Vec<&Traveller> = people.iter().collect();
        let voyage = Voyage { number, from, to, departs: "0600", arrives: "1200" };
        let body = paxlst(&voyage, self.today(), &people).into_bytes();
        let taken: Value =
            self.carrier.post_bytes("/api/carrier/v1/manifests", "application/edifact", body).await?;
        if taken["problems"].as_array().is_none_or(|problems| !problems.is_empty()) {
            bail!("the day's own manifest has problems: {}", taken["problems"]);
        }
        // As the worker does twice a second: who is new on a list is staged.
        let service = self.service.clone();
        Ok(tokio::task::spawn_blocking(move || service.refresh_galleries()).await??)
    }

    /// What the carrier may see of its voyage of today: expected, boarded.
    pub(super) async fn as_the_carrier_sees(&self, number: u32) -> Result<(u64, u64)> {
        let path = format!("/api/carrier/v1/voyages/PX{number}/{}", self.today());
        let seen: Value = self.carrier.get(&path).await?;
        seen["expected"].as_u64().zip(seen["boarded"].as_u64()).context("no counts")
    }

    pub(super) fn voyage(&self, number: u32) -> Result<String> {
        let key = format!("PX{number}/{}", self.today()).parse()?;
        Ok(self.service.store().voyage_by_key(&key)?.context("the voyage was not taken")?.id.to_string())
    }

    pub(super) async fn open_voyage(&self, voyage: &str, at: &str) -> Result<()> {
        let order = json!({ "point": self.point(at)?.id });
        self.supervisor.post(&format!("/api/officer/v1/voyages/{voyage}/open"), &order).await
    }

    pub(super) async fn move_voyage(&self, voyage: &str, from: &str, to: &str) -> Result<()> {
        let order = json!({ "from": self.point(from)?.id, "to": self.point(to)?.id });
        self.supervisor.post(&format!("/api/officer/v1/voyages/{voyage}/move"), &order).await
    }

    /// Boarding or a watch is over.
    pub(super) async fn close(&self, voyage: &str) -> Result<Closed> {
        let path = format!("/api/officer/v1/voyages/{voyage}/close");
        let closed: Value = self.supervisor.post(&path, &json!({})).await?;
        Ok(Closed {
            crossings: usize::try_from(closed["crossings"].as_u64().context("no crossings")?)?,
            left_waiting: closed["declined_left_waiting"].as_u64().context("no count")?,
        })
    }

    /// A voyage comes back; how many departures were undone.
    pub(super) async fn come_back(&self, voyage: &str) -> Result<usize> {
        let path = format!("/api/officer/v1/voyages/{voyage}/return");
        let back: Value = self.supervisor.post(&path, &json!({})).await?;
        Ok(usize::try_from(back["crossings"].as_u64().context("no crossings")?)?)
    }

    pub(super) async fn open_watch(&self, at: &str) -> Result<String> {
        let order = json!({ "point": self.point(at)?.id, "hours": 8 });
        let opened: Value = self.supervisor.post("/api/officer/v1/watches", &order).await?;
        Ok(opened["id"].as_str().context("no watch")?.to_owned())
    }

    /// Why no watch may be opened.
    pub(super) async fn may_not_open(&self, at: &str) -> Result<String> {
        let order = json!({ "point": self.point(at)?.id });
        self.supervisor.refused("/api/officer/v1/watches", &order).await
    }

    fn choice(&self, lane: &str, shown: Option<&Traveller>) -> Value {
        json!({
            "lane": lane,
            "claims_citizenship": false,
            "notice_version": self.service.policy().notice_version,
            "mrz": shown.map(Traveller::mrz),
        })
    }

    /// One traveller chooses, and is photographed unless they would rather not.
    pub(super) async fn pass(
        &mut self,
        at: &str,
        person: &Traveller,
        shown: Option<&Traveller>,
    ) -> Result<Passed> {
        let choice = self.choice(if person.declines() { "manual" } else { "photo" }, shown);
        let gate = self.gate(at).await?;
        let begun = gate.begin(&choice).await?;
        let (encounter, mut step) = (begun.encounter, begun.next);
        if step == "camera" {
            let frames = frames(person)?;
            "try-again".clone_into(&mut step);
            while step == "try-again" {
                step = gate.capture(&encounter, &frames).await?;
            }
        }
        Ok(Passed { encounter, step })
    }

    /// A traveller asks for an officer instead of any choice.
    pub(super) async fn officer_only(&mut self, at: &str) -> Result<Passed> {
        let mut choice = self.choice("photo", None);
        choice["officer_only"] = json!(true);
        let begun = self.gate(at).await?.begin(&choice).await?;
        Ok(Passed { encounter: begun.encounter, step: begun.next })
    }

    /// Everybody in a car shows a document and chooses. Gives their encounters.
    pub(super) async fn begin_car(&mut self, at: &str, people: &[Traveller]) -> Result<Vec<String>> {
        let lane = |one: &Traveller| if one.declines() { "manual" } else { "photo" };
        let (driver, others) = people.split_first().context("an empty car")?;
        let mut choice = self.choice(lane(driver), Some(driver));
        choice["together"] =
            others.iter().map(|one| json!({ "mrz": one.mrz(), "lane": lane(one) })).collect();
        let begun = self.gate(at).await?.order("/api/device/v1/encounters", &choice).await?;
        let together = begun["together"].as_array().cloned().unwrap_or_default();
        let all = std::iter::once(&begun).chain(&together).filter_map(|one| one["encounter"].as_str());
        Ok(all.map(str::to_owned).collect())
    }

    /// One capture of a whole car.
    pub(super) async fn capture_car(&mut self, at: &str, car: &[String], frame: Vec<u8>) -> Result<Value> {
        let path = car_path(car)?;
        self.gate(at).await?.photograph(&path, &[frame]).await
    }

    /// Why the camera is not armed for a car.
    pub(super) async fn may_not_capture_car(
        &mut self,
        at: &str,
        car: &[String],
        frame: Vec<u8>,
    ) -> Result<String> {
        let path = car_path(car)?;
        self.gate(at).await?.may_not_photograph(&path, &[frame]).await
    }

    pub(super) async fn consent(&mut self, at: &str, encounter: &str) -> Result<()> {
        let path = format!("/api/device/v1/encounters/{encounter}/consent");
        self.gate(at).await?.order(&path, &json!({ "days": 30 })).await.map(|_| ())
    }

    pub(super) async fn withdraw_consent(&mut self, at: &str, person: &Traveller) -> Result<u64> {
        let shown = json!({ "mrz": person.mrz() });
        let taken = self.gate(at).await?.order("/api/device/v1/consents/withdraw", &shown).await?;
        taken["consents"].as_u64().context("no answer")
    }

    /// Everything that a program of the officer's sees of a point.
    pub(super) async fn board(&self, at: &str) -> Result<Value> {
        self.officer.get(&format!("/api/officer/v1/board?point={}", self.point(at)?.id)).await
    }

    /// Who waits for an officer there, in order.
    pub(super) async fn line(&self, at: &str) -> Result<Vec<String>> {
        let board = self.board(at).await?;
        let queue = board["queue"].as_array().context("no queue")?;
        Ok(queue.iter().filter_map(|one| Some(one["encounter"].as_str()?.to_owned())).collect())
    }

    /// The officer's card of an encounter, as a page.
    pub(super) async fn card(&self, at: &str, encounter: &str) -> Result<String> {
        let point = &self.point(at)?.id;
        self.officer.page(&format!("/console/board?point={point}&encounter={encounter}")).await
    }

    /// An officer takes an encounter up.
    pub(super) async fn take(&self, encounter: &str) -> Result<()> {
        self.officer.post(&format!("/api/officer/v1/encounters/{encounter}/take"), &json!({})).await
    }

    /// An officer rules.
    pub(super) async fn rule(&self, encounter: &str, ruling: &Value) -> Result<()> {
        self.officer.post(&format!("/api/officer/v1/encounters/{encounter}/rulings"), ruling).await
    }

    /// Whoever of a voyage or watch travels with a person's passport: as the officer finds them.
    pub(super) async fn find(&self, voyage: &str, person: &Traveller) -> Result<Value> {
        let path = format!("/api/officer/v1/voyages/{voyage}/passengers");
        let found: Value = self.officer.post(&path, &json!({ "query": person.number })).await?;
        let found = found.as_array().and_then(|all| all.first()).cloned();
        found.with_context(|| format!("{} is not expected there", person.family))
    }

    pub(super) async fn board_by_document(
        &self,
        voyage: &str,
        encounter: &str,
        person: &Traveller,
    ) -> Result<()> {
        let passenger = self.find(voyage, person).await?;
        let ruling =
            json!({ "ruling": "board", "passenger": passenger["id"], "reason": "document inspected" });
        self.take(encounter).await?;
        self.rule(encounter, &ruling).await
    }

    pub(super) async fn off_load(&self, voyage: &str, encounter: &str, person: &Traveller) -> Result<()> {
        let passenger = self.find(voyage, person).await?;
        let ruling =
            json!({ "ruling": "off-load", "passenger": passenger["id"], "reason": "left the aircraft" });
        self.rule(encounter, &ruling).await
    }

    /// Admits somebody by their passport: citizens as such, others as `class`.
    pub(super) async fn admit(
        &self,
        watch: &str,
        encounter: &str,
        person: &Traveller,
        class: Admission,
    ) -> Result<()> {
        let passenger = self.find(watch, person).await?;
        self.take(encounter).await?;
        if person.state == "USA" {
            let citizen = json!({ "class": "CITIZEN" });
            let ruling = json!({ "ruling": "admit", "passenger": passenger["id"], "admitted": citizen });
            return self.rule(encounter, &ruling).await;
        }
        self.admit_as(encounter, &passenger["id"], class).await
    }

    pub(super) async fn admit_as(&self, encounter: &str, passenger: &Value, class: Admission) -> Result<()> {
        let admitted = class.json(self.today());
        self.rule(encounter, &json!({ "ruling": "admit", "passenger": passenger, "admitted": admitted }))
            .await
    }

    /// An officer enters somebody without a document that a machine reads.
    pub(super) async fn register(&self, watch: &str, family: &str) -> Result<Value> {
        let path = format!("/api/officer/v1/watches/{watch}/people");
        let entered: Value =
            self.officer.post(&path, &json!({ "family_name": family, "nationality": "XXB" })).await?;
        Ok(entered["id"].clone())
    }

    pub(super) async fn refuse(&self, encounter: &str, reason: &str) -> Result<()> {
        self.take(encounter).await?;
        self.rule(encounter, &json!({ "ruling": "refuse", "reason": reason })).await
    }

    /// How many crossings a recipient of copies could ask for.
    pub(super) fn given_to_recipients(&self) -> Result<usize> {
        Ok(self.service.store().crossings_after(0, self.service.now(), CROSSINGS_MAX)?.len())
    }

    /// An officer says that a lookout does not mean somebody.
    pub(super) async fn not_this_person(&self, passenger: &Value, lookout: &str, reason: &str) -> Result<()> {
        let passenger = passenger["id"].as_str().context("no passenger")?;
        let path = format!("/api/officer/v1/passengers/{passenger}/not-this-person");
        self.officer.post(&path, &json!({ "lookout": lookout, "reason": reason })).await
    }

    /// How long an officer had each traveller, by the console's own clock: whom the machine had confirmed before, and others.
    pub(super) fn at_the_desk(&self, watch: &str) -> Result<[DeskTimes; 2]> {
        Ok(self.service.at_the_desk(watch.parse()?)?)
    }

    /// What declining costs in time at a point, as the supervisor is told.
    pub(super) async fn parity(&self, at: &str) -> Result<Parity> {
        let all: Value = self.supervisor.get("/api/officer/v1/parity").await?;
        let (id, points) = (&self.point(at)?.id, all["points"].as_array());
        let here = points.and_then(|points| points.iter().find(|one| one["point"] == id.as_str()));
        Parity::of(at, here.context("nothing is said of this point")?)
    }
}

fn car_path(car: &[String]) -> Result<String> {
    let first = car.first().context("an empty car")?;
    Ok(format!("/api/device/v1/encounters/{first}/vehicle-captures"))
}
