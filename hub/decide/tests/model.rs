//! Every way that one person's handovers can go, breadth first, until nothing new comes: three recipients, two moves and a
//! move back, a message said twice, a reply that is lost, a rejection, a revocation, an objection, time to the next due
//! moment.
//!
//! Two ways that end in the same state are one: a state has no ids and no dates, only what is left of each deadline; one
//! agency is like another, and a working day like another. `HUB_EXACT=1` tells agencies and days apart, `HUB_DEPTH=12`
//! stops after so many steps. Figures: docs/year.md. Next: `walks.rs`, which draws everything.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use crate::support::house::HASH;
use crate::support::settled::broken;
use crate::support::{Home, House, Who, objection, register, status};
use decide::journey::Journey;
use decide::person::{Handover, Stage, Stream};
use decide::round::Verdict;
use schemas::fact::Decision;
use schemas::handover::{AnswerKind, OrderName, RejectCode, State};
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::{Day, day_of};

/// What can happen next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    /// To Ghent, Antwerp, Leuven, Charleroi.
    Moves(usize),
    /// The register says again what it said last.
    Again,
    /// The offer at this place of the table is answered.
    Answers(usize, Said),
    Revoked,
    Objects,
    Ordered(OrderName),
    /// The next day on which something is due.
    Tick,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Said {
    Received,
    Unreadable,
    Accepted,
    Rejected,
    Started,
    Purged,
}

const PLACES: [&str; 4] = ["44021", "11002", "24062", "62063"];
/// Who is competent there; the last has nobody.
const AGENCIES: [&str; 3] = ["amal", "atlas", "agii"];
/// A deadline that is further away than so many days is one of months.
const FAR: i64 = 40;
/// How many look at the states of one level.
const PROCESSORS: usize = 2;
const SAID: [Said; 6] =
    [Said::Received, Said::Unreadable, Said::Accepted, Said::Rejected, Said::Started, Said::Purged];
const ORDERS: [OrderName; 4] = [OrderName::SendAgain, OrderName::Hold, OrderName::Release, OrderName::Lift];

/// A state on the way, with what may still happen.
#[derive(Clone)]
struct Node {
    house: House,
    /// Where they live, and how often they may still move.
    place: usize,
    moves: usize,
    revoked: bool,
    objected: bool,
}

/// A state that was reached for the first time: the state before it, shared by all that follow from it, and the step.
struct Reached {
    before: Arc<Node>,
    step: Option<Step>,
    /// Its number among all; that of the state before it until it has one.
    number: usize,
}

/// What was found on one level by one of the processors.
#[derive(Default)]
struct Found {
    states: BTreeSet<State>,
    new: Vec<(u128, Reached)>,
    broken: Option<(usize, Step, String)>,
}

fn who() -> Who {
    Who::number(1)
}

impl Node {
    fn first() -> Self {
        let mut house = House::forgetful();
        house.granted(&who());
        house.today("2025-03-05");
        house.home(&who(), PLACES[0], "2025-03-04");
        Self { house, place: 0, moves: 3, revoked: false, objected: false }
    }

    fn today(&self) -> String {
        day_of(self.house.at).to_string()
    }

    /// What can happen from here.
    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::Again];
        if self.moves > 0 {
            steps.extend((0..PLACES.len()).filter(|place| *place != self.place).map(Step::Moves));
        }
        let offers = self.house.on_the_table().len();
        steps.extend((0..offers).flat_map(|at| SAID.into_iter().map(move |said| Step::Answers(at, said))));
        steps.extend((!self.revoked).then_some(Step::Revoked));
        steps.extend((!self.objected).then_some(Step::Objects));
        steps.extend(ORDERS.map(Step::Ordered));
        steps.extend(self.house.due().map(|_| Step::Tick));
        steps
    }

    /// Takes a step; whether anything was decided by it. What was refused has changed nothing.
    fn take(&mut self, step: Step) -> bool {
        let today = self.today();
        let verdict = match step {
            Step::Moves(place) => {
                let next = day_of(self.house.at) + chrono::Days::new(1);
                self.house.until(&next.to_string());
                (self.place, self.moves) = (place, self.moves - 1);
                self.house.home(&who(), PLACES[place], &next.to_string())
            }
            Step::Again => {
                let home = self.journey().home(day_of(self.house.at));
                let began = home.map_or(today.clone(), |home| home.began.to_string());
                self.house.tell(register(&who(), Home::In(PLACES[self.place], &began), &today))
            }
            Step::Answers(at, said) => self.answer(at, said),
            Step::Revoked => {
                self.revoked = true;
                self.house.tell(status(&who(), Decision::Revoked, 9, &today))
            }
            Step::Objects => {
                self.objected = true;
                self.house.tell(objection(&who(), &today))
            }
            Step::Ordered(order) => self.house.order(order),
            Step::Tick => {
                let due = self.house.due().map(|(day, _)| day.to_string());
                due.into_iter().for_each(|day| self.house.until(&day));
                return true;
            }
        };
        matches!(verdict, Verdict::Decided(_))
    }

    fn answer(&mut self, at: usize, said: Said) -> Verdict {
        let offer = self.house.on_the_table()[at].clone();
        self.house.pick_up(&offer);
        let sequence = offer.sequence;
        let kind = match said {
            Said::Received => AnswerKind::Received { sequence, payload_hash: HASH },
            Said::Unreadable => AnswerKind::Received { sequence, payload_hash: [0xcd; 32] },
            Said::Accepted => AnswerKind::Accepted,
            Said::Rejected => AnswerKind::Rejected { code: RejectCode::NotArrived },
            Said::Started => AnswerKind::TrajectoryStarted,
            Said::Purged => AnswerKind::PurgeConfirmed,
        };
        self.house.answer(offer.recipient.as_str(), kind)
    }

    fn journey(&self) -> Journey<'_> {
        Journey::of(&self.house.only().state)
    }

    /// The state without ids, dates and names of agencies, of which one is like the other; and without handovers that
    /// ended before the last that did: nothing asks about them any more.
    fn key(&self) -> u128 {
        let (state, today) = (&self.house.only().state, day_of(self.house.at));
        let ended = |h: &&Handover| !h.is_live() && h.state != State::Superseded;
        let last = state.handovers.iter().filter(ended).max_by_key(|h| (h.since, h.is_done())).map(|h| h.id);
        let counts = |h: &&Handover| h.stage() != Stage::Final || Some(h.id) == last;
        let kept: Vec<&Handover> = state.handovers.iter().filter(counts).collect();
        let place = |id: Option<HandoverId>| kept.iter().position(|h| Some(h.id) == id);
        let home = self.journey().home(today).map(|home| home.began);
        let mut agencies: Vec<&str> = if exact() { AGENCIES.to_vec() } else { vec![] };
        let mut like = |name: &'static str| {
            agencies.iter().position(|known| *known == name).unwrap_or_else(|| {
                agencies.push(name);
                agencies.len() - 1
            })
        };
        let mut agency =
            |name: &Recipient| AGENCIES.iter().find(|own| **own == name.as_str()).map(|own| like(own));
        let mut key = format!("{} {} {}", self.moves, self.revoked, self.objected);
        for h in &kept {
            _ = write!(
                key,
                "|{:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?} {} {} {:?} {}",
                h.state,
                h.before,
                h.recipient.as_ref().map(&mut agency),
                h.epoch.min(2),
                place(h.replaces),
                h.hold,
                h.code,
                h.held_in,
                h.deadline.map(|day| self.left(day, &kept)),
                h.residence == home,
                home.is_some_and(|began| began <= h.since),
                (h.accepted.is_some(), h.purged.is_some()),
                h.is_done(),
            );
        }
        let told = |s: &&Stream| s.ended.is_none() || s.handover.is_none() || place(s.handover).is_some();
        let mut streams: Vec<String> = vec![];
        for s in state.streams.iter().filter(told) {
            let (kind, line) = (s.last.map(|(kind, _)| kind), s.line.map(|l| l.capacity));
            let by = agency(&s.recipient);
            streams.push(format!("/{by:?} {:?} {kind:?} {line:?} {:?}", place(s.handover), s.ended));
        }
        // That an offer was taken back is kept, not how often.
        streams.dedup();
        key += &streams.concat();
        let lives = AGENCIES.get(self.place).map(|name| like(name));
        _ = write!(key, "{lives:?}");
        let half = |part: u8| {
            let mut hasher = DefaultHasher::new();
            (part, &key).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(0) << 64 | half(1)
    }

    /// How much is left until a day: in working days while it is near; else only which of the far days it is.
    fn left(&self, until: Day, kept: &[&Handover]) -> (bool, usize) {
        let today = day_of(self.house.at);
        let far = |day: Day| (day - today).num_days() > FAR;
        if far(until) {
            let before: BTreeSet<Day> =
                kept.iter().filter_map(|h| h.deadline).filter(|day| far(*day)).collect();
            return (true, before.range(..until).count());
        }
        let days = today.iter_days().skip(1).take_while(|day| *day <= until);
        (false, days.filter(|day| exact() || self.house.bundle.calendar.works(*day)).count())
    }
}

impl Reached {
    fn node(&self) -> Node {
        let mut node = Node::clone(&self.before);
        self.step.into_iter().for_each(|step| _ = node.take(step));
        node.house.forget();
        node
    }
}

/// How a state was reached, with one step more.
fn way(ways: &[(usize, Option<Step>)], mut from: usize, last: Step) -> Vec<Step> {
    let mut way = vec![last];
    while let (before, Some(step)) = ways[from] {
        way.push(step);
        from = before;
    }
    way.reverse();
    way
}

/// Every step from these states.
fn explore(from: &[Reached], seen: &HashSet<u128>) -> Found {
    let (mut found, mut own) = (Found::default(), HashSet::new());
    for reached in from {
        let node = Arc::new(reached.node());
        let mut next: Option<Node> = None;
        for step in node.steps() {
            let mut child = next.take().unwrap_or_else(|| Node::clone(&node));
            if !child.take(step) {
                next = Some(child);
                continue;
            }
            if let Err(what) = broken(&mut child.house) {
                found.broken = Some((reached.number, step, format!("{what}: {:?}", child.house.handovers())));
                return found;
            }
            let key = child.key();
            if !seen.contains(&key) && own.insert(key) {
                found.states.extend(child.house.only().state.handovers.iter().map(|h| h.state));
                found.new.push((
                    key,
                    Reached { before: Arc::clone(&node), step: Some(step), number: reached.number },
                ));
            }
        }
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "a test is told how much by its environment")]
fn depth() -> usize {
    std::env::var("HUB_DEPTH").ok().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX)
}

fn exact() -> bool {
    static EXACT: LazyLock<bool> = LazyLock::new(|| std::env::var_os("HUB_EXACT").is_some());
    *EXACT
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is what one runs it for")]
fn every_way_ends_somewhere_known_and_settled() {
    let mut seen: HashSet<u128> = HashSet::new();
    let mut states: BTreeSet<State> = BTreeSet::new();
    // How each was reached: from which, by what.
    let mut ways: Vec<(usize, Option<Step>)> = vec![(0, None)];
    let mut level = vec![Reached { before: Arc::new(Node::first()), step: None, number: 0 }];
    for depth in 1..=depth() {
        let share = level.len().div_ceil(PROCESSORS);
        let found: Vec<Found> = std::thread::scope(|scope| {
            let parts: Vec<_> =
                level.chunks(share).map(|part| scope.spawn(|| explore(part, &seen))).collect();
            parts.into_iter().map(|part| part.join().unwrap()).collect()
        });
        level.clear();
        for part in found {
            if let Some((from, step, what)) = part.broken {
                panic!("{:?}: {what}", way(&ways, from, step));
            }
            states.extend(part.states);
            for (key, reached) in part.new {
                if seen.insert(key) {
                    ways.push((reached.number, reached.step));
                    level.push(Reached { number: ways.len() - 1, ..reached });
                }
            }
        }
        println!("depth {depth}: {} states", seen.len());
        if level.is_empty() {
            break;
        }
    }
    let reached = [
        State::Sent,
        State::Received,
        State::Bounced,
        State::Overdue,
        State::Accepted,
        State::Held,
        State::Superseded,
        State::Closed,
        State::WithdrawPending,
        State::Withdrawn,
        State::NotInScope,
    ];
    assert!(reached.iter().all(|state| states.contains(state)), "{states:?}");
}
