//! The one binary: reads configuration, chooses adapters, runs a subcommand.

mod ambient;
mod backup;
mod bench;
mod bundle;
mod demo;
mod designate;
mod dice;
mod eval;
mod house;
mod keys;
mod lookouts;
mod manifest;
mod models;
mod mrz;
mod policy;
mod receipt;
mod references;
mod report;
mod retain;
mod roles;
mod serve;
mod stays;
mod verify;
mod witness;

use anyhow::Result;
use clap::Parser;
use std::io::Write as _;
use std::process::ExitCode;

/// Portunus: an open, accountable biometric entry-exit system for borders
#[derive(Parser, Debug)]
#[command(version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Run the service: gate, officer's console, APIs
    Serve(serve::Args),
    /// Stage a voyage and play a recorded boarding, or walk through your own gate with a webcam
    Demo(demo::Args),
    /// Fetch, show and check model packs
    #[command(subcommand)]
    Models(models::Command),
    /// Measure how often a model pack errs, on pictures of known people (ISO/IEC 19795-1)
    Eval(Box<eval::Args>),
    /// Read carriers' passenger lists, show voyages
    #[command(subcommand)]
    Manifest(manifest::Command),
    /// Read the machine-readable zone of a passport, card or visa, and explain it
    Mrz(mrz::Args),
    /// Read, write and measure lists of lookouts
    #[command(subcommand)]
    Lookouts(lookouts::Command),
    /// Import reference portraits
    #[command(subcommand)]
    References(references::Command),
    /// Measure speed beside peers from the package index, in one run
    Bench(bench::Args),
    /// Draft the authority for a crossing point to photograph; publish it with a second person's approval
    Designate(designate::Args),
    /// Say how often the service errs, from its own settled traffic
    Report(report::Args),
    /// Check a policy pack, say it in words, compare two
    #[command(subcommand)]
    Policy(policy::Command),
    /// Print who may do what, and at which route
    Roles(roles::Args),
    /// Say what is held until when, and erase what is due
    Retain(retain::Args),
    /// Say who is past their last day, without a name; take in neighbours' entries as exits
    Stays(stays::Args),
    /// Copy the data, and if asked the key ring elsewhere; a service may run meanwhile
    Backup(backup::BackUp),
    /// Lock the key ring with a secret, or unlock it
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check a public ledger with no trust in who runs it
    Verify(verify::Args),
    /// Sign each head of others' public ledgers, once it is shown to go on from the one before
    Witness(witness::Args),
    /// Bring back a backup; what was erased since stays erased
    Restore(backup::Restore),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    #[cfg(feature = "failpoints")]
    if let Some(name) = ambient::variable("PORTUNUS_FAILPOINT").and_then(|name| name.into_string().ok()) {
        portunus_store::set_failpoint(&name);
    }
    let done = match &cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Models(command) => models::run(command),
        Command::Eval(args) => eval::run(args),
        Command::Manifest(command) => manifest::run(command),
        Command::Mrz(args) => mrz::run(args),
        Command::Lookouts(command) => lookouts::run(command),
        Command::References(command) => references::run(command),
        Command::Bench(args) => bench::run(args),
        Command::Designate(args) => designate::run(args),
        Command::Report(args) => report::run(args),
        Command::Policy(command) => policy::run(command),
        Command::Roles(args) => roles::run(args),
        Command::Retain(args) => retain::run(args),
        Command::Stays(args) => stays::run(args),
        Command::Backup(args) => backup::back_up(args),
        Command::Keys(command) => keys::run(command),
        Command::Verify(args) => verify::run(args),
        Command::Witness(args) => witness::run(args),
        Command::Restore(args) => backup::restore(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What was wrong, and in which undertaking; a backtrace would help nobody at a port.
            let _ = writeln!(std::io::stderr().lock(), "portunus: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log_to_stderr() {
    let level = ambient::variable("PORTUNUS_LOG").and_then(|level| level.into_string().ok()?.parse().ok());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_max_level(level.unwrap_or(tracing::Level::INFO))
        .init();
}

/// Prints a line to standard output; a closed pipe ends the program without a panic.
fn print(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// Prints a value as JSON.
fn print_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}
