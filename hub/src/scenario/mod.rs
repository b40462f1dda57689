//! A scenario: what is said about invented people, day by day, and what must have come of it.
//!
//! A domain expert writes it as a TOML file (tests/scenarios/README.md). Its items go through the real doors, the real
//! heart decides them over the real bundle, in memory: no database, no Kafka. `file` reads it, `items` finds what is
//! said, `stage` plays it with what `by_hand` adds, `found` tells what came out in the words of the state table, `expected` compares. Refuses to
//! decide anything itself, and to know how a scenario ought to end.

mod by_hand;
mod expected;
mod file;
mod found;
mod items;
mod moment;
mod spoken;
mod stage;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError};
pub use expected::Difference;
use file::ScenarioTurn;
use stage::ScenarioStage;
use words::Vocabulary;

/// What became of a scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Played {
    pub title: Option<String>,
    /// What happened, step by step.
    pub told: Vec<String>,
    /// Where it is not as expected.
    pub differences: Vec<Difference>,
}

/// A scenario that cannot be played: every mistake in its file, with its line and the nearest word.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ScenarioMistakes(pub Vec<ConfigError>);

impl fmt::Display for ScenarioMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ConfigError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Plays one file from its first moment to its last.
///
/// # Errors
/// Every mistake in the file; of the items that no door could read, the first.
pub fn play(path: &Path, config: &Config) -> Result<Played, ScenarioMistakes> {
    let (text, file) = file::read(path).map_err(ScenarioMistakes)?;
    let tell = |(line, message)| ConfigError { file: path.to_owned(), line, message };
    let mut stage = ScenarioStage::new(config, &file, path);
    let words = Vocabulary::of(config, &stage.labels());
    let wrong = file.unknown_words(&words, &text);
    if !wrong.is_empty() {
        return Err(ScenarioMistakes(wrong.into_iter().map(tell).collect()));
    }
    let mut played = Played { title: file.title.clone(), ..Played::default() };
    for (at, line, turn) in file.turns(&text) {
        let step = stage.until(at).and_then(|()| match turn {
            ScenarioTurn::Say(say) => stage.say(say),
            ScenarioTurn::Answer(answer) => stage.answer(answer),
            ScenarioTurn::Order(order) => stage.order(order),
            ScenarioTurn::Review(review) => stage.review(review),
            ScenarioTurn::Split(split) => stage.split(split),
            ScenarioTurn::Report => stage.report(),
            ScenarioTurn::Approve(approval) => stage.approve(approval),
            ScenarioTurn::Day => Ok(()),
            ScenarioTurn::Check(check) => {
                played.differences.extend(check.compare(&stage.found(), &words));
                Ok(())
            }
        });
        step.map_err(|message| ScenarioMistakes(vec![tell((Some(line), message))]))?;
    }
    played.differences.extend(stage.broken());
    played.told = stage.told;
    Ok(played)
}

/// The scenario files among these: of a folder, all that lie in it.
///
/// # Errors
/// Where one cannot be read.
pub fn files(given: &[PathBuf]) -> std::io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for path in given {
        if path.is_dir() {
            let mut own: Vec<PathBuf> =
                std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
            own.retain(|path| path.extension().is_some_and(|end| end == "toml"));
            own.retain(|path| path.file_name().is_none_or(|name| name != items::PEOPLE));
            own.sort();
            found.extend(own);
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}
