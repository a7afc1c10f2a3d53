//! `thalweg serve` over real connections: files, ranges, CORS, caching, faults, the log, the shaped network.

mod support;

use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::Server;

/// A folder with a big file of a known pattern, a manifest and a page.
fn folder(name: &str, size: usize) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("sub")).unwrap();
    fs::write(dir.join("a.ts"), pattern(size)).unwrap();
    fs::write(dir.join("a.m3u8"), "#EXTM3U\n").unwrap();
    fs::write(dir.join("sub/index.html"), "<p>page").unwrap();
    fs::write(dir.join("sub/x.js"), "plain").unwrap();
    fs::write(dir.join("sub/x.js.br"), "packed").unwrap();
    dir
}

fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 7 + at / 251) as u8).collect()
}

#[test]
fn files_ranges_and_headers() {
    let server = Server::start(&folder("files", 300_000), &[]);
    let all = pattern(300_000);
    let whole = server.get("/a.ts", "");
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("video/mp2t")));
    assert_eq!(whole.header("cache-control"), Some("max-age=86400"));
    assert_eq!(whole.header("access-control-allow-origin"), Some("*"));
    assert_eq!(whole.header("timing-allow-origin"), Some("*"));
    for name in ["content-length", "content-range", "date", "age"] {
        assert!(whole.header("access-control-expose-headers").unwrap().contains(name));
    }
    assert!(whole.header("date").is_some());
    assert_eq!(whole.body(), all);

    for (range, expected, content_range) in [
        ("bytes=10-19", &all[10..20], "bytes 10-19/300000"),
        ("bytes=299990-", &all[299_990..], "bytes 299990-299999/300000"),
        ("bytes=-7", &all[299_993..], "bytes 299993-299999/300000"),
        ("bytes=100000-999999", &all[100_000..], "bytes 100000-299999/300000"),
    ] {
        let part = server.get("/a.ts", &format!("Range: {range}\r\n"));
        assert_eq!((part.status, part.header("content-range")), (206, Some(content_range)));
        assert_eq!(part.header("content-length"), Some(expected.len().to_string().as_str()));
        assert_eq!(part.body(), expected);
    }
    let beyond = server.get("/a.ts", "Range: bytes=300000-\r\n");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */300000")));

    let head = server.open("HEAD", "/a.ts", "", "");
    assert_eq!((head.status, head.header("content-length")), (200, Some("300000")));
    assert!(head.body().is_empty());
    let manifest = server.get("/a.m3u8", "");
    assert_eq!(manifest.header("cache-control"), Some("max-age=5"));
    assert_eq!(manifest.header("content-type"), Some("application/vnd.apple.mpegurl"));
}

#[test]
fn pages_folders_and_what_is_refused() {
    let server = Server::start(&folder("pages", 10), &[]);
    assert_eq!(server.get("/sub/", "").body(), b"<p>page");
    assert_eq!(server.get("/sub/", "").header("cache-control"), Some("no-cache"));
    let bare = server.get("/sub?x=1", "");
    assert_eq!((bare.status, bare.header("location")), (308, Some("/sub/?x=1")));
    assert_eq!(server.get("//sub", "").header("location"), Some("/sub/"));

    let packed = server.get("/sub/x.js", "Accept-Encoding: gzip, br\r\n");
    assert_eq!(packed.header("content-encoding"), Some("br"));
    assert_eq!(packed.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    assert_eq!(packed.body(), b"packed");
    assert_eq!(server.get("/sub/x.js", "Accept-Encoding: gzip\r\n").body(), b"plain");

    for path in ["/none.ts", "/", "/../Cargo.toml", "/sub/%2e%2e/%2e%2e/x", "/sub/..%2f..%2fx", "/%ff"] {
        let refused = server.get(path, "");
        assert_eq!(
            (refused.status, refused.header("access-control-allow-origin")),
            (404, Some("*")),
            "{path}"
        );
    }
    assert_eq!(server.open("POST", "/a.ts", "", "").status, 405);
    let preflight = server.open("OPTIONS", "/a.ts", "Origin: http://b\r\n", "");
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-methods")),
        (204, Some("get, head"))
    );
    let preflight = server.open("OPTIONS", "/.thalweg/net", "Access-Control-Request-Method: PUT\r\n", "");
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("put"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("*"));
}

#[test]
fn a_taken_port_is_replaced_and_wrong_calls_are_told() {
    let dir = folder("ports", 10);
    let first = Server::start(&dir, &[]);
    let port = first.address.rsplit(':').next().unwrap();
    let second = Server::start(&dir, &["--port", port]);
    assert_ne!(first.address, second.address);
    assert_eq!(second.get("/a.m3u8", "").status, 200);

    let code = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_thalweg")).arg("serve").args(args).output().unwrap().status.code()
    };
    let bad = dir.join("a.m3u8").display().to_string();
    let dir = dir.display().to_string();
    assert_eq!(code(&["/nowhere"]), Some(2));
    assert_eq!(code(&[&dir, "--net", &bad]), Some(2));
    assert_eq!(code(&[&dir, "--faults", &bad]), Some(2));
}

#[test]
fn faults_spoil_what_they_name() {
    let dir = folder("faults", 200_000);
    let rules = dir.join("rules.json");
    fs::write(&rules, r#"[{"path": "a.m3u8", "times": 1, "status": 503}]"#).unwrap();
    let server = Server::start(&dir, &["--faults", &rules.display().to_string()]);
    assert_eq!([server.get("/a.m3u8", "").status, server.get("/a.m3u8", "").status], [503, 200]);

    let put = |rule: Value| server.control("PUT", "faults", &json!([rule]).to_string());
    put(json!({"path": "/*.ts", "truncate": 70_000}));
    let cut = server.get("/a.ts", "");
    assert_eq!(cut.header("content-length"), Some("200000"));
    assert_eq!(cut.body(), &pattern(200_000)[..70_000]);

    put(json!({"path": "a.ts", "garbage": true}));
    let garbage = server.get("/a.ts", "");
    assert_eq!(garbage.header("cache-control"), Some("no-store"));
    let garbage = garbage.body();
    assert!(garbage.len() == 200_000 && garbage != pattern(200_000));
    assert!((0..=255).all(|byte| garbage.contains(&byte)));

    put(json!({"path": "a.ts", "body": "<html>", "type": "text/html"}));
    let page = server.get("/a.ts", "");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    assert_eq!(page.body(), b"<html>");

    put(json!({"path": "a.ts", "delay_ms": 300}));
    let asked = Instant::now();
    assert_eq!(server.get("/a.ts", "").body().len(), 200_000);
    assert!(asked.elapsed() >= Duration::from_millis(300));

    put(json!({"path": "a.ts", "stall_after": 5000}));
    let mut stalled = server.get("/a.ts", "");
    let mut start = vec![0; 5000];
    stalled.reader.read_exact(&mut start).unwrap();
    stalled.reader.get_ref().set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    let error = stalled.reader.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);

    assert_eq!(server.control("DELETE", "faults", ""), "[]");
    assert_eq!(server.get("/a.ts", "").body(), pattern(200_000));
    assert_eq!(server.open("PUT", "/.thalweg/faults", "", "[{\"path\":\"x\"}]").status, 400);
}

#[test]
fn the_log_tells_what_was_sent() {
    let server = Server::start(&folder("log", 90_000), &[]);
    server.get("/a.ts?sig=1", "Range: bytes=0-9\r\n").body();
    server.get("/none", "").body();
    drop(server.get("/a.ts", "").body());
    let log: Value = serde_json::from_str(&server.control("GET", "requests", "")).unwrap();
    let entry = |at: usize| [&log[at]["path"], &log[at]["range"], &log[at]["status"], &log[at]["bytes_sent"]];
    assert_eq!(entry(0), [&json!("/a.ts?sig=1"), &json!("bytes=0-9"), &json!(206), &json!(10)]);
    assert_eq!(entry(1)[2], &json!(404));
    assert_eq!(entry(2), [&json!("/a.ts"), &Value::Null, &json!(200), &json!(90_000)]);
    assert!(log[2]["done"] == true && log[2]["t_ms"].is_u64() && log.as_array().unwrap().len() == 3);
    server.control("DELETE", "requests", "");
    assert_eq!(server.control("GET", "requests", ""), "[]");
}

/// Seconds from the response's head to its end.
fn transfer_seconds(server: &Server, path: &str, range: &str) -> f64 {
    let response = server.get(path, range);
    let start = Instant::now();
    response.body();
    start.elapsed().as_secs_f64()
}

#[track_caller]
fn assert_within(measured: f64, expected: f64, tolerance: f64) {
    println!("{measured:.3} s for {expected:.3} s");
    assert!((measured / expected - 1.0).abs() < tolerance, "{measured:.3} s for {expected:.3} s");
}

#[test]
fn the_rate_is_that_of_the_trace() {
    let server = Server::start(&folder("rate", 12_500_000), &[]);
    for (kbps, bytes) in [(600, 150_000), (5000, 1_250_000), (50_000, 12_500_000)] {
        server.control("PUT", "net", &json!({"kbps": kbps, "latency_ms": null}).to_string());
        let seconds = transfer_seconds(&server, "/a.ts", &format!("Range: bytes=0-{}\r\n", bytes - 1));
        assert_within(seconds, bytes as f64 / (f64::from(kbps) * 125.0), 0.05);
    }
    server.control("PUT", "net", r#"{"kbps": null, "latency_ms": null}"#);
    assert!(transfer_seconds(&server, "/a.ts", "") < 1.5);
}

#[test]
fn responses_share_the_link_and_a_lost_one_frees_its_share() {
    let server = Server::start(&folder("share", 2_000_000), &[]);
    server.control("PUT", "net", r#"{"kbps": 4000, "latency_ms": 0}"#);
    let range = "Range: bytes=0-499999\r\n";
    std::thread::scope(|scope| {
        let other = scope.spawn(|| transfer_seconds(&server, "/a.ts", range));
        assert_within(transfer_seconds(&server, "/a.ts", range), 2.0, 0.07);
        assert_within(other.join().unwrap(), 2.0, 0.07);
    });
    // The second leaves at once: the first has all but the pieces that lay between.
    drop(server.get("/a.ts", ""));
    std::thread::sleep(Duration::from_millis(100));
    assert_within(transfer_seconds(&server, "/a.ts", range), 1.0, 0.05);
}

#[test]
fn a_fresh_connection_waits_two_latencies_and_a_used_one_waits_one() {
    let server = Server::start(&folder("latency", 10), &[]);
    server.control("PUT", "net", r#"{"kbps": null, "latency_ms": 150}"#);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    for expected in [300, 150] {
        let asked = Instant::now();
        stream.write_all(b"HEAD /a.ts HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let waited = asked.elapsed().as_millis();
        assert!((expected..expected + 120).contains(&waited), "{waited} ms for {expected} ms");
    }
}

#[test]
fn a_trace_has_latency_outages_and_an_end_when_told() {
    let dir = folder("trace", 1_000_000);
    let trace = dir.join("t.csv");
    fs::write(&trace, "duration_ms,bandwidth_kbps,latency_ms\n500,8000,100\n700,0,100\n").unwrap();
    let server = Server::start(&dir, &["--net", &trace.display().to_string()]);
    let net: Value = serde_json::from_str(&server.control("GET", "net", "")).unwrap();
    assert_eq!(net, json!({"shaped": true, "kbps": 8000, "latency_ms": 100, "trace": "t"}));

    server.open("PUT", "/.thalweg/net", "Content-Type: text/csv\r\n", &fs::read_to_string(&trace).unwrap());
    let asked = Instant::now();
    // 200 ms on a fresh connection, then 300 ms of 1 MB/s, an outage of 700 ms, and 200 kB more.
    let body = server.get("/a.ts", "Range: bytes=0-499999\r\n").body();
    assert_eq!(body, &pattern(1_000_000)[..500_000]);
    assert_within(asked.elapsed().as_secs_f64(), 1.4, 0.07);

    // A response in flight on a dead link goes on when the link comes back.
    server.control("PUT", "net", r#"{"kbps": 0, "latency_ms": 0}"#);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| transfer_seconds(&server, "/a.ts", ""));
        std::thread::sleep(Duration::from_millis(400));
        assert!(!waiting.is_finished());
        server.control("PUT", "net", r#"{"kbps": null, "latency_ms": null}"#);
        let seconds = waiting.join().unwrap();
        assert!((0.2..1.0).contains(&seconds), "{seconds}");
    });
    assert_eq!(server.open("PUT", "/.thalweg/net", "", "{\"kbps\": -1}").status, 400);
}
