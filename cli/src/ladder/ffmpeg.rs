//! Runs ffmpeg and ffprobe: progress out, last words of a failed run into the error.

use crate::failure::Failure;
use indicatif::ProgressBar;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines of ffmpeg's complaint that go into the error.
const LAST_LINES: usize = 12;

fn start_failed(program: &str, error: &std::io::Error) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        Failure::Failed(format!("{program} was not found; install it: apt-get install ffmpeg"))
    } else {
        Failure::Failed(format!("{program} does not start: {error}"))
    }
}

/// Runs ffmpeg to its end. The bar's position is set to milliseconds of output.
pub fn run<S: AsRef<OsStr>>(args: &[S], bar: &ProgressBar) -> Result<(), Failure> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-v", "error", "-y", "-progress", "pipe:1"])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| start_failed("ffmpeg", &error))?;
    let complaint = child.stderr.take().map(|stderr| {
        std::thread::spawn(move || {
            let mut last = VecDeque::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                last.push_back(line);
                if last.len() > LAST_LINES {
                    last.pop_front();
                }
            }
            Vec::from(last).join("\n")
        })
    });
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(us) = line.strip_prefix("out_time_us=").and_then(|v| v.trim().parse::<u64>().ok()) {
                bar.set_position(us / 1000);
            }
        }
    }
    let status = child.wait().map_err(Failure::io("waiting for ffmpeg"))?;
    let complaint = complaint.and_then(|reader| reader.join().ok()).unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    Err(Failure::Failed(format!("ffmpeg failed ({status}):\n{complaint}")))
}

/// ffprobe's answer as JSON.
pub fn probe(args: &[&str], file: &Path) -> Result<serde_json::Value, Failure> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(args)
        .arg(format!("file:{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| start_failed("ffprobe", &error))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::Failed(format!("ffprobe cannot read {}: {complaint}", file.display())));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::Failed(format!("ffprobe's answer on {}: {error}", file.display())))
}
