//! Frozen schemas: `agencies/RECIPIENT.ID.avsc`, what a schema id stands for. Written once, never changed, kept for ever.
//!
//! Owns their names and texts; whether a contract still is what they say is `contract::versions`' to judge. They stay
//! where a recipient goes, because an id is never given again.

use std::path::{Path, PathBuf};

use schemas::recipient::Recipient;

use super::{ConfigError, file};

/// How their names end.
pub(super) const ENDING: &str = "avsc";

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frozen {
    pub id: u32,
    pub recipient: Recipient,
    /// Its file, from the root of the config folder.
    pub file: PathBuf,
    /// The schema as JSON.
    pub text: String,
}

impl Frozen {
    /// Where the schema of an id is frozen, from the root of the config folder.
    #[must_use]
    pub fn place(recipient: &Recipient, id: u32) -> PathBuf {
        Path::new("agencies").join(format!("{recipient}.{id}.{ENDING}"))
    }
}

/// All of them, by name.
pub(super) fn read(dir: &Path, wrong: &mut Vec<ConfigError>) -> Vec<Frozen> {
    let mut frozen: Vec<Frozen> = vec![];
    // What cannot be listed was told by who reads the contracts.
    for path in file::names(dir, "agencies", &mut vec![]) {
        if !file::ends_in(&path, ENDING) {
            continue;
        }
        let named = path.file_stem().and_then(|stem| stem.to_str()?.rsplit_once('.'));
        let named = named.and_then(|(name, id)| Some((Recipient::parse(name).ok()?, id.parse().ok()?)));
        let Some((recipient, id)) = named.filter(|(name, id)| Frozen::place(name, *id) == path) else {
            let text = "a frozen schema is named RECIPIENT.ID.avsc, after whose it is and its schema_id";
            wrong.push(ConfigError::whole(path, text));
            continue;
        };
        if let Some(other) = frozen.iter().find(|other| other.id == id) {
            let text = format!("schema id {id} is that of {} too", other.file.display());
            wrong.push(ConfigError::whole(path, text));
            continue;
        }
        let Some(text) = file::text(dir, &path, wrong) else { continue };
        if text.parse::<serde_json::Value>().is_err() {
            wrong.push(ConfigError::whole(path, "is not JSON: put it back as it was written"));
            continue;
        }
        frozen.push(Frozen { id, recipient, file: path, text });
    }
    frozen
}
