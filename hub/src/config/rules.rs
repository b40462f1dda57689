//! The files of `rules/` that are no plain values: the target group, modules, who is obliged, changes of territory,
//! holidays.
//!
//! Owns their form; what they promise together is `decide::routing::check`'s to say. Next: [`super`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use decide::bundle::{CandidateKind, CandidateRule, OpenFiles, TargetGroup, TerritoryChange};
use decide::fee::{FeeRule, FeeRules};
use decide::package::{
    Group, ModulePart, ModuleRow, ModuleTable, ModuleVersion, MoveOn, ObligationRule, ObligationRules,
};
use schemas::calendar::{Falls, Holiday, WorkCalendar};
use schemas::fact::Region;
use schemas::municipality::{LanguageArea, NisCode};
use schemas::reference::{CategoryCode, IssuerCode, ModuleCode};
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
    charged: bool,
}

pub(super) fn target_group(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<TargetGroup> {
    let path = Path::new("rules/target-group.toml");
    let read = file::toml::<TargetGroupFile>(dir, path, wrong)?;
    let rule = |file: CandidateFile| CandidateRule {
        from: file.from,
        enrols: file.enrols,
        goes_on: file.goes_on,
        charged: file.charged,
    };
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

/// `rules/modules.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModulesFile {
    /// Who issues proofs of tests that are known.
    issuers: BTreeSet<IssuerCode>,
    module: Vec<ModuleFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleFile {
    code: ModuleCode,
    part: ModulePart,
    #[serde(default)]
    groups: BTreeSet<Group>,
    names: BTreeMap<String, String>,
    done_by: MoveOn,
    versions: Vec<VersionFile>,
    #[serde(default, deserialize_with = "file::some_day")]
    until: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionFile {
    name: String,
    #[serde(deserialize_with = "file::day")]
    from: Day,
}

/// The languages in which a module has a name.
const NAMED_IN: [&str; 3] = ["en", "fr", "nl"];

pub(super) fn modules(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<ModuleTable> {
    let path = Path::new("rules/modules.toml");
    let read = file::toml::<ModulesFile>(dir, path, wrong)?;
    let mut table = ModuleTable { modules: BTreeMap::new(), issuers: read.issuers };
    for module in read.module {
        let code = module.code.as_str().to_owned();
        let mut tell = |is_wrong: bool, text: &str| {
            if is_wrong {
                wrong.push(ConfigError::whole(path, format!("{code}: {text}")));
            }
        };
        tell(!module.names.keys().eq(NAMED_IN), "a module has a name in nl, en and fr");
        tell(module.versions.is_empty(), "a module has a version");
        tell(
            module.groups.is_empty() == (module.part == ModulePart::Focus),
            "a focus module names its groups, and no other does",
        );
        let in_order = module.versions.is_sorted_by(|one, next| one.from < next.from);
        tell(!in_order, "versions stand in the order in which they begin, one a day");
        let last = module.versions.last().map(|version| version.from);
        tell(module.until.is_some_and(|until| Some(until) < last), "it ends before its last version begins");
        tell(table.modules.contains_key(&module.code), "stands there twice");
        let version = |file: VersionFile| ModuleVersion { name: file.name, from: file.from };
        let row = ModuleRow {
            part: module.part,
            groups: module.groups,
            names: module.names,
            done_by: module.done_by,
            versions: module.versions.into_iter().map(version).collect(),
            until: module.until,
        };
        table.modules.insert(module.code, row);
    }
    Some(table)
}

/// `rules/obligation.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObligationFile {
    rule: Vec<ObligationRuleFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObligationRuleFile {
    #[serde(deserialize_with = "file::day")]
    from: Day,
    exempt_from_age: u16,
    entitled: BTreeSet<Group>,
    obliging_grounds: BTreeSet<String>,
}

pub(super) fn obligation(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<ObligationRules> {
    let path = Path::new("rules/obligation.toml");
    let read = file::toml::<ObligationFile>(dir, path, wrong)?;
    in_order(path, read.rule.iter().map(|rule| rule.from), wrong);
    let rule = |file: ObligationRuleFile| ObligationRule {
        from: file.from,
        exempt_from_age: file.exempt_from_age,
        entitled: file.entitled,
        obliging_grounds: file.obliging_grounds,
    };
    Some(ObligationRules(read.rule.into_iter().map(rule).collect()))
}

/// `rules/fee.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeFile {
    rule: Vec<FeeRuleFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeRuleFile {
    #[serde(deserialize_with = "file::day")]
    from: Day,
    euro: u32,
    exempt: BTreeSet<CategoryCode>,
}

pub(super) fn fee(dir: &Path, wrong: &mut Vec<ConfigError>) -> Option<FeeRules> {
    let path = Path::new("rules/fee.toml");
    let read = file::toml::<FeeFile>(dir, path, wrong)?;
    in_order(path, read.rule.iter().map(|rule| rule.from), wrong);
    let rule = |file: FeeRuleFile| FeeRule { from: file.from, euro: file.euro, exempt: file.exempt };
    Some(FeeRules(read.rule.into_iter().map(rule).collect()))
}

/// Rules stand in the order in which they begin.
fn in_order(path: &Path, days: impl Iterator<Item = Day>, wrong: &mut Vec<ConfigError>) {
    if !days.is_sorted_by(|one, next| one < next) {
        wrong.push(ConfigError::whole(path, "rules stand in the order in which they begin, one a day"));
    }
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
