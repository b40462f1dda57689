//! What must have come of a scenario, compared with what did.
//!
//! A part that is left out is not compared. One that stands there is compared whole: each thing is named by enough of
//! its words, and nothing else may be there. Refuses a word that means nothing. Next: [`super::found`].

use std::collections::BTreeMap;

use serde::Deserialize;

use super::found::{ScenarioFound, Thing};
use super::moment::ScenarioMoment;
use super::words::{Vocabulary, tokens, unknown, word_of};

/// What must have come of it at a moment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    #[serde(alias = "at")]
    pub(super) on: Option<ScenarioMoment>,
    handovers: Option<ThingList>,
    lines: Option<ThingList>,
    deliveries: Option<ThingList>,
    reviews: Option<ThingList>,
    work: Option<ThingList>,
    /// Who is responsible for each person; `nobody` where nobody is.
    responsible: Option<ThingList>,
    /// The rows of the state table that fired, in their order.
    rows: Option<ThingList>,
    /// What the register was asked.
    tasks: Option<ThingList>,
    /// What was refused, at a door or by the heart: its code.
    #[serde(alias = "refusals")]
    refused: Option<ThingList>,
    persons: Option<usize>,
    /// Records that wait for somebody to be known.
    waiting: Option<usize>,
    #[serde(skip)]
    pub(super) line: usize,
}

/// Things: one, a list, how many there are, or a table by name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ThingList {
    Count(usize),
    One(String),
    All(Vec<ThingForm>),
    By(BTreeMap<String, ThingList>),
}

/// One thing, as a sentence or as a table of its words.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ThingForm {
    Sentence(String),
    Words(BTreeMap<String, toml::Value>),
}

/// Where a scenario is not as expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The line of what is expected.
    pub line: Option<usize>,
    pub part: String,
    pub expected: Vec<String>,
    pub found: Vec<String>,
}

impl ThingForm {
    fn told(&self) -> String {
        match self {
            Self::Sentence(text) => text.clone(),
            Self::Words(words) => {
                let word = |(name, value): (&String, &toml::Value)| match (name.as_str(), value) {
                    ("epoch", value) => format!("epoch-{value}"),
                    (_, toml::Value::Boolean(true)) => name.clone(),
                    (_, toml::Value::Boolean(false)) => String::new(),
                    (_, toml::Value::String(text)) => text.clone(),
                    (_, value) => value.to_string(),
                };
                words.iter().map(word).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

impl ThingList {
    /// Every sentence in it, each with the name it stands under.
    fn sentences(&self) -> Vec<String> {
        match self {
            Self::Count(_) => vec![],
            Self::One(text) => vec![text.clone()],
            Self::All(entries) => entries.iter().map(ThingForm::told).collect(),
            Self::By(by) => {
                let under = |(name, listed): (&String, &Self)| -> Vec<String> {
                    listed.sentences().into_iter().map(|told| format!("{name} {told}")).collect()
                };
                by.iter().flat_map(under).collect()
            }
        }
    }

    fn names(&self) -> Vec<&String> {
        match self {
            Self::By(by) => by.keys().collect(),
            Self::Count(_) | Self::One(_) | Self::All(_) => vec![],
        }
    }
}

impl Expected {
    fn parts(&self) -> [(&'static str, Option<&ThingList>); 9] {
        [
            ("handovers", self.handovers.as_ref()),
            ("lines", self.lines.as_ref()),
            ("deliveries", self.deliveries.as_ref()),
            ("reviews", self.reviews.as_ref()),
            ("work", self.work.as_ref()),
            ("responsible", self.responsible.as_ref()),
            ("rows", self.rows.as_ref()),
            ("tasks", self.tasks.as_ref()),
            ("refused", self.refused.as_ref()),
        ]
    }

    /// Every word that means nothing, with its line.
    pub(super) fn unknown_words(&self, words: &Vocabulary, text: &str) -> Vec<(Option<usize>, String)> {
        let mut wrong = vec![];
        for listed in self.parts().into_iter().filter_map(|(_, listed)| listed) {
            let named = listed.names().into_iter().map(|name| word_of(name));
            let said = listed.sentences();
            for word in named.chain(said.iter().flat_map(|sentence| tokens(sentence))) {
                if !words.knows(&word) {
                    let from = self.line.saturating_sub(1);
                    let here = |line: &str| word_of(line).contains(&word);
                    let line = text.lines().skip(from).position(here).map_or(self.line, |at| from + at + 1);
                    wrong.push((Some(line), unknown("word", &word, words.nearest(&word).into_iter())));
                }
            }
        }
        wrong
    }

    /// Where it is not so.
    pub(super) fn compare(&self, found: &ScenarioFound, words: &Vocabulary) -> Vec<Difference> {
        let mut differences = vec![];
        let mut differ = |part: &str, expected: Vec<String>, found: Vec<String>| {
            differences.push(Difference { line: Some(self.line), part: part.to_owned(), expected, found });
        };
        for (part, listed) in self.parts() {
            let Some(listed) = listed else { continue };
            match part {
                "deliveries" => {
                    for (recipient, expected, there) in by_recipient(listed, found, words) {
                        let fits = match &expected {
                            Sequence::Count(count) => there.len() == *count,
                            Sequence::Runs(runs) => follow(runs, &there),
                        };
                        if !fits {
                            let there = there.iter().map(|thing| thing.told.clone()).collect();
                            differ(&format!("deliveries to {recipient}"), expected.told(), there);
                        }
                    }
                }
                part => {
                    let there = found.part(part);
                    let ordered = part == "rows";
                    if !fits(listed, there, ordered) {
                        let told = match listed {
                            ThingList::Count(count) => vec![format!("{count} of them")],
                            listed => listed.sentences(),
                        };
                        differ(part, told, there.iter().map(|thing| thing.told.clone()).collect());
                    }
                }
            }
        }
        for (part, expected, there) in
            [("persons", self.persons, found.persons), ("waiting", self.waiting, found.waiting)]
        {
            if expected.is_some_and(|expected| expected != there) {
                differ(part, vec![expected.unwrap_or_default().to_string()], vec![there.to_string()]);
            }
        }
        differences
    }
}

impl ScenarioFound {
    fn part(&self, name: &str) -> &[Thing] {
        match name {
            "handovers" => &self.handovers,
            "lines" => &self.lines,
            "reviews" => &self.reviews,
            "work" => &self.work,
            "responsible" => &self.responsible,
            "rows" => &self.rows,
            "tasks" => &self.tasks,
            "refused" => &self.refused,
            _ => &[],
        }
    }
}

/// Whether what is there is what is listed, one by one, in whichever order unless it counts.
fn fits(listed: &ThingList, there: &[Thing], ordered: bool) -> bool {
    if let ThingList::Count(count) = listed {
        return there.len() == *count;
    }
    let named: Vec<Vec<String>> = listed.sentences().iter().map(|sentence| tokens(sentence)).collect();
    if ordered {
        return named.len() == there.len() && named.iter().zip(there).all(|(n, t)| t.is_named_by(n));
    }
    named.len() == there.len() && matched(&named, &mut there.iter().collect())
}

/// Whether each of these names a thing of its own.
fn matched(named: &[Vec<String>], there: &mut Vec<&Thing>) -> bool {
    let Some((first, rest)) = named.split_first() else { return true };
    for at in 0..there.len() {
        if there[at].is_named_by(first) {
            let taken = there.remove(at);
            if matched(rest, there) {
                return true;
            }
            there.insert(at, taken);
        }
    }
    false
}

/// What one recipient must have got.
enum Sequence {
    Count(usize),
    Runs(Vec<Run>),
}

/// A record, so many times in a row: once or more unless said.
struct Run {
    told: String,
    words: Vec<String>,
    times: Option<usize>,
}

impl Sequence {
    fn told(&self) -> Vec<String> {
        match self {
            Self::Count(count) => vec![format!("{count} of them")],
            Self::Runs(runs) => {
                let times = |run: &Run| run.times.map_or(String::new(), |n| format!(" x{n}"));
                runs.iter().map(|run| format!("{}{}", run.told, times(run))).collect()
            }
        }
    }
}

/// What is expected and what there is, recipient by recipient: all of them where a list is given, else those that are named.
fn by_recipient(
    listed: &ThingList,
    found: &ScenarioFound,
    words: &Vocabulary,
) -> Vec<(String, Sequence, Vec<Thing>)> {
    let there = |name: &str| {
        let all = found.deliveries.iter().filter(|(recipient, _)| word_of(recipient) == word_of(name));
        all.flat_map(|(_, things)| things.clone()).collect::<Vec<_>>()
    };
    match listed {
        ThingList::By(by) => {
            let of = |(name, listed): (&String, &ThingList)| {
                let sequence = match listed {
                    ThingList::Count(count) => Sequence::Count(*count),
                    listed => Sequence::Runs(runs(&listed.sentences())),
                };
                (name.clone(), sequence, there(name))
            };
            by.iter().map(of).collect()
        }
        ThingList::Count(count) => {
            let all: Vec<Thing> = found.deliveries.values().flatten().cloned().collect();
            vec![("anybody".to_owned(), Sequence::Count(*count), all)]
        }
        listed => {
            let mut by: BTreeMap<String, Vec<String>> =
                found.deliveries.keys().map(|recipient| (recipient.clone(), vec![])).collect();
            for sentence in listed.sentences() {
                let recipient = tokens(&sentence).into_iter().find(|word| words.is_recipient(word));
                by.entry(recipient.unwrap_or_default()).or_default().push(sentence);
            }
            let of = |(name, sentences): (String, Vec<String>)| {
                let there = there(&name);
                (name, Sequence::Runs(runs(&sentences)), there)
            };
            by.into_iter().map(of).collect()
        }
    }
}

/// Sentences as runs: one that stands several times in a row stands for so many.
fn runs(sentences: &[String]) -> Vec<Run> {
    let mut runs: Vec<Run> = vec![];
    for sentence in sentences {
        let mut words = tokens(sentence);
        let count = |word: &String| word.strip_prefix('x').and_then(|n| n.parse::<usize>().ok());
        let times = words.iter().find_map(count);
        words.retain(|word| count(word).is_none());
        match runs.last_mut() {
            Some(last) if last.words == words => {
                last.times = Some(last.times.unwrap_or(1) + times.unwrap_or(1));
            }
            _ => {
                let told = sentence.split(" x").next().unwrap_or(sentence).to_owned();
                runs.push(Run { told, words, times });
            }
        }
    }
    runs
}

/// Whether these records follow one another as the runs say.
fn follow(runs: &[Run], there: &[Thing]) -> bool {
    let Some((first, rest)) = runs.split_first() else { return there.is_empty() };
    let named = there.iter().take_while(|thing| thing.is_named_by(&first.words)).count();
    let (least, most) = first.times.map_or((1, named), |times| (times, times.min(named)));
    (least..=most).rev().any(|count| follow(rest, &there[count..]))
}

#[cfg(test)]
mod tests {
    use super::super::found::said;
    use super::*;

    fn things(told: &[&str]) -> Vec<Thing> {
        told.iter().map(|told| said((*told).to_owned())).collect()
    }

    #[test]
    fn a_record_that_is_told_again_may_be_written_once_and_a_number_counts() {
        let there = things(&["amal offer", "amal offer", "amal file", "amal ended moved"]);
        let check = |expected: &[&str], fits: bool| {
            let sentences: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(follow(&runs(&sentences), &there), fits, "{expected:?}");
        };
        check(&["amal offer", "amal file", "amal ended moved"], true);
        check(&["offer x2", "file x1", "ended"], true);
        check(&["offer", "offer", "file", "ended: moved"], true);
        check(&["offer x1", "file", "ended"], false);
        check(&["offer", "ended", "file"], false);
        check(&["offer", "file"], false);
        check(&["offer", "file", "ended withdrawn"], false);
    }

    #[test]
    fn each_name_has_a_thing_of_its_own_and_nothing_is_left() {
        let there = things(&["held amal manual", "held atlas no-basis"]);
        let list = |told: &[&str]| {
            ThingList::All(told.iter().map(|told| ThingForm::Sentence((*told).to_owned())).collect())
        };
        assert!(fits(&list(&["held", "held amal"]), &there, false));
        assert!(fits(&list(&["no_basis atlas held", "manual"]), &there, false));
        assert!(!fits(&list(&["held amal", "held amal"]), &there, false));
        assert!(!fits(&list(&["held amal"]), &there, false));
        assert!(fits(&ThingList::Count(2), &there, false) && !fits(&ThingList::Count(1), &there, false));
    }
}
