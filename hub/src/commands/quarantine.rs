//! `hub quarantine`: messages that could not be processed: list them, look at one, have them decided again, close one.
//!
//! Works beside a hub that runs, which decides what is repeated as late messages. A list shows ids, codes and times and
//! asks nobody who they are; anything else is recorded under a name. Exit codes: 0 done, 1 whoever runs it may not, or what
//! stands does not allow it, 2 the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use decide::world::Aside;
use schemas::ids::MessageId;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::credential::{Credential, SaidReason};
use super::out::out;
use crate::app::{Beside, DataPlace};
use crate::desk::{Action, Occasion};
use crate::quarantine::{Quarantine, Which};
use crate::store::Store;
use crate::store::quarantine::Remedies;
use crate::store::rows::{AsideRow, Detail, Outcome, StoredDecision};
use crate::vault::Why;

/// How long the decision of what is repeated is waited for.
const WAIT: Duration = Duration::from_secs(2);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(50);
/// How many are followed to their decision.
const FOLLOWED: usize = 100;

/// Lists, shows, repeats and closes messages that could not be processed.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: QuarantineDeed,
    #[command(flatten)]
    place: DataPlace,
    #[command(flatten)]
    credential: Credential,
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum QuarantineDeed {
    /// Messages that lie aside, the oldest first.
    List {
        /// Only those under this code.
        #[arg(long, value_name = "CODE", value_parser = aside)]
        cause: Option<Aside>,
        /// How many at most.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// One message: where it comes from, what was decided about it, and what was done by hand.
    Show { message: MessageId },
    /// Puts one message, or all under a code, back for decision: after the fault is mended.
    #[command(group(clap::ArgGroup::new("which").required(true).args(["message", "cause"])))]
    Repeat {
        message: Option<MessageId>,
        /// All that lie aside under this code.
        #[arg(long, value_name = "CODE", value_parser = aside)]
        cause: Option<Aside>,
        #[command(flatten)]
        reason: SaidReason,
    },
    /// Closes one message for good: nothing follows from it.
    Close {
        message: MessageId,
        #[command(flatten)]
        reason: SaidReason,
    },
}

fn aside(code: &str) -> Result<Aside, String> {
    let codes = || Aside::ALL.map(Aside::code).join(", ");
    code.parse().map_err(|error| format!("{error}; the codes are {}", codes()))
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be read or written, or whoever runs it may not.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let beside = args.place.beside().await?;
    match &args.what {
        QuarantineDeed::List { cause, limit } => list(&beside.store, *cause, *limit, args.json).await,
        QuarantineDeed::Show { message } => show(&args, &beside, *message).await,
        QuarantineDeed::Repeat { message, cause, reason } => {
            let which = match (message, cause) {
                (Some(id), _) => Which::Message(*id),
                (None, cause) => Which::Cause(cause.context("name a message or a cause")?),
            };
            let done = act(&args, &beside, Action::RepeatQuarantined, which, &reason.read()?).await?;
            repeated(&beside.store, &done, args.json).await
        }
        QuarantineDeed::Close { message, reason } => {
            act(&args, &beside, Action::CloseQuarantined, Which::Message(*message), &reason.read()?).await?;
            if args.json {
                writeln!(out(), "{}", json!({ "message": message.to_string(), "closed": true }))?;
            } else {
                writeln!(out(), "closed: {message}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn act(
    args: &Args,
    beside: &Beside,
    action: Action,
    which: Which,
    reason: &str,
) -> anyhow::Result<Vec<MessageId>> {
    let actor = args.credential.actor(&beside.store, &beside.vault, action).await?;
    let allowed = beside.rights().await?.allow(&actor, action, which, Occasion::Incident).await?;
    let hub = &beside.config.hub;
    let remedies = Remedies::open(&hub.database).await?;
    let quarantine = Quarantine::new(&beside.store, remedies, &beside.vault, hub.clock());
    Ok(quarantine.act(&allowed, which, reason).await?)
}

async fn list(store: &Store, cause: Option<Aside>, limit: u32, json: bool) -> anyhow::Result<ExitCode> {
    let mut out = out();
    for row in &store.quarantine(cause, None, limit).await? {
        let AsideRow { id, code, at, source, sender, received_at, .. } = row;
        let (code, at, received) = (code.code(), at.to_rfc3339(), received_at.to_rfc3339());
        if json {
            let value = json!({
                "message": id.to_string(),
                "code": code,
                "source": source,
                "sender": sender,
                "received_at": received,
                "put_aside_at": at,
            });
            writeln!(out, "{value}")?;
        } else {
            writeln!(out, "{id}  {at}  {code}  {source} of {sender}, received {received}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &Args, beside: &Beside, id: MessageId) -> anyhow::Result<ExitCode> {
    let action = Action::ShowQuarantined;
    let actor = args.credential.actor(&beside.store, &beside.vault, action).await?;
    let allowed = beside.rights().await?.allow(&actor, action, id, Occasion::Incident).await?;
    let row = beside.store.message(id).await?.context("no message has this id")?;
    let open = beside.store.put_aside(id).await?.is_some();
    let decisions = beside.store.decisions(id).await?;
    let mut acts = vec![];
    for (n, act) in beside.store.acts(id).await? {
        let reason = beside.vault.said(&act, allowed.access(Why::Quarantine))?;
        acts.push((n, act, reason));
    }
    let mut out = out();
    if args.json {
        let value = json!({
            "message": id.to_string(),
            "source": row.source,
            "sender": row.sender,
            "received_at": row.received_at.to_rfc3339(),
            "lies_aside": open,
            "decisions": decisions.iter().map(decision).collect::<Vec<_>>(),
            "acts": acts.iter().map(|(n, act, reason)| json!({
                "about_decision": n,
                "what": act.remedy.as_str(),
                "actor": act.actor,
                "at": act.at.to_rfc3339(),
                "reason": reason,
            })).collect::<Vec<_>>(),
        });
        writeln!(out, "{value}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let stands = if open { "It lies aside." } else { "It does not lie aside." };
    writeln!(
        out,
        "message {id}: {} of {}, received {}. {stands}",
        row.source,
        row.sender,
        row.received_at.to_rfc3339()
    )?;
    for (n, made) in (1u64..).zip(&decisions) {
        let StoredDecision { order, known_at, outcome, detail, .. } = made;
        let code = detail.as_ref().map(|detail| format!(": {}", code(detail))).unwrap_or_default();
        writeln!(out, "  decision {order}, {}: {}{code}", known_at.to_rfc3339(), word(*outcome))?;
        for (_, act, reason) in acts.iter().filter(|(about, ..)| *about == n) {
            let (what, who, at) = (act.remedy.as_str(), &act.actor, act.at.to_rfc3339());
            writeln!(out, "    {what} by {who}, {at}: {reason}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn decision(made: &StoredDecision) -> Value {
    json!({
        "order": made.order,
        "known_at": made.known_at.to_rfc3339(),
        "outcome": word(made.outcome),
        "code": made.detail.as_ref().map(code),
    })
}

fn code(detail: &Detail) -> &'static str {
    match detail {
        Detail::Refused(refusal) => refusal.code(),
        Detail::Aside(aside) => aside.code(),
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Decided => "decided",
        Outcome::Waiting => "waiting",
        Outcome::Refused => "refused",
        Outcome::Quarantined => "put aside",
        Outcome::Closed => "closed",
    }
}

/// Tells what was put back, and what it came to where that is known soon.
async fn repeated(store: &Store, done: &[MessageId], json: bool) -> anyhow::Result<ExitCode> {
    let end = Instant::now() + WAIT;
    let followed = &done[..done.len().min(FOLLOWED)];
    while !store.queued(followed).await?.is_empty() && Instant::now() < end {
        sleep(LOOK).await;
    }
    let queued: BTreeSet<MessageId> = store.queued(done).await?.into_iter().map(|row| row.id).collect();
    let mut ends: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut out = out();
    for id in done {
        let receipt = if queued.contains(id) { None } else { store.receipt(*id).await? };
        let end = receipt.and_then(|receipt| receipt.outcome).map_or("to be decided", word);
        *ends.entry(end).or_default() += 1;
        if json {
            writeln!(out, "{}", json!({ "message": id.to_string(), "outcome": end }))?;
        }
    }
    if !json {
        let ends = ends.iter().map(|(end, count)| format!("{count} {end}")).collect::<Vec<_>>().join(", ");
        writeln!(out, "put back for decision: {}; now {ends}", done.len())?;
    }
    Ok(ExitCode::SUCCESS)
}
