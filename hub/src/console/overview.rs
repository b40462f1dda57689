//! `GET /`: what needs attention, then the flow in numbers: sources, stages, recipients.
//!
//! Attention is judged here, by a few fixed rules over counts, deadlines and legal bases; a line tells what, since
//! when, and who must move. Next: `flow` for the picture, [`crate::store`] for the counts.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use chrono::{Days, TimeDelta};
use schemas::handover::{Owner, State as Handover};
use schemas::time::{Day, Instant, start_of};

use super::flow::{Exit, Picture, Share};
use super::parts::{Badge, Bar, Frame, Icons};
use super::times::{Calendar, Stamp, number, span, written};
use super::{Console, Here, Page, words};
use crate::store::Filter;
use crate::store::figures::{Flow, HandoverCount, Queue, SourceRow};

/// A record that is not proved to have arrived after this time deserves a look.
const SILENCE: TimeDelta = TimeDelta::hours(24);
/// A decision takes milliseconds: after this time something is wrong.
const BACKLOG: TimeDelta = TimeDelta::minutes(5);
/// How long before its end a legal basis is talked about.
const NOTICE: Days = Days::new(30);
/// Above this, late handovers are not counted one by one.
const MANY: u32 = 10_001;

/// One line of what needs attention.
#[derive(Debug)]
struct Point {
    what: String,
    detail: String,
    href: String,
    badge: Badge,
    since: Instant,
    since_shown: Stamp,
    owner: &'static str,
    by: String,
}

/// One source, as shown.
#[derive(Debug)]
struct Source {
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
struct Stage {
    name: &'static str,
    depth: String,
    oldest: String,
    since: Option<Stamp>,
}

/// One recipient, as shown.
#[derive(Debug)]
struct Recipient {
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
    sources: Vec<Source>,
    sum: Source,
    stages: Vec<Stage>,
    recipients: Vec<Recipient>,
}

/// Everything that is read for it.
struct Read {
    flow: Flow,
    states: Vec<HandoverCount>,
    late: u64,
    first_late: Option<Day>,
    due_today: u64,
    by_recipient: Vec<(schemas::recipient::Recipient, u64, u64)>,
}

/// `GET /`
pub(super) async fn show(State(console): Here) -> Page {
    let calendar = Calendar { now: console.clock.now() };
    let today = calendar.today();
    let store = &console.store;
    let late = Filter { before: Some(today), open: true, ..Filter::default() };
    let until_tonight = Filter { before: Some(today + Days::new(1)), ..late.clone() };
    let late_count = store.count_handovers(&late, MANY).await?;
    let read = Read {
        flow: store.flow(calendar.now - TimeDelta::hours(1), calendar.now - TimeDelta::days(1)).await?,
        states: store.handover_states().await?,
        late: late_count,
        first_late: store.handovers(&late, None, 1).await?.first().and_then(|row| row.deadline),
        due_today: store.count_handovers(&until_tonight, MANY).await?.saturating_sub(late_count),
        by_recipient: store.handovers_by_recipient(today).await?,
    };
    let points = points(&console, calendar, &read);
    let messages: u64 = read.flow.sources.iter().map(|source| source.accepted).sum();
    let records: u64 = read.flow.recipients.iter().map(|recipient| recipient.decided).sum();
    let sum = total(&read.flow.sources);
    let page = Overview {
        frame: Frame::new(&console, words::OVERVIEW, open(&read.states)),
        icons: Icons,
        lead: words::lead(points.len(), messages, records, read.flow.recipients.len()),
        points,
        picture: picture(&console, &read.flow, &sum),
        caption: words::caption(messages, decided(&sum), records),
        sources: read.flow.sources.iter().map(|row| source(row, calendar)).collect(),
        sum: source(&sum, calendar),
        stages: stages(&read.flow, &sum, calendar),
        recipients: recipients(&console, &read, calendar),
    };
    Ok(Html(page.render()?))
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

/// All sources together.
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

fn source(row: &SourceRow, calendar: Calendar) -> Source {
    Source {
        name: words::source(&row.source).to_owned(),
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

fn stages(flow: &Flow, sum: &SourceRow, calendar: Calendar) -> Vec<Stage> {
    let open = flow.recipients.iter().map(|row| row.decided - row.delivered).sum();
    let first = flow.recipients.iter().filter_map(|row| row.oldest).min();
    let rows = [
        (words::UNDECIDED, sum.undecided),
        (words::WAITING, sum.waiting),
        (words::HUMANS, flow.reviews),
        (words::QUARANTINE, sum.quarantined),
        (words::DELIVER, Queue { count: open, oldest: first }),
    ];
    let stage = |(name, queue): (&'static str, Queue)| Stage {
        name,
        depth: number(queue.count),
        oldest: queue.oldest.map_or(words::NONE.to_owned(), |at| span(calendar.now - at)),
        since: queue.oldest.map(|at| calendar.at(at)),
    };
    rows.into_iter().map(stage).collect()
}

fn recipients(console: &Console, read: &Read, calendar: Calendar) -> Vec<Recipient> {
    let row = |row: &crate::store::figures::RecipientRow| {
        let found = read.by_recipient.iter().find(|(name, ..)| *name == row.recipient);
        let (handovers, late) = found.map_or((0, 0), |(_, open, late)| (*open, *late));
        let share = (row.delivered * 100).checked_div(row.decided).unwrap_or(100);
        Recipient {
            name: console.name(&row.recipient),
            slug: row.recipient.to_string(),
            decided: number(row.decided),
            delivered: number(row.delivered),
            bar: Bar::of(row.delivered, row.decided),
            share: format!("{share} %"),
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
    let sources: Vec<_> =
        sources.map(|row| share(words::source(&row.source), row.accepted)).collect();
    let exit = |name, queue: Queue, tone, pattern| Exit { share: share(name, queue.count), tone, pattern };
    let exits = [
        exit(words::UNDECIDED, sum.undecided, "off", None),
        exit(words::WAITING, sum.waiting, "warn", Some("pw")),
        exit(words::REFUSED, sum.refused, "off", None),
        exit(words::QUARANTINE, sum.quarantined, "bad", Some("pb")),
    ];
    let recipients: Vec<_> =
        flow.recipients.iter().map(|row| share(&console.name(&row.recipient), row.decided)).collect();
    Picture::draw(&sources, &exits, &recipients)
}

/// What needs attention, oldest first.
fn points(console: &Console, calendar: Calendar, read: &Read) -> Vec<Point> {
    let mut points = Vec::new();
    let point = |what, detail: &str, href: &str, badge, since, owner| Point {
        what,
        detail: detail.to_owned(),
        href: href.to_owned(),
        badge,
        since,
        since_shown: calendar.at(since),
        owner: words::owner(owner),
        by: words::NONE.to_owned(),
    };
    if let Some(first) = read.first_late {
        let badge = Badge::bare(words::LATE_KIND, "bad", "clock");
        // A day's deadline has passed once the day is over.
        let since = start_of(first + Days::new(1));
        let detail = words::late_detail(read.due_today);
        let mut late =
            point(words::late(read.late), &detail, "/handovers?late=on", badge, since, Owner::Coordinator);
        late.by = words::PASSED.to_owned();
        points.push(late);
    }
    let in_state = |state| read.states.iter().find(|count| count.state == state).map(|count| count.queue);
    let sum = total(&read.flow.sources);
    let behind = sum.undecided.oldest.is_some_and(|at| calendar.now - at > BACKLOG);
    let undecided = if behind { sum.undecided } else { Queue::default() };
    type Rule = (Queue, fn(u64) -> String, &'static str, &'static str, Badge, Owner);
    let rules: [Rule; 6] = [
        (
            in_state(Handover::Held).unwrap_or_default(),
            words::held,
            words::HELD_DETAIL,
            "/handovers?state=held",
            Badge::bare(words::HELD_KIND, "warn", "pause"),
            Owner::Coordinator,
        ),
        (
            sum.quarantined,
            words::quarantined,
            words::QUARANTINE_DETAIL,
            "#h-sources",
            Badge::bare(words::QUARANTINE, "bad", "alert"),
            Owner::Operations,
        ),
        (
            read.flow.reviews,
            words::reviews,
            words::REVIEWS_DETAIL,
            "#h-stages",
            Badge::bare(words::REVIEW_KIND, "warn", "look"),
            Owner::Steward,
        ),
        (
            sum.waiting,
            words::waiting,
            words::WAITING_DETAIL,
            "#h-stages",
            Badge::bare(words::WAITING_KIND, "wait", "glass"),
            Owner::Hub,
        ),
        (
            sum.turned_away,
            words::turned_away,
            words::TURNED_AWAY_DETAIL,
            "#h-sources",
            Badge::bare(words::REFUSED_KIND, "warn", "x"),
            Owner::Operations,
        ),
        (
            undecided,
            words::undecided,
            words::UNDECIDED_DETAIL,
            "#h-stages",
            Badge::bare(words::SILENT_KIND, "bad", "quiet"),
            Owner::Operations,
        ),
    ];
    for (queue, what, detail, href, badge, owner) in rules {
        if let Some(since) = queue.oldest.filter(|_| queue.count > 0) {
            points.push(point(what(queue.count), detail, href, badge, since, owner));
        }
    }
    for row in &read.flow.recipients {
        if let Some(since) = row.oldest.filter(|at| calendar.now - *at > SILENCE) {
            let what = words::undelivered(&console.name(&row.recipient), row.decided - row.delivered);
            let badge = Badge::bare(words::SILENT_KIND, "bad", "quiet");
            points.push(point(
                what,
                words::UNDELIVERED_DETAIL,
                "#h-recipients",
                badge,
                since,
                Owner::Operations,
            ));
        }
    }
    let today = calendar.today();
    for contract in &console.config.bundle.contracts {
        let end = contract.basis(today).and_then(|basis| basis.to).filter(|end| *end <= today + NOTICE);
        if let Some(end) = end.filter(|end| contract.basis(*end + Days::new(1)).is_none()) {
            let what = words::basis_ends(&console.name(&contract.recipient), &written(end));
            let badge = Badge::bare(words::ENDS_KIND, "warn", "doc");
            let mut ends = point(
                what,
                words::BASIS_DETAIL,
                "#h-recipients",
                badge,
                start_of(end - NOTICE),
                Owner::Officer,
            );
            ends.by = calendar.day(end).text().to_owned();
            points.push(ends);
        }
    }
    points.sort_by_key(|point| point.since);
    points
}
