//! `GET /`: what needs attention, then the flow in numbers: sources, stages, recipients.
//!
//! Puts what was counted into words and order; refuses to judge, which is `attention`'s, and to draw, which is
//! `flow`'s. Next: [`crate::store::figures`] for what is counted.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Html;
use chrono::{Days, TimeDelta};
use schemas::time::day_of;

use super::attention::{AttentionRead, Point, points};
use super::flow::{Exit, Picture, Share};
use super::parts::{Bar, Frame, Icons};
use super::session::Session;
use super::times::{Calendar, Stamp, number, span, written};
use super::{Console, ConsoleHere, Page, words};
use crate::store::Filter;
use crate::store::figures::{Flow, HandoverCount, Queue, RecipientRow, SourceRow};

/// Above this, late handovers are not counted one by one.
const MANY: u32 = 10_001;

/// One source, as shown.
#[derive(Debug)]
struct ShownSource {
    name: String,
    accepted: String,
    hour: String,
    day: String,
    decided: String,
    undecided: String,
    waiting: String,
    quarantined: String,
    refused: String,
    last: Option<Stamp>,
}

/// One stage, as shown.
#[derive(Debug)]
struct ShownStage {
    name: &'static str,
    depth: String,
    oldest: String,
    since: Option<Stamp>,
}

/// One recipient, as shown.
#[derive(Debug)]
struct ShownRecipient {
    name: String,
    slug: String,
    decided: String,
    delivered: String,
    bar: Bar,
    share: String,
    hour: String,
    day: String,
    open: String,
    oldest: String,
    handovers: String,
    late: u64,
    late_shown: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    icons: Icons,
    lead: String,
    points: Vec<Point>,
    picture: Option<Picture>,
    caption: String,
    sources: Vec<ShownSource>,
    sum: ShownSource,
    stages: Vec<ShownStage>,
    recipients: Vec<ShownRecipient>,
}

/// `GET /`
pub(super) async fn show(State(console): ConsoleHere, Extension(session): Extension<Session>) -> Page {
    let calendar = Calendar::at_now(console.clock.now());
    let today = calendar.today();
    let store = &console.store;
    let late = Filter { before: Some(today), open: true, ..Filter::default() };
    let until_tonight = Filter { before: Some(today + Days::new(1)), ..late.clone() };
    let late_count = store.count_handovers(&late, MANY).await?;
    let mut read = AttentionRead {
        flow: store.flow(calendar.now - TimeDelta::hours(1), calendar.now - TimeDelta::days(1)).await?,
        states: store.handover_states().await?,
        late: late_count,
        first_late: store.handovers(&late, None, 1).await?.first().and_then(|row| row.deadline),
        due_today: store.count_handovers(&until_tonight, MANY).await?.saturating_sub(late_count),
        by_recipient: store.handovers_by_recipient(today).await?,
        causes: store.quarantine_codes().await?,
        halts: store.halts(&console.config.topics()).await?,
    };
    arrange(&console, &mut read.flow);
    let sum = total(&read.flow.sources);
    let points = points(&console, calendar, &read, &sum);
    let since = points.first().map(|point| written(day_of(point.since))).unwrap_or_default();
    let records: u64 = read.flow.recipients.iter().map(|recipient| recipient.decided).sum();
    let reached = read.flow.recipients.iter().filter(|recipient| recipient.decided > 0).count();
    let page = Overview {
        frame: Frame::new(&console, &session, words::OVERVIEW, open(&read.states)),
        icons: Icons,
        lead: words::lead(points.len(), &since, sum.accepted, records, reached),
        points,
        picture: picture(&console, &read.flow, &sum),
        caption: words::caption(sum.accepted, decided(&sum), records),
        sources: read.flow.sources.iter().map(|row| source(&console, row, calendar)).collect(),
        sum: source(&console, &sum, calendar),
        stages: stages(&read.flow, &sum, calendar),
        recipients: recipients(&console, &read, calendar),
    };
    Ok(Html(page.render()?))
}

/// Sources in the order of the flow, and recipients that got nothing yet among the others.
fn arrange(console: &Console, flow: &mut Flow) {
    let doors = adapters::SOURCES.iter().map(|source| source.name());
    let order: Vec<_> = doors.chain(words::INSIDE.map(|(name, _)| name)).collect();
    let place = |row: &SourceRow| order.iter().position(|name| *name == row.source);
    flow.sources.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
    for recipient in console.config.agencies.keys() {
        if !flow.recipients.iter().any(|row| row.recipient == *recipient) {
            flow.recipients.push(RecipientRow {
                recipient: recipient.clone(),
                decided: 0,
                delivered: 0,
                last_hour: 0,
                last_day: 0,
                oldest: None,
            });
        }
    }
    flow.recipients.sort_by(|one, other| one.recipient.cmp(&other.recipient));
}

/// Handovers that are not final.
pub(super) fn open(states: &[HandoverCount]) -> u64 {
    states.iter().filter(|count| !count.state.is_final()).map(|count| count.queue.count).sum()
}

fn decided(row: &SourceRow) -> u64 {
    let open = [row.undecided, row.waiting, row.refused, row.quarantined];
    row.accepted.saturating_sub(open.iter().map(|queue| queue.count).sum())
}

fn add(one: Queue, other: Queue) -> Queue {
    Queue { count: one.count + other.count, oldest: [one.oldest, other.oldest].into_iter().flatten().min() }
}

fn total(rows: &[SourceRow]) -> SourceRow {
    rows.iter().fold(SourceRow::default(), |sum, row| SourceRow {
        source: words::TOTAL.to_owned(),
        accepted: sum.accepted + row.accepted,
        last_hour: sum.last_hour + row.last_hour,
        last_day: sum.last_day + row.last_day,
        last: sum.last.max(row.last),
        undecided: add(sum.undecided, row.undecided),
        waiting: add(sum.waiting, row.waiting),
        refused: add(sum.refused, row.refused),
        quarantined: add(sum.quarantined, row.quarantined),
        turned_away: add(sum.turned_away, row.turned_away),
    })
}

fn source(console: &Console, row: &SourceRow, calendar: Calendar) -> ShownSource {
    ShownSource {
        name: console.source(&row.source),
        accepted: number(row.accepted),
        hour: number(row.last_hour),
        day: number(row.last_day),
        decided: number(decided(row)),
        undecided: number(row.undecided.count),
        waiting: number(row.waiting.count),
        quarantined: number(row.quarantined.count),
        refused: number(row.refused.count + row.turned_away.count),
        last: row.last.map(|at| calendar.at(at)),
    }
}

fn stages(flow: &Flow, sum: &SourceRow, calendar: Calendar) -> Vec<ShownStage> {
    let open = flow.recipients.iter().map(|row| row.decided - row.delivered).sum();
    let first = flow.recipients.iter().filter_map(|row| row.oldest).min();
    let rows = [
        (words::UNDECIDED, sum.undecided),
        (words::WAITING, sum.waiting),
        (words::HUMANS, flow.reviews),
        (words::UNAPPROVED, flow.unapproved),
        (words::QUARANTINE, sum.quarantined),
        (words::DELIVER, Queue { count: open, oldest: first }),
    ];
    let stage = |(name, queue): (&'static str, Queue)| ShownStage {
        name,
        depth: number(queue.count),
        oldest: queue.oldest.map_or(words::NONE.to_owned(), |at| span(calendar.now - at)),
        since: queue.oldest.map(|at| calendar.at(at)),
    };
    rows.into_iter().map(stage).collect()
}

fn recipients(console: &Console, read: &AttentionRead, calendar: Calendar) -> Vec<ShownRecipient> {
    let row = |row: &RecipientRow| {
        let found = read.by_recipient.iter().find(|(name, ..)| *name == row.recipient);
        let (handovers, late) = found.map_or((0, 0), |(_, open, late)| (*open, *late));
        let share = (row.delivered * 100).checked_div(row.decided);
        ShownRecipient {
            name: console.name(&row.recipient),
            slug: row.recipient.to_string(),
            decided: number(row.decided),
            delivered: number(row.delivered),
            bar: Bar::of(row.delivered, row.decided),
            share: share.map_or(words::NONE.to_owned(), |share| format!("{share} %")),
            hour: number(row.last_hour),
            day: number(row.last_day),
            open: number(row.decided - row.delivered),
            oldest: row.oldest.map_or(words::NONE.to_owned(), |at| span(calendar.now - at)),
            handovers: number(handovers),
            late,
            late_shown: number(late),
        }
    };
    read.flow.recipients.iter().map(row).collect()
}

fn picture(console: &Console, flow: &Flow, sum: &SourceRow) -> Option<Picture> {
    let share = |name: &str, count| Share { name: name.to_owned(), count };
    let sources = flow.sources.iter().filter(|row| row.accepted > 0);
    let sources: Vec<_> = sources.map(|row| share(&console.source(&row.source), row.accepted)).collect();
    let exit = |name, queue: Queue, tone, pattern| Exit { share: share(name, queue.count), tone, pattern };
    let exits = [
        exit(words::UNDECIDED, sum.undecided, "off", None),
        exit(words::WAITING, sum.waiting, "warn", Some("pw")),
        exit(words::REFUSED, sum.refused, "off", None),
        exit(words::QUARANTINE, sum.quarantined, "bad", Some("pb")),
    ];
    let reached = flow.recipients.iter().filter(|row| row.decided > 0);
    let recipients: Vec<_> = reached.map(|row| share(&console.name(&row.recipient), row.decided)).collect();
    Picture::draw(&sources, &exits, &recipients)
}
