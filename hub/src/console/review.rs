//! `/nakijken`: the desk where links are reviewed, item by item, and where a human answers.
//!
//! Shows how two persons resemble each other by field, each value by its shape alone; no answer is chosen beforehand. Who
//! may not review sees what is open and no comparison. Refuses to say who is who: an answer is a message, through the desk.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use schemas::ids::{PersonId, ReviewId};
use schemas::message::ReviewAnswer;
use serde::Deserialize;

use super::parts::{Badge, Frame, Icons, short};
use super::session::Session;
use super::sign::Made;
use super::times::{Calendar, Stamp, span};
use super::touched::WouldTouch;
use super::words::review::{self, DeskLanguage};
use super::{Console, ConsoleHere, Page, PageError, notice, words};
use crate::desk::{Action, DeskSaid, Saying};
use crate::store::rows::{Detail, Outcome, ReviewRow};
use crate::story::{Resemblance, ResemblanceField, StoryReader};
use crate::vault::{self, Access};

/// How many open reviews the list shows: the most urgent.
const LISTED: u32 = 50;

/// Which language is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct InLanguage {
    #[serde(default)]
    lang: String,
}

impl InLanguage {
    pub(super) fn language(&self) -> DeskLanguage {
        DeskLanguage::of(&self.lang)
    }
}

/// One open review in the list.
#[derive(Debug)]
struct ListedReview {
    id: String,
    short: String,
    here: bool,
    reason: String,
    age: String,
    waits: String,
    looked_at: bool,
    proposed: bool,
}

/// The review that is looked at.
#[derive(Debug)]
struct ReviewItem {
    id: String,
    short: String,
    person: String,
    whose: String,
    since: Stamp,
    reason: String,
    /// Whether whoever looks may review.
    may: bool,
    proposed: Option<ShownProposal>,
    candidates: Vec<ShownCandidate>,
}

/// What somebody said of it that waits for a second.
#[derive(Debug)]
struct ShownProposal {
    by: String,
    /// Which candidate they mean, as the page counts them; else by their id.
    n: Option<usize>,
    short: String,
    /// Whether whoever looks said so.
    mine: bool,
}

/// One person whom it may be.
#[derive(Debug)]
struct ShownCandidate {
    n: usize,
    id: String,
    short: String,
    /// Whoever looks has said so already.
    said: bool,
    touched: WouldTouch,
    stops: String,
    score: String,
    asks: String,
    links: String,
    prior: String,
    prior_bar: WeightBar,
    scale: Scale,
    rows: Vec<ShownField>,
}

/// One field of both.
#[derive(Debug)]
struct ShownField {
    field: String,
    sides: [ShownSide; 2],
    badge: Badge,
    kind: Option<String>,
    weight: String,
    bar: WeightBar,
}

#[derive(Debug)]
struct ShownSide {
    label: String,
    shapes: Vec<String>,
}

/// Where the parts of the scale stand.
#[derive(Debug)]
struct Scale {
    score: String,
    asks: String,
    links: String,
    middle: String,
    new: String,
    between: String,
    rest: String,
}

impl Scale {
    /// From ten bits below zero to twenty above it.
    fn of(resemblance: &Resemblance) -> Self {
        let place = |bits: f64| (253.3 + bits * 23.33).clamp(20.0, 720.0);
        let (asks, links) = (place(resemblance.asks_from), place(resemblance.links_from));
        let text = |place: f64| format!("{place:.1}");
        Self {
            // The words above it stay within the picture.
            score: text(place(resemblance.weight).clamp(50.0, 690.0)),
            asks: text(asks),
            links: text(links),
            middle: text(f64::midpoint(asks, links)),
            new: text(asks - 20.0),
            between: text(links - asks),
            rest: text(720.0 - links),
        }
    }
}

/// A weight as a bar to the left or the right of nothing; the number stands beside it.
#[derive(Template, Clone, PartialEq, Eq, Debug)]
#[template(
    ext = "html",
    source = "<svg class=\"wb\" viewBox=\"0 0 64 10\" aria-hidden=\"true\"><path class=\"ax\" d=\"M38 0v10\"/>\
              <rect class=\"val{% if against %} bad{% endif %}\" x=\"{{ x }}\" y=\"1\" width=\"{{ width }}\" height=\"8\"/></svg>"
)]
struct WeightBar {
    against: bool,
    x: String,
    width: String,
}

impl HtmlSafe for WeightBar {}

impl WeightBar {
    fn of(bits: f64) -> Self {
        let width = (bits * 2.9).clamp(-37.0, 26.0);
        let x = if width < 0.0 { 38.0 + width } else { 38.0 };
        Self { against: width < 0.0, x: format!("{x:.1}"), width: format!("{:.1}", width.abs()) }
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewDesk {
    frame: Frame,
    icons: Icons,
    w: DeskLanguage,
    /// The address of this page.
    here: String,
    languages: [(&'static str, &'static str, bool); 3],
    list: Vec<ListedReview>,
    item: Option<ReviewItem>,
}

/// `GET /nakijken`: the most urgent one.
pub(super) async fn first(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Query(asked): Query<InLanguage>,
) -> Page {
    let rows = console.store.open_reviews(LISTED).await?;
    // What waits for somebody else than whoever looks comes after what does not.
    let mine = |row: &&ReviewRow| row.proposed.as_ref().is_some_and(|(_, by)| by == session.actor.name());
    let row = rows.iter().find(|row| !mine(row)).or(rows.first()).cloned();
    page(&console, &session, &rows, row, "/nakijken".to_owned(), asked.language()).await
}

/// `GET /nakijken/{review}`
pub(super) async fn show(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Query(asked): Query<InLanguage>,
) -> Page {
    let id: ReviewId = id.parse().map_err(|_| PageError::Missing)?;
    let row = console.store.open_review(id).await?.ok_or(PageError::Missing)?;
    let rows = console.store.open_reviews(LISTED).await?;
    page(&console, &session, &rows, Some(row), format!("/nakijken/{id}"), asked.language()).await
}

async fn page(
    console: &Console,
    session: &Session,
    rows: &[ReviewRow],
    row: Option<ReviewRow>,
    here: String,
    w: DeskLanguage,
) -> Page {
    let calendar = Calendar { now: console.clock.now(), language: w };
    let states = console.store.handover_states().await?;
    let own = row.as_ref().map(|row| row.id);
    let listed = |row: &ReviewRow| ListedReview {
        id: row.id.to_string(),
        short: short(&row.id.to_string()),
        here: own == Some(row.id),
        reason: w.named(review::REASONS, &row.reason),
        age: span(calendar.now - row.raised_at),
        waits: w.named(review::WAITS, row.waits.as_str()),
        looked_at: row.looked_at,
        proposed: row.proposed.is_some(),
    };
    let item = match row {
        Some(row) => Some(item(console, session, row, calendar, w).await?),
        None => None,
    };
    let frame = Frame::new(console, session, words::REVIEWS, super::overview::open(&states));
    let list = rows.iter().map(listed).collect();
    Ok(Html(ReviewDesk { frame, icons: Icons, w, here, languages: w.choices(), list, item }.render()?))
}

async fn item(
    console: &Console,
    session: &Session,
    row: ReviewRow,
    calendar: Calendar,
    w: DeskLanguage,
) -> Result<ReviewItem, PageError> {
    let may = session.actor.may(Action::AnswerReview);
    let mut candidates = vec![];
    if may {
        let access = Access { actor: session.actor.name().as_str(), why: vault::Why::Review };
        let reader =
            StoryReader { store: &console.store, vault: &console.vault, access, schemas: None, at: None };
        let ids: Vec<PersonId> = [row.person].iter().chain(&row.candidates).copied().collect();
        let persons = reader.persons(&ids).await?;
        let model = &console.config.bundle.model;
        let others = row.candidates.iter().filter_map(|id| Some((*id, persons.get(id)?)));
        if let Some(own) = persons.get(&row.person) {
            let mut beside: Vec<(PersonId, Resemblance)> =
                others.map(|(id, other)| (id, Resemblance::of(own, other, model))).collect();
            beside.sort_by(|one, other| other.1.weight.total_cmp(&one.1.weight));
            for (n, (id, resemblance)) in beside.iter().enumerate() {
                let touched = WouldTouch::of(console, row.id, *id, w).await?;
                candidates.push(shown(n + 1, *id, resemblance, touched, w));
            }
        }
    }
    let proposed = row.proposed.as_ref().filter(|_| may).map(|(same, by)| ShownProposal {
        by: by.to_string(),
        n: candidates.iter().find(|one| one.id == same.to_string()).map(|one| one.n),
        short: short(&same.to_string()),
        mine: by == session.actor.name(),
    });
    if let Some(ShownProposal { mine: true, n: Some(n), .. }) = proposed {
        candidates[n - 1].said = true;
    }
    Ok(ReviewItem {
        id: row.id.to_string(),
        short: short(&row.id.to_string()),
        person: short(&row.person.to_string()),
        whose: row.person.to_string(),
        since: calendar.at(row.raised_at),
        reason: w.named(review::REASONS, &row.reason),
        may,
        proposed,
        candidates,
    })
}

fn shown(
    n: usize,
    id: PersonId,
    resemblance: &Resemblance,
    touched: WouldTouch,
    w: DeskLanguage,
) -> ShownCandidate {
    let stops: Vec<String> = resemblance.guards.iter().map(|guard| w.named(review::STOPS, guard)).collect();
    ShownCandidate {
        n,
        id: id.to_string(),
        short: short(&id.to_string()),
        said: false,
        touched,
        stops: if stops.is_empty() { w.say(review::NO_GUARD).to_owned() } else { stops.join("; ") },
        score: w.bits(resemblance.weight),
        asks: w.bits(resemblance.asks_from),
        links: w.bits(resemblance.links_from),
        prior: w.bits(resemblance.prior),
        prior_bar: WeightBar::of(resemblance.prior),
        scale: Scale::of(resemblance),
        rows: resemblance.fields.iter().map(|field| shown_field(n, field, w)).collect(),
    }
}

fn shown_field(n: usize, field: &ResemblanceField, w: DeskLanguage) -> ShownField {
    let (word, tone, icon) = review::level(w, field.level);
    let labels = [w.say(review::PERSON).to_owned(), format!("{} {n}", w.say(review::CANDIDATE))];
    let [one, other] = labels;
    let [own, theirs] = field.shapes.clone();
    ShownField {
        field: w.named(review::FIELDS, field.field),
        sides: [ShownSide { label: one, shapes: own }, ShownSide { label: other, shapes: theirs }],
        badge: Badge::toned(word, tone, icon),
        kind: field.kind.map(|kind| w.named(review::KINDS, kind)),
        weight: w.bits(field.weight),
        bar: WeightBar::of(field.weight),
    }
}

/// What the form of a review sends.
#[derive(Deserialize)]
pub(super) struct FilledIn {
    #[serde(flatten)]
    made: Made,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    reason: String,
}

/// `POST /nakijken/{review}`
pub(super) async fn answer(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Query(asked): Query<InLanguage>,
    Form(answered): Form<FilledIn>,
) -> Result<Response, PageError> {
    answered.made.by(&session)?;
    let review: ReviewId = id.parse().map_err(|_| PageError::Missing)?;
    let (w, reason) = (asked.language(), answered.reason.trim().to_owned());
    let answer = match answered.answer.as_str() {
        "different" => Some(ReviewAnswer::Different),
        "cannot_tell" => Some(ReviewAnswer::CannotTell),
        person => person.parse().ok().map(ReviewAnswer::Same),
    };
    let Some(answer) = answer.filter(|_| !reason.is_empty()) else {
        let text = w.say(review::NO_REASON);
        return Ok(notice(StatusCode::UNPROCESSABLE_ENTITY, words::NOT_DONE, text));
    };
    let said = console.desk.say(&session.actor, Saying::Reviewed { review, answer, reason }).await?;
    Ok(followed(&said, w))
}

/// The next one, or why nothing was done.
fn followed(said: &DeskSaid, w: DeskLanguage) -> Response {
    let decision = said.decision.as_ref();
    match decision.and_then(|row| row.outcome) {
        Some(Outcome::Decided) => Redirect::to(&format!("/nakijken?lang={}", w.code())).into_response(),
        None => notice(StatusCode::ACCEPTED, words::SAID, words::SAID_TEXT),
        Some(_) => {
            let code = match decision.and_then(|row| row.detail.as_ref()) {
                Some(Detail::Refused(refusal)) => refusal.code(),
                Some(Detail::Aside(_)) | None => "",
            };
            let text = match code {
                "unknown-review" => review::ANSWERED,
                "two-hold-the-file" => review::TWO_FILES,
                _ => review::REFUSED,
            };
            notice(StatusCode::CONFLICT, words::NOT_DONE, w.say(text))
        }
    }
}
