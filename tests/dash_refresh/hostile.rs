//! MPDs and patches that are damaged: nothing panics, takes long, or gives what cannot be read again.

use super::packager::{Packager, Random};
use super::{URL, segments};
use thalweg::dash::{Manifest, patch, refresh};
use thalweg::xml::Document;

/// A patch and the MPD that it is for.
fn pair(random: &mut Random) -> (String, String) {
    let mut packager = Packager::new(random);
    packager.step(random);
    let old = packager.clone();
    packager.step(random);
    (old.mpd(false), packager.patch(&old))
}

/// The text with some of it gone, doubled, or replaced by what means something here.
fn damaged(text: &str, random: &mut Random) -> String {
    const PIECES: [&str; 16] = [
        "<",
        ">",
        "'",
        "\"",
        "/",
        "[",
        "]",
        "@t",
        "S[1]",
        "[0]",
        "/MPD",
        "<S/>",
        "<add sel='/MPD'>",
        "</add>",
        "&#0;",
        "-9223372036854775808",
    ];
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        let at = text.floor_char_boundary(random.below(text.len() as u64 + 1) as usize);
        let to = text.floor_char_boundary((at + random.below(12) as usize).min(text.len()));
        let piece = match random.below(4) {
            0 => String::new(),
            1 => text[at..to].repeat(2),
            2 => random.below(1 << 40).to_string(),
            _ => PIECES[random.below(16) as usize].to_owned(),
        };
        text.replace_range(at..to.max(at), &piece);
    }
    text
}

#[test]
fn damaged_patches_are_errors_or_mpds() {
    let (mut random, mut good, mut bad) = (Random::seeded(3), 0, 0);
    for _ in 0..40 {
        let (mpd, update) = pair(&mut random);
        for _ in 0..100 {
            let (mpd, update) = match random.below(3) {
                0 => (damaged(&mpd, &mut random), update.clone()),
                _ => (mpd.clone(), damaged(&update, &mut random)),
            };
            match patch(&mpd, &update) {
                Ok(text) => {
                    good += 1;
                    assert!(Document::parse(&text).is_ok(), "{update}\n{text}");
                }
                Err(_) => bad += 1,
            }
        }
    }
    assert!(good > 200 && bad > 200, "{good} {bad}");
}

#[test]
fn cut_patches_are_errors() {
    let (mpd, update) = pair(&mut Random::seeded(5));
    assert!(patch(&mpd, &update).is_ok());
    for end in 0..update.len() {
        assert!(patch(&mpd, &update[..end]).is_err(), "{end}");
    }
}

#[test]
fn whatever_follows_whatever() {
    let (mut random, mut read) = (Random::seeded(9), 0);
    for _ in 0..60 {
        let mut packager = Packager::new(&mut random);
        let mut manifest: Option<Manifest> = None;
        for _ in 0..40 {
            packager.step(&mut random);
            let text =
                if random.below(5) == 0 { packager.archive() } else { packager.mpd(random.below(2) == 0) };
            let Ok(new) = Manifest::parse(&damaged(&text, &mut random), URL) else { continue };
            read += 1;
            manifest = Some(match manifest {
                Some(old) => {
                    let (merged, changes) = refresh(old, new.clone());
                    // Times apart, what there is to play is what the MPD says.
                    let few = |manifest: &Manifest| {
                        manifest
                            .presentation
                            .periods
                            .iter()
                            .flat_map(super::timelines)
                            .all(|(_, own)| own.len() < 1000)
                    };
                    if !changes.stale && few(&new) {
                        assert_eq!(segments(&merged).len(), segments(&new).len());
                    }
                    merged
                }
                None => new,
            });
        }
    }
    assert!(read > 500, "{read}");
}
