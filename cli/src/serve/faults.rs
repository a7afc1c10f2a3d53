//! Faults on demand: rules that spoil responses. The first rule that matches a request is used.
//!
//! A rule has a `path` (part of the request's path; with `*` a pattern for all of it, `*` standing for any text),
//! optionally `times` (how many requests it spoils), and what to do, which may be combined where that makes sense:
//!
//! | key | effect |
//! |---|---|
//! | `"status": 404` | this status with a short text |
//! | `"body": "…"`, `"type": "text/html"` | status 200 with this text (type default `text/plain`) |
//! | `"garbage": true` | the same length, pseudo-random bytes |
//! | `"truncate": bytes` | Content-Length tells the full size, the connection closes after that many |
//! | `"stall_after": bytes` | nothing after that many, the connection stays open |
//! | `"delay_ms": n` | waits before the response |

use serde::{Deserialize, Serialize};
use std::sync::Mutex;

/// One rule.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests.
    pub path: String,
    /// Requests still to spoil; null for all.
    pub times: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u64>,
    #[serde(default)]
    pub garbage: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_after: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let Some((head, rest)) = self.path.split_once('*') else { return path.contains(&self.path) };
        let Some(mut left) = path.strip_prefix(head) else { return false };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let tail = parts.pop().unwrap_or_default();
        for part in parts {
            match left.split_once(part) {
                Some((_, after)) => left = after,
                None => return false,
            }
        }
        left.ends_with(tail)
    }

    fn check(&self) -> Result<(), String> {
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err(format!("{}: a status is 200 to 599", self.path));
        }
        let does = self.status.is_some()
            || self.truncate.is_some()
            || self.garbage
            || self.delay_ms.is_some()
            || self.stall_after.is_some()
            || self.body.is_some();
        if does { Ok(()) } else { Err(format!("{}: the rule does nothing", self.path)) }
    }
}

/// The rules in force.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    /// Replaces the rules by those of a JSON array.
    pub fn set(&self, json: &str) -> Result<(), String> {
        let rules: Vec<Rule> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        rules.iter().try_for_each(Rule::check)?;
        self.replace(rules);
        Ok(())
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.replace(Vec::new());
    }

    fn replace(&self, rules: Vec<Rule>) {
        if let Ok(mut current) = self.0.lock() {
            *current = rules;
        }
    }

    /// The rules with what is left of their `times`.
    pub fn list(&self) -> Vec<Rule> {
        self.0.lock().map(|rules| rules.clone()).unwrap_or_default()
    }

    /// The rule for a request, counted as used.
    pub fn take(&self, path: &str) -> Option<Rule> {
        let mut rules = self.0.lock().ok()?;
        let rule = rules.iter_mut().find(|rule| rule.times != Some(0) && rule.matches(path))?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        Some(rule.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_the_whole_path_and_plain_text_a_part() {
        let matches =
            |pattern: &str, path: &str| Rule { path: pattern.into(), ..Rule::default() }.matches(path);
        assert!(matches("_1080p_", "/hls/a_1080p_1.ts") && !matches("_1080p_", "/hls/a_720p_1.ts"));
        assert!(matches("/hls/*.ts", "/hls/a_1.ts") && !matches("/hls/*.ts", "/hls/a.m3u8"));
        assert!(matches("*_1*2.ts", "/a_1_002.ts") && !matches("*_1*2.ts", "/a_2_002.ts"));
        assert!(!matches("*aa", "/a") && matches("*", "/anything"));
    }

    #[test]
    fn a_rule_is_used_as_often_as_it_says() {
        let faults = Faults::default();
        faults.set(r#"[{"path":"x","times":1,"status":404},{"path":"x","status":503}]"#).unwrap();
        let status = || faults.take("/x").and_then(|rule| rule.status);
        assert_eq!([status(), status(), status()], [Some(404), Some(503), Some(503)]);
        assert!(faults.take("/y").is_none());
        assert!(
            faults.set(r#"[{"path":"x"}]"#).is_err() && faults.set(r#"[{"path":"x","stat":1}]"#).is_err()
        );
    }
}
