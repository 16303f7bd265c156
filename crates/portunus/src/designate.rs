//! `portunus designate`: publishes the authority for a crossing point to photograph; makes the point if need be.

use crate::house::{Folder, fresh, now, open_store};
use anyhow::{Result, bail};
use jiff::Timestamp;
use portunus_core::id::{DesignationId, PointId};
use portunus_core::place::{CrossingPoint, Designation, Direction, PointKind, Position};
use portunus_store::PutPoint;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// What people call the crossing point, for example "JFK B22"
    point: String,
    /// The port it belongs to: IATA location or UN/LOCODE; needed for a new point
    #[arg(long)]
    port: Option<String>,
    /// Entry or exit
    #[arg(long, value_enum, default_value = "exit")]
    direction: Way,
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
    /// In force from (RFC 3339) [default: now]; not in the past
    #[arg(long)]
    from: Option<Timestamp>,
    /// Not in force from then on (RFC 3339) [default: no end]
    #[arg(long)]
    until: Option<Timestamp>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
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
    let point = match (store.point_by_name(&args.point)?, &args.port) {
        (Some(point), _) => point,
        (None, None) => bail!("there is no crossing point {:?}; say its --port to make it", args.point),
        (None, Some(port)) => {
            let point = CrossingPoint {
                id: PointId::from_bytes(fresh()),
                name: args.point.trim().to_owned(),
                port: port.trim().to_ascii_uppercase(),
                direction: match args.direction {
                    Way::Exit => Direction::Exit,
                    Way::Entry => Direction::Entry,
                },
                kind: PointKind::BoardingGate,
            };
            match store.put_point(&point)? {
                PutPoint::Stored => point,
                PutPoint::NameTaken => bail!("another process made {:?} just now; try again", args.point),
            }
        }
    };
    if args.at.is_some() {
        store.put_position(point.id, args.at)?;
    }
    let designation = Designation {
        id: DesignationId::from_bytes(fresh()),
        point: point.id,
        legal_basis: args.legal_basis.clone(),
        from,
        until: args.until,
        device_owner: args.owner.clone(),
        contractors: args.contractors.clone(),
    };
    store.designate(&designation, now)?;
    if args.json {
        crate::print_json(&serde_json::json!({ "point": point, "at": args.at, "designation": designation }))
    } else {
        let until = args.until.map_or("withdrawn".to_owned(), |until| until.to_string());
        crate::print(&format!(
            "{} ({}, {:?}) is designated from {from} until {until}, under {}\ndesignation {}",
            point.name, point.port, point.direction, designation.legal_basis, designation.id
        ))
    }
}
