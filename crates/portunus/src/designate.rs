//! `portunus designate`: drafts the authority for a crossing point to photograph, and publishes it when a second person
//! approves; makes the point if need be.
//!
//! Whoever can run this owns the machine: the two names are theirs to state, and stand on record. In a house that runs, the
//! second person approves with their own account, on `/admin`.

use crate::house::{Folder, fresh, now, open_store};
use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portunus_core::designation::{
    self, DailyHours, Draft, NAME_CHARS_MAX, POINT_CHARS_MAX, line, publishable,
};
use portunus_core::id::{DesignationId, PointId};
use portunus_core::place::{
    CrossingPoint, Designation, Direction, MANUAL_WAIT_CEILING_SECONDS, PointKind, Position,
};
use portunus_store::{PutPoint, Store};

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// What people call the crossing point, for example "JFK B22"
    point: String,
    /// The port it belongs to: IATA location or UN/LOCODE; needed for a new point
    #[arg(long)]
    port: Option<String>,
    /// Entry or exit [default: as the point is; exit for a new one]
    #[arg(long, value_enum)]
    direction: Option<Way>,
    /// What kind of place it is: boarding-gate, cruise-terminal, arrival-hall, arrival-route, pedestrian-lane, rail-platform,
    /// vehicle-lane, private-airfield or marina [default: as the point is; boarding-gate for a new one]
    #[arg(long)]
    kind: Option<PointKind>,
    /// Where the point is, for the public map: degrees north and east, as in 40.64,-73.78
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    at: Option<Position>,
    /// The law the designation rests on, as travellers read it
    #[arg(long, default_value = "8 CFR 215.8")]
    legal_basis: String,
    /// Who owns the cameras
    #[arg(long)]
    owner: String,
    /// Who else handles them; may be given several times
    #[arg(long = "contractor")]
    contractors: Vec<String>,
    /// Nineteen in twenty of those who decline are attended to within so many seconds
    #[arg(long, default_value_t = MANUAL_WAIT_CEILING_SECONDS, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    manual_wait_ceiling_seconds: u32,
    /// In force from (RFC 3339) [default: now]; not in the past
    #[arg(long)]
    from: Option<Timestamp>,
    /// Hours of every day, by the clock on the wall there, as in "05:00-23:30 America/New_York" [default: at any hour]
    #[arg(long)]
    hours: Option<DailyHours>,
    /// Who attests for the owner or a contractor that it keeps no frames, as in "Port of Example=J. Kim"; for each of them
    #[arg(long = "attested", value_name = "PARTY=PERSON", value_parser = attested)]
    attested: Vec<(String, String)>,
    /// Who drafts it, by the name that they sign in with
    #[arg(long)]
    author: String,
    /// Who approves it: somebody else [default: nobody yet; somebody does on /admin]
    #[arg(long, value_name = "NAME")]
    approved_by: Option<String>,
    /// Not in force from then on (RFC 3339) [default: no end]
    #[arg(long)]
    until: Option<Timestamp>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn attested(text: &str) -> Result<(String, String), String> {
    let parts = text.rsplit_once('=').map(|(party, by)| (party.trim(), by.trim()));
    match parts.filter(|(party, by)| !party.is_empty() && !by.is_empty()) {
        Some((party, by)) => Ok((party.to_owned(), by.to_owned())),
        None => Err("expected who attests for whom, as in \"Port of Example=J. Kim\"".to_owned()),
    }
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Way {
    Exit,
    Entry,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let store = open_store(&args.folder.path()?)?;
    let now = now();
    let from = args.from.unwrap_or(now);
    if from < now {
        bail!("--from {from} is in the past: a designation is never back-dated");
    }
    if args.until.is_some_and(|until| until <= from) {
        bail!("--until must be after --from");
    }
    let (point, is_new) = point(&store, args)?;
    let draft = draft(args, point.id, from, now)?;
    let designation = draft.designation.clone();
    // Nobody approves what they drafted. All is judged before anything is written.
    let approved = match &args.approved_by {
        Some(approver) => {
            let approver = line(approver, "--approved-by", NAME_CHARS_MAX)?;
            Some(draft.clone().approved(&approver, now)?)
        }
        None => None,
    };
    if is_new && store.put_point(&point)? == PutPoint::NameTaken {
        bail!("another process made {:?} just now; try again", args.point);
    }
    if args.at.is_some() {
        store.put_position(point.id, args.at)?;
    }
    match &approved {
        Some(approved) => store.designate(approved, now)?,
        None => store.put_draft(&draft)?,
    }
    said(args, &point, &designation, approved.is_some())
}

fn said(args: &Args, point: &CrossingPoint, designation: &Designation, published: bool) -> Result<()> {
    if args.json {
        let state = if published { "published" } else { "draft" };
        return crate::print_json(&serde_json::json!({
            "point": point, "at": args.at, "designation": designation, "state": state,
        }));
    }
    let until = args.until.map_or("withdrawn".to_owned(), |until| until.to_string());
    let (from, id) = (designation.from, designation.id);
    let what = format!("{} ({}, {:?})", point.name, point.port, point.direction);
    crate::print(&if published {
        format!(
            "{what} is designated from {from} until {until}, under {}\ndesignation {id}\n\
             next: post the notice and enrol a device, on /admin",
            designation.legal_basis
        )
    } else {
        format!(
            "a designation of {what} is drafted: {id}\nnext: owner and contractors attest, somebody else approves, on /admin"
        )
    })
}

/// The designation, with what is attested of it.
fn draft(args: &Args, point: PointId, from: Timestamp, now: Timestamp) -> Result<Draft> {
    if let Some(hours) = &args.hours {
        TimeZone::get(&hours.zone).with_context(|| format!("--hours: no time zone {:?}", hours.zone))?;
    }
    let designation = publishable(Designation {
        id: DesignationId::from_bytes(fresh()),
        point,
        legal_basis: args.legal_basis.clone(),
        from,
        until: args.until,
        device_owner: args.owner.clone(),
        contractors: args.contractors.clone(),
        manual_wait_ceiling_seconds: args.manual_wait_ceiling_seconds,
        hours: args.hours.clone(),
    })?;
    let mut draft = Draft::new(designation, &line(&args.author, "--author", NAME_CHARS_MAX)?, now);
    for (party, by) in &args.attested {
        let by = &line(by, "--attested", NAME_CHARS_MAX)?;
        draft.attest(party, by, now).with_context(|| format!("--attested {party:?}"))?;
    }
    Ok(draft)
}

/// The crossing point of that name, and whether it is to be made.
fn point(store: &Store, args: &Args) -> Result<(CrossingPoint, bool)> {
    let direction = args.direction.map(|way| match way {
        Way::Exit => Direction::Exit,
        Way::Entry => Direction::Entry,
    });
    let port = args.port.as_deref().map(designation::port).transpose()?;
    let name = line(&args.point, "point", POINT_CHARS_MAX)?;
    if let Some(point) = store.point_by_name(&name)? {
        let is_other = [
            ("--port", port.is_some_and(|port| port != point.port)),
            ("--direction", direction.is_some_and(|direction| direction != point.direction)),
            ("--kind", args.kind.is_some_and(|kind| kind != point.kind)),
        ];
        let other: Vec<&str> = is_other.iter().filter(|(_, is)| *is).map(|(option, _)| *option).collect();
        if !other.is_empty() {
            bail!(
                "{}: there is a crossing point {:?}, a {} at {}, {}; it stays what it is. Leave these out, or give the new \
                 point another name",
                other.join(", "),
                point.name,
                point.kind.in_words(),
                point.port,
                if point.direction == Direction::Exit { "an exit" } else { "an entry" },
            );
        }
        return Ok((point, false));
    }
    let Some(port) = port else {
        bail!("there is no crossing point {:?}; say its --port to make it", args.point)
    };
    let (direction, kind) =
        (direction.unwrap_or(Direction::Exit), args.kind.unwrap_or(PointKind::BoardingGate));
    if kind.expects(direction).is_none() {
        bail!("a {} is crossed the other way: see --direction", kind.in_words());
    }
    Ok((CrossingPoint { id: PointId::from_bytes(fresh()), name, port, direction, kind }, true))
}
