//! The match models of `models/`: the one that the running hub links by, and those for files alone.
//!
//! Each is read strictly and passes a gate before it decides anything: weights that fall where they must, every guard
//! in place, no address as evidence in the running hub. Its hash stands in each decision.

use std::path::{Path, PathBuf};

use decide::model::MatchModel;
use ring::digest::{SHA256, digest};

use super::{ConfigError, ConfigErrors, file, letters};

/// The model of the running hub.
const RUNNING: &str = "models/newcomers.toml";

/// Reads every model and gives the running hub's.
pub(super) fn running(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<MatchModel> {
    let files = file::list(dir, "models", Some("tsv"), wrong);
    if !files.iter().any(|file| file == Path::new(RUNNING)) {
        wrong.push(ConfigError::whole(RUNNING, "is missing: the hub links by it"));
    }
    let read = files.into_iter().filter_map(|file| {
        let model = read(dir, &file, file == Path::new(RUNNING), wrong)?;
        (file == Path::new(RUNNING)).then_some(model)
    });
    read.last()
}

/// A model by its name in the folder, or by its file: for records of a file.
///
/// # Errors
/// Where it cannot be read, or the gate refuses it.
pub fn load(dir: &Path, name: &str) -> Result<MatchModel, ConfigErrors> {
    let named = PathBuf::from(format!("models/{name}.toml"));
    let (root, file) =
        if dir.join(&named).is_file() { (dir, named) } else { (Path::new(""), PathBuf::from(name)) };
    let mut wrong = vec![];
    let letters = letters::read(dir, &mut wrong).into();
    let model = read(root, &file, false, &mut wrong).filter(|_| wrong.is_empty());
    model.map(|model| MatchModel { letters, ..model }).ok_or(ConfigErrors(wrong))
}

fn read(root: &Path, file: &Path, running: bool, wrong: &mut Vec<ConfigError>) -> Option<MatchModel> {
    let text = file::text(root, file, wrong)?;
    let mut model: MatchModel = file::of_text(&text, file, wrong)?;
    model.hash = hex::encode(digest(&SHA256, text.as_bytes()));
    let faults = model.faults(running);
    wrong.extend(faults.iter().map(|fault| ConfigError::whole(file, fault)));
    faults.is_empty().then_some(model)
}
