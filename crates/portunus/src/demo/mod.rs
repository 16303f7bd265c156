//! `portunus demo`: a voyage staged and boarded before your eyes, through the same doors as any other.

mod caller;
mod cast;
mod day;
mod ending;
mod hours;
mod play;
mod table;

use crate::house::{Choices, POLICIES, now};
use crate::models;
use crate::serve::{self, Bound, Door};
use crate::witness;
use anyhow::{Context as _, Result, bail};
use caller::Caller;
use cast::Boarding;
use hours::Ahead;
use play::Staff;
use portunus_ledger::log;
use portunus_ledger::note::VerifierKey;
use portunus_ledger::verify::{Check, verify};
use portunus_server::service::Service;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Between two travellers of the recorded boarding, when somebody is watching.
const PACE: Duration = Duration::from_secs(4);
/// The witness, on the same busy machine, has twenty seconds to sign.
const SIGNED_TRIES: u32 = 80;
const SIGNED_AGAIN: Duration = Duration::from_millis(250);

#[derive(clap::Args, Debug)]
#[command(mut_arg("data", |data| data.help("Keep the demo's data and keys in this folder, which holds none yet [default: a folder that goes with the demo]")))]
pub(crate) struct Args {
    #[command(flatten)]
    choices: Choices,
    #[command(flatten)]
    door: Door,
    /// Play the recorded boarding, print a table of what happened, and exit
    #[arg(long)]
    once: bool,
    /// Play one day at a small country's crossing points, by air, sea and land, print what happened, and exit
    #[arg(long, conflicts_with_all = ["once", "passengers", "twelve_hours"])]
    day: bool,
    /// Stage a full flight from DIR/person/*.jpg: one picture as reference, others as probes
    #[arg(long, value_name = "DIR")]
    faces: Option<PathBuf>,
    /// How many passengers of --faces
    #[arg(long, value_name = "N", default_value_t = 100, requires = "faces")]
    passengers: usize,
    /// With --once: then let 12 hours pass, and more, in seconds, and show what is left
    #[arg(long, requires = "once")]
    twelve_hours: bool,
    /// With --once or --day: print what happened as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    serve::keep_memory_to_ourselves();
    if args.json && !args.once && !args.day {
        bail!("--json needs --once or --day");
    }
    if args.day {
        return play_the_day(args);
    }
    let boardings = match &args.faces {
        Some(faces) => cast::from_faces(faces, args.passengers)?,
        None => cast::built_in(&args.choices.cache.locate()?.ensure_pictures(&models::Bar)?)?,
    };
    // Without --data nothing of the demo outlives it.
    let (folder, _gone_at_the_end) = match &args.choices.folder.data {
        Some(folder) => (folder.clone(), None),
        None => {
            let folder = tempfile::tempdir().context("making a folder for the demo")?;
            (folder.path().to_owned(), Some(folder))
        }
    };
    let clock = Ahead::default();
    let service = args.choices.open_with(&folder, Arc::new(clock.clone()))?;
    if service.store().has_users()? {
        bail!("{} holds data already: the demo needs a folder of its own", folder.display());
    }
    serve::runtime()?.block_on(async {
        let witness = Beside::start(&service)?;
        if args.once {
            once(service, boardings, args.twelve_hours.then_some(clock), args.json).await?;
            match &args.choices.folder.data {
                Some(folder) if !args.json => crate::print(&witness.verify(&folder.display().to_string())),
                _ => Ok(()),
            }
        } else {
            live(service, boardings, args.door.bind()?, &folder, &witness).await
        }
    })
}

/// One day, from an empty folder to the ledger's proof.
fn play_the_day(args: &Args) -> Result<()> {
    let script = POLICIES[0].0;
    if args.choices.policy.as_deref().is_some_and(|policy| policy != Path::new(script)) {
        bail!("--day plays a day under {script}, whose rules its script expects: leave --policy out");
    }
    let cast = match &args.faces {
        Some(faces) => day::Cast::from_faces(faces)?,
        None => day::Cast::built_in(&args.choices.cache.locate()?.ensure_pictures(&models::Bar)?)?,
    };
    let kept = &args.choices.folder.data;
    let gone_at_the_end = tempfile::tempdir().context("making a folder for the demo")?;
    let folder = kept.clone().unwrap_or_else(|| gone_at_the_end.path().to_owned());
    let clock = Ahead::default();
    let service = args.choices.open_with(&folder, Arc::new(clock.clone()))?;
    if service.store().has_users()? {
        bail!("{} holds data already: the demo needs a folder of its own", folder.display());
    }
    serve::runtime()?.block_on(async {
        let witness = Beside::start(&service)?;
        let mut chapters = day::play(&service, clock, cast, args.json).await?;
        let (ledger, key, witnessed) = (folder.join("ledger"), witness.log.clone(), witness.key.clone());
        let report = tokio::task::spawn_blocking(move || {
            publish(&service)?;
            let check = Check { key: &key, witnesses: &[witnessed], since: None, as_of: now() };
            anyhow::Ok(verify(&log::Folder(ledger), &check)?)
        })
        .await??;
        chapters.push(day::log(&report, args.json)?);
        if args.json {
            return crate::print_json(&chapters);
        }
        match kept {
            Some(folder) => crate::print(&witness.verify(&folder.display().to_string())),
            None => Ok(()),
        }
    })
}

/// Another operator's witness, beside the demo: a key and a folder of its own.
struct Beside {
    log: VerifierKey,
    key: VerifierKey,
    _folder: tempfile::TempDir,
}

impl Beside {
    /// Has the demo's log witnessed from now on.
    fn start(service: &Service) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder for the demo's witness")?;
        let log = service.ledger_key()?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let door = witness::Door::open(folder.path(), None, vec![log.clone()], any)?;
        let key = door.key().clone();
        let remote = witness::Remote::parse(&format!("{}={key}", door.url()))?;
        service.set_witnesses(vec![Box::new(remote)]);
        tokio::spawn(door.serve(axum_server::Handle::new()));
        Ok(Self { log, key, _folder: folder })
    }

    /// The command that checks the log, with who must have signed it.
    fn verify(&self, log: &str) -> String {
        format!(
            "\nCheck the public ledger, which a witness signs:\nportunus verify {log} \\\n  --key {} \\\n  --witness {}",
            self.log, self.key
        )
    }
}

/// Publishes what is told by now, and has the witness sign it: one that was too busy to answer is asked again after a rest.
fn publish(service: &Service) -> Result<()> {
    service.publish_ledger()?;
    let is_signed = || -> Result<bool> {
        service.witness_ledger()?;
        let head = service.ledger_head()?;
        Ok(head.is_none_or(|head| head.witnesses.iter().all(|witness| witness.at.is_some())))
    };
    for _ in 0..SIGNED_TRIES {
        if is_signed()? {
            break;
        }
        std::thread::sleep(SIGNED_AGAIN);
    }
    Ok(())
}

async fn once(service: Service, boardings: Vec<Boarding>, passes: Option<Ahead>, json: bool) -> Result<()> {
    let caller = Caller::of(&service);
    let mut staff = Staff::hire(&service, &caller).await?;
    let mut played = Vec::new();
    for boarding in boardings {
        let voyage = staff.stage(&service, &boarding).await?;
        let bar = crate::references::bar(boarding.travellers.len() as u64, "travellers");
        let mut passages = Vec::new();
        for traveller in &boarding.travellers {
            let mut passage = staff.pass(&service, traveller).await?;
            staff.rule(&service, traveller, &mut passage).await?;
            passages.push(passage);
            bar.inc(1);
        }
        bar.finish_and_clear();
        played.push(staff.close(&service, voyage, passages).await?);
    }
    let ending = service.clone();
    let (played, ending) = tokio::task::spawn_blocking(move || {
        publish(&ending)?;
        let words = ending::in_words(&ending, &played)?;
        anyhow::Ok((played, words))
    })
    .await??;
    let Some(clock) = passes else {
        if json {
            return crate::print_json(&played);
        }
        table::print(&played)?;
        return ending.map_or(Ok(()), |words| crate::print(words.trim_end()));
    };
    let left = tokio::task::spawn_blocking(move || hours::pass(&service, &clock)).await??;
    if json {
        return crate::print_json(&serde_json::json!({ "voyages": played, "left": left }));
    }
    table::print(&played)?;
    if let Some(words) = ending {
        crate::print(words.trim_end())?;
    }
    hours::print(&left)
}

async fn live(
    service: Service,
    boardings: Vec<Boarding>,
    door: Bound,
    folder: &Path,
    witness: &Beside,
) -> Result<()> {
    let caller = Caller::of(&service);
    let mut staff = Staff::hire(&service, &caller).await?;
    let link = staff.gate_link().await?;
    let (url, password) = (door.url(), staff.password.clone());
    crate::print(&format!(
        "\nPortunus demo. Your browser will warn once of the self-signed certificate.\n\n\
         \x20 officer's console   {url}/console      sign in as  officer        {password}\n\
         \x20 supervisor          {url}/supervisor   sign in as  supervisor     {password}\n\
         \x20 administrator       {url}/admin        sign in as  administrator  {password}\n\
         \x20 a gate of your own  {url}{link}\n\
         \x20 what anybody sees   {url}/oversight\n\n\
         A recorded boarding plays now; whoever is referred waits for your ruling in the console.\n\
         To walk through your own gate: add your portrait on the supervisor's page under the document\n\
         {}, then open the gate's link on a device with a camera. Ctrl-C ends the demo.\n",
        play::VISITOR_DOCUMENT
    ))?;
    let certificate = door.tls_folder(folder).join("cert.pem");
    crate::print(&witness.verify(&format!("{url}/ledger --ca {}", certificate.display())))?;
    crate::print("")?;
    let last = boardings.len().saturating_sub(1);
    let played = async {
        let mut passages = Vec::new();
        for (n, boarding) in boardings.iter().enumerate() {
            let voyage = staff.stage(&service, boarding).await?;
            for traveller in &boarding.travellers {
                tokio::time::sleep(PACE).await;
                let passage = staff.pass(&service, traveller).await?;
                crate::print(&table::line(&passage))?;
                crate::print(&format!("    their receipt: {url}/receipt#{}", passage.receipt))?;
                passages.push(passage);
            }
            if n < last {
                crate::print("Boarding closes when nobody waits for an officer any more.")?;
                while staff.somebody_waits(&service)? {
                    tokio::time::sleep(PACE).await;
                }
                staff.close(&service, voyage, Vec::new()).await?;
            }
        }
        crate::print("\nThe recorded boarding is over; boarding stays open for you. What is left of it:\n")?;
        if let Some(passage) = ending::whose(passages.iter()) {
            let (receipt, traveller) = (&passage.receipt, &passage.traveller);
            crate::print(&format!("  a receipt           {url}/receipt#{receipt}  ({traveller})"))?;
        }
        crate::print(&format!("  what anybody sees   {url}/oversight"))?;
        std::future::pending::<Result<()>>().await
    };
    tokio::select! {
        served = serve::listen(service.clone(), door, folder) => served,
        failed = played => failed,
    }
}
