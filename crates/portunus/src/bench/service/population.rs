//! A voyage of many: passengers, sealed references, gates, and the travellers who come to them.

use super::alone::{self, Parts};
use super::distribution::Distribution;
use super::faces;
use super::gate::{Gate, multipart};
use super::process::Remains;
use crate::bench::Context;
use crate::bench::pictures;
use crate::dice::Dice;
use crate::house::{Choices, Folder, cores, fresh, fresh_key, now};
use crate::models::CacheArgs;
use anyhow::{Context as _, Result, bail};
use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, tz::TimeZone};
use portunus_biometrics::face::{FaceEngine, Outcome, Picture, Template};
use portunus_core::designation::Draft;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::id::{DesignationId, DeviceId, PointId};
use portunus_core::place::{CrossingPoint, Designation, Direction, PointKind};
use portunus_core::policy::{DataClass, PersonClass, Start};
use portunus_core::voyage::{Capacity, Leg, Manifest, ManifestAction, ManifestPerson, VoyageKey};
use portunus_server::service::{ReferenceOutcome, Service};
use portunus_store::{NewReference, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEED: u64 = 20_261_123;
/// Several at once: while one waits for the disk, another seals.
const WRITERS: usize = 4;
const MEASURED_MAX: usize = 600;
const STRANGERS_MAX: usize = 60;

/// How many of everything.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// Members of the gallery, mated travellers among them.
    pub(super) gallery: usize,
    /// Travellers whom the gallery knows, by another picture. Less where there are not so many people.
    pub(super) mated: usize,
    pub(super) gates: usize,
    /// People from whom the distribution is measured.
    pub(super) measured: usize,
}

/// Everything that a load needs, on disk and ready.
pub(super) struct Voyage {
    pub(super) store: Store,
    pub(super) notice_version: String,
    pub(super) gates: Vec<Gate>,
    /// The captures of travellers whom the gallery knows; each boards once.
    pub(super) mated: Vec<Arc<[u8]>>,
    /// The captures of people whom it does not know.
    pub(super) strangers: Vec<Arc<[u8]>>,
    /// What a capture's parts take by themselves.
    pub(super) parts: Parts,
    /// People with a template.
    pub(super) people: usize,
    /// What the travellers and members are, in words.
    pub(super) said: String,
}

/// The service in this process, on the data in `folder`/data.
pub(super) fn service(context: &Context, folder: &Path) -> Result<Service> {
    let choices = Choices {
        folder: Folder { data: None },
        cache: CacheArgs { dir: Some(context.cache.dir().to_owned()) },
        pack: None,
        policy: None,
    };
    choices.open_in(&folder.join("data"))
}

/// Makes the voyage in `folder`, boarding open, its gallery sealed.
pub(super) fn prepare(context: &Context, remains: &Remains, size: Size) -> Result<(PathBuf, Voyage)> {
    let folder = remains.folder()?;
    let service = service(context, &folder)?;
    let (people, source) = faces::people(context)?;
    let (several, single): (Vec<_>, Vec<_>) = people.into_iter().partition(|pictures| pictures.len() > 1);
    let known = &several[..several.len().min(size.mated)];
    let unknown: Vec<&PathBuf> = single.iter().map(|pictures| &pictures[0]).collect();
    if known.is_empty() || unknown.is_empty() {
        bail!("people of one picture and people of several are needed");
    }
    let measured: Vec<&PathBuf> = spread(
        &several.iter().chain(&single).map(|p| &p[0]).collect::<Vec<_>>(),
        size.measured.min(MEASURED_MAX),
    );
    let (distribution, drawn_from) = distribution(context, service.engine(), &measured)?;

    let point = place(&service)?;
    let gates = (0..size.gates).map(|_| enrol(service.store(), point)).collect::<Result<_>>()?;
    let synthetic = size.gallery.saturating_sub(known.len());
    expect(service.store(), synthetic + known.len())?;
    keep_synthetic(context, &service, &distribution, synthetic)?;
    let refused = keep_known(context, &service, known, synthetic)?;
    let key = voyage_key()?;
    let voyage = service.store().voyage_by_key(&key)?.context("the voyage was not taken")?.id;
    service.open_boarding(voyage, point)?;

    let strangers = spread(&unknown, STRANGERS_MAX);
    let parts = alone::parts(&service, &strangers)?;
    let captures = |pictures: &[&PathBuf], what| {
        let bar = context.bar(pictures.len() as u64, what);
        in_parallel(pictures, cores(), |_, path| {
            bar.inc(1);
            let frames = faces::frames(&pictures::read(path)?)?;
            Ok(Arc::from(multipart(&frames)))
        })
    };
    let mated: Vec<Arc<[u8]>> =
        captures(&known.iter().map(|pictures| &pictures[1]).collect::<Vec<_>>(), "travellers")?;
    let strangers: Vec<Arc<[u8]>> = captures(&strangers, "strangers")?;
    let bytes =
        mated.iter().chain(&strangers).map(|b| b.len()).sum::<usize>() / (mated.len() + strangers.len());
    let said = format!(
        "{source}; {synthetic} of the gallery's members are drawn from {drawn_from}, {} are real ({refused} portraits \
         refused); a capture is 3 frames of 1280x720, {} kB together on average",
        known.len(),
        bytes / 1000
    );
    let voyage = Voyage {
        store: service.store().clone(),
        notice_version: service.policy().notice_version.clone(),
        gates,
        mated,
        strangers,
        parts,
        people: synthetic + known.len() - refused,
        said,
    };
    Ok((folder, voyage))
}

/// `most` of them, spread evenly.
fn spread<T: Copy>(of: &[T], most: usize) -> Vec<T> {
    let most = most.min(of.len());
    (0..most).map(|n| of[n * of.len() / most]).collect()
}

/// Does something with each, on several threads; gives the results in order, or an error of one.
pub(super) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(usize, &T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let mut done = std::thread::scope(|scope| {
        let one = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(at) else { return Ok(done) };
                done.push((at, work(at, item)?));
            }
        };
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(one)).collect();
        let mut all = Vec::with_capacity(items.len());
        for thread in threads {
            let part: Result<Vec<(usize, R)>> =
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(part?);
        }
        Ok::<_, anyhow::Error>(all)
    })?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// The distribution to draw members from, and what it is, in words.
fn distribution(
    context: &Context,
    engine: &FaceEngine,
    pictures: &[&PathBuf],
) -> Result<(Distribution, String)> {
    let bar = context.bar(pictures.len() as u64, "templates measured");
    let templates = in_parallel(pictures, cores(), |_, path| {
        bar.inc(1);
        Ok(match engine.analyse(&pictures::read(path)?)?.outcome {
            Outcome::Subject(subject) => Some(engine.template(&subject)?),
            Outcome::NoFace | Outcome::Several => None,
        })
    })?;
    bar.finish_and_clear();
    let templates: Vec<Template> = templates.into_iter().flatten().collect();
    let dimension = templates.first().context("no face in any picture")?.values().len();
    if context.faces.is_none() || templates.len() < 20 {
        return Ok((Distribution::isotropic(dimension), "an isotropic distribution (no --faces)".to_owned()));
    }
    let said = format!("the mean and covariance of {} people's templates", templates.len());
    Ok((Distribution::of(&templates), said))
}

fn voyage_key() -> Result<VoyageKey> {
    let today = now().to_zoned_datetime(TimeZone::UTC).date();
    VoyageKey::new("PX", "42", today).context("a constant key")
}

/// The passport of the `n`th passenger.
pub(super) fn passport(n: usize) -> Result<DocumentKey> {
    Ok(DocumentKey::new(State::new("FRA")?, DocumentKind::new("P")?, &format!("B{n:08}"))?)
}

/// A crossing point with its designation.
fn place(service: &Service) -> Result<PointId> {
    let (id, now) = (PointId::from_bytes(fresh()), now());
    let point = CrossingPoint {
        id,
        name: "JFK B22".to_owned(),
        port: "JFK".to_owned(),
        direction: Direction::Exit,
        kind: PointKind::BoardingGate,
    };
    let _ = service.store().put_point(&point)?;
    let designation = Designation {
        id: DesignationId::from_bytes(fresh()),
        point: id,
        legal_basis: "8 CFR 215.8 (benchmark)".to_owned(),
        from: now,
        until: None,
        device_owner: "Port of Measurement".to_owned(),
        contractors: Vec::new(),
        manual_wait_ceiling_seconds: portunus_core::place::MANUAL_WAIT_CEILING_SECONDS,
        hours: None,
    };
    let mut draft = Draft::new(designation, "drafter", now);
    draft.attest("Port of Measurement", "owner", now)?;
    service.store().designate(&draft.approved("approver", now)?, now)?;
    Ok(id)
}

fn enrol(store: &Store, point: PointId) -> Result<Gate> {
    let (key, device, now) = (SigningKey::from_bytes(&fresh_key()), DeviceId::from_bytes(fresh()), now());
    let code = fresh_key();
    store.put_enrolment(code, point, now.checked_add(SignedDuration::from_mins(5))?)?;
    store.enrol(code, device, key.verifying_key().to_bytes(), now)?.context("the gate was not enrolled")?;
    Ok(Gate::new(key, device))
}

/// A carrier's list of so many passengers. Passports are numbered from 0.
pub(super) fn expect(store: &Store, passengers: usize) -> Result<()> {
    let person = |n: usize| -> Result<ManifestPerson> {
        Ok(ManifestPerson {
            nationality: Some(State::new("FRA")?),
            documents: vec![passport(n)?],
            journey_from: Some("JFK".to_owned()),
            journey_to: Some("CDG".to_owned()),
            carrier_reference: Some(format!("PX42-{n:05}")),
            ..ManifestPerson::named(Capacity::Passenger, format!("FAMILY{n:05}"), "ALEX")
        })
    };
    let leg = Leg { from: "JFK".to_owned(), to: "CDG".to_owned(), departs: None, arrives: None };
    let manifest = Manifest {
        voyage: voyage_key()?,
        legs: vec![leg],
        action: ManifestAction::Add,
        people: (0..passengers).map(person).collect::<Result<_>>()?,
    };
    let _ = store.apply_manifest(&manifest, now())?;
    Ok(())
}

/// Sealed references of people who are nobody, through the store's own door, each durable as any other.
fn keep_synthetic(
    context: &Context,
    service: &Service,
    distribution: &Distribution,
    count: usize,
) -> Result<()> {
    let crop = Picture::from_rgb(32, 32, vec![128; 32 * 32 * 3])?.to_jpeg(80)?;
    let class = PersonClass::NonImmigrant;
    let due = service.policy().due(class, DataClass::Reference, Start::at(now()));
    let due = due.context("the policy keeps no references")?;
    let pack = service.engine().pack();
    let bar = context.bar(count as u64, "synthetic members");
    in_parallel(&(0..count).collect::<Vec<_>>(), WRITERS, |_, n| {
        let values = distribution.draw(&mut Dice::new(SEED ^ ((*n as u64) << 32)));
        let template = Template::new(pack.clone(), &values)?.to_bytes();
        let new = NewReference { portrait: &crop, template: &template, pack, class, erase_after: due };
        let _ = service.store().put_reference(&passport(*n)?, &new, now())?;
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// The portraits of the travellers whom the gallery is to know. Gives how many were refused.
fn keep_known(context: &Context, service: &Service, known: &[Vec<PathBuf>], from: usize) -> Result<usize> {
    let bar = context.bar(known.len() as u64, "real members");
    let refused = in_parallel(known, cores(), |n, pictures| {
        bar.inc(1);
        let outcome = service.add_reference(&passport(from + n)?, &pictures::read(&pictures[0])?)?;
        Ok(usize::from(matches!(outcome, ReferenceOutcome::Refused { .. })))
    })?;
    bar.finish_and_clear();
    Ok(refused.into_iter().sum())
}
