//! `hub review`: the links that a human must decide: list them, look at one, answer it.
//!
//! A list shows ids and reasons only; `show` lays the persons side by side with their names and numbers, because that
//! is what the answer rests on, and is recorded under the name of whoever looks. Both work beside a running hub. An
//! answer is a message: it is decided, journalled and can be decided again. Exit codes: 0 done, 1 it was refused or there is no such review, 2 the command line.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use schemas::ids::{PersonId, ReviewId};
use schemas::message::ReviewAnswer;
use serde::Serialize;

use super::credential::{Credential, SaidReason};
use super::out::out;
use crate::app::DataPlace;
use crate::blast::BlastRadius;
use crate::desk::{Action, Occasion, Saying};
use crate::explain::text;
use crate::store::Store;
use crate::store::rows::{ReviewRow, WaitingRow};
use crate::story::{Resemblance, Side, StoryReader};
use crate::vault::Why;

/// Lists open reviews, shows one, or answers it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: ReviewDeed,
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ReviewDeed {
    /// Open reviews, the most urgent first: a contested number, a held handover, somebody registered.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Records that wait for their person to be known, the oldest first.
    Waiting {
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One review: its persons side by side, with names, dates and numbers.
    Show { review: ReviewId },
    /// What the answer that they are one would touch: decided in memory, nothing is written.
    Report {
        review: ReviewId,
        /// The candidate who would be the same person.
        #[arg(long, value_name = "PERSON")]
        same: PersonId,
    },
    Answer {
        review: ReviewId,
        /// The candidate who is the same person; the two are joined.
        #[arg(long, value_name = "PERSON", required_unless_present_any = ["different", "cannot_tell"])]
        same: Option<PersonId>,
        /// None of the candidates is: they are never joined.
        #[arg(long, conflicts_with = "same")]
        different: bool,
        /// It cannot be told from what is known: it stays open, and goes to the end of the list.
        #[arg(long, conflicts_with_all = ["same", "different"])]
        cannot_tell: bool,
        #[command(flatten)]
        reason: SaidReason,
    },
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read, or nobody decides the answer.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.what {
        ReviewDeed::List { limit } => list(&args.place.beside().await?.store, limit, args.json).await,
        ReviewDeed::Waiting { limit } => waiting(&args.place.beside().await?.store, limit, args.json).await,
        ReviewDeed::Show { review } => show(&args, review).await,
        ReviewDeed::Report { review, same } => {
            let hub = args.place.beside().await?;
            super::split::tell(&hub.rehearsal().same(review, same).await?, args.json)
        }
        ReviewDeed::Answer { review, same, cannot_tell, reason, .. } => {
            let hub = args.place.hub().await?;
            let actor = args.credential.actor(&hub.store, &hub.vault, Action::AnswerReview).await?;
            let other = if cannot_tell { ReviewAnswer::CannotTell } else { ReviewAnswer::Different };
            let answer = same.map_or(other, ReviewAnswer::Same);
            let reason = reason.read()?;
            let said = super::said::say(&hub, &actor, Saying::Reviewed { review, answer, reason }).await?;
            if hub.store.open_review(review).await?.is_some_and(|open| open.proposed.is_some()) {
                writeln!(out(), "it waits for a second person, who must say the same")?;
            }
            Ok(said)
        }
    }
}

/// A review in a list.
#[derive(Debug, Serialize)]
struct Listed {
    review: String,
    reason: String,
    raised_at: String,
    /// What waits for it: `number`, `handover`, `registration`, `account`, `nothing`.
    waits: &'static str,
    /// Whether somebody looked, and could not tell.
    looked_at: bool,
    /// Whom somebody said it is, and who said so: a second must say the same.
    proposed: Option<String>,
    proposed_by: Option<String>,
    person: String,
    candidates: Vec<String>,
}

impl From<&ReviewRow> for Listed {
    fn from(row: &ReviewRow) -> Self {
        Self {
            review: row.id.to_string(),
            reason: row.reason.clone(),
            raised_at: row.raised_at.to_rfc3339(),
            waits: row.waits.as_str(),
            looked_at: row.looked_at,
            proposed: row.proposed.as_ref().map(|(same, _)| same.to_string()),
            proposed_by: row.proposed.as_ref().map(|(_, by)| by.to_string()),
            person: row.person.to_string(),
            candidates: row.candidates.iter().map(PersonId::to_string).collect(),
        }
    }
}

async fn list(store: &Store, limit: u32, json: bool) -> anyhow::Result<ExitCode> {
    let mut out = out();
    for row in &store.open_reviews(limit).await? {
        let Listed { review, reason, raised_at, waits, person, candidates, proposed, proposed_by, .. } =
            &Listed::from(row);
        if json {
            writeln!(out, "{}", serde_json::to_string(&Listed::from(row))?)?;
        } else {
            let or = if candidates.is_empty() { "somebody".to_owned() } else { candidates.join(", ") };
            write!(out, "{review}  {raised_at}  {reason}  {waits} waits  {person} or {or}")?;
            if let (Some(same), Some(by)) = (proposed, proposed_by) {
                write!(out, "  {by} says {same}, a second must say so too")?;
            }
            writeln!(out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn waiting(store: &Store, limit: u32, json: bool) -> anyhow::Result<ExitCode> {
    let mut out = out();
    for WaitingRow { id, source, sender, since } in store.waiting_records(limit).await? {
        let since = since.to_rfc3339();
        if json {
            let row =
                serde_json::json!({ "message": id, "source": source, "sender": sender, "since": since });
            writeln!(out, "{row}")?;
        } else {
            writeln!(out, "{id}  {since}  {source}  {sender}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &Args, review: ReviewId) -> anyhow::Result<ExitCode> {
    let beside = args.place.beside().await?;
    let actor = args.credential.actor(&beside.store, &beside.vault, Action::ShowReview).await?;
    let allowed = beside.rights().await?.allow(&actor, Action::ShowReview, review, Occasion::Task).await?;
    let Some(row) = beside.store.open_review(review).await? else {
        bail!("there is no such open review");
    };
    let ids: Vec<PersonId> = [row.person].iter().chain(&row.candidates).copied().collect();
    let access = allowed.access(Why::Review);
    let reader = StoryReader { store: &beside.store, vault: &beside.vault, access, schemas: None, at: None };
    let persons = reader.persons(&ids).await?;
    let sides: BTreeMap<PersonId, Side> =
        persons.values().map(|person| (person.id, Side::of(person))).collect();
    let model = &beside.config.bundle.model;
    let others = row.candidates.iter().filter_map(|id| persons.get(id));
    let beside_each: Vec<Resemblance> = persons
        .get(&row.person)
        .map_or_else(Vec::new, |own| others.map(|other| Resemblance::of(own, other, model)).collect());
    let mut touched: BTreeMap<PersonId, BlastRadius> = BTreeMap::new();
    for candidate in &row.candidates {
        touched.insert(*candidate, beside.rehearsal().same(review, *candidate).await?);
    }
    let mut out = out();
    if args.json {
        let value = serde_json::json!({
            "review": Listed::from(&row),
            "persons": sides.values().collect::<Vec<_>>(),
            "resemblances": beside_each,
            "touched": touched,
        });
        writeln!(out, "{value}")?;
    } else {
        writeln!(out, "review {}: {}, raised {}", row.id, row.reason, row.raised_at.to_rfc3339())?;
        if let Some((same, by)) = &row.proposed {
            writeln!(out, "  {by} says that it is {same}: a second must say so too")?;
        }
        for side in sides.values() {
            side.rows().iter().try_for_each(|(name, value)| writeln!(out, "  {name:<14} {value}"))?;
            writeln!(out)?;
        }
        beside_each.iter().try_for_each(|resemblance| text::write_resemblance(&mut out, resemblance))?;
        for (candidate, radius) in &touched {
            writeln!(out, "if it is {candidate}:")?;
            radius.text().lines().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
