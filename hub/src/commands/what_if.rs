//! `hub what-if`: what a draft of the config would do with everybody on a day. Reads beside a running hub; nothing is
//! written, nothing is sent, and no personal value is shown.
//!
//! Exit codes: 0 told, 1 the draft has mistakes, or the store cannot be read.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use schemas::time::{Day, day_of};

use super::out::out;
use super::route::day;
use crate::app::DataPlace;
use crate::config::Config;
use crate::relink::Relinked;
use crate::what_if::{Standing, WhatIf, what_if};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The config folder as it would be: territories, target group, contracts, deadlines.
    #[arg(long, value_name = "DIR")]
    draft: PathBuf,
    /// On which day; today unless said. What becomes true until then is taken along, under both.
    #[arg(long, value_name = "DAY", value_parser = day)]
    on: Option<Day>,
    #[command(flatten)]
    place: DataPlace,
    /// Print it as JSON: who moves as well.
    #[arg(long)]
    json: bool,
}

/// Runs it.
///
/// # Errors
/// Where the draft has mistakes, the day is past, or the store cannot be read.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let draft = Config::load(&args.draft)?;
    let hub = args.place.beside().await?;
    let on = args.on.unwrap_or_else(|| day_of(hub.config.hub.clock().now()));
    let told = what_if(&hub.store, &hub.vault, &hub.config.bundle, &draft.bundle, on).await?;
    let mut out = out();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&told)?)?;
    } else {
        write!(out, "{}", text(&told))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// It as a table, a line for those who move alike.
fn text(told: &WhatIf) -> String {
    let moved: u64 = told.moved.iter().map(|moved| moved.persons).sum();
    let mut text = format!("on {}: {moved} of {} persons would stand elsewhere\n", told.on, told.persons);
    for moved in &told.moved {
        text += &format!("{:>7}  {}  ->  {}\n", moved.persons, place(&moved.now), place(&moved.draft));
    }
    if let Some(links) = &told.links {
        text += &of_links(links);
    }
    for (count, what) in [(told.unreadable, "do not open"), (told.failed, "could not be decided")] {
        if count > 0 {
            text += &format!("{count:>7}  {what}: nothing is told of them\n");
        }
    }
    text
}

fn of_links(links: &Relinked) -> String {
    let Relinked { records, gained, lost, changed, questions: (now, draft), .. } = links;
    let mut text = format!(
        "another match model: of {records} records {gained} pairs more would be one person's, {lost} fewer; {changed} \
         records would change persons; {now} questions to people would be {draft}\n"
    );
    for who in &links.joined {
        let who: Vec<String> = who.iter().map(ToString::to_string).collect();
        text += &format!("   joined  {}\n", who.join("  "));
    }
    for who in &links.parted {
        text += &format!("   parted  {who}\n");
    }
    if links.unreadable > 0 {
        text += &format!("{:>7}  records do not open: nothing is told of them\n", links.unreadable);
    }
    text
}

fn place(standing: &Standing) -> String {
    let responsible = standing.responsible.as_ref().map_or("nobody", |recipient| recipient.as_str());
    match (standing.handover, &standing.to) {
        (Some(state), Some(to)) => format!("{responsible} ({} at {to})", state.as_str()),
        (Some(state), None) => format!("{responsible} ({})", state.as_str()),
        (None, _) => responsible.to_owned(),
    }
}
