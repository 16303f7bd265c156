//! `portunus backup` and `portunus restore`: data and keys apart, and what was erased since stays erased.

use crate::ambient::SystemEntropy;
use crate::house::{Folder, now, open_store, ring_secret};
use anyhow::{Context as _, Result, bail};
use portunus_store::KeysGo;
use std::path::PathBuf;
use std::sync::Arc;

/// What `portunus backup` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct BackUp {
    #[command(flatten)]
    folder: Folder,
    /// New or empty folder for the data: database and sealed files. Nothing sealed in it opens without the key ring
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// New or empty folder for a copy of the key ring, on other media: it opens what is erased after it was made,
    /// for whoever has the data, too. Destroy it when the next is made
    #[arg(long, value_name = "DIR")]
    keys_to: Option<PathBuf>,
    /// Put the copy of the key ring into the same folder: whoever gets it can open everything in it, and erasing
    /// does not reach it
    #[arg(long, conflicts_with = "keys_to")]
    keys_beside_data: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What `portunus restore` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Restore {
    #[command(flatten)]
    folder: Folder,
    /// The backup's folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// A copy of the key ring, where the present one is lost: what was erased after that copy was made opens again.
    /// Without it keys.db lies in the data folder, alone
    #[arg(long, value_name = "DIR")]
    keys_from: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Backs up; a service may run on the folder meanwhile.
pub(crate) fn back_up(args: &BackUp) -> Result<()> {
    let folder = args.folder.with_data()?;
    let keys = match (&args.keys_to, args.keys_beside_data) {
        (Some(folder), _) => KeysGo::Apart(folder),
        (None, true) => KeysGo::Beside,
        (None, false) => KeysGo::Nowhere,
    };
    let store = open_store(&folder)?;
    let bar = crate::references::bar(0, "backing up");
    let made = store.back_up(&args.to, keys, now(), &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let made = made.context("backing up")?;
    if args.json {
        crate::print_json(&made)?;
    } else {
        crate::print(&format!(
            "{} sealed records, {} bytes, as of {}: {}",
            made.records,
            made.bytes,
            made.made_at,
            args.to.display()
        ))?;
        crate::print(match keys {
            KeysGo::Nowhere => "The key ring is not in it: without keys.db nothing sealed opens.",
            KeysGo::Apart(_) => {
                "The copy of the key ring opens what is erased from now on, too: keep it apart, destroy the one before."
            }
            KeysGo::Beside => {
                "The keys lie beside the data: whoever has this folder has everything in it, for ever."
            }
        })?;
        crate::print("Passenger lists and rulings stand in it in clear: keep it encrypted.")?;
    }
    match made.missing.len() {
        0 => Ok(()),
        missing => {
            bail!("the backup was made, but the bytes of {missing} kept records are missing in the store")
        }
    }
}

/// Restores into a folder without data.
pub(crate) fn restore(args: &Restore) -> Result<()> {
    let folder = args.folder.path()?;
    let bar = crate::references::bar(0, "restoring");
    let (entropy, secret) = (Arc::new(SystemEntropy), ring_secret()?);
    let keys = args.keys_from.as_deref();
    let restored = portunus_store::restore(
        &args.from,
        keys,
        &folder,
        secret.as_ref(),
        entropy,
        now(),
        &mut |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        },
    );
    bar.finish_and_clear();
    let restored = restored.context("restoring")?;
    if args.json {
        return crate::print_json(&restored);
    }
    crate::print(&format!(
        "Restored into {}: {} sealed records as of {}; {} of them were erased since and are gone again.",
        folder.display(),
        restored.records,
        restored.made_at,
        restored.erased_again
    ))?;
    if restored.keys_of_a_copy {
        crate::print(
            "The keys came from a copy: what was erased by hand after the copy was made is back. Erase it again.",
        )?;
    }
    if !restored.clock_is_believed {
        crate::print(
            "The backup is more than 72 hours from what the clock says: nothing that fell due since is erased until \
             `portunus retain --confirm-clock` says that it is right.",
        )?;
    }
    crate::print(&format!(
        "What happened after {} is not in it: corrections, holds, revoked devices, changed accounts. Enter it again.",
        restored.made_at
    ))
}
