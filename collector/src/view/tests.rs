//! The derivation against figures worked out by hand.

use super::View;
use crate::record::Record;

/// Lines get `sid`, `sn` (their place) and `v`; they are folded in order, each received as it happened.
fn fold(lines: &[&str]) -> View {
    let mut view = View::new("p", "s");
    for (sn, keys) in lines.iter().enumerate() {
        let line = format!(r#"{keys},sid="s",sn={sn},v=2"#);
        let record = Record::parse(line.as_bytes()).unwrap_or_else(|reject| panic!("{line}: {reject:?}"));
        view.apply(&record, record.ts, line.len());
    }
    view
}

#[test]
fn our_player_tells_exactly() {
    let own = |wt: i64, pt: i64, sw: i64| {
        format!(
            r#"io.thalweg-bytes="{}",io.thalweg-h="720",io.thalweg-pt="{pt}",io.thalweg-sw="{sw}",io.thalweg-wt="{wt}""#,
            pt * 250
        )
    };
    let lines = [
        r#"br=(1000),cid="film",e=ps,sf=h,st=v,sta=s,ts=1000"#.to_owned(),
        format!("bsa=(0),bsda=(0),dfa=0,e=ps,{},msd=400,pb=(1000),sta=p,ts=1400", own(400, 0, 0)),
        format!("bsa=(0),bsda=(0),dfa=2,e=ce,{},pb=(3000),sta=p,ts=11400", own(10_400, 10_000, 1)),
        format!("bsa=(1),bsda=(0),dfa=2,e=ps,{},pb=(3000),sta=r,ts=21400", own(20_400, 20_000, 1)),
        format!("bsa=(1),bsda=(2000),dfa=3,e=ps,{},pb=(3000),sta=p,ts=23400", own(22_400, 20_000, 1)),
        format!("bsa=(1),bsda=(2000),dfa=3,e=ps,{},pb=(3000),sta=e,ts=33400", own(32_400, 30_000, 1)),
    ];
    let view = fold(&lines.each_ref().map(String::as_str));
    assert_eq!(
        (view.cid.as_deref(), view.format.as_deref(), view.stream_type.as_deref()),
        (Some("film"), Some("h"), Some("v"))
    );
    assert_eq!((view.startup_ms, view.stalls, view.stall_ms), (Some(400), Some(1), Some(2000)));
    assert_eq!((view.watched_ms, view.played_ms, view.bytes), (Some(32_400), Some(30_000), Some(7_500_000)));
    assert_eq!((view.switches, view.dropped_frames, view.height), (Some(1), Some(3), Some(720)));
    // 10 s at 1000, then 20 s at 3000.
    assert_eq!(view.mean_kbps, Some(70_000.0 / 30.0));
    assert_eq!((view.mean_over_ms, view.last_kbps), (30_000, Some(3000)));
    assert_eq!(view.stall_ratio, Some(2000.0 / 32_400.0));
    assert_eq!((view.first_ts, view.last_ts, view.started, view.events), (1000, 33_400, 1000, 6));
    assert!(
        view.ended && view.started_playing && !view.quit && !view.start_failed && !view.exited_before_start
    );
}

#[test]
fn states_tell_what_no_key_does() {
    let view = fold(&[
        "e=ps,sta=s,ts=1000",
        "br=(2000 128),e=bc,ts=1500",
        "e=ps,pt=0,sta=p,ts=2000",
        "e=ps,pt=8000,sta=r,ts=10000",
        "e=t,sta=r,ts=10500",
        "e=ps,pt=8000,sta=p,ts=11000",
        "br=(4000 128),e=bc,pt=9000,ts=12000",
        "e=ps,pt=10000,sta=a,ts=13000",
        "e=ps,sta=q,ts=20000",
    ]);
    assert_eq!((view.stalls, view.stall_ms), (Some(1), Some(1000)), "one entry, however many records say r");
    assert_eq!(view.watched_ms, Some(12_000), "the pause does not count");
    assert_eq!((view.played_ms, view.switches), (Some(10_000), Some(1)));
    // 8 s and 1 s at 2128, 1 s at 4128; neither start nor stall nor pause.
    assert_eq!(view.mean_kbps, Some((9.0 * 2128.0 + 4128.0) / 10.0));
    assert_eq!(view.startup_ms, None, "never guessed");
    assert!(view.quit && !view.exited_before_start);
}

#[test]
fn a_record_without_media_time_is_not_counted_twice() {
    let view = fold(&[
        r#"e=ps,io.thalweg-pt="0",pb=(1000),sta=p,ts=1000"#,
        "e=bc,pb=(3000),sta=p,ts=5000",
        r#"e=t,io.thalweg-pt="10000",pb=(3000),sta=p,ts=11000"#,
    ]);
    assert_eq!((view.mean_over_ms, view.mean_kbps), (10_000, Some((4.0 * 1000.0 + 6.0 * 3000.0) / 10.0)));
}

#[test]
fn what_is_shown_outranks_what_is_selected() {
    let view = fold(&["br=(1000),e=ps,pb=(500),sta=p,ts=1000", "br=(9000),e=bc,ts=2000", "e=t,ts=3000"]);
    assert_eq!((view.last_kbps, view.mean_kbps), (Some(500), Some(500.0)));
}

#[test]
fn a_sleeping_player_counts_for_two_heartbeats() {
    let view = fold(&["e=ps,pb=(1000),sta=p,ts=1000", "e=t,pb=(1000),ts=7201000"]);
    assert_eq!((view.watched_ms, view.mean_over_ms), (Some(60_000), 60_000));
}

#[test]
fn failures_are_told_apart() {
    let start =
        fold(&["e=ps,sta=s,ts=1", r#"e=e,ec=("network.status"),ts=2"#, "e=ps,sta=f,ts=3", "e=ps,sta=q,ts=4"]);
    assert!(start.start_failed && !start.play_failed && !start.exited_before_start && !start.started_playing);
    assert_eq!((start.errors.as_slice(), start.error_count), (["network.status".to_owned()].as_slice(), 1));

    let later = fold(&["e=ps,msd=9,sta=p,ts=1", r#"e=e,ec=("media.decode"),sta=f,ts=2"#]);
    assert!(!later.start_failed && later.play_failed);

    let left = fold(&["e=ps,sta=s,ts=1", "e=ps,sta=q,ts=4"]);
    assert!(left.exited_before_start && !left.start_failed);
}

#[test]
fn request_reports_do_not_turn_time_back() {
    let view = fold(&["e=ps,pb=(1000),sta=p,ts=10000", r#"e=rr,ts=4000,url="https://a/b""#, "e=t,ts=12000"]);
    assert_eq!((view.first_ts, view.watched_ms), (4000, Some(2000)));
}

#[test]
fn a_clock_ahead_does_not_put_a_view_into_the_future() {
    let mut view = View::new("p", "s");
    view.apply(&Record::parse(br#"e=t,sid="s",sn=0,ts=999999,v=2"#).unwrap(), 5000, 1);
    assert_eq!((view.first_ts, view.started, view.received), (999_999, 5000, 5000));
}

#[test]
fn custom_keys_are_kept_and_bounded() {
    let many: Vec<String> = (0..90).map(|n| format!("com.x-{n}={n}")).collect();
    let view = fold(&[
        &format!("{},e=t,ts=1", many[..50].join(",")),
        &format!("{},e=t,ts=2", many[50..].join(",")),
        &format!(r#"com.x-0="new",com.x-1="{}",e=t,io.thalweg-wt="5",ts=3"#, "y".repeat(200)),
    ]);
    assert_eq!(view.custom.len(), 64);
    assert_eq!((&view.custom["com.x-0"], &view.custom["com.x-1"]), (&"new".into(), &1.into()));
}

#[test]
fn going_on_from_a_stored_row_is_folding_it_all() {
    let lines: Vec<String> = (0..40)
        .map(|n| {
            format!(
                "br=({}),bsa=({}),e=t,pt={},sta={},ts={}",
                700 + n * 13,
                n / 9,
                n * 997,
                ["p", "r"][n % 7 / 6],
                1 + n * 1003
            )
        })
        .collect();
    let mut stored = View::new("p", "s");
    for (sn, keys) in lines.iter().enumerate() {
        let line = format!(r#"{keys},sid="s",sn={sn},v=2"#);
        let record = Record::parse(line.as_bytes()).unwrap();
        stored.apply(&record, record.ts, line.len());
        stored = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
    }
    assert_eq!(stored, fold(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
}
