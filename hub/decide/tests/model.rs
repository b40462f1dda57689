//! Every way that one person's handovers can go, breadth first, up to a depth: three recipients, two moves and a move
//! back, a message said twice, a reply that is lost, a rejection, a revocation, an objection, time to the next due
//! moment.
//!
//! Two ways that end in the same state are one: a state has no ids and no dates, only what is left of each deadline.
//! `HUB_DEPTH=7 cargo test --release -p decide --test model` goes deeper: 102,584 states in two minutes. Next: `walks.rs`, which draws everything.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemas::fact::Decision;
use schemas::handover::{AnswerKind, OrderName, RejectCode, State};
use schemas::ids::HandoverId;
use schemas::time::day_of;
use support::house::HASH;
use support::settled::broken;
use support::{Home, House, Who, objection, register, status};

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
    way: Vec<Step>,
}

fn who() -> Who {
    Who::number(1)
}

impl Node {
    fn first() -> Self {
        let mut house = House::new();
        house.granted(&who());
        house.today("2025-03-05");
        house.home(&who(), PLACES[0], "2025-03-04");
        Self { house, place: 0, moves: 3, revoked: false, objected: false, way: vec![] }
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

    fn take(&mut self, step: Step) {
        self.way.push(step);
        let today = self.today();
        match step {
            Step::Moves(place) => {
                let next = day_of(self.house.at) + chrono::Days::new(1);
                self.house.until(&next.to_string());
                (self.place, self.moves) = (place, self.moves - 1);
                self.house.home(&who(), PLACES[place], &next.to_string());
            }
            Step::Again => {
                let began = self.house.only().state.handovers.iter().rev().find_map(|h| h.residence);
                let began = began.map_or(today.clone(), |day| day.to_string());
                self.house.tell(register(&who(), Home::In(PLACES[self.place], &began), &today));
            }
            Step::Answers(at, said) => self.answer(at, said),
            Step::Revoked => {
                self.revoked = true;
                self.house.tell(status(&who(), Decision::Revoked, 9, &today));
            }
            Step::Objects => {
                self.objected = true;
                self.house.tell(objection(&who(), &today));
            }
            Step::Ordered(order) => drop(self.house.order(order)),
            Step::Tick => {
                let due = self.house.due().map(|(day, _)| day.to_string());
                due.into_iter().for_each(|day| self.house.until(&day));
            }
        }
    }

    fn answer(&mut self, at: usize, said: Said) {
        let Some(offer) = self.house.on_the_table().get(at).cloned() else { return };
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
        self.house.answer(offer.recipient.as_str(), kind);
    }

    /// The state without ids and dates.
    fn key(&self) -> String {
        let (state, today) = (&self.house.only().state, day_of(self.house.at));
        let place = |id: Option<HandoverId>| state.handovers.iter().position(|h| Some(h.id) == id);
        let home = decide::journey::Journey::of(state).home(today).map(|home| home.began);
        let mut key = format!("{} {} {} {}", self.place, self.moves, self.revoked, self.objected);
        for h in &state.handovers {
            let left = h.deadline.map(|day| (day - today).num_days());
            _ = write!(
                key,
                "|{:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?} {left:?} {} {} {:?}",
                h.state,
                h.before,
                h.recipient,
                h.epoch.min(2),
                place(h.replaces),
                h.hold,
                h.code,
                h.held_in,
                h.accepted.is_some(),
                h.residence == home,
                h.purged.is_some(),
                h.is_done(),
            );
        }
        for s in &state.streams {
            let kind = s.last.map(|(kind, _)| kind);
            _ = write!(
                key,
                "/{} {:?} {:?} {kind:?} {:?}",
                s.recipient,
                place(s.handover),
                s.line.map(|l| l.capacity),
                s.ended
            );
        }
        key
    }
}

#[expect(clippy::disallowed_methods, reason = "a test is told how much by its environment")]
fn depth() -> usize {
    std::env::var("HUB_DEPTH").ok().and_then(|n| n.parse().ok()).unwrap_or(5)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is what one runs it for")]
fn every_way_ends_somewhere_known_and_settled() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    let mut level = vec![Node::first()];
    for _ in 0..depth() {
        let mut next = vec![];
        for node in &level {
            for step in node.steps() {
                let mut node = node.clone();
                node.take(step);
                let held = broken(&mut node.house);
                assert_eq!(held, Ok(()), "{:?}: {:?}", node.way, node.house.handovers());
                node.house.forget();
                if seen.insert(node.key()) {
                    node.house
                        .only()
                        .state
                        .handovers
                        .iter()
                        .for_each(|h| *states.entry(h.state).or_default() += 1);
                    next.push(node);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    println!("{} states to depth {}: {states:?}", seen.len(), depth());
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
    assert!(reached.iter().all(|state| states.contains_key(state)), "{states:?}");
}
