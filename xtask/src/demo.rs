//! `cargo xtask demo`: builds all, makes the sample ladder once, and runs three servers: the ladder's
//! origin, the collector, and the page. They end with this process, however it ends.

use crate::step::{Result, at, call, command, installed, quiet, shown};
use crate::{build, setup};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

const PAGE_PORT: &str = "8000";
const ORIGIN_PORT: &str = "8001";
const COLLECTOR_ADDRESS: &str = "127.0.0.1:8002";

/// Runs until Ctrl-C, or until one of the servers ends.
pub fn run() -> Result {
    setup::everything()?;
    build::run()?;
    programs()?;
    ladder()?;
    let thalweg = || command(at("target/debug/thalweg"));
    let mut servers = vec![
        Server::start("origin", thalweg().args(["serve", "target/ladder", "--port", ORIGIN_PORT]))?,
        Server::start(
            "collector",
            command(at("target/debug/thalweg-collector")).args([
                "--data",
                "target/collector",
                "--listen",
                COLLECTOR_ADDRESS,
            ]),
        )?,
        Server::start("page", thalweg().args(["serve", "target/site", "--port", PAGE_PORT]))?,
    ];
    if let [origin, collector, page] = &servers[..] {
        println!("\n    {}?origin={}&collector={}\n", page.url, origin.url, collector.url);
        println!("Ctrl-C stops the demo. Views are kept in target/collector.");
    }
    loop {
        for server in &mut servers {
            if let Some(status) = server.ended()? {
                return Err(format!("the {} has stopped ({status}), and the demo with it", server.name));
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Builds the command line tool and the collector, in the profile that the tests build too.
pub fn programs() -> Result {
    quiet("cargo build (thalweg, thalweg-collector)", &mut call("cargo", ["build", "--workspace", "--bins"]))
}

/// Makes the sample ladder in `target/ladder` unless it is there.
pub fn ladder() -> Result {
    if at("target/ladder/ladder.json").is_file() {
        return Ok(());
    }
    let mut ladder = command(at("target/debug/thalweg"));
    shown("sample ladder", ladder.args(["ladder", "test-pattern", "-o", "target/ladder"]), |_| {})
}

struct Server {
    name: &'static str,
    url: String,
    child: Child,
}

impl Server {
    /// Starts a server and waits for the line that says where it is: `… at http://127.0.0.1:PORT/ …`.
    fn start(name: &'static str, program: &mut Command) -> Result<Self> {
        let mut program = bound_to_this_process(program);
        let child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut server = Self { name, url: String::new(), child: child.map_err(|e| format!("{name}: {e}"))? };
        let Some(out) = server.child.stdout.take() else { return Err(format!("{name}: no output")) };
        let mut lines = BufReader::new(out).lines().map_while(std::result::Result::ok);
        for line in lines.by_ref() {
            println!("{name}: {line}");
            if let Some(begin) = line.find("http://") {
                server.url = line[begin..].split_whitespace().next().unwrap_or_default().to_owned();
                break;
            }
        }
        if server.url.is_empty() {
            return Err(format!("the {name} did not start"));
        }
        thread::spawn(move || lines.for_each(|line| println!("{name}: {line}")));
        Ok(server)
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(|e| format!("{}: {e}", self.name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same program, started so that the kernel ends it when this process ends, even if killed.
/// Ctrl-C reaches it anyhow: the terminal sends it to the whole process group.
fn bound_to_this_process(program: &mut Command) -> Command {
    if !installed("setpriv") {
        let mut same = command(program.get_program());
        same.args(program.get_args());
        return same;
    }
    let mut bound = call("setpriv", ["--pdeathsig", "TERM"]);
    bound.arg(program.get_program()).args(program.get_args());
    bound
}
