//! `GET /v1/views`, `/v1/metrics` and the dashboard's files.

use crate::support::Collector;
use serde_json::json;

const DAY: i64 = 86_400_000;

/// A view that began at `ts`, with figures.
fn view(sid: &str, cid: &str, ts: i64, startup: i64, stalled: i64, watched: i64) -> String {
    let later = ts + watched;
    format!(
        "cid=\"{cid}\",e=ps,h=\"{cid}.example\",msd={startup},pb=({}),io.thalweg-pt=\"0\",sf=h,sid=\"{sid}\",sn=0,sta=p,ts={ts},v=2\n\
         bsa=({}),bsda=({stalled}),dfa=1,e=ps,io.thalweg-pt=\"{}\",io.thalweg-sw=\"2\",io.thalweg-wt=\"{watched}\",sid=\"{sid}\",sn=1,sta=e,ts={later},v=2",
        startup * 10,
        i64::from(stalled > 0),
        watched - stalled,
    )
}

fn filled() -> Collector {
    let collector = Collector::start();
    for body in [
        view("a", "one", DAY, 100, 0, 10_000),
        view("b", "one", DAY + 1, 300, 1000, 10_000),
        view("c", "one", 2 * DAY, 200, 0, 80_000),
        view("d", "two", 2 * DAY + 5, 400, 6000, 20_000),
        "e=ps,sid=\"e\",sn=0,sta=s,ts=259200000,v=2".to_owned(),
    ] {
        assert_eq!(collector.post(&body).status, 204);
    }
    collector
}

#[test]
fn metrics_are_as_worked_out_by_hand() {
    let collector = filled();
    let ask = |query: &str| collector.get(&format!("/v1/metrics?{query}")).json()["groups"].take();
    // The view that never started has no start-up time and is not counted.
    let expected =
        json!([{ "group": "all", "count": 4, "mean": 250.0, "p50": 200.0, "p95": 400.0, "p99": 400.0 }]);
    assert_eq!(ask("metric=startup_ms&by=none"), expected);
    assert_eq!(ask("metric=startup_ms"), expected);
    let expected = json!([
        { "group": "one", "count": 3, "mean": 200.0, "p50": 200.0, "p95": 300.0, "p99": 300.0 },
        { "group": "two", "count": 1, "mean": 400.0, "p50": 400.0, "p95": 400.0, "p99": 400.0 },
    ]);
    assert_eq!(ask("metric=startup_ms&by=cid"), expected);
    // Stalled over watched: 1 s of 100 s for one, 6 s of 20 s for two.
    let ratios = ask("metric=stall_ratio&by=host");
    assert_eq!(
        (&ratios[0]["group"], &ratios[0]["mean"], &ratios[0]["p95"]),
        (&json!("one.example"), &json!(0.01), &json!(0.1))
    );
    assert_eq!((&ratios[1]["group"], &ratios[1]["mean"]), (&json!("two.example"), &json!(0.3)));
    // Bits over media time: (10 s at 1000, 9 s at 3000, 80 s at 2000, 14 s at 4000) / 113 s.
    let rates = ask("metric=mean_kbps");
    let mean = rates[0]["mean"].as_f64().unwrap();
    assert!((mean - (10_000.0 + 27_000.0 + 160_000.0 + 56_000.0) / 113.0).abs() < 1e-9, "{mean}");
    assert_eq!(rates[0]["p50"], 2000.0);
    // Days are UTC; `from` is within, `to` is not.
    let days = ask("metric=stalls&by=day&from=86400001&to=259200000");
    assert_eq!(
        days[0],
        json!({ "group": "1970-01-03", "count": 2, "mean": 0.5, "p50": 0.0, "p95": 1.0, "p99": 1.0 })
    );
    assert_eq!((&days[1]["group"], &days[1]["count"]), (&json!("1970-01-02"), &json!(1)));
    for (metric, mean) in
        [("stall_ms", 1750.0), ("switches", 2.0), ("dropped_frames", 1.0), ("watched_ms", 24_000.0)]
    {
        assert_eq!(ask(&format!("metric={metric}&by=none"))[0]["mean"], mean, "{metric}");
    }
    let csv = collector.get("/v1/metrics?metric=startup_ms&by=format&format=csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.body, "group,count,mean,p50,p95,p99\r\n\"h\",4,250,200,400,400\r\n");
}

#[test]
fn a_wrong_question_is_told_what_there_is() {
    let collector = Collector::start();
    let wrong = collector.get("/v1/metrics?metric=row%3BDROP&by=cid");
    assert_eq!((wrong.status, &wrong.json()["parameter"]), (400, &json!("metric")));
    assert!(wrong.json()["allowed"].as_array().unwrap().contains(&json!("startup_ms")));
    let wrong = collector.get("/v1/metrics?metric=stalls&by=sid").json();
    assert_eq!(wrong["allowed"], json!(["cid", "host", "format", "day", "none"]));
    assert_eq!(collector.get("/v1/metrics?metric=stalls&from=yesterday").status, 400);
    assert_eq!(collector.get("/v1/metrics?metric=stalls&format=xml").status, 400);
    assert_eq!(collector.get("/v1/metrics?metric=stalls").json()["groups"], json!([]));
    assert_eq!(collector.get("/v1/views?limit=many").status, 400);
}

#[test]
fn views_are_listed_newest_first() {
    let collector = filled();
    let sids = |query: &str| {
        let views = collector.get(&format!("/v1/views{query}")).json();
        let sids: Vec<_> =
            views.as_array().unwrap().iter().map(|view| view["sid"].as_str().unwrap().to_owned()).collect();
        sids.join("")
    };
    assert_eq!(sids(""), "edcba");
    assert_eq!(sids("?limit=2"), "ed");
    assert_eq!(sids("?cid=one"), "cba");
    assert_eq!(sids("?since=172800000&limit=9"), "edc");
    assert_eq!(sids("?limit=-1"), "");
}

#[test]
fn the_dashboard_brings_all_that_it_needs() {
    let collector = Collector::start();
    let page = collector.get("/");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"));
    let links: Vec<&str> =
        page.body.split(['"', '\'']).filter(|part| part.starts_with("dashboard/")).collect();
    assert!(links.len() >= 2, "{links:?}");
    for file in links.into_iter().chain(["dashboard/timeline.js", "dashboard/format.js"]) {
        let answer = collector.get(&format!("/{file}"));
        assert_eq!(answer.status, 200, "{file}");
        assert!(!answer.body.contains("innerHTML"), "{file}");
        assert!(!answer.body.replace("http://www.w3.org/", "").contains("://"), "{file}");
    }
}
