//! Tells the program by which compiler it was built, for the figures of `portunus bench`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "Cargo speaks to build scripts so")]
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version = said.ok().filter(|said| !said.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=PORTUNUS_RUSTC={}", version.trim_start_matches("rustc "));
}
