//! `thalweg`: the command line beside the player. One module a subcommand; `thalweg SUBCOMMAND --help` documents each.

mod failure;
mod inspect;
mod ladder;
mod serve;
mod transmux;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "thalweg", version, about = "Tools around the Thalweg player")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Args),
    Ladder(ladder::Args),
    Serve(serve::Args),
    Transmux(transmux::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Ladder(args) => ladder::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Serve(args) => serve::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Transmux(args) => transmux::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
