//! `hub split`: records of a person are somebody else's: what that would touch, and the order itself.
//!
//! `report` reads beside a hub that runs, decides it in memory, writes nothing and shows no personal value. `order` is a
//! message: it is decided, journalled and can be decided again; where a national number is involved it is done when a
//! second, other person orders the same (docs/identity.md#taken-apart). Exit codes: 0 told, ordered or done; 1 it was
//! refused, or whoever runs it may not; 2 the command line.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use schemas::ids::{MessageId, PersonId};

use super::credential::{Credential, SaidReason};
use super::out::out;
use crate::app::DataPlace;
use crate::blast::BlastRadius;
use crate::desk::{Action, Saying};
use crate::store::{Store, StoreError};

/// Tells what a split would touch, or orders it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: DataPlace,
    #[command(subcommand)]
    what: SplitDeed,
}

#[derive(Debug, clap::Subcommand)]
enum SplitDeed {
    /// Decide it in memory, and tell what would be touched.
    Report {
        #[command(flatten)]
        records: WhichRecords,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take these records apart from the others.
    Order {
        #[command(flatten)]
        records: WhichRecords,
        #[command(flatten)]
        reason: SaidReason,
        #[command(flatten)]
        credential: Credential,
    },
}

/// Which records of whom.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = true, args = ["records", "absorbed"])]
struct WhichRecords {
    /// The person who has the records now.
    person: PersonId,
    /// The records that are somebody else's: their messages, as `hub explain --person` lists them.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    records: Vec<MessageId>,
    /// All that somebody had before they were merged into the person.
    #[arg(long, value_name = "PERSON")]
    absorbed: Vec<PersonId>,
}

impl WhichRecords {
    async fn read(&self, store: &Store) -> Result<BTreeSet<MessageId>, StoreError> {
        let mut records: BTreeSet<MessageId> = self.records.iter().copied().collect();
        for id in &self.absorbed {
            records.extend(store.records_of(*id).await?);
        }
        Ok(records)
    }
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or nobody decides it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.what {
        SplitDeed::Report { records, json } => {
            let hub = args.place.beside().await?;
            let which = records.read(&hub.store).await?;
            tell(&hub.rehearsal().split(records.person, which).await?, json)
        }
        SplitDeed::Order { records, reason, credential } => {
            let hub = args.place.hub().await?;
            let actor = credential.actor(&hub.store, &hub.vault, Action::SplitPerson).await?;
            let (reason, which) = (reason.read()?, records.read(&hub.store).await?);
            let person = hub.store.survivor(records.person).await?;
            let said =
                super::said::say(&hub, &actor, Saying::Split { person, records: which, reason }).await?;
            if said == ExitCode::SUCCESS && hub.store.survivor(person).await? == person {
                writeln!(out(), "it waits for a second person, who must order the same")?;
            }
            Ok(said)
        }
    }
}

/// Prints what would be touched.
pub(super) fn tell(told: &BlastRadius, json: bool) -> anyhow::Result<ExitCode> {
    let mut out = out();
    if json {
        writeln!(out, "{}", serde_json::to_string(told)?)?;
    } else {
        write!(out, "{}", told.text())?;
    }
    Ok(if told.refused.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
