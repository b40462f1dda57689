//! The files of `rules/` that are no plain values: the target group, changes of territory, holidays.
//!
//! Owns their form; what they promise together is `decide::routing::check`'s to say. Next: [`super`].

use std::path::Path;

use decide::bundle::{CandidateKind, CandidateRule, OpenFiles, TargetGroup, TerritoryChange};
use schemas::calendar::{Falls, Holiday, WorkCalendar};
use schemas::fact::Region;
use schemas::municipality::{LanguageArea, NisCode};
use schemas::time::Day;
use serde::Deserialize;

use super::{ConfigError, file};

/// `rules/target-group.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetGroupFile {
    minimum_age: u16,
    review_grounds: Vec<String>,
    areas: Vec<LanguageArea>,
    permit_regions: Vec<Region>,
    candidate: Vec<CandidateFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CandidateFile {
    #[serde(deserialize_with = "file::day")]
    from: Day,
    enrols: Vec<CandidateKind>,
    goes_on: Vec<CandidateKind>,
}

pub(super) fn target_group(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<TargetGroup> {
    let path = Path::new("rules/target-group.toml");
    let read = file::toml::<TargetGroupFile>(dir, path, wrong)?;
    let rule =
        |file: CandidateFile| CandidateRule { from: file.from, enrols: file.enrols, goes_on: file.goes_on };
    let mut candidates: Vec<CandidateRule> = read.candidate.into_iter().map(rule).collect();
    candidates.sort_by_key(|rule| rule.from);
    if let Some(pair) = candidates.windows(2).find(|pair| pair[0].from == pair[1].from) {
        wrong.push(ConfigError::whole(
            path,
            format!("two definitions of the candidate begin on {}", pair[0].from),
        ));
        return None;
    }
    let (minimum_age, review_grounds) = (read.minimum_age, read.review_grounds);
    let (areas, permit_regions) = (read.areas, read.permit_regions);
    Some(TargetGroup { minimum_age, review_grounds, areas, permit_regions, candidates })
}

/// `rules/territory.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TerritoryFile {
    #[serde(default)]
    change: Vec<ChangeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFile {
    nis: NisCode,
    #[serde(deserialize_with = "file::day")]
    on: Day,
    open_files: OpenFiles,
}

impl From<ChangeFile> for TerritoryChange {
    fn from(file: ChangeFile) -> Self {
        Self { nis: file.nis, on: file.on, open_files: file.open_files }
    }
}

pub(super) fn territory(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<Vec<TerritoryChange>> {
    let read = file::toml::<TerritoryFile>(dir, Path::new("rules/territory.toml"), wrong)?;
    Some(read.change.into_iter().map(TerritoryChange::from).collect())
}

/// `rules/holidays.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidaysFile {
    /// The lists that count.
    kept: Vec<String>,
    holiday: Vec<HolidayFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayFile {
    name: String,
    list: String,
    falls: FallsFile,
    #[serde(default, deserialize_with = "file::some_day")]
    from: Option<Day>,
    #[serde(default, deserialize_with = "file::some_day")]
    to: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FallsFile {
    Every(String),
    AfterEaster(i64),
    #[serde(deserialize_with = "file::day")]
    Once(Day),
}

impl FallsFile {
    fn read(&self) -> Result<Falls, &'static str> {
        match self {
            Self::Every(text) => Falls::every(text).ok_or("is no date of every year, like \"05-01\""),
            // The year of an Easter has no day further from it than these.
            Self::AfterEaster(days @ -80..=250) => Ok(Falls::AfterEaster(*days)),
            Self::AfterEaster(_) => Err("lies outside the year of its Easter"),
            Self::Once(day) => Ok(Falls::Once(*day)),
        }
    }
}

pub(super) fn calendar(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<WorkCalendar> {
    let path = Path::new("rules/holidays.toml");
    let read = file::toml::<HolidaysFile>(dir, path, wrong)?;
    let before = wrong.len();
    let nobodys = |list: &&String| read.holiday.iter().all(|holiday| holiday.list != **list);
    let unknown = read.kept.iter().filter(nobodys);
    wrong.extend(unknown.map(|list| ConfigError::whole(path, format!("kept: no holiday is of list {list}"))));
    let mut kept = vec![];
    for holiday in &read.holiday {
        match holiday.falls.read() {
            Ok(falls) if read.kept.contains(&holiday.list) => {
                kept.push(Holiday { falls, from: holiday.from, to: holiday.to });
            }
            Ok(_) => {}
            Err(text) => wrong.push(ConfigError::whole(path, format!("{}: {text}", holiday.name))),
        }
    }
    (wrong.len() == before).then(|| WorkCalendar::of(kept))
}
