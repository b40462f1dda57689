//! Random lives that draw everything the vocabulary can say: after every message what was decided is settled, and the
//! invariants hold.
//!
//! `HUB_WALKS=1000000 cargo test --release -p decide --test heart walks::` walks a million; every run 20,000. Next: `support::walk`.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::House;
use crate::support::settled::broken;
use crate::support::walk::{Log, walk, walk_of_splits, walk_of_two};
use decide::handover::table::ROWS;
use decide::journey::Journey;
use decide::journey::scope::{Scope, scope};
use decide::person::{Handover, Person};
use decide::routing::{RouteReason, route};
use schemas::handover::State;
use schemas::ids::PersonId;
use schemas::municipality::NisCode;
use schemas::recipient::Recipient;
use schemas::time::day_of;

/// How many lives are walked, half in true weather and half in wild.
#[expect(clippy::disallowed_methods, reason = "a test is told how much by its environment")]
fn walks() -> u64 {
    std::env::var("HUB_WALKS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Rows that no walk of one life fires: nobody is split, of one person no two pieces are offered at once, and a
/// household is of two (`household.rs`).
const NOT_WALKED: [&str; 7] = ["27", "27b", "27c", "27d", "28", "29b", "36"];

/// What came of all walks.
#[derive(Default)]
struct Came {
    broken: Vec<String>,
    fired: BTreeSet<String>,
    merged: u64,
}

/// Walks all these lives by this way, every second number.
fn all(first: u64, way: impl Fn(u64, &mut dyn FnMut(&mut House, &Log))) -> Came {
    some(walks() / 2, first, way)
}

/// The same of so many lives.
fn some(lives: u64, first: u64, way: impl Fn(u64, &mut dyn FnMut(&mut House, &Log))) -> Came {
    let mut came = Came::default();
    for number in 0..lives {
        let (mut whole, mut merged) = (true, false);
        way(number * 2 + first, &mut |house: &mut House, log: &Log| {
            came.fired.extend(house.fired());
            merged = house.world.persons().any(|person| person.state.merged_into.is_some());
            if let (true, Err(what)) = (whole, broken(house)) {
                whole = false;
                let states = house.handovers().join(", ");
                came.broken.push(format!("{what}\n    {states}\n    {}", log.join("\n    ")));
            }
        });
        came.merged += u64::from(merged);
    }
    assert!(came.broken.is_empty(), "{} walks break, the first: {}", came.broken.len(), came.broken[0]);
    came
}

#[test]
fn what_is_decided_is_settled_in_true_weather() {
    let came = all(0, |number, look| walk(number, false, look));
    // Fewer walks, or wilder ones, do not come everywhere.
    if walks() >= 20_000 {
        let idle: Vec<_> = ROWS.iter().map(|row| row.id).filter(|id| !came.fired.contains(*id)).collect();
        assert_eq!(idle, NOT_WALKED, "every row is walked");
    }
}

#[test]
fn what_is_decided_is_settled_in_wild_weather() {
    all(1, |number, look| walk(number, true, look));
}

#[test]
fn two_who_become_one_are_settled_in_true_weather() {
    become_one(0, false, &["29"]);
}

#[test]
fn two_who_become_one_are_settled_in_wild_weather() {
    become_one(1, true, &["29", "29b"]);
}

#[test]
fn who_is_taken_apart_is_settled_in_true_weather() {
    taken_apart(0, false);
}

#[test]
fn who_is_taken_apart_is_settled_in_wild_weather() {
    taken_apart(1, true);
}

/// Some are taken apart who were one, some who were not; what is recalled is purged.
fn taken_apart(first: u64, wild: bool) {
    // Each split makes one more whose whole life is looked at after every message: a quarter of them takes as long.
    let came = some(walks() / 8, first, |number, look| walk_of_splits(number, wild, look));
    let rows = ["27", "27b", "27c", "28"];
    assert!(walks() < 8_000 || rows.iter().all(|row| came.fired.contains(*row)), "{:?}", came.fired);
}

/// Nearly all become one; the others are kept apart by a guard, or by what the desk says.
fn become_one(first: u64, wild: bool, rows: &[&str]) {
    let came = all(first, |number, look| walk_of_two(number, wild, look));
    let half = walks() / 2;
    assert!(came.merged > half / 2, "{} of {half}", came.merged);
    assert!(walks() < 2_000 || rows.iter().all(|row| came.fired.contains(*row)), "{:?}", came.fired);
}

/// A tenth of the lives is walked here, half of it in true weather and half in wild.
fn walked() -> u64 {
    walks() / 10
}

/// An open offer at another agency than the one that is competent for where they live. What the rules keep where a
/// territory changed (Borsbeek, in these walks) stays.
fn misplaced(house: &House) -> Option<String> {
    let (today, borsbeek) = (day_of(house.at), NisCode::parse("11007").ok());
    for person in house.people() {
        let journey = Journey::of(&person.state);
        let in_scope = matches!(scope(journey, &house.bundle, today), Scope::In(_));
        let home = journey.home(today).filter(|_| in_scope && !journey.objects());
        let Some(home) = home else { continue };
        let found = route(&house.bundle, home.residence.nis, today, journey.choice(&house.bundle));
        let offered = person.state.handovers.iter().filter(|h| {
            matches!(h.state, State::Sent | State::Received) && (h.nis.is_none() || h.nis != borsbeek)
        });
        for handover in offered {
            let elsewhere = match &found.recipient {
                Some(_) => found.recipient != handover.recipient,
                // Where they live may be unknown today: the offer stands.
                None => matches!(found.reason, RouteReason::NoReceiver | RouteReason::AwaitingChoice),
            };
            if elsewhere {
                return Some(format!("{:?} has an offer, and {found:?}", handover.recipient));
            }
        }
    }
    None
}

#[test]
fn offers_are_open_where_somebody_is_competent_and_none_follows_on_a_start() {
    let mut starts = 0;
    for number in 0..walked() {
        walk(number, number % 2 == 1, |house: &mut House, log: &Log| {
            let told = house.left();
            if let Some(what) = misplaced(house) {
                panic!("{what}\n    {}\n    {}", house.handovers().join(", "), log.join("\n    "));
            }
            let answered = log.last().is_some_and(|words| words.ends_with(" TrajectoryStarted"));
            if !answered || !told.iter().any(|line| line.ends_with(" ended closed")) {
                return;
            }
            starts += 1;
            // Who left today and lives here again comes anew, whenever the trajectory started.
            let today = day_of(house.at);
            let anew = |person: &&Person| Journey::of(&person.state).departures().any(|left| left == today);
            let offered = told.iter().any(|line| line.ends_with(" offer"));
            let back = house.people().iter().any(anew);
            assert!(!offered || back, "{told:?}\n    {}", log.join("\n    "));
        });
    }
    assert!(starts > 4 || walks() < 20_000, "{starts} trajectories started");
}

/// Whom an agency took over before two became one goes on there, or ends for a reason of their own: never is a handover
/// that was accepted replaced by none.
#[test]
fn what_was_accepted_before_two_became_one_is_accepted_or_has_ended_by_itself() {
    let mut merges = 0;
    for number in 0..walked() {
        let mut before: BTreeMap<PersonId, Option<Recipient>> = BTreeMap::new();
        walk_of_two(number, number % 2 == 1, |house: &mut House, log: &Log| {
            house.left();
            for person in house.people() {
                let joined: Vec<&PersonId> =
                    person.matching.absorbed.iter().filter(|id| before.contains_key(*id)).collect();
                if joined.is_empty() {
                    continue;
                }
                merges += 1;
                let parts = joined.into_iter().chain([&person.id]);
                for holder in parts.filter_map(|id| before.get(id).cloned().flatten()) {
                    let own = |h: &&Handover| h.recipient.as_ref() == Some(&holder);
                    let mut theirs = person.state.handovers.iter().filter(own);
                    assert!(
                        theirs.any(|h| h.accepted.is_some() && h.state != State::Superseded),
                        "{holder} had them\n    {}\n    {}",
                        house.handovers().join(", "),
                        log.join("\n    ")
                    );
                }
            }
            let holds = |person: &Person| person.held_handover().and_then(|held| held.recipient.clone());
            before = house.people().into_iter().map(|person| (person.id, holds(person))).collect();
        });
    }
    assert!(merges > walked() / 2, "{merges} merges");
}
