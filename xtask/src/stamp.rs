//! Skips a step whose inputs are what they were when it last succeeded: a stamp in `target/xtask`
//! holds a hash of their names and contents.

use crate::step::{Result, at, step, with_path};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// Does `work` as a step unless `inputs` (files and folders, relative to the checkout) are unchanged
/// and all `outputs` exist.
pub fn unless_fresh(title: &str, inputs: &[&str], outputs: &[&str], work: impl FnOnce() -> Result) -> Result {
    let stamp = at(&format!("target/xtask/{}.stamp", title.replace([' ', '/'], "-")));
    let now = format!("{:016x}", hash(inputs)?);
    let unchanged = fs::read_to_string(&stamp).is_ok_and(|then| then == now);
    if unchanged && outputs.iter().all(|output| at(output).exists()) {
        println!("==> {title} ... unchanged");
        return Ok(());
    }
    step(title, work)?;
    with_path(&stamp, fs::create_dir_all(at("target/xtask")))?;
    with_path(&stamp, fs::write(&stamp, now))
}

/// A hash of the names and contents of all files at or below `inputs`; an absent one counts as such.
pub fn hash(inputs: &[&str]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for input in inputs {
        let mut files = Vec::new();
        collect(&at(input), &mut files)?;
        files.sort();
        for file in files {
            file.hash(&mut hasher);
            with_path(&file, fs::read(&file))?.hash(&mut hasher);
        }
        input.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result {
    if path.is_file() {
        files.push(path.to_owned());
    } else if path.is_dir() {
        for entry in with_path(path, fs::read_dir(path))? {
            collect(&with_path(path, entry)?.path(), files)?;
        }
    }
    Ok(())
}
