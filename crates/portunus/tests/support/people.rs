//! The staff of a house, the fictional people on its voyages, and the pictures that the model cache brings.

use super::caller::{Answer, Caller, multipart};
use super::gate::Gate;
use super::{House, Options};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Of everyone on the staff.
pub const PASSWORD: &str = "a long enough password for tests";

/// The test photographs of two public office holders: three of one man, one of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    Obama,
    Obama2,
    Obama3,
    Biden,
}

impl Picture {
    pub fn path(self) -> PathBuf {
        let name = match self {
            Self::Obama => "obama.jpg",
            Self::Obama2 => "obama2.jpg",
            Self::Obama3 => "obama3.jpg",
            Self::Biden => "biden.jpg",
        };
        picture(name)
    }

    /// The JPEG.
    #[track_caller]
    pub fn bytes(self) -> Vec<u8> {
        let path = self.path();
        std::fs::read(&path)
            .unwrap_or_else(|e| panic!("{}: {e}: `portunus models fetch` brings it", path.display()))
    }
}

/// The model cache as the binary finds it.
pub fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("PORTUNUS_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("portunus")))
        .unwrap_or_else(|| set("HOME").expect("no HOME").join(".cache/portunus"))
}

/// Whether models and pictures are in the cache; fetched when they are not. Where that fails the test is to return:
/// it is said loudly, and fails where CI judges a change.
pub fn models_are_here() -> bool {
    static HERE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *HERE.get_or_init(|| {
        let fetched =
            std::process::Command::new(env!("CARGO_BIN_EXE_portunus")).args(["models", "fetch"]).output();
        let fetched = fetched.is_ok_and(|output| output.status.success());
        assert!(fetched || std::env::var_os("CI").is_none(), "the models could not be fetched");
        if !fetched {
            eprintln!("SKIPPED: the models could not be fetched; see `portunus models fetch`");
        }
        fetched
    })
}

/// The face pipeline with the built-in pack, as the service has it.
pub fn engine() -> portunus_biometrics::face::FaceEngine {
    let pack = portunus_biometrics::pack::Pack::load(&cache().join("packs/opencv-zoo")).ok().unwrap();
    let runtime = cache().join("onnxruntime/1.28.0/libonnxruntime.so.1.28.0");
    portunus_biometrics::face::FaceEngine::load(&pack, &runtime, 1).ok().unwrap()
}

/// A picture of the cache by its name.
pub fn picture(name: &str) -> PathBuf {
    cache().join("pictures/face_recognition-1.3.0").join(name)
}

/// The picture at a twelfth of its light: poor quality, with a face in it.
pub fn in_the_dark(bytes: &[u8]) -> Vec<u8> {
    use portunus_biometrics::face::{Picture, PictureLimits};
    let picture = Picture::decode(bytes, &PictureLimits::default()).ok().unwrap();
    let dark = picture.rgb().iter().map(|value| value / 12).collect();
    Picture::from_rgb(picture.width(), picture.height(), dark)
        .ok()
        .unwrap()
        .to_jpeg(90)
        .ok()
        .unwrap()
        .to_vec()
}

/// A fictional passenger with a passport.
#[derive(Clone)]
pub struct Person {
    pub family: String,
    pub given: String,
    pub state: String,
    /// Of the passport.
    pub number: String,
    pub reference: Option<Picture>,
}

impl Person {
    /// The `n`th fictional person, of this nationality (ICAO letters: `USA`, `FRA`, `D`).
    pub fn new(n: usize, state: &str) -> Self {
        const FAMILIES: [&str; 8] =
            ["ADEYEMI", "BERGER", "CASTELLANO", "DUBOIS", "EKSTROM", "FARAH", "GREY", "HASHIMOTO"];
        let family = FAMILIES[n % FAMILIES.len()].to_owned();
        let given = ["ALEX", "BO", "CHARLIE", "DANA"][n / FAMILIES.len() % 4].to_owned();
        Self {
            family,
            given,
            state: state.to_owned(),
            number: format!("X{:07}", 1_000_003 + n * 7919),
            reference: None,
        }
    }

    /// The passport's machine-readable zone (ICAO 9303-4): two lines of 44. It is good for years.
    pub fn mrz(&self) -> String {
        self.mrz_until(today().saturating_add(5.years()))
    }

    /// The same, good until this day.
    pub fn mrz_until(&self, expires: jiff::civil::Date) -> String {
        let pad = |text: &str, width: usize| format!("{text:<<width$}").replace(' ', "<");
        let names = format!("{}<<{}", self.family, self.given);
        let (number, born, digit) = (pad(&self.number, 9), "800101", check_digit);
        let expires = expires.strftime("%y%m%d").to_string();
        let state = pad(&self.state, 3);
        let head =
            format!("{number}{}{state}{born}{}F{expires}{}", digit(&number), digit(born), digit(&expires));
        let personal = format!("{}0", pad("", 14));
        let composite = format!("{}{}{}{personal}", &head[..10], &head[13..20], &head[21..28]);
        format!("P<{state}{}\n{head}{personal}{}", pad(&names, 39), digit(&composite))
    }

    /// With this portrait imported under the passport.
    pub fn with_reference(self, picture: Picture) -> Self {
        Self { reference: Some(picture), ..self }
    }
}

/// ICAO 9303-3 section 4.9.
fn check_digit(field: &str) -> u32 {
    let value = |c: char| c.to_digit(36).unwrap_or(0);
    field.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, weight)| value(c) * weight).sum::<u32>() % 10
}

/// The people of a house, each signed in, and one designated point with an enrolled gate.
pub struct Staff {
    pub administrator: Caller,
    pub officer: Caller,
    pub supervisor: Caller,
    pub auditor: Caller,
    /// Of carrier PX.
    pub carrier: Caller,
    pub anybody: Caller,
    pub gate: Gate,
    /// Its identifier.
    pub point: String,
}

impl Staff {
    /// Makes the first administrator by the one-time link, and by them everything else.
    #[track_caller]
    pub fn hire(house: &House) -> Self {
        let anybody = house.anybody();
        let link = house.setup_link();
        let token = link.split_once('#').unwrap().1;
        let form = format!("token={token}&name=administrator&password={}", PASSWORD.replace(' ', "+"));
        anybody.post_bytes("/setup", "application/x-www-form-urlencoded", form.into_bytes()).ok();
        let administrator = anybody.signed_in("administrator", PASSWORD);
        for role in ["officer", "supervisor", "auditor", "carrier"] {
            let carrier = (role == "carrier").then_some("PX");
            let user = json!({ "name": role, "role": role, "carrier": carrier, "password": PASSWORD });
            administrator.post("/api/admin/v1/users", &user).ok();
        }
        let point = json!({ "name": "JFK B22", "port": "JFK", "direction": "exit", "kind": "boarding-gate" });
        let point =
            administrator.post("/api/admin/v1/points", &point).ok().json()["id"].as_str().unwrap().to_owned();
        let supervisor = anybody.signed_in("supervisor", PASSWORD);
        designate(&administrator, &supervisor, &point);
        let code = enrolment_code(&administrator, &point);
        Self {
            gate: Gate::enrol(&anybody, &code),
            officer: anybody.signed_in("officer", PASSWORD),
            supervisor,
            auditor: anybody.signed_in("auditor", PASSWORD),
            carrier: anybody.signed_in("carrier", PASSWORD),
            administrator,
            anybody,
            point,
        }
    }

    /// A house with its staff.
    pub fn with_house(options: Options) -> (House, Self) {
        let house = House::start(options);
        let staff = Self::hire(&house);
        (house, staff)
    }

    /// Designates a point: the administrator drafts, the owner attests, the supervisor approves, the notice hangs. Gives the
    /// designation.
    #[track_caller]
    pub fn designate(&self, point: &str) -> String {
        designate(&self.administrator, &self.supervisor, point)
    }

    /// A fresh one-time code for one more device; `/gate#enrol=CODE` is its link.
    #[track_caller]
    pub fn enrolment_code(&self) -> String {
        enrolment_code(&self.administrator, &self.point)
    }

    /// The list is sent, the references are taken in, boarding is open at the point. Gives the voyage's identifier.
    #[track_caller]
    pub fn stage(&self, flight: u32, people: &[Person]) -> String {
        self.send_list(flight, people);
        for person in people {
            if let Some(picture) = person.reference {
                let outcome = self.add_reference(person, &picture.bytes()).ok().json();
                assert_ne!(outcome["outcome"], "refused", "{outcome}");
            }
        }
        let voyage = self.voyage(flight);
        self.open(&voyage);
        voyage
    }

    /// Sends the carrier's list (PAXLST D.05B) for flight PX`flight` of today, JFK to CDG.
    #[track_caller]
    pub fn send_list(&self, flight: u32, people: &[Person]) -> Value {
        let body = paxlst(flight, people).into_bytes();
        let taken =
            self.carrier.post_bytes("/api/carrier/v1/manifests", "application/edifact", body).ok().json();
        assert_eq!(taken["problems"], json!([]), "the test's own manifest");
        taken
    }

    /// Sends the carrier's list for flight PX`flight` of today, CDG to JFK.
    #[track_caller]
    pub fn send_arrivals(&self, flight: u32, people: &[Person]) {
        let body = paxlst_between(flight, "CDG", "JFK", people).into_bytes();
        let taken =
            self.carrier.post_bytes("/api/carrier/v1/manifests", "application/edifact", body).ok().json();
        assert_eq!(taken["problems"], json!([]), "the test's own manifest");
    }

    /// Makes another point of port JFK, designated.
    #[track_caller]
    pub fn make_point(&self, name: &str, direction: &str, kind: &str) -> String {
        let point = json!({ "name": name, "port": "JFK", "direction": direction, "kind": kind });
        let made = self.administrator.post("/api/admin/v1/points", &point).ok().json();
        let point = made["id"].as_str().unwrap().to_owned();
        designate(&self.administrator, &self.supervisor, &point);
        point
    }

    /// A gate of its own at a point.
    #[track_caller]
    pub fn gate_at(&self, point: &str) -> Gate {
        Gate::enrol(&self.anybody, &enrolment_code(&self.administrator, point))
    }

    /// Opens a watch at a point.
    #[track_caller]
    pub fn open_watch(&self, point: &str) -> Value {
        self.supervisor.post("/api/officer/v1/watches", &json!({ "point": point })).ok().json()
    }

    /// The board of any point.
    #[track_caller]
    pub fn board_of(&self, point: &str) -> Value {
        self.officer.get(&format!("/api/officer/v1/board?point={point}")).ok().json()
    }

    /// An officer takes an encounter up.
    #[track_caller]
    pub fn take(&self, encounter: &str) {
        self.officer.post(&format!("/api/officer/v1/encounters/{encounter}/take"), &json!({})).ok();
    }

    /// Uploads a portrait under a person's passport. The answer may be a problem.
    #[track_caller]
    pub fn add_reference(&self, person: &Person, portrait: &[u8]) -> Answer {
        self.try_add_reference(person, portrait).expect("an answer")
    }

    /// The same; `None` when no answer comes.
    pub fn try_add_reference(&self, person: &Person, portrait: &[u8]) -> Option<Answer> {
        let (kind, body) = multipart(&[
            ("issuer", person.state.as_bytes()),
            ("kind", b"P"),
            ("number", person.number.as_bytes()),
            ("portrait", portrait),
        ]);
        self.supervisor.try_post("/api/admin/v1/references", &kind, body)
    }

    /// The identifier of PX`flight`, as the supervisor's page has it.
    #[track_caller]
    pub fn voyage(&self, flight: u32) -> String {
        let page = self.supervisor.get("/supervisor").ok();
        let page = String::from_utf8(page.body).unwrap();
        let name = format!("PX{flight} ");
        let mut articles = page.split("data-voyage=\"").skip(1);
        let article = articles.find(|article| article.contains(&name) || article.contains(name.trim()));
        article
            .unwrap_or_else(|| panic!("{name} is not on the supervisor's page"))
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    }

    /// Opens boarding at the point.
    #[track_caller]
    pub fn open(&self, voyage: &str) {
        let path = format!("/api/officer/v1/voyages/{voyage}/open");
        self.supervisor.post(&path, &json!({ "point": self.point })).ok();
    }

    /// Closes boarding. The answer may be a problem.
    #[track_caller]
    pub fn close(&self, voyage: &str) -> Answer {
        self.supervisor.post(&format!("/api/officer/v1/voyages/{voyage}/close"), &json!({}))
    }

    /// The board of the point.
    #[track_caller]
    pub fn board(&self) -> Value {
        self.officer.get(&format!("/api/officer/v1/board?point={}", self.point)).ok().json()
    }

    /// The passengers whose name, document or booking has these words.
    #[track_caller]
    pub fn seek(&self, voyage: &str, words: &str) -> Vec<Value> {
        let path = format!("/api/officer/v1/voyages/{voyage}/passengers");
        let found = self.officer.post(&path, &json!({ "query": words })).ok().json();
        found.as_array().unwrap().clone()
    }

    /// The one passenger with this person's passport.
    #[track_caller]
    pub fn passenger(&self, voyage: &str, person: &Person) -> Value {
        let found = self.seek(voyage, &person.number);
        assert_eq!(found.len(), 1, "{}", person.number);
        found[0].clone()
    }

    /// Rules on an encounter. The answer may be a problem.
    #[track_caller]
    pub fn rule(&self, encounter: &str, ruling: &Value) -> Answer {
        self.officer.post(&format!("/api/officer/v1/encounters/{encounter}/rulings"), ruling)
    }

    /// The photo taken now, as the officer gets it; 404 when it is gone.
    #[track_caller]
    pub fn probe(&self, encounter: &str) -> Answer {
        self.officer.get(&format!("/console/encounters/{encounter}/probe"))
    }

    /// What the carrier sees of PX`flight` of today.
    #[track_caller]
    pub fn status(&self, flight: u32) -> Value {
        self.carrier.get(&format!("/api/carrier/v1/voyages/PX{flight}/{}", today())).ok().json()
    }
}

const DESIGNATIONS: &str = "/api/admin/v1/designations";

fn designate(administrator: &Caller, supervisor: &Caller, point: &str) -> String {
    let draft =
        json!({ "point": point, "legal_basis": "8 CFR 215.8 (test)", "device_owner": "Port of Testing" });
    let made = administrator.post(DESIGNATIONS, &draft).ok().json();
    let id = made["id"].as_str().unwrap();
    let attested = json!({ "party": "Port of Testing", "by": "J. Kim" });
    administrator.post(&format!("{DESIGNATIONS}/{id}/attest"), &attested).ok();
    supervisor.post(&format!("{DESIGNATIONS}/{id}/approve"), &json!({})).ok();
    administrator.post(&format!("{DESIGNATIONS}/{id}/notice"), &json!({})).ok();
    id.to_owned()
}

fn enrolment_code(administrator: &Caller, point: &str) -> String {
    let made = administrator.post("/api/admin/v1/enrolments", &json!({ "point": point })).ok();
    made.json()["code"].as_str().unwrap().to_owned()
}

/// The day of a test is that on which it began: one that goes on past midnight still finds its voyages.
pub fn today() -> jiff::civil::Date {
    static TODAY: std::sync::OnceLock<jiff::civil::Date> = std::sync::OnceLock::new();
    *TODAY.get_or_init(|| Timestamp::now().to_zoned_datetime(TimeZone::UTC).date())
}

/// A carrier's passenger list (PAXLST D.05B) for today, JFK to CDG.
pub fn paxlst(flight: u32, people: &[Person]) -> String {
    paxlst_between(flight, "JFK", "CDG", people)
}

/// The same between any two ports.
pub fn paxlst_between(flight: u32, from: &str, to: &str, people: &[Person]) -> String {
    let day = today().strftime("%y%m%d");
    let mut message = vec![
        "UNH+1+PAXLST:D:05B:UN:IATA".to_owned(),
        "BGM+745".to_owned(),
        "NAD+MS+++OPERATIONS".to_owned(),
        format!("TDT+20+PX{flight}+++PX"),
        format!("LOC+125+{from}"),
        format!("DTM+189:{day}1800:201"),
        format!("LOC+87+{to}"),
        format!("DTM+232:{day}2330:201"),
    ];
    for (n, person) in people.iter().enumerate() {
        message.extend([
            format!("NAD+FL+++{}:{}", person.family, person.given),
            "ATT+2++F".to_owned(),
            format!("DTM+329:{}0{}1{}:102", 1950 + n % 50, 1 + n % 9, n % 10),
            format!("LOC+178+{from}"),
            format!("LOC+179+{to}"),
            format!("NAT+2+{}", person.state),
            format!("RFF+AVF:PX{n:04}"),
            format!("RFF+ABO:PX{flight}-{n:04}"),
            format!("DOC+P:110:111+{}", person.number),
            format!("LOC+91+{}", person.state),
        ]);
    }
    message.push(format!("CNT+42:{}", people.len()));
    message.push(format!("UNT+{}+1", message.len() + 1));
    let head = format!("UNB+UNOA:4+TEST AIR+BORDER+{day}:0600+PX{flight}");
    let group = format!("UNG+PAXLST+TEST AIR+BORDER+{day}:0600+1+UN+D:05B");
    let whole =
        [vec![head, group], message, vec!["UNE+1+1".to_owned(), format!("UNZ+1+PX{flight}")]].concat();
    format!("UNA:+.? '\n{}'\n", whole.join("'\n"))
}
