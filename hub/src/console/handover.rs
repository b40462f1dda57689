//! `GET /handovers/{id}`: one handover, why it is where it is, and everything that happened to it.
//!
//! Drawn from its person's story ([`crate::story`]): only states, rows, reasons, days and opaque ids are taken out of it,
//! never a name, a number or a fact of the person. Next: `timeline`.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Html;
use chrono::TimeDelta;
use schemas::handover::{Owner, State as Status};
use schemas::ids::HandoverId;
use schemas::time::day_of;

use super::parts::{Badge, Frame, Icons, short};
use super::session::Session;
use super::timeline::{self, TimelineLine, TimelineStep};
use super::times::{Calendar, Stamp, span, written};
use super::{Console, ConsoleHere, Page, PageError, words};
use crate::desk::Action;
use crate::history::HistoryError;
use crate::store::figures::OriginRow;
use crate::store::rows::HandoverRow;
use crate::story::{
    HandoverStory, KnownHistory, Move, ResponsibleParty, StoryGiven, StoryReader, StreamStory, tell,
};
use crate::vault::{self, Access};

/// A pause longer than this is told.
const PAUSE: TimeDelta = TimeDelta::hours(1);

/// Why a handover is where it is: the last time it moved.
#[derive(Debug)]
struct WhyHere {
    row: String,
    row_words: &'static str,
    route: Option<&'static str>,
    flag: Option<&'static str>,
    residence: Option<Stamp>,
    basis: Option<String>,
    hold: Option<&'static str>,
    code: Option<&'static str>,
    at: Stamp,
    order: String,
    heart: String,
    bundle: String,
}

/// One step, as shown.
#[derive(Debug)]
struct ShownStep {
    gap: Option<String>,
    at: Stamp,
    icon: &'static str,
    tone: &'static str,
    title: String,
    details: Vec<String>,
}

/// Another handover of the same person.
#[derive(Debug)]
struct Other {
    label: &'static str,
    id: String,
    short: String,
    badge: Badge,
}

#[derive(Template)]
#[template(path = "handover.html")]
struct One {
    frame: Frame,
    icons: Icons,
    id: String,
    short: String,
    person: String,
    whose: String,
    sentence: String,
    badge: Badge,
    epoch: u32,
    responsible: String,
    owner: String,
    deadline: Option<Stamp>,
    left: String,
    late: Option<Badge>,
    readable: bool,
    why: Option<WhyHere>,
    steps: Vec<ShownStep>,
    next: Option<&'static str>,
    others: Vec<Other>,
    /// The stream that may be issued again, for who may do that.
    stream: Option<String>,
}

/// `GET /handovers/{id}`
pub(super) async fn show(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Page {
    let id: HandoverId = id.parse().map_err(|_| PageError::Missing)?;
    let row = console.store.handovers_between(id, id).await?.pop().ok_or(PageError::Missing)?;
    let access = Access { actor: session.actor.name().as_str(), why: vault::Why::Console };
    let reader =
        StoryReader { store: &console.store, vault: &console.vault, access, schemas: None, at: None };
    let known = match reader.known(row.person).await {
        Ok(known) => Some(known),
        // A key was destroyed: what is in the list is all there is.
        Err(HistoryError::Shut(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let readable = known.is_some();
    let known = known.unwrap_or_else(|| KnownHistory::nothing(row.person));
    let given = StoryGiven { bundle: &console.config.bundle, on: day_of(console.clock.now()), values: false };
    let story = tell(&known, given).map_err(HistoryError::from)?;
    let told = story.handovers.iter().find(|handover| handover.handover == row.id.to_string());
    let last = told.and_then(|handover| handover.moves.last());
    let mut origins = vec![];
    for person in known.persons() {
        origins.extend(console.store.origins(person).await?);
    }
    let states = console.store.handover_states().await?;
    let calendar = Calendar::at_now(console.clock.now());
    let days = row.deadline.map(|day| (day - calendar.today()).num_days());
    let to = row.recipient.as_ref().map(|recipient| console.name(recipient));
    let own = row.id.to_string();
    let open =
        |stream: &&StreamStory| stream.ended.is_none() && stream.handover.as_deref() == Some(own.as_str());
    let may = session.actor.may(Action::Redeliver);
    let page = One {
        frame: Frame::new(&console, &session, words::HANDOVER, super::overview::open(&states)),
        icons: Icons,
        id: row.id.to_string(),
        short: short(&row.id.to_string()),
        person: short(&row.person.to_string()),
        whose: row.person.to_string(),
        sentence: sentence(last, &row, to.as_deref()),
        badge: Badge::state(row.state),
        epoch: row.epoch,
        responsible: if readable {
            responsible(&console, &story.responsible)
        } else {
            words::NONE.to_owned()
        },
        owner: match (row.owner, &to) {
            _ if row.state.is_final() => words::NONE.to_owned(),
            (Owner::Agency, Some(name)) => name.clone(),
            (owner, _) => words::owner(owner).to_owned(),
        },
        deadline: row.deadline.map(|day| calendar.day(day)),
        left: days.map_or(String::new(), |days| words::days_left(days.max(0))),
        late: days.filter(|days| *days < 0).map(|_| Badge::bare(words::PASSED, "bad", "clock")),
        readable,
        why: last.map(|last| why(last, calendar)),
        steps: shown(&console, &timeline::of(&known.entries(), id, &known.sent), &origins, calendar),
        next: words::next(row.state),
        others: others(&story.handovers, &row.id.to_string()),
        stream: story.streams.iter().rev().find(open).filter(|_| may).map(|stream| stream.stream.clone()),
    };
    Ok(Html(page.render()?))
}

fn sentence(last: Option<&Move>, row: &HandoverRow, to: Option<&str>) -> String {
    let because = last.and_then(|last| match (last.hold, last.code) {
        (Some(hold), _) if row.state == Status::Held => Some(words::hold(hold)),
        (_, Some(code)) if row.state == Status::Rejected => Some(words::reject(code)),
        (_, _) => last.route.as_ref().map(|route| words::because(route.printed())),
    });
    let since = last.and_then(|last| last.residence).map(written);
    words::sentence(row.state, to, because, since.as_deref())
}

/// Who is responsible for the person, by the heart's own answer.
fn responsible(console: &Console, told: &ResponsibleParty) -> String {
    let whom = told.recipient.as_ref().map(|recipient| console.name(recipient));
    words::responsible(told.why, whom.as_deref(), told.since.map(written).as_deref())
}

/// The last move of the handover.
fn why(last: &Move, calendar: Calendar) -> WhyHere {
    let basis = last.recipient.as_ref().map(|_| {
        let basis = last.basis.as_ref();
        basis.map_or(words::NO_BASIS.to_owned(), |basis| basis.reference.clone())
    });
    WhyHere {
        row: last.row.clone(),
        row_words: words::row(&last.row),
        route: last.route.as_ref().map(|route| words::because(route.reason)),
        flag: last.route.as_ref().and_then(|route| route.flagged).map(words::because),
        residence: last.residence.map(|day| calendar.day(day)),
        basis,
        hold: last.hold.map(words::hold),
        code: last.code.map(words::reject),
        at: calendar.at(last.decision.known_at),
        order: super::times::number(last.decision.order),
        heart: last.decision.heart.clone(),
        bundle: short(&last.decision.bundle),
    }
}

fn shown(
    console: &Console,
    steps: &[TimelineStep],
    origins: &[OriginRow],
    calendar: Calendar,
) -> Vec<ShownStep> {
    let mut before = None;
    let mut shown = Vec::with_capacity(steps.len());
    for step in steps {
        let gap = before.map(|before| step.at - before).filter(|gap| *gap >= PAUSE);
        before = Some(step.at);
        let origin = origins.iter().find(|origin| origin.message == step.message);
        let from = origin.map(|origin| words::came_from(&console.source(&origin.source), &origin.sender));
        let mut lines = step.lines.iter().map(|line| told(console, line, calendar));
        let (title, detail) = lines.next().unwrap_or_default();
        let rest =
            lines.map(|(title, detail)| detail.map_or(title.clone(), |detail| format!("{title}. {detail}")));
        let details = from.into_iter().chain(detail).chain(rest);
        let (icon, tone) = step.lines.first().map_or(("doc", "ok"), TimelineLine::sign);
        shown.push(ShownStep {
            gap: gap.map(|gap| words::nothing(&span(gap))),
            at: calendar.at(step.at),
            icon,
            tone,
            title,
            details: details.chain([words::decision(step.order, &step.message.to_string())]).collect(),
        });
    }
    shown
}

/// What a line says, and more where there is more to say.
fn told(console: &Console, line: &TimelineLine, calendar: Calendar) -> (String, Option<String>) {
    match line {
        TimelineLine::Opened { replaces } => (words::opened(replaces.is_some()).to_owned(), None),
        TimelineLine::Moved { row, to, recipient } => {
            let name = recipient.as_ref().map(|recipient| console.name(recipient));
            (words::moved(*to, name.as_deref()), Some(words::row_fired(row)))
        }
        TimelineLine::Repertory { recipient, capacity: Some(capacity) } => {
            (words::line_opened(&console.name(recipient), *capacity), None)
        }
        TimelineLine::Repertory { recipient, capacity: None } => {
            (words::line_closed(&console.name(recipient)), None)
        }
        TimelineLine::Stream { recipient, epoch } => {
            (words::stream_opened(&console.name(recipient), *epoch), None)
        }
        TimelineLine::Linked { reason } => (words::sentence_of(words::linked(*reason)), None),
        TimelineLine::Issued { recipient, kind, issue, ended, sent } => {
            let proof = sent.as_ref().map(|sent| {
                let number = words::number_on(sent.sequence, &recipient.topic());
                match sent.arrived_at {
                    Some(at) => format!("{number}: {} {}", words::PROVED, calendar.at(at).text()),
                    None => format!("{number}: {}", words::NOT_PROVED),
                }
            });
            let end = ended.map(|reason| format!(", {}", words::end(reason))).unwrap_or_default();
            (words::issued(*kind, *issue) + &end, proof)
        }
    }
}

fn others(handovers: &[HandoverStory], id: &str) -> Vec<Other> {
    let own = handovers.iter().find(|handover| handover.handover == id);
    let own = own.and_then(|handover| handover.replaces.as_ref());
    let others = handovers.iter().filter(|handover| handover.handover != id);
    let other = |handover: &HandoverStory| Other {
        label: match &handover.replaces {
            Some(replaced) if replaced == id => words::REPLACED_BY,
            _ if own == Some(&handover.handover) => words::REPLACES,
            _ => words::OTHERS,
        },
        id: handover.handover.clone(),
        short: short(&handover.handover),
        badge: Badge::state(handover.state),
    };
    others.map(other).collect()
}
