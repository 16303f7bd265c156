//! `portunus keys`: the key ring locked with a secret, or not.

use crate::ambient::SystemEntropy;
use crate::house::{Folder, ring_secret, secret_in};
use anyhow::Result;
use portunus_store::Store;
use std::path::PathBuf;

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Seal every key in keys.db under a secret; from then on nothing opens without it. Stop the service first
    Protect {
        #[command(flatten)]
        folder: Folder,
        /// File with the new secret: a passphrase, or random bytes, at least 16 characters
        #[arg(long, value_name = "FILE")]
        with: PathBuf,
    },
    /// Let the keys in keys.db stand in the clear again. Stop the service first
    Unprotect {
        #[command(flatten)]
        folder: Folder,
    },
}

pub(crate) fn run(command: &Command) -> Result<()> {
    let (folder, to) = match command {
        Command::Protect { folder, with } => (folder, Some(secret_in(with)?)),
        Command::Unprotect { folder } => (folder, None),
    };
    let folder = folder.with_data()?;
    Store::change_ring_lock(&folder, ring_secret()?.as_ref(), to.as_ref(), &SystemEntropy)?;
    crate::print(match to {
        Some(_) => {
            "keys.db is locked. Hand its secret over as the systemd credential portunus-keys, or in a file that \
                    PORTUNUS_KEYS_SECRET names; without it nothing opens, for anybody."
        }
        None => "keys.db is not locked: whoever reads it can open all that is not erased.",
    })
}
