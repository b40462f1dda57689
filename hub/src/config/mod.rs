//! The config folder as checked values: the bundle for the heart, settings and senders for the engine.
//!
//! `hub.toml`, `people.toml` and `sources/` are deployment; `agencies/`, `rules/`, `tables/` and `models/` are the
//! bundle, by hash. Owns reading it all and telling every mistake at once; refuses to start on any.
//! What a bundle must promise is proved by `decide::routing::check`.

mod agencies;
mod file;
mod frozen;
mod kafka;
mod law;
pub mod letters;
pub mod models;
mod outward;
mod parts;
mod people;
mod rules;
mod senders;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use decide::Bundle;
use decide::bundle::{Contract, LegalBasis, TerritoryChange};
use decide::model::MatchModel;
use ring::digest::{Context, SHA256};
use schemas::country::Countries;
use schemas::insz::Environment;
use schemas::message::BundleHash;
use schemas::municipality::Municipalities;
use schemas::place::Places;
use schemas::recipient::Recipient;

pub use agencies::Agency;
pub(crate) use file::strictly;
pub use frozen::Frozen;
pub use kafka::{KafkaConfig, Mechanism, Sasl};
pub use outward::Outward;
pub use parts::{LocalNames, TokenHash};
pub use people::{Colleague, DeskRole, HUB, People};
pub use senders::{ANSWER, EVERYBODY, Sender, SenderError, Senders, dev_token};
pub use settings::{AlertSettings, ConsoleSettings, HubSettings, KeysError, Limits, RequestSettings};

/// Everything the hub is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// What decisions rest on beside the facts.
    pub bundle: Bundle,
    /// Where this hub runs.
    pub hub: HubSettings,
    /// Who may send, and as which recipient somebody may answer.
    pub senders: Senders,
    /// Who may do something by hand.
    pub people: People,
    /// What the engine knows of each recipient beside its contract.
    pub agencies: BTreeMap<Recipient, Agency>,
    /// The schemas that were frozen, of the first version on.
    pub frozen: Vec<Frozen>,
    /// How pages call each source.
    pub sources: BTreeMap<String, LocalNames>,
    /// What production lets nothing flow on, because it is not published.
    pub refused: Vec<ConfigError>,
}

/// One mistake in the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// The file or folder, from the root of the config folder.
    pub file: PathBuf,
    /// The line, where the mistake has one.
    pub line: Option<usize>,
    pub message: String,
}

impl ConfigError {
    fn whole(file: impl Into<PathBuf>, message: impl fmt::Display) -> Self {
        Self { file: file.into(), line: None, message: message.to_string() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file.display(), self.message),
            None => write!(f, "{}: {}", self.file.display(), self.message),
        }
    }
}

/// Every mistake in the folder, one a line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ConfigError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl Config {
    /// The recipients whose topics the hub sends to.
    #[must_use]
    pub fn topics(&self) -> Vec<Recipient> {
        let contracts = self.bundle.contracts.iter().map(|contract| &contract.recipient);
        let sends = |name: &&Recipient| self.hub.kafka.as_ref().is_some_and(|kafka| kafka.sends_to(name));
        contracts.filter(sends).cloned().collect()
    }

    /// Reads and checks a config folder.
    ///
    /// # Errors
    /// Every mistake at once; where no file is at fault, what `decide::routing::check` finds.
    pub fn load(dir: &Path) -> Result<Self, ConfigErrors> {
        let mut wrong = vec![];
        let agencies = read_agencies(dir, &mut wrong);
        let hub = file::toml::<HubSettings>(dir, Path::new("hub.toml"), &mut wrong);
        let target_group = rules::target_group(dir, &mut wrong);
        let deadlines = file::toml(dir, Path::new("rules/deadlines.toml"), &mut wrong);
        let territory = rules::territory(dir, &mut wrong);
        let calendar = rules::calendar(dir, &mut wrong);
        let modules = rules::modules(dir, &mut wrong);
        let obligation = rules::obligation(dir, &mut wrong);
        let fee = rules::fee(dir, &mut wrong);
        let model = models::running(dir, &mut wrong);
        let letters = letters::read(dir, &mut wrong).into();
        let municipalities = table(dir, "tables/municipalities.csv", Municipalities::from_csv, &mut wrong);
        let places = municipalities.as_ref().and_then(|municipalities| {
            let path = Path::new("tables/municipality_names.csv");
            let names = file::text(dir, path, &mut wrong)?;
            let read = |text: &str| Places::new(municipalities, &names, text);
            table(dir, "tables/postal_codes.csv", read, &mut wrong)
        });
        let countries = table(dir, "tables/countries.csv", Countries::from_csv, &mut wrong);
        let Agencies { contracts, planned, agencies, mut senders, mut changes, published, mut refused } =
            agencies;
        let frozen = frozen::read(dir, &mut wrong);
        let (sources, more) = read_sources(dir, &mut wrong, &mut refused);
        senders.extend(more);
        let people = people::read(dir, hub.as_ref().map(|hub| hub.environment), &senders, &mut wrong);
        let hash = hash(dir, &mut wrong);
        let (Some(hub), Some(target_group), Some(deadlines), Some(territory), Some(calendar)) =
            (hub, target_group, deadlines, territory, calendar)
        else {
            return Err(ConfigErrors(wrong));
        };
        let (Some(municipalities), Some(places), Some(countries), Some(people)) =
            (municipalities, places, countries, people)
        else {
            return Err(ConfigErrors(wrong));
        };
        let (Some(modules), Some(obligation), Some(fee), Some(model)) = (modules, obligation, fee, model)
        else {
            return Err(ConfigErrors(wrong));
        };
        wrong.extend(hub.wrong_outward().iter().map(|text| ConfigError::whole("hub.toml", text)));
        wrong.extend(check_senders(&senders, hub.environment));
        for name in hub.kafka.iter().flat_map(KafkaConfig::ours) {
            let told = match name.strip_prefix("sasl.") {
                None => format!("kafka.properties: {name} is the hub's own to set; take it out"),
                Some(_) => format!(
                    "kafka.properties: {name} is said in [kafka.sasl]: mechanism, user, password_file"
                ),
            };
            wrong.push(ConfigError::whole("hub.toml", told));
        }
        if hub.environment == Environment::Production && hub.days_ahead != 0 {
            wrong.push(ConfigError::whole("hub.toml", "days_ahead is for rehearsals: refused in production"));
        }
        let open = hub.console.is_some_and(|console| !console.secure_cookie);
        if hub.environment == Environment::Production && open {
            let text =
                "console: secure_cookie = false is refused in production: TLS stands in front of it there";
            wrong.push(ConfigError::whole("hub.toml", text));
        }
        if !wrong.is_empty() {
            return Err(ConfigErrors(wrong));
        }
        changes.extend(territory);
        let parts = Bundle { hash, contracts, municipalities, places, countries, ..Bundle::default() };
        let model = MatchModel { letters, ..model }.into();
        let parts = Bundle { modules, obligation, fee, model, planned, ..parts };
        let mut bundle = Bundle { target_group, deadlines, calendar, changes, ..parts };
        wrong.extend(decide::routing::check(&bundle).iter().map(|text| ConfigError::whole("bundle", text)));
        if !wrong.is_empty() {
            return Err(ConfigErrors(wrong));
        }
        if hub.environment == Environment::Production {
            for contract in &mut bundle.contracts {
                contract.bases = published.get(&contract.recipient).cloned().unwrap_or_default();
            }
            senders.iter_mut().for_each(|sender| sender.bases.clone_from(&sender.published));
        }
        let senders = Senders::new(senders, hub.environment);
        Ok(Self { bundle, hub, senders, people, agencies, frozen, sources, refused })
    }
}

/// What the files of recipients say.
#[derive(Default)]
struct Agencies {
    contracts: Vec<Contract>,
    agencies: BTreeMap<Recipient, Agency>,
    senders: Vec<Sender>,
    changes: Vec<TerritoryChange>,
    /// The contracts that are off.
    planned: Vec<Contract>,
    /// The bases of each that are published.
    published: BTreeMap<Recipient, Vec<LegalBasis>>,
    /// What production lets nothing flow on.
    refused: Vec<ConfigError>,
}

/// The recipients, in the order of their names; each with a token may answer.
fn read_agencies(dir: &Path, wrong: &mut Vec<ConfigError>) -> Agencies {
    let mut all = Agencies::default();
    let mut schemas: BTreeMap<u32, PathBuf> = BTreeMap::new();
    for path in file::list(dir, "agencies", Some(frozen::ENDING), wrong) {
        let Some(read) = file::toml::<agencies::AgencyFile>(dir, &path, wrong) else { continue };
        let recipient = match Recipient::parse(&stem(&path)) {
            Ok(recipient) => recipient,
            Err(error) => {
                wrong.push(ConfigError::whole(path, error));
                continue;
            }
        };
        if let Some(other) = schemas.insert(read.schema_id, path.clone()) {
            let text = format!("schema_id {} is that of {} too", read.schema_id, other.display());
            wrong.push(ConfigError::whole(&path, text));
        }
        let token = read.token_sha256;
        let planned = read.planned;
        if !planned {
            all.changes.extend(read.changes());
        }
        let (contract, agency, bases) = read.split(recipient.clone());
        wrong.extend(bases.wrong.iter().map(|text| ConfigError::whole(&path, text)));
        all.refused.extend(bases.refused.iter().map(|text| ConfigError::whole(&path, text)));
        if planned {
            let text =
                "the contract is planned: it is off, and nothing of it is decided, encoded or sent anywhere";
            all.refused.push(ConfigError::whole(&path, text));
            all.planned.push(contract);
            continue;
        }
        all.senders.extend(token.map(|token| Sender {
            name: recipient.to_string(),
            source: ANSWER.to_owned(),
            speaks_for: BTreeSet::new(),
            bases: contract.bases.clone(),
            published: bases.published.clone(),
            token,
        }));
        all.contracts.push(contract);
        all.published.insert(recipient.clone(), bases.published);
        all.agencies.insert(recipient, agency);
    }
    all.contracts.sort_by(|a, b| a.recipient.cmp(&b.recipient));
    all
}

/// The names and senders of every source; a file's name is its source.
fn read_sources(
    dir: &Path,
    wrong: &mut Vec<ConfigError>,
    refused: &mut Vec<ConfigError>,
) -> (BTreeMap<String, LocalNames>, Vec<Sender>) {
    let (mut names, mut senders) = (BTreeMap::new(), vec![]);
    for path in file::list(dir, "sources", None, wrong) {
        let Some(read) = file::toml::<senders::SourceFile>(dir, &path, wrong) else { continue };
        let source = stem(&path);
        if adapters::source(&source).is_none() {
            wrong.push(ConfigError::whole(path, "there is no source of this name"));
            continue;
        }
        names.insert(source.clone(), read.name.clone());
        let (own, mistakes, unpublished) = read.senders(&source);
        senders.extend(own);
        wrong.extend(mistakes.iter().map(|text| ConfigError::whole(&path, text)));
        refused.extend(unpublished.iter().map(|text| ConfigError::whole(&path, text)));
    }
    (names, senders)
}

/// One token, one organisation; and none that everybody can know where real people are.
fn check_senders(senders: &[Sender], environment: Environment) -> Vec<ConfigError> {
    let mut wrong = vec![];
    for (at, sender) in senders.iter().enumerate() {
        let tell = |text: &str| ConfigError::whole("sources", format!("sender {}: {text}", sender.name));
        let production = environment == Environment::Production;
        if production && senders.iter().any(|other| sender.has_dev_token(&other.name)) {
            wrong.push(tell("a development token is refused in production"));
        }
        if production && sender.has_guessed_token() {
            wrong.push(tell("this token is guessed at once"));
        }
        if senders[..at].iter().any(|other| other.shares_token(sender)) {
            wrong.push(tell("another sender has the same token"));
        }
        if senders[..at].iter().any(|other| other.name == sender.name && other.source == sender.source) {
            wrong.push(tell("is named twice for one source"));
        }
        if sender.bases.is_empty() {
            wrong.push(tell("has no legal basis"));
        }
    }
    wrong
}

fn table<T>(
    dir: &Path,
    path: &str,
    read: impl Fn(&str) -> Result<T, csv::Error>,
    wrong: &mut Vec<ConfigError>,
) -> Option<T> {
    let text = file::text(dir, Path::new(path), wrong)?;
    let tell = |error: csv::Error| {
        let line = error.position().and_then(|at| usize::try_from(at.line()).ok());
        ConfigError { file: path.into(), line, message: error.to_string() }
    };
    read(&text).map_err(|error| wrong.push(tell(error))).ok()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The hash of the bundle: names and lines of its files, in the order of their names. A recipient's
/// token is deployment, so changing it makes no other bundle; a frozen schema repeats what its contract said.
fn hash(dir: &Path, wrong: &mut Vec<ConfigError>) -> BundleHash {
    let mut hash = Context::new(&SHA256);
    let models = dir.join("models").exists().then_some("models");
    for folder in ["agencies", "rules", "tables"].into_iter().chain(models) {
        let entries = fs::read_dir(dir.join(folder)).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.') && !file::ends_in(Path::new(name), frozen::ENDING));
        names.sort_unstable();
        for name in names {
            let path = Path::new(folder).join(name);
            let Some(text) = file::text(dir, &path, wrong) else { continue };
            let text = if folder == "agencies" { without_token(text) } else { text };
            // Every part is framed by a byte that no text contains: no two folders read alike.
            for part in [path.to_string_lossy().as_ref()].into_iter().chain(text.lines()) {
                hash.update(part.as_bytes());
                hash.update(b"\n");
            }
            hash.update(&[0xff]);
        }
    }
    BundleHash(hex::encode(hash.finish()))
}

/// An agency's file without its recipient's token; one that does not read is told elsewhere.
fn without_token(text: String) -> String {
    let Ok(mut file) = text.parse::<toml::Table>() else { return text };
    file.remove("token_sha256");
    file.to_string()
}
