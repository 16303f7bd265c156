//! A process that can write in one folder and nowhere else, by Landlock: the kernel holds it to that, not a convention.

use super::people::cache;
use landlock::{
    ABI, Access as _, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetStatus,
};
use std::path::Path;
use std::process::{Child, Command};

/// Starts `command` so that it can write only in `home`, which it takes for its home and its temporary folder.
/// Where the kernel has no Landlock (before Linux 5.13) that is said loudly, and only the folders are set.
pub(super) fn spawn(mut command: Command, home: &Path) -> Child {
    let outside = tempfile::tempdir().unwrap();
    for (name, folder) in [
        ("HOME", "home"),
        ("TMPDIR", "tmp"),
        ("XDG_DATA_HOME", "home/data"),
        ("XDG_STATE_HOME", "home/state"),
        ("XDG_CONFIG_HOME", "home/config"),
        ("XDG_CACHE_HOME", "home/cache"),
        ("XDG_RUNTIME_DIR", "home/run"),
    ] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
        command.env(name, home.join(folder));
    }
    command.env("PORTUNUS_CACHE", cache()).current_dir(home);
    // A process inherits the bounds of the thread that starts it; the thread ends, the tests stay free.
    std::thread::scope(|scope| {
        let start = || {
            let write = AccessFs::from_write(ABI::V3);
            let folder = PathBeneath::new(PathFd::new(home).unwrap(), write);
            let rules = Ruleset::default().handle_access(write).unwrap().create().unwrap();
            let status = rules.add_rule(folder).unwrap().restrict_self().unwrap().ruleset;
            let wrote = std::fs::write(outside.path().join("out"), b"").is_ok();
            if status == RulesetStatus::NotEnforced {
                eprintln!(
                    "SKIPPED: this kernel has no Landlock; nothing stops the process from writing elsewhere"
                );
            } else {
                assert!(!wrote, "the cage does not hold");
            }
            command.spawn().unwrap()
        };
        scope.spawn(start).join().unwrap()
    })
}
