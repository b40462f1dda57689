//! One recipient's file, `agencies/NAME.toml`: what may leave, to whom, why, and who may answer.
//!
//! The file's name is the recipient's name. Owns the form of the file; whether its promises can be
//! kept is `decide::routing::check`'s to say. Next: [`super::senders`] for who sends.

use decide::bundle::{Competence, Contract, OpenFiles, Territory, TerritoryChange};
use schemas::municipality::{LanguageArea, NisCode};
use schemas::recipient::Recipient;
use schemas::time::Day;
use serde::Deserialize;

use super::file::{day, some_day};
use super::law::{BasisFile, FlowBases};
use super::parts::{LocalNames, TokenHash};

/// What the engine knows of a recipient beside its contract.
#[derive(Clone, Debug)]
pub struct Agency {
    /// Its Dutch and English names.
    pub name: LocalNames,
    /// The id of its Avro schema: frozen, because it stands in every record.
    pub schema_id: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgencyFile {
    name: LocalNames,
    pub(super) schema_id: u32,
    /// The SHA-256 of its bearer token; a recipient without one answers through nobody.
    pub(super) token_sha256: Option<TokenHash>,
    /// The contract is off: read and proved, and nothing flows on it.
    #[serde(default)]
    pub(super) planned: bool,
    competence: CompetenceFile,
    pub(super) basis: Vec<BasisFile>,
    offer: Option<FieldsFile>,
    file: FieldsFile,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum CompetenceFile {
    BeforeArrival,
    Territory(Vec<OwnTerritory>),
    Rest(LanguageArea),
    Choice {
        languages: Vec<String>,
        network: String,
        #[serde(default)]
        outside: bool,
    },
    Participant,
    VisaSide,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnTerritory {
    nis: NisCode,
    #[serde(deserialize_with = "day")]
    from: Day,
    #[serde(default, deserialize_with = "some_day")]
    to: Option<Day>,
    #[serde(default = "move_all")]
    open_files: OpenFiles,
}

/// A recipient that takes a territory over takes its people over, unless its row says otherwise.
fn move_all() -> OpenFiles {
    OpenFiles::MoveAll
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldsFile {
    fields: Vec<String>,
}

impl From<CompetenceFile> for Competence {
    fn from(file: CompetenceFile) -> Self {
        match file {
            CompetenceFile::BeforeArrival => Self::BeforeArrival,
            CompetenceFile::Territory(rows) => Self::Territory(
                rows.into_iter().map(|row| Territory { nis: row.nis, from: row.from, to: row.to }).collect(),
            ),
            CompetenceFile::Rest(area) => Self::Rest(area),
            CompetenceFile::Choice { languages, network, outside } => {
                Self::Choice { languages, network, outside }
            }
            CompetenceFile::Participant => Self::Participant,
            CompetenceFile::VisaSide => Self::VisaSide,
        }
    }
}

impl AgencyFile {
    /// What its rows say of files that are open when they begin.
    pub(super) fn changes(&self) -> Vec<TerritoryChange> {
        let CompetenceFile::Territory(rows) = &self.competence else { return vec![] };
        let change =
            |row: &OwnTerritory| TerritoryChange { nis: row.nis, on: row.from, open_files: row.open_files };
        rows.iter().map(change).collect()
    }

    /// The file as what the heart and the engine each need of it.
    pub(super) fn split(self, recipient: Recipient) -> (Contract, Agency, FlowBases) {
        let bases = FlowBases::of(self.basis);
        let contract = Contract {
            recipient,
            competence: self.competence.into(),
            offer: self.offer.map(|offer| offer.fields).unwrap_or_default(),
            file: self.file.fields,
            bases: bases.all.clone(),
        };
        (contract, Agency { name: self.name, schema_id: self.schema_id }, bases)
    }
}
