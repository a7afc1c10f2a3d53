use super::*;

#[test]
fn a_text_that_both_refuse_is_no_disagreement() {
    let judgement = judge("<html>", &Options::default());
    assert_eq!((judgement.tree, judgement.disagreements), (Value::Null, vec![]));
}

#[test]
fn lists_are_paired_around_what_is_missing() {
    let list = |text: &str| text.chars().map(|c| json!(c.to_string())).collect::<Vec<_>>();
    let lists = ("ours".to_owned(), "/theirs".to_owned());
    let mut findings = Findings::default();
    let pairs = findings.pair(&lists, &list("abcde"), &list("abXYde"));
    assert_eq!(pairs, [(0, 0), (1, 1), (2, 2), (3, 4), (4, 5)]);
    let pairs = findings.pair(&lists, &list("abcd"), &list("abd"));
    assert_eq!(pairs, [(0, 0), (1, 1), (3, 2)]);
    let places: Vec<_> = findings.list.iter().map(|one| (one.what.as_str(), one.at.as_str())).collect();
    assert_eq!(places, [("ours[]", "/theirs/3"), ("ours[2]", "/theirs")]);
}
