//! What needs attention: a few fixed rules over counts, deadlines and legal bases, as lines that say what, since
//! when and who must move.
//!
//! Pure: what was read comes in. The overview shows them, oldest first. Refuses to count and to name a person.

use chrono::{Days, TimeDelta};
use decide::world::Aside;
use schemas::handover::{Owner, State};
use schemas::recipient::Recipient;
use schemas::time::{Day, Instant, start_of};

use super::parts::Badge;
use super::times::{Calendar, Stamp, written};
use super::{Console, words};
use crate::deliver::halt::HaltCode;
use crate::store::figures::{Flow, HandoverCount, Queue, RecipientRow, SourceRow};
use crate::store::rows::HaltRow;

/// A record that is not proved to have arrived after this time deserves a look.
const SILENCE: TimeDelta = TimeDelta::hours(24);
/// A decision takes milliseconds: after this time something is wrong.
const BACKLOG: TimeDelta = TimeDelta::minutes(5);
/// How long before its end a legal basis is talked about.
const NOTICE: Days = Days::new(30);
/// One line of what needs attention.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) what: String,
    pub(super) detail: String,
    pub(super) href: String,
    pub(super) badge: Badge,
    pub(super) since: Instant,
    pub(super) since_shown: Stamp,
    pub(super) owner: &'static str,
    pub(super) by: String,
}

/// Everything that is read for it.
pub(super) struct AttentionRead {
    pub(super) flow: Flow,
    pub(super) states: Vec<HandoverCount>,
    pub(super) late: u64,
    pub(super) first_late: Option<Day>,
    pub(super) due_today: u64,
    pub(super) by_recipient: Vec<(Recipient, u64, u64)>,
    /// How many messages lie aside under each code.
    pub(super) causes: Vec<(Aside, Queue)>,
    pub(super) halts: Vec<HaltRow>,
}

/// What needs attention, oldest first.
pub(super) fn points(
    console: &Console,
    calendar: Calendar,
    read: &AttentionRead,
    sum: &SourceRow,
) -> Vec<Point> {
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
    let behind = sum.undecided.oldest.is_some_and(|at| calendar.now - at > BACKLOG);
    let undecided = if behind { sum.undecided } else { Queue::default() };
    let causes = read.causes.iter().map(|(aside, queue)| (aside.code(), queue.count));
    let quarantine = words::quarantine_detail(causes);
    type Rule<'a> = (Queue, fn(u64) -> String, &'a str, &'static str, Badge, Owner);
    let rules: [Rule<'_>; 7] = [
        (
            in_state(State::Held).unwrap_or_default(),
            words::held,
            words::HELD_DETAIL,
            "/handovers?state=held",
            Badge::bare(words::HELD_KIND, "warn", "pause"),
            Owner::Coordinator,
        ),
        (
            sum.quarantined,
            words::quarantined,
            &quarantine,
            "#h-sources",
            Badge::bare(words::QUARANTINE, "bad", "alert"),
            Owner::Operations,
        ),
        (
            read.flow.reviews,
            words::reviews,
            words::REVIEWS_DETAIL,
            "/nakijken",
            Badge::bare(words::REVIEW_KIND, "warn", "look"),
            Owner::Steward,
        ),
        (
            read.flow.unapproved,
            words::unapproved,
            words::UNAPPROVED_DETAIL,
            "#h-stages",
            Badge::bare(words::UNAPPROVED_KIND, "warn", "pause"),
            Owner::Coordinator,
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
    for halt in &read.halts {
        let what = words::halted(&console.name(&halt.recipient));
        let known = HaltCode::ALL.into_iter().find(|code| code.as_str() == halt.code);
        let detail = known.map_or(halt.detail.as_str(), |code| words::halt(code));
        let badge = Badge::bare(words::HALTED_KIND, "bad", "alert");
        points.push(point(what, detail, "#h-recipients", badge, halt.since, Owner::Operations));
    }
    let halted = |row: &&RecipientRow| read.halts.iter().any(|halt| halt.recipient == row.recipient);
    for row in read.flow.recipients.iter().filter(|row| !halted(row)) {
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
