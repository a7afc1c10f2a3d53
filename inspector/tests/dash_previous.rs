//! `inspect` of an MPD, or of a patch, with the MPD before it.

use serde_json::{Value, json};
use thalweg::presentation::date_time;
use thalweg::{Code, Error};
use thalweg_inspector::{Options, inspect};

fn after(previous: &str, text: &str) -> Result<Value, Error> {
    let now = date_time("1970-01-01T00:01:00Z").unwrap();
    inspect(text, &Options { url: "https://h/m.mpd", now, previous: Some(previous), ..Options::default() })
}

fn mpd(kind: &str, start: u32, published: u32, entries: &str) -> String {
    format!(
        "<MPD id='m' type='{kind}' publishTime='1970-01-01T00:00:{published:02}Z' availabilityStartTime='1970-01-01T00:00:00Z'>\
         <Period id='p' start='PT{start}S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'><SegmentTimeline>\
         {entries}</SegmentTimeline></SegmentTemplate><Representation id='v' bandwidth='1'/></AdaptationSet></Period></MPD>"
    )
}

fn starts(json: &Value) -> Vec<i64> {
    let segments = &json["periods"][0]["adaptation_sets"][0]["representations"][0]["segments"];
    segments.as_array().unwrap().iter().map(|segment| segment["start"].as_i64().unwrap()).collect()
}

#[test]
fn changes_are_told() {
    let old = mpd("dynamic", 10, 10, "<S t='0' d='2' r='4'/>");
    let json = after(&old, &mpd("dynamic", 10, 20, "<S t='4' d='2' r='4'/>")).unwrap();
    let rendition = json!({
        "id": "p/v", "fate": "changed", "added": 2, "added_before": 0, "removed": 2, "removed_behind": 0,
        "replaced": false, "restarted": false,
    });
    let period = json!({
        "id": "p", "fate": "changed", "start": 10, "moved_from": null, "duration": null, "renditions": [rendition],
    });
    let changes = json!({
        "outcome": "updated", "removed": 2, "added": 2, "completed": false, "shifted": 0, "periods": [period],
    });
    assert_eq!(json["changes"], changes);
    assert_eq!(starts(&json), [14, 16, 18, 20, 22]);
    let outcome = |text: &str| after(&old, text).unwrap()["changes"]["outcome"].clone();
    assert_eq!(outcome(&old), "unchanged");
    assert_eq!(outcome(&mpd("dynamic", 10, 5, "<S t='0' d='2' r='3'/>")), "older");
    assert_eq!(inspect(&old, &Options::default()).unwrap()["changes"], Value::Null);
    assert_eq!(after("#EXTM3U", &old).unwrap()["changes"], Value::Null);
}

#[test]
fn the_model_stays_where_it_was() {
    let old = mpd("dynamic", 10, 10, "<S t='0' d='2' r='4'/>");
    let json = after(&old, &mpd("static", 0, 20, "<S t='0' d='2' r='5'/>")).unwrap();
    let changes = &json["changes"];
    assert_eq!(
        (&changes["completed"], &changes["shifted"], &changes["added"]),
        (&json!(true), &json!(10), &json!(1))
    );
    // What the MPD says, and what a player makes of it.
    assert_eq!(json["periods"][0]["start"], 0);
    assert_eq!(json["presentation"]["periods"][0]["start"], 10);
}

#[test]
fn a_patch_is_applied_first() {
    let old = mpd("dynamic", 10, 10, "<S t='0' d='2' r='4'/>");
    let patch = "<Patch mpdId='m' originalPublishTime='1970-01-01T00:00:10Z' publishTime='1970-01-01T00:00:20Z'>\
                 <replace sel='/MPD/@publishTime'>1970-01-01T00:00:20Z</replace>\
                 <replace sel='/MPD/Period/AdaptationSet/SegmentTemplate/SegmentTimeline/S/@r'>5</replace></Patch>";
    let json = after(&old, patch).unwrap();
    assert_eq!((&json["type"], &json["publish_time"]), (&json!("dynamic"), &json!("1970-01-01T00:00:20Z")));
    assert_eq!((starts(&json).len(), &json["changes"]["added"]), (6, &json!(1)));
    let other = after(&old.replace("id='m'", "id='n'"), patch).unwrap_err();
    assert_eq!((other.code, other.context.what.as_deref()), (Code::ManifestUpdate, Some("mpdId")));
    assert_eq!(other.context.url.as_deref(), Some("https://h/m.mpd"));
    assert_eq!(inspect(patch, &Options::default()).unwrap_err().code, Code::ManifestUpdate);
}
