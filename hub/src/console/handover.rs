//! `GET /handovers/{id}`: one handover, why it is where it is, and everything that happened to it.
//!
//! The present comes from the fold of its person's journal, the past from its entries; only states, rows,
//! reasons, days and opaque ids are taken out of them. Refuses names, numbers and facts of the person. Next:
//! `timeline`.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use chrono::TimeDelta;
use decide::Person;
use decide::person::{Event, Handover, Responsible};
use schemas::handover::{Owner, State as Status};
use schemas::ids::{DeliveryId, HandoverId, PersonId};
use schemas::time::day_of;

use super::parts::{Badge, Frame, Icons, short};
use super::timeline::{self, Line, Sent, Step};
use super::times::{Calendar, Stamp, span, written};
use super::{Console, Here, Page, PageError, words};
use crate::history::{self, Entry, HistoryError};
use crate::store::figures::OriginRow;
use crate::store::rows::HandoverRow;
use crate::vault::{self, Access};

/// A pause longer than this is told.
const PAUSE: TimeDelta = TimeDelta::hours(1);

/// Why a handover is where it is: the last time it moved.
#[derive(Debug)]
struct Why {
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
struct Shown {
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
    sentence: String,
    badge: Badge,
    epoch: u32,
    responsible: String,
    owner: String,
    deadline: Option<Stamp>,
    left: String,
    late: Option<Badge>,
    readable: bool,
    why: Option<Why>,
    steps: Vec<Shown>,
    next: Option<&'static str>,
    others: Vec<Other>,
}

/// `GET /handovers/{id}`
pub(super) async fn show(State(console): Here, Path(id): Path<String>) -> Page {
    let id: HandoverId = id.parse().map_err(|_| PageError::Missing)?;
    let row = console.store.handovers_between(id, id).await?.pop().ok_or(PageError::Missing)?;
    let told = match Told::read(&console, row.person).await {
        Ok(told) => Some(told),
        // A key was destroyed: what is in the list is all there is.
        Err(HistoryError::Shut(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let readable = told.is_some();
    let Told { person, entries, sent, origins } = told.unwrap_or_else(|| Told::nothing(row.person));
    let states = console.store.handover_states().await?;
    let calendar = Calendar { now: console.clock.now() };
    let days = row.deadline.map(|day| (day - calendar.today()).num_days());
    let to = row.recipient.as_ref().map(|recipient| console.name(recipient));
    let page = One {
        frame: Frame::new(&console, words::HANDOVER, super::overview::open(&states)),
        icons: Icons,
        id: row.id.to_string(),
        short: short(&row.id.to_string()),
        person: short(&row.person.to_string()),
        sentence: sentence(person.handover(id), &row, to.as_deref()),
        badge: Badge::state(row.state),
        epoch: row.epoch,
        responsible: responsible(&console, &person),
        owner: match (row.owner, &to) {
            _ if row.state.is_final() => words::NONE.to_owned(),
            (Owner::Agency, Some(name)) => name.clone(),
            (owner, _) => words::owner(owner).to_owned(),
        },
        deadline: row.deadline.map(|day| calendar.day(day)),
        left: days.map_or(String::new(), |days| words::days_left(days.max(0))),
        late: days.filter(|days| *days < 0).map(|_| Badge::bare(words::PASSED, "bad", "clock")),
        readable,
        why: why(&console, &entries, id, calendar),
        steps: shown(&console, &timeline::of(&entries, id, &sent), &origins, calendar),
        next: words::next(row.state),
        others: others(&person, id),
    };
    Ok(Html(page.render()?))
}

/// Everything that is told of a person, and of those they absorbed.
struct Told {
    /// As they are now.
    person: Person,
    /// Their journal and those of whom they absorbed, in the order of decisions.
    entries: Vec<Entry>,
    sent: BTreeMap<DeliveryId, Sent>,
    origins: Vec<OriginRow>,
}

impl Told {
    fn nothing(person: PersonId) -> Self {
        Self { person: Person::new(person), entries: vec![], sent: BTreeMap::new(), origins: vec![] }
    }

    async fn read(console: &Console, asked: PersonId) -> Result<Self, HistoryError> {
        let (store, vault) = (&console.store, &console.vault);
        let access = Access { actor: "console", why: vault::Why::Console };
        let survivor = store.survivor(asked).await?;
        let own = history::own(store, vault, survivor, access).await?;
        let mut told = Self { person: own.fold(survivor)?, ..Self::nothing(survivor) };
        let mut persons = vec![(survivor, own)];
        while let Some((id, history)) = persons.pop() {
            for absorbed in history.absorbed() {
                persons.push((absorbed, history::own(store, vault, absorbed, access).await?));
            }
            // In the message that made them one, the absorbed person's streams end before the other's go on.
            told.entries.splice(0..0, history.entries);
            let sent = store.sent_about(id).await?.into_iter();
            told.sent.extend(sent.map(|found| (found.row.delivery, Sent::of(&found))));
            told.origins.extend(store.origins(id).await?);
        }
        told.entries.sort_by_key(|entry| entry.order);
        Ok(told)
    }
}

fn sentence(handover: Option<&Handover>, row: &HandoverRow, to: Option<&str>) -> String {
    let because = handover.and_then(|handover| match (handover.hold, handover.code) {
        (Some(hold), _) if row.state == Status::Held => Some(words::hold(hold)),
        (_, Some(code)) if row.state == Status::Rejected => Some(words::reject(code)),
        (_, _) => handover.route.as_ref().map(|route| words::because(route.printed())),
    });
    let since = handover.and_then(|handover| handover.residence).map(written);
    words::sentence(row.state, to, because, since.as_deref())
}

/// Who is responsible for the person, by the heart's own answer.
fn responsible(console: &Console, person: &Person) -> String {
    let Responsible { whom, since, why } = person.responsible(&console.config.bundle);
    let whom = whom.as_ref().map(|recipient| console.name(recipient));
    words::responsible(why, whom.as_deref(), since.map(written).as_deref())
}

/// The last move of the handover.
fn why(console: &Console, entries: &[Entry], id: HandoverId, calendar: Calendar) -> Option<Why> {
    let moves =
        entries.iter().rev().flat_map(|entry| entry.events.iter().rev().map(move |event| (entry, event)));
    for (entry, event) in moves {
        let Event::HandoverMoved { handover, row, recipient, route, residence, hold, code, .. } = event
        else {
            continue;
        };
        if *handover != id {
            continue;
        }
        let basis = recipient.as_ref().map(|recipient| {
            let contract = console.config.bundle.contract(recipient);
            let basis = contract.and_then(|contract| contract.basis(day_of(entry.known_at)));
            basis.map_or(words::NO_BASIS.to_owned(), |basis| basis.reference.clone())
        });
        return Some(Why {
            row: row.to_string(),
            row_words: words::row(row),
            route: route.as_ref().map(|route| words::because(route.reason)),
            flag: route.as_ref().and_then(|route| route.flagged).map(words::because),
            residence: residence.map(|day| calendar.day(day)),
            basis,
            hold: hold.map(words::hold),
            code: code.map(words::reject),
            at: calendar.at(entry.known_at),
            order: super::times::number(entry.order),
            heart: entry.heart.clone(),
            bundle: short(&entry.bundle),
        });
    }
    None
}

fn shown(console: &Console, steps: &[Step], origins: &[OriginRow], calendar: Calendar) -> Vec<Shown> {
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
        let (icon, tone) = step.lines.first().map_or(("doc", "ok"), Line::sign);
        shown.push(Shown {
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
fn told(console: &Console, line: &Line, calendar: Calendar) -> (String, Option<String>) {
    match line {
        Line::Opened { replaces } => (words::opened(replaces.is_some()).to_owned(), None),
        Line::Moved { row, to, recipient } => {
            let name = recipient.as_ref().map(|recipient| console.name(recipient));
            (words::moved(*to, name.as_deref()), Some(words::row_fired(row)))
        }
        Line::Repertory { recipient, capacity: Some(capacity) } => {
            (words::line_opened(&console.name(recipient), *capacity), None)
        }
        Line::Repertory { recipient, capacity: None } => (words::line_closed(&console.name(recipient)), None),
        Line::Stream { recipient, epoch } => (words::stream_opened(&console.name(recipient), *epoch), None),
        Line::Linked { reason } => (words::sentence_of(words::linked(*reason)), None),
        Line::Issued { recipient, kind, issue, ended, sent } => {
            let proof = sent.as_ref().map(|sent| {
                let number = words::number_on(sent.sequence, &recipient.topic());
                match sent.closed_at {
                    Some(at) => format!("{number}: {} {}", words::PROVED, calendar.at(at).text()),
                    None => format!("{number}: {}", words::NOT_PROVED),
                }
            });
            let end = ended.map(|reason| format!(", {}", words::end(reason))).unwrap_or_default();
            (words::issued(*kind, *issue) + &end, proof)
        }
    }
}

fn others(person: &Person, id: HandoverId) -> Vec<Other> {
    let own = person.handover(id).and_then(|handover| handover.replaces);
    let others = person.state.handovers.iter().filter(|handover| handover.id != id);
    let other = |handover: &Handover| Other {
        label: match handover.replaces {
            Some(replaced) if replaced == id => words::REPLACED_BY,
            _ if own == Some(handover.id) => words::REPLACES,
            _ => words::OTHERS,
        },
        id: handover.id.to_string(),
        short: short(&handover.id.to_string()),
        badge: Badge::state(handover.state),
    };
    others.map(other).collect()
}
