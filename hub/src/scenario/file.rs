//! The form of a scenario file: strict in its keys, free in what may be left out.
//!
//! Whatever stands in it keeps its line, so that a mistake is told where it is. Refuses to know what a word means:
//! that is [`super::words`]'.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use decide::bundle::OpenFiles;
use schemas::time::{Day, Instant, start_of};
use serde::Deserialize;
use toml::Spanned;

use super::expected::Expected;
use super::moment::ScenarioMoment;
use super::words::Vocabulary;
use crate::config::{ConfigError, strictly};

/// A scenario as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    #[serde(alias = "name")]
    pub(super) title: Option<String>,
    /// What it shows, for who reads it.
    #[serde(alias = "description", alias = "source")]
    #[expect(dead_code, reason = "it is for people")]
    about: Option<String>,
    /// What is put into every item: see `items`.
    #[serde(default)]
    pub(super) with: BTreeMap<String, toml::Value>,
    /// All that is said is a part of a first load: what was so before this day opens nothing until it is approved.
    pub(super) baseline: Option<ScenarioMoment>,
    /// What this scenario's bundle says otherwise than `config/`.
    #[serde(default)]
    pub(super) bundle: ScenarioBundle,
    #[serde(default)]
    say: Vec<Spanned<ScenarioSay>>,
    #[serde(default)]
    answer: Vec<Spanned<ScenarioAnswer>>,
    #[serde(default)]
    order: Vec<Spanned<ScenarioOrder>>,
    #[serde(default)]
    review: Vec<Spanned<ScenarioReview>>,
    #[serde(default)]
    split: Vec<Spanned<ScenarioSplit>>,
    #[serde(default)]
    report: Vec<Spanned<ScenarioReport>>,
    #[serde(default)]
    approve: Vec<Spanned<ScenarioApproval>>,
    #[serde(default)]
    day: Vec<Spanned<ScenarioDay>>,
    #[serde(default)]
    check: Vec<Spanned<Expected>>,
    expect: Option<Spanned<Expected>>,
}

/// What a bundle says otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioBundle {
    /// The legal bases of a recipient.
    #[serde(default)]
    pub(super) basis: BTreeMap<String, Vec<ScenarioBasis>>,
    #[serde(default)]
    pub(super) territory: Vec<ScenarioTerritory>,
}

/// How long a legal basis holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioBasis {
    pub(super) from: ScenarioMoment,
    pub(super) to: Option<ScenarioMoment>,
}

/// What happens to open files where a territory changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioTerritory {
    pub(super) nis: String,
    pub(super) on: ScenarioMoment,
    pub(super) open_files: OpenFiles,
}

/// A source says something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioSay {
    #[serde(alias = "at")]
    on: ScenarioMoment,
    pub(super) source: String,
    pub(super) item: ItemForm,
    /// About whom of `people.toml`.
    #[serde(alias = "person")]
    pub(super) who: Option<String>,
    #[serde(default)]
    pub(super) with: BTreeMap<String, toml::Value>,
    #[serde(alias = "from")]
    pub(super) sender: Option<String>,
    #[serde(alias = "result")]
    pub(super) verdict: Option<String>,
}

/// What is said: a text or the name of a file, or the item itself as a table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ItemForm {
    Text(String),
    Table(toml::Table),
}

/// An agency answers an offer of its own, or says what came of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioAnswer {
    #[serde(alias = "at")]
    on: ScenarioMoment,
    #[serde(alias = "from", alias = "agency", alias = "by")]
    pub(super) recipient: String,
    #[serde(alias = "answer", alias = "says")]
    pub(super) kind: AnswerForm,
    #[serde(alias = "who", alias = "handover")]
    pub(super) of: Option<Of>,
    /// Why, of a no.
    #[serde(alias = "reason")]
    pub(super) code: Option<String>,
    /// The epoch that it names; that of the offer unless said.
    pub(super) epoch: Option<u32>,
    /// The number of the record that it quotes; that of the offer unless said.
    pub(super) sequence: Option<u64>,
    /// `wrong`: what was stored is not what was sent.
    pub(super) hash: Option<String>,
    #[serde(alias = "result")]
    pub(super) verdict: Option<String>,
}

/// An answer by its name, or in the form of `POST …/answers`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum AnswerForm {
    Name(String),
    Table(BTreeMap<String, toml::Value>),
}

/// Which handover is meant: the n-th offer of this recipient, whose it is, or `first` and `last`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Of {
    Number(usize),
    Whose(String),
}

/// The desk orders something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioOrder {
    #[serde(alias = "at")]
    on: ScenarioMoment,
    #[serde(alias = "kind", alias = "what")]
    pub(super) order: String,
    #[serde(alias = "who", alias = "handover")]
    pub(super) of: Option<Of>,
    /// The recipient of the handover that is meant.
    pub(super) recipient: Option<String>,
    #[serde(alias = "result")]
    pub(super) verdict: Option<String>,
}

/// A human answers the review that was opened last.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioReview {
    #[serde(alias = "at")]
    on: ScenarioMoment,
    #[serde(alias = "kind", alias = "says")]
    pub(super) answer: String,
    /// Who says so; as many as must say it where nobody is named.
    pub(super) by: Option<String>,
    #[serde(alias = "who")]
    pub(super) of: Option<Of>,
    #[serde(alias = "result")]
    pub(super) verdict: Option<String>,
}

/// Records of a person are somebody else's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioSplit {
    #[serde(alias = "at")]
    on: ScenarioMoment,
    /// Who has them now.
    #[serde(alias = "who")]
    pub(super) of: String,
    /// Whose they are: all that was said of them under this name.
    pub(super) records: String,
    /// Who orders it; as many as must order it where nobody is named.
    pub(super) by: Option<String>,
    #[serde(alias = "result")]
    pub(super) verdict: Option<String>,
}

/// What a first load would open is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioReport {
    #[serde(alias = "at")]
    on: ScenarioMoment,
}

/// What a first load opens is approved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioApproval {
    #[serde(alias = "at")]
    on: ScenarioMoment,
    #[serde(alias = "result")]
    pub(super) verdict: Option<String>,
}

/// Time passes, and nobody says anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioDay {
    #[serde(alias = "to", alias = "until", alias = "at")]
    on: Option<ScenarioMoment>,
    /// So many days; one unless said.
    days: Option<u64>,
    months: Option<u32>,
}

/// One turn of a scenario.
#[derive(Clone, Copy, Debug)]
pub(super) enum ScenarioTurn<'a> {
    Say(&'a ScenarioSay),
    Answer(&'a ScenarioAnswer),
    Order(&'a ScenarioOrder),
    Review(&'a ScenarioReview),
    Split(&'a ScenarioSplit),
    Report,
    Approve(&'a ScenarioApproval),
    Day,
    Check(&'a Expected),
}

/// When a turn comes.
enum Comes {
    On(ScenarioMoment),
    After(u32, u64),
    /// With the turn above it.
    Now,
}

/// A file, with its text, or every mistake in it.
pub(super) fn read(path: &Path) -> Result<(String, ScenarioFile), Vec<ConfigError>> {
    let whole = |error| vec![ConfigError { file: path.to_owned(), line: None, message: format!("{error}") }];
    let text = fs::read_to_string(path).map_err(whole)?;
    let mut file: ScenarioFile = strictly(&text, path)?;
    for check in file.check.iter_mut().chain(&mut file.expect) {
        check.as_mut().line = line(&text, check.span().start);
    }
    Ok((text, file))
}

impl ScenarioFile {
    /// Every turn with its time and its place in the file, in the order of their times; those of one day in the order
    /// of the file, unless their times say otherwise. What must have come of it in the end comes last.
    pub(super) fn turns(&self, text: &str) -> Vec<(Instant, usize, ScenarioTurn<'_>)> {
        let mut turns: Vec<(usize, Comes, ScenarioTurn<'_>)> = vec![];
        let of = |span: std::ops::Range<usize>| span.start;
        turns.extend(
            self.say.iter().map(|s| (of(s.span()), Comes::On(s.as_ref().on), ScenarioTurn::Say(s.as_ref()))),
        );
        turns.extend(
            self.answer
                .iter()
                .map(|a| (of(a.span()), Comes::On(a.as_ref().on), ScenarioTurn::Answer(a.as_ref()))),
        );
        turns.extend(
            self.order
                .iter()
                .map(|o| (of(o.span()), Comes::On(o.as_ref().on), ScenarioTurn::Order(o.as_ref()))),
        );
        turns.extend(
            self.review
                .iter()
                .map(|r| (of(r.span()), Comes::On(r.as_ref().on), ScenarioTurn::Review(r.as_ref()))),
        );
        turns.extend(
            self.split
                .iter()
                .map(|s| (of(s.span()), Comes::On(s.as_ref().on), ScenarioTurn::Split(s.as_ref()))),
        );
        turns.extend(
            self.report.iter().map(|r| (of(r.span()), Comes::On(r.as_ref().on), ScenarioTurn::Report)),
        );
        turns.extend(
            self.approve
                .iter()
                .map(|a| (of(a.span()), Comes::On(a.as_ref().on), ScenarioTurn::Approve(a.as_ref()))),
        );
        turns.extend(self.day.iter().map(|d| {
            let day = d.as_ref();
            let bare = day.days.is_none() && day.months.is_none();
            let after = Comes::After(day.months.unwrap_or(0), day.days.unwrap_or(u64::from(bare)));
            (of(d.span()), day.on.map_or(after, Comes::On), ScenarioTurn::Day)
        }));
        let checks = self.check.iter().map(|check| {
            let comes = check.as_ref().on.map_or(Comes::Now, Comes::On);
            (of(check.span()), comes, ScenarioTurn::Check(check.as_ref()))
        });
        turns.extend(checks);
        turns.sort_by_key(|(at, ..)| *at);
        let mut last: Option<Instant> = None;
        let mut timed: Vec<(Instant, usize, ScenarioTurn<'_>)> = vec![];
        for (place, comes, turn) in turns {
            let first = Instant::UNIX_EPOCH;
            let at = match comes {
                Comes::On(ScenarioMoment { at: Some(at), .. }) => at,
                // Without a time it comes when the day begins, or after what stands above it on that day.
                Comes::On(ScenarioMoment { day, at: None }) => on_day(day, last),
                Comes::After(months, days) => after(last.unwrap_or(first), months, days),
                Comes::Now => last.unwrap_or(first),
            };
            last = Some(at);
            timed.push((at, place, turn));
        }
        timed.sort_by_key(|(at, ..)| *at);
        let end = timed.last().map_or(Instant::UNIX_EPOCH, |(at, ..)| *at);
        if let Some(expect) = &self.expect {
            let at = expect.as_ref().on.map_or(end, |on| on.at.unwrap_or_else(|| start_of(on.day)).max(end));
            timed.push((at, of(expect.span()), ScenarioTurn::Check(expect.as_ref())));
        }
        timed.into_iter().map(|(at, place, turn)| (at, line(text, place), turn)).collect()
    }

    /// Every word of what is expected that means nothing, with its line.
    pub(super) fn unknown_words(&self, words: &Vocabulary, text: &str) -> Vec<(Option<usize>, String)> {
        let checks = self.check.iter().chain(&self.expect);
        checks.flat_map(|check| check.as_ref().unknown_words(words, text)).collect()
    }
}

/// The line of a place.
fn line(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

fn on_day(day: Day, last: Option<Instant>) -> Instant {
    let begins = start_of(day);
    let above = last.filter(|last| schemas::time::day_of(*last) == day);
    above.map_or(begins, |above| above + chrono::TimeDelta::seconds(1))
}

/// So many months and days after a moment: when that day begins.
fn after(from: Instant, months: u32, days: u64) -> Instant {
    let day = schemas::time::day_of(from);
    let later = day.checked_add_months(chrono::Months::new(months));
    let later = later.and_then(|day| day.checked_add_days(chrono::Days::new(days)));
    later.map_or(from, start_of)
}
