//! The staff of the demo, and how a traveller passes.

use super::caller::{Begun, Caller, Gate};
use super::cast::{Boarding, Part, Traveller, Voyage, frames, paxlst};
use crate::house::now;
use anyhow::{Context as _, Result, bail};
use jiff::tz::TimeZone;
use portunus_core::decide::Decision;
use portunus_core::encounter::LaneWaits;
use portunus_core::id::{EncounterId, PassengerId, VoyageId};
use portunus_core::policy::PersonClass;
use portunus_server::http::set_up_link;
use portunus_server::service::{Progress, ReferenceOutcome, Service};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The one passenger on the demo's manifest whose portrait is left for a person with a webcam.
pub(super) const VISITOR_DOCUMENT: &str = "UTO / P / VISITOR1";

/// What became of one traveller.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Passage {
    pub(super) traveller: String,
    pub(super) part: Part,
    /// `photo` or `manual`.
    pub(super) lane: &'static str,
    /// What the gate was told last: `proceed`, `see-officer`; for who declined, `see-officer`.
    pub(super) step: String,
    /// Why an officer was asked.
    pub(super) reasons: Vec<String>,
    /// The score of the candidate found.
    pub(super) score: Option<f32>,
    /// Captures taken.
    pub(super) attempts: usize,
    /// From frames sent to answer, of the last capture, in milliseconds.
    pub(super) decision_ms: Option<u64>,
    /// What became of the photo: `never written`, `sealed`, `none taken`.
    pub(super) photo: &'static str,
    /// What the officer ruled, where one did.
    pub(super) ruling: Option<&'static str>,
    /// Found as somebody else.
    pub(super) wrong_person: bool,
    /// The code of the receipt.
    pub(super) receipt: String,
    #[serde(skip)]
    pub(super) encounter: String,
}

/// What became of one voyage.
#[derive(Serialize)]
pub(super) struct Played {
    pub(super) voyage: String,
    pub(super) references: usize,
    /// Portraits that did not serve.
    pub(super) references_refused: usize,
    pub(super) passages: Vec<Passage>,
    pub(super) progress: Progress,
    pub(super) photo_waits: LaneWaits,
    pub(super) manual_waits: LaneWaits,
    /// Departures recorded at close-out.
    pub(super) crossings: usize,
}

/// The people and the gate.
pub(super) struct Staff {
    administrator: Caller,
    carrier: Caller,
    supervisor: Caller,
    officer: Caller,
    gate: Gate,
    point: String,
    references: (usize, usize),
    pub(super) password: String,
}

/// The people of a house, each signed in.
pub(super) struct People {
    pub(super) administrator: Caller,
    pub(super) carrier: Caller,
    pub(super) supervisor: Caller,
    pub(super) officer: Caller,
    /// Of everybody.
    pub(super) password: String,
}

/// Sets up a house from nothing: the first administrator by the one-time link, and one person of each role.
pub(super) async fn people(service: &Service, caller: &Caller) -> Result<People> {
    let password = portunus_core::id::UserId::from_bytes(service.fresh()).to_string()[..20].to_owned();
    let link = set_up_link(service)?.context("somebody is there already")?;
    let token = link.split_once('#').context("no token")?.1.to_owned();
    let form = format!("token={token}&name=administrator&password={password}");
    // The form leads on to another page; its answer has no body.
    let _: Value =
        caller.post_bytes("/setup", "application/x-www-form-urlencoded", form.into_bytes()).await?;
    let administrator = caller.signed_in("administrator", &password).await?;
    for (name, role, carrier) in
        [("officer", "officer", None), ("supervisor", "supervisor", None), ("carrier", "carrier", Some("PX"))]
    {
        let user = json!({ "name": name, "role": role, "carrier": carrier, "password": password });
        let _: Value = administrator.post("/api/admin/v1/users", &user).await?;
    }
    Ok(People {
        carrier: caller.signed_in("carrier", &password).await?,
        supervisor: caller.signed_in("supervisor", &password).await?,
        officer: caller.signed_in("officer", &password).await?,
        administrator,
        password,
    })
}

impl Staff {
    /// The people of a house, and a designated gate with its device.
    pub(super) async fn hire(service: &Service, caller: &Caller) -> Result<Self> {
        let People { administrator, carrier, supervisor, officer, password } =
            people(service, caller).await?;
        let point = json!({
            "name": "JFK B22", "port": "JFK", "direction": "exit", "kind": "boarding-gate",
            "position": "40.6413,-73.7781",
        });
        let made: Value = administrator.post("/api/admin/v1/points", &point).await?;
        let point = made["id"].as_str().context("no point")?.to_owned();
        designate(&administrator, &supervisor, &point).await?;
        let code: Value = administrator.post("/api/admin/v1/enrolments", &json!({ "point": point })).await?;
        let gate = Gate::enrol(caller, code["code"].as_str().context("no code")?).await?;
        Ok(Self { administrator, carrier, supervisor, officer, gate, point, references: (0, 0), password })
    }

    /// A link by which one more device becomes a gate.
    pub(super) async fn gate_link(&self) -> Result<String> {
        let code: Value =
            self.administrator.post("/api/admin/v1/enrolments", &json!({ "point": self.point })).await?;
        Ok(code["link"].as_str().context("no link")?.to_owned())
    }

    /// The carrier sends its lists, the references are taken in, boarding opens.
    pub(super) async fn stage(&mut self, service: &Service, boarding: &Boarding) -> Result<VoyageId> {
        let date = now().to_zoned_datetime(TimeZone::UTC).date();
        let visitor = visitor();
        let on = |other: bool| {
            let listed = boarding.travellers.iter().filter(|t| t.part.on_manifest());
            listed.filter(move |t| (t.part == Part::WrongVoyage) == other)
        };
        let mut expected: Vec<&Traveller> = on(false).collect();
        expected.push(&visitor);
        let leaves = |number, to| Voyage { number, from: "JFK", to, departs: "1800", arrives: "2330" };
        self.send(&paxlst(&leaves(boarding.flight, boarding.to), date, &expected)).await?;
        let elsewhere: Vec<&Traveller> = on(true).collect();
        if !elsewhere.is_empty() {
            self.send(&paxlst(&leaves(boarding.flight + 1, "LHR"), date, &elsewhere)).await?;
        }
        let bar = crate::references::bar(boarding.travellers.len() as u64, "references");
        self.references = (0, 0);
        for traveller in &boarding.travellers {
            if let Some(portrait) = traveller.portrait()? {
                let (service, document) = (service.clone(), traveller.document()?);
                let taken = tokio::task::spawn_blocking(move || service.add_reference(&document, &portrait))
                    .await??;
                match taken {
                    ReferenceOutcome::Refused { .. } => self.references.1 += 1,
                    _ => self.references.0 += 1,
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let key = format!("PX{}/{date}", boarding.flight).parse()?;
        let voyage = service.store().voyage_by_key(&key)?.context("the voyage was not taken")?.id;
        let path = format!("/api/officer/v1/voyages/{voyage}/open");
        let _: Value = self.supervisor.post(&path, &json!({ "point": self.point })).await?;
        Ok(voyage)
    }

    /// Whether anybody waits for an officer.
    pub(super) fn somebody_waits(&self, service: &Service) -> Result<bool> {
        Ok(!service.store().waiting(self.point.parse()?)?.is_empty())
    }

    async fn send(&self, interchange: &str) -> Result<()> {
        let body = interchange.as_bytes().to_vec();
        let taken: Value =
            self.carrier.post_bytes("/api/carrier/v1/manifests", "application/edifact", body).await?;
        match taken["problems"].as_array() {
            Some(problems) if problems.is_empty() => Ok(()),
            _ => bail!("the demo's own manifest has problems: {}", taken["problems"]),
        }
    }

    /// One traveller comes to the gate.
    pub(super) async fn pass(&mut self, service: &Service, traveller: &Traveller) -> Result<Passage> {
        if traveller.part == Part::BoardsTwice {
            self.come(service, traveller).await?;
        }
        self.come(service, traveller).await
    }

    async fn come(&mut self, service: &Service, traveller: &Traveller) -> Result<Passage> {
        let declines = traveller.declines();
        let shows = matches!(traveller.part, Part::NoReference | Part::NotOnManifest | Part::WrongVoyage);
        let presented = json!({ "issuer": traveller.state, "kind": "P", "number": traveller.number });
        let choice = json!({
            "lane": if declines { "manual" } else { "photo" },
            "claims_citizenship": false,
            "notice_version": service.policy().notice_version,
            "presented": if shows { presented } else { Value::Null },
        });
        let Begun { encounter, receipt, next } = self.gate.begin(&choice).await?;
        let mut passage = Passage {
            traveller: format!("{}, {}", traveller.family, traveller.given),
            part: traveller.part,
            lane: if declines { "manual" } else { "photo" },
            step: next,
            reasons: Vec::new(),
            score: None,
            attempts: 0,
            decision_ms: None,
            photo: "none taken",
            ruling: None,
            wrong_person: false,
            receipt,
            encounter,
        };
        if declines {
            return Ok(passage);
        }
        let frames = frames(traveller)?;
        loop {
            let started = now();
            passage.step = self.gate.capture(&passage.encounter, &frames).await?;
            let took = Duration::try_from(now().duration_since(started)).unwrap_or_default();
            passage.decision_ms = u64::try_from(took.as_millis()).ok();
            passage.attempts += 1;
            if passage.step != "try-again" {
                break;
            }
        }
        learn(service, traveller, &mut passage)?;
        Ok(passage)
    }

    /// An officer rules on who was referred or declined, as one would.
    pub(super) async fn rule(
        &self,
        service: &Service,
        traveller: &Traveller,
        passage: &mut Passage,
    ) -> Result<()> {
        if passage.step != "see-officer" {
            return Ok(());
        }
        let path = format!("/api/officer/v1/encounters/{}", passage.encounter);
        let _: Value = self.officer.post(&format!("{path}/take"), &json!({})).await?;
        let held = traveller.document()?;
        let voyage = encounter(service, passage)?.voyage;
        let passenger =
            service.store().passengers_with_document(&held)?.into_iter().find(|(v, _)| *v == voyage);
        let boarded = match passenger {
            Some((_, passenger)) => service.store().boarding(passenger)?.is_some(),
            None => false,
        };
        let (ruling, words) = match passenger {
            Some((_, passenger)) if !boarded => (board(passenger), "boarded by document"),
            Some(_) => (refuse("boarded already; shown back to the seat"), "refused"),
            None => (refuse("not a passenger of this voyage; sent to the carrier's desk"), "refused"),
        };
        let _: Value = self.officer.post(&format!("{path}/rulings"), &ruling).await?;
        passage.ruling = Some(words);
        Ok(())
    }

    /// Boarding closes; departures are recorded.
    pub(super) async fn close(
        &self,
        service: &Service,
        voyage: VoyageId,
        passages: Vec<Passage>,
    ) -> Result<Played> {
        let (progress, (photo_waits, manual_waits)) = (service.progress(voyage)?, service.waits(voyage)?);
        let path = format!("/api/officer/v1/voyages/{voyage}/close");
        let closed: Value = self.supervisor.post(&path, &json!({})).await?;
        Ok(Played {
            voyage: service.store().voyage(voyage)?.context("the voyage is gone")?.key.to_string(),
            references: self.references.0,
            references_refused: self.references.1,
            passages,
            progress,
            photo_waits,
            manual_waits,
            crossings: usize::try_from(closed["crossings"].as_u64().unwrap_or(0))?,
        })
    }
}

/// The administrator drafts, the owner attests, the supervisor approves, the notice hangs. Gives the designation.
pub(super) async fn designate(administrator: &Caller, supervisor: &Caller, point: &str) -> Result<String> {
    const PATH: &str = "/api/admin/v1/designations";
    let draft = json!({
        "point": point, "legal_basis": "8 CFR 215.8 (demonstration)", "device_owner": "Port of Demonstration",
    });
    let made: Value = administrator.post(PATH, &draft).await?;
    let id = made["id"].as_str().context("no draft")?;
    let attested = json!({ "party": "Port of Demonstration", "by": "the port's director" });
    let _: Value = administrator.post(&format!("{PATH}/{id}/attest"), &attested).await?;
    let _: Value = supervisor.post(&format!("{PATH}/{id}/approve"), &json!({})).await?;
    let _: Value = administrator.post(&format!("{PATH}/{id}/notice"), &json!({})).await?;
    Ok(id.to_owned())
}

fn board(passenger: PassengerId) -> Value {
    json!({ "ruling": "board", "passenger": passenger, "reason": "document inspected" })
}

fn refuse(reason: &str) -> Value {
    json!({ "ruling": "refuse", "reason": reason })
}

fn encounter(service: &Service, passage: &Passage) -> Result<portunus_core::encounter::Encounter> {
    let id: EncounterId = passage.encounter.parse()?;
    service.store().encounter(id)?.context("the encounter is gone")
}

/// Reads from the record what the gate was not told.
fn learn(service: &Service, traveller: &Traveller, passage: &mut Passage) -> Result<()> {
    let encounter = encounter(service, passage)?;
    passage.photo = match (encounter.class, encounter.probe) {
        (_, Some(_)) => "sealed",
        (PersonClass::Citizen, None) => "never written",
        (_, None) => "none usable",
    };
    if let Some(decision) = &encounter.decision {
        passage.score = decision.comparison().map(|found| found.candidate.score.0);
        if let Decision::Refer { reasons, .. } = decision {
            let name = |reason| serde_json::to_value(reason).ok().and_then(|v| v.as_str().map(str::to_owned));
            passage.reasons = reasons.iter().filter_map(name).collect();
        }
    }
    if let Some(found) = encounter.passenger {
        let of_document = service.store().passengers_with_document(&traveller.document()?)?;
        passage.wrong_person = !of_document.iter().any(|(_, passenger)| *passenger == found);
    }
    Ok(())
}

/// Whoever sits before the screen.
fn visitor() -> Traveller {
    Traveller {
        family: "VISITOR".to_owned(),
        given: "YOU".to_owned(),
        born: "19900101".to_owned(),
        sex: 'X',
        state: "UTO",
        number: "VISITOR1".to_owned(),
        resident_card: None,
        reference: None,
        probes: Vec::new(),
        part: Part::NoReference,
    }
}
