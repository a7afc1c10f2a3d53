//! What `POST /v1/beacons` takes, keeps and refuses.

use crate::support::{Collector, read, spawn, try_post};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

/// A session of eight records.
fn session(sid: &str) -> Vec<String> {
    let keys = [
        "br=(900),cid=\"film\",e=ps,h=\"cdn.example\",sf=d,sta=s,ts=1000000",
        "br=(900),e=ps,io.thalweg-pt=\"0\",io.thalweg-wt=\"500\",msd=500,pb=(900),sta=p,ts=1000500",
        "br=(1800),e=bc,io.thalweg-pt=\"4000\",io.thalweg-wt=\"4500\",pb=(900),sta=p,ts=1004500",
        "bsa=(1),bsda=(0),e=ps,io.thalweg-pt=\"9500\",io.thalweg-wt=\"10000\",pb=(1800),sta=r,ts=1010000",
        "bsa=(1),bsda=(1500),e=ps,io.thalweg-pt=\"9500\",io.thalweg-wt=\"11500\",pb=(1800),sta=p,ts=1011500",
        "br=(900),e=bc,io.thalweg-pt=\"12000\",io.thalweg-wt=\"14000\",pb=(1800),sta=p,ts=1014000",
        "dfa=4,e=e,ec=(\"network.status\"),io.thalweg-pt=\"15000\",io.thalweg-wt=\"17000\",pb=(1800),sta=p,ts=1017000",
        "dfa=4,e=ps,io.thalweg-pt=\"20000\",io.thalweg-wt=\"22000\",pb=(900),sta=q,ts=1022000",
    ];
    keys.iter().enumerate().map(|(sn, keys)| format!("{keys},sid=\"{sid}\",sn={sn},v=2")).collect()
}

#[test]
fn what_was_answered_204_survives_a_crash() {
    let mut collector = Collector::start();
    // Several at once, so that commits hold many requests.
    thread::scope(|scope| {
        for client in 0..8 {
            let collector = &collector;
            scope.spawn(move || {
                for line in session(&format!("s{client}")) {
                    assert_eq!(collector.post(&line).status, 204);
                }
            });
        }
    });
    collector.crash_and_restart();
    let views = collector.get("/v1/views").json();
    assert_eq!(views.as_array().unwrap().len(), 8);
    let view = collector.view("s3");
    let told =
        ["cid", "host", "format", "state", "startup_ms", "stalls", "stall_ms", "switches", "dropped_frames"]
            .map(|key| view[key].clone());
    let expected = [
        json!("film"),
        json!("cdn.example"),
        json!("d"),
        json!("q"),
        json!(500),
        json!(1),
        json!(1500),
        json!(1),
        json!(4),
    ];
    assert_eq!(told, expected);
    // 9.5 s at 900 less the part after it was 1800: pb holds from its record on.
    assert_eq!(view["mean_kbps"], json!((9500.0 * 900.0 + 10_500.0 * 1800.0) / 20_000.0));
    assert_eq!(
        (&view["watched_ms"], &view["played_ms"], &view["quit"]),
        (&json!(22_000), &json!(20_000), &json!(true))
    );
    assert_eq!(view["errors"], json!(["network.status"]));
    let events = collector.get("/v1/views/s3").json()["events"].take();
    let order: Vec<&Value> = events.as_array().unwrap().iter().map(|event| &event["sn"]).collect();
    assert_eq!(order, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(events[3]["keys"]["bsa"], json!([1]));
    assert_eq!(events[3]["event"], "ps");
}

#[test]
fn a_crash_in_mid_flow_loses_nothing_that_was_answered() {
    let mut collector = Collector::start();
    let address = collector.address.clone();
    let clients: Vec<_> = (0..6)
        .map(|client| {
            let address = address.clone();
            thread::spawn(move || {
                let mut answered = 0;
                // Until the collector is gone.
                while try_post(&address, &format!("e=t,sid=\"c{client}\",sn={answered},ts=1,v=2"))
                    == Some(204)
                {
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(700));
    collector.crash_and_restart();
    for (client, answered) in clients.into_iter().map(|thread| thread.join().unwrap()).enumerate() {
        let kept = collector.view(&format!("c{client}"))["events"].as_i64().unwrap();
        // The one under way when the process died may have been kept or not.
        assert!(
            answered > 0 && (answered..=answered + 1).contains(&kept),
            "{answered} answered, {kept} kept"
        );
    }
}

#[test]
fn more_than_it_can_hold_is_put_off_not_piled_up() {
    let collector = Collector::start();
    let body = |sid: usize| {
        let lines = (0..1000).map(|sn| format!("e=t,sid=\"m{sid}\",sn={sn},ts=1,v=2\n"));
        lines.collect::<String>()
    };
    // Whoever holds the file's lock holds the writer up.
    let db = Connection::open(collector.folder.path().join("collector.sqlite")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answers: Vec<_> = thread::scope(|scope| {
        let posts: Vec<_> = (0..40).map(|sid| (sid, body(sid))).collect();
        let collector = &collector;
        let posts: Vec<_> =
            posts.into_iter().map(|(sid, body)| scope.spawn(move || (sid, collector.post(&body)))).collect();
        thread::sleep(Duration::from_millis(1500));
        assert_eq!(collector.get("/v1/views").status, 200);
        db.execute_batch("COMMIT").unwrap();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    for (sid, answer) in &answers {
        let kept = collector.get(&format!("/v1/views/m{sid}")).status == 200;
        match answer.status {
            204 => assert!(kept, "{sid}"),
            429 => assert!(!kept && answer.header("retry-after") == Some("2"), "{sid}"),
            other => panic!("{other}"),
        }
    }
    let kept = answers.iter().filter(|(_, answer)| answer.status == 204).count();
    assert!((5..40).contains(&kept), "{kept} of 40");
    // And it goes on.
    assert_eq!(collector.post(&body(99)).status, 204);
}

#[test]
fn order_and_repetition_change_nothing() {
    let collector = Collector::start();
    let lines = session("x");
    assert_eq!(collector.post(&lines.join("\n")).status, 204);
    let whole = collector.view("x");
    // The same, last record first, one a request; each twice; and in pieces, out of order, overlapping.
    for line in session("y").iter().rev() {
        assert_eq!(collector.post(line).status, 204);
        assert_eq!(collector.post(line).status, 204);
    }
    let z = session("z");
    for range in [4..7, 0..2, 6..8, 1..5, 0..8] {
        assert_eq!(collector.post(&z[range].join("\n")).status, 204);
    }
    for sid in ["y", "z"] {
        let mut view = collector.view(sid);
        view["sid"] = json!("x");
        assert_eq!(view, whole);
    }
    // A number that is taken keeps its first record.
    collector.post(&lines[7].replace("sta=q", "sta=e"));
    assert_eq!(collector.view("x"), whole);
}

#[test]
fn projects_are_apart() {
    let collector = Collector::start();
    let post = |path: &str| {
        collector.request("POST", path, &["Content-Type: application/cmcd"], session("a")[0].as_bytes())
    };
    assert_eq!(post("/v1/beacons/one").status, 204);
    assert_eq!(post("/v1/beacons/two").status, 204);
    let views = collector.get("/v1/views").json();
    let mut projects: Vec<_> =
        views.as_array().unwrap().iter().map(|view| view["project"].as_str().unwrap()).collect();
    projects.sort();
    assert_eq!(projects, ["one", "two"]);
    assert_eq!(post("/v1/beacons/no%20name").status, 404);
}

#[test]
fn junk_is_refused_and_counted() {
    let collector = Collector::start();
    let refused = collector.post("<html>\nnonsense here");
    assert_eq!(refused.status, 400);
    let expected = json!({ "error": "no_record", "line": 1, "key": null, "reason": "not a structured field dictionary" });
    assert_eq!(refused.json(), expected);
    let keyless = collector.post("\n\n e=t,sid=\"s\",ts=1,v=2 \n");
    assert_eq!((keyless.status, &keyless.json()["key"]), (400, &json!("sn")));
    assert_eq!(collector.post("").status, 400);

    // One good line is enough; the others are counted.
    let mixed = format!("{}\nv=9,e=t,sid=\"s\",sn=1,ts=1\n\u{1F4A9}\n", session("good")[0]);
    assert_eq!(collector.post(&mixed).status, 204);
    assert_eq!(collector.view("good")["events"], 1);
    let db = Connection::open(collector.folder.path().join("collector.sqlite")).unwrap();
    let mut counts = db.prepare("SELECT key, reason, count FROM reject_count ORDER BY key, reason").unwrap();
    let counts: Vec<(String, String, i64)> = counts
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let row = |key: &str, reason: &str, count| (key.to_owned(), reason.to_owned(), count);
    let expected = [
        row("", "not a structured field dictionary", 3),
        row("sn", "missing or ill-typed", 1),
        row("v", "unknown version", 1),
    ];
    assert_eq!(counts, expected);
    let samples: i64 = db.query_row("SELECT count(*) FROM rejects", [], |row| row.get(0)).unwrap();
    assert_eq!(samples, 5);
}

#[test]
fn samples_of_junk_are_capped() {
    let collector = Collector::start();
    for _ in 0..120 {
        assert_eq!(collector.post(&"x x\n".repeat(1000)).status, 400);
    }
    let db = Connection::open(collector.folder.path().join("collector.sqlite")).unwrap();
    let figures: (i64, i64) = db
        .query_row(
            "SELECT (SELECT count(*) FROM rejects), (SELECT sum(count) FROM reject_count)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(figures, (1000, 120_000));
}

#[test]
fn sizes_and_types_have_bounds() {
    let collector = Collector::start();
    let line = &session("s")[0];
    let full = format!("{line}{}", " ".repeat(256 * 1024 - line.len()));
    assert_eq!(collector.post(&full).status, 204);
    assert_eq!(collector.post(&format!("{full} ")).status, 413);
    assert_eq!(collector.post(&"e\n".repeat(1001)).status, 413);
    let long = format!("{line},com.x-y=\"{}\"", "y".repeat(16 * 1024));
    assert_eq!(collector.post(&long).json()["reason"], "line too long");

    let typed = |headers: &[&str]| collector.request("POST", "/v1/beacons", headers, line.as_bytes()).status;
    assert_eq!(typed(&["Content-Type: application/cmcd"]), 204);
    assert_eq!(typed(&["content-type: Text/Plain; charset=utf-8"]), 204);
    assert_eq!(typed(&["Content-Type: application/json"]), 415);
    assert_eq!(typed(&["Content-Type: text/plainer"]), 415);
    assert_eq!(typed(&[]), 415);
    assert_eq!(typed(&["Content-Type: text/plain", "Content-Encoding: gzip"]), 415);
    assert_eq!(collector.get("/v1/beacons").status, 405);
    assert_eq!(collector.get("/nothing").json()["error"], "not_found");

    // Chunked, without a declared length, and too large: refused while it is still coming.
    let mut stream = collector.connect();
    stream
        .write_all(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    while stream.write_all(chunk.as_bytes()).is_ok() {}
}

#[test]
fn a_slow_client_is_let_go_and_holds_nobody() {
    let collector = Collector::start();
    let mut stuck_in_head = collector.connect();
    stuck_in_head.write_all(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut stuck_in_body = collector.connect();
    stuck_in_body
        .write_all(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nabc")
        .unwrap();
    let began = Instant::now();
    assert_eq!(collector.post(&session("s")[0]).status, 204);
    assert!(began.elapsed() < Duration::from_secs(3));
    let slow_body = read(stuck_in_body);
    assert_eq!(slow_body.status, 408);
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stuck_in_head, &mut rest);
    assert!(began.elapsed() < Duration::from_secs(14), "{:?}", began.elapsed());
}

#[test]
fn hostile_strings_come_back_unharmed() {
    let collector = Collector::start();
    let cid = "'; DROP TABLE view; -- <script>alert(1)</script> %00 ${x} =1+1";
    let quoted = cid.replace('"', "\\\"");
    let line =
        format!(r#"cid="{quoted}",e=e,ec=("\"<img src=x>\\"),h="a'b",sid="../x y?z#<'>",sn=0,ts=5,v=2"#);
    assert_eq!(collector.post(&line).status, 204);
    let path = "/v1/views/..%2Fx%20y%3Fz%23%3C'%3E";
    let found = collector.get(path).json();
    assert_eq!(found["view"]["cid"], cid);
    assert_eq!(found["view"]["errors"], json!(["\"<img src=x>\\"]));
    assert_eq!(found["events"][0]["keys"]["sid"], "../x y?z#<'>");
    let encoded: String = cid.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(collector.get(&format!("/v1/views?cid={encoded}")).json()[0]["cid"], cid);
    assert_eq!(collector.get("/v1/views?cid=%27%20OR%201%3D1--").json(), json!([]));
    assert_eq!(collector.get("/v1/views/%27%20OR%201%3D1--").json()["error"], "no_such_view");
    let raw = collector.get(path);
    assert_eq!(raw.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(raw.header("content-type"), Some("application/json"));
}

#[test]
fn pages_of_other_origins_may_post() {
    let preflight = |collector: &Collector, path: &str, origin: &str| {
        let origin = format!("Origin: {origin}");
        let headers =
            [&*origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"];
        collector.request("OPTIONS", path, &headers, b"")
    };
    let open = Collector::start();
    let answer = preflight(&open, "/v1/beacons", "https://a.example");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("content-type"));
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    // A page that is not listed reads nothing.
    let read = open.request("GET", "/v1/views", &["Origin: https://a.example"], b"");
    assert_eq!(read.header("access-control-allow-origin"), None);
    // sendBeacon: no preflight, with credentials.
    let headers = ["Content-Type: text/plain;charset=UTF-8", "Origin: https://a.example", "Cookie: a=b"];
    assert_eq!(open.request("POST", "/v1/beacons", &headers, session("s")[0].as_bytes()).status, 204);

    let listed = Collector::start_with(&[
        "--allow-origin",
        "https://a.example",
        "--allow-origin",
        "https://b.example",
    ]);
    let answer = preflight(&listed, "/v1/beacons/p", "https://b.example");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://b.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(
        preflight(&listed, "/v1/beacons", "https://c.example").header("access-control-allow-origin"),
        None
    );
    let read = listed.request("GET", "/v1/views", &["Origin: https://a.example"], b"");
    assert_eq!(read.header("access-control-allow-origin"), Some("https://a.example"));
}

#[test]
fn it_stops_politely_and_finds_another_port() {
    let mut collector = Collector::start();
    assert_eq!(collector.get("/healthz").status, 200);
    assert_eq!(collector.get("/readyz").status, 200);
    let other = tempfile::tempdir().unwrap();
    let (mut child, address) = spawn(other.path(), &collector.address, &[]);
    assert_ne!(address, collector.address);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(collector.post(&session("s")[0]).status, 204);
    // An idle connection does not keep it from stopping.
    let _idle = collector.connect();
    let began = Instant::now();
    assert_eq!(collector.terminate(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    collector.crash_and_restart();
    assert_eq!(collector.view("s")["events"], 1);
}
