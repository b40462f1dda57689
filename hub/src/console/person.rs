//! `GET /persons/{id}`: who somebody is, field by field, with source, date and rule, and what else was said.
//!
//! Drawn from the person's story ([`crate::story`]). Values stand there by their shape alone, and for who reviews links only;
//! whoever was absorbed is told as their survivor. Next: [`crate::story::GoldenStory`].

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use schemas::ids::PersonId;
use schemas::time::day_of;

use super::parts::{Frame, Icons, short};
use super::review::InLanguage;
use super::session::Session;
use super::times::{Calendar, Stamp};
use super::words::golden;
use super::words::review::{self, DeskLanguage};
use super::{ConsoleHere, Page, PageError, words};
use crate::desk::Action;
use crate::history::HistoryError;
use crate::story::{StatedFact, StoryGiven, StoryReader, tell};
use crate::vault::{self, Access};

/// What one source said of a field.
#[derive(Debug)]
struct ShownClaim {
    /// By its shape; nothing for who does not review.
    shape: Option<String>,
    source: &'static str,
    stated: Stamp,
}

/// One field of who they are.
#[derive(Debug)]
struct GoldenRow {
    field: String,
    decides: ShownClaim,
    rule: String,
    /// What else was said, and whether it is the same.
    others: Vec<(&'static str, ShownClaim)>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct WhoTheyAre {
    frame: Frame,
    icons: Icons,
    w: DeskLanguage,
    languages: [(&'static str, &'static str, bool); 3],
    id: String,
    short: String,
    may: bool,
    readable: bool,
    rows: Vec<GoldenRow>,
}

/// `GET /persons/{id}`
pub(super) async fn show(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Query(asked): Query<InLanguage>,
) -> Page {
    let asked_for: PersonId = id.parse().map_err(|_| PageError::Missing)?;
    let w = asked.language();
    let access = Access { actor: session.actor.name().as_str(), why: vault::Why::Console };
    let reader =
        StoryReader { store: &console.store, vault: &console.vault, access, schemas: None, at: None };
    let known = match reader.known(asked_for).await {
        Ok(known) if known.own.entries.is_empty() => return Err(PageError::Missing),
        Ok(known) => Some(known),
        Err(HistoryError::Shut(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let may = session.actor.may(Action::AnswerReview);
    let calendar = Calendar { now: console.clock.now(), language: w };
    let given = StoryGiven { bundle: &console.config.bundle, on: day_of(console.clock.now()), values: may };
    let story = match &known {
        Some(known) => Some(tell(known, given).map_err(HistoryError::from)?),
        None => None,
    };
    let claim = |fact: &StatedFact| ShownClaim {
        shape: fact.shape(),
        source: golden::authority(w, fact.authority),
        stated: calendar.at(fact.stated_at),
    };
    let same = |agrees: bool| w.say(if agrees { golden::AGREES } else { golden::DIFFERS });
    let fields = story.iter().flat_map(|story| &story.golden);
    let rows = fields.map(|told| GoldenRow {
        field: w.named(golden::FIELDS, &name(&told.decides.field)),
        decides: claim(&told.decides),
        rule: w.named(golden::RULES, told.rule),
        others: told.others.iter().map(|other| (same(other.agrees), claim(&other.fact))).collect(),
    });
    let rows = rows.collect();
    let states = console.store.handover_states().await?;
    let id = known.as_ref().map_or(asked_for, |known| known.person).to_string();
    let page = WhoTheyAre {
        frame: Frame::new(&console, &session, words::PERSON, super::overview::open(&states)),
        icons: Icons,
        w,
        languages: w.choices(),
        short: short(&id),
        id,
        may,
        readable: story.is_some(),
        rows,
    };
    Ok(Html(page.render()?))
}

/// The name of a word of a closed list.
fn name(word: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(word).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned()
}
