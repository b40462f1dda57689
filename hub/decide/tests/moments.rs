//! No message can lose a due moment: on every day before the one that stands, nothing has become true by itself.
//!
//! Random lives ([`support::walk`]) are stopped after any message; the engine is to look again on the day that the heart
//! set, so each day before it is looked at here and must change nothing. Next: `due.rs`, for what becomes true then.

use std::cell::RefCell;

use crate::support::engine::Dice;
use crate::support::walk::{Log, walk};
use crate::support::{House, day};
use chrono::Days;
use decide::round::Verdict;
use schemas::ids::PersonId;
use schemas::message::Body;
use schemas::time::{Day, day_of};

const LIVES: u64 = 400;
/// Where nothing is due any more, so many days are looked at all the same.
const NEVER: u64 = 800;
/// The next days, each; those after them as the dice fall.
const NEAR: u64 = 4;
const FAR: usize = 8;

/// What becomes true by itself on one of the days before the one that is due.
fn lost(house: &House, person: PersonId, dice: &mut Dice) -> Option<String> {
    let (today, due) = (day_of(house.at), house.now(person).state.due);
    if due.is_some_and(|due| due <= today) {
        return Some(format!("{due:?} is due, and has passed"));
    }
    let until = due.map_or(NEVER, |due| u64::try_from((due - today).num_days()).unwrap_or(0));
    let far = (0..FAR).map(|_| dice.roll(usize::try_from(until).unwrap_or(0).max(1)) as u64);
    let mut days: Vec<u64> = (1..=NEAR).chain(far).chain([until.saturating_sub(1)]).collect();
    days.retain(|after| (1..until).contains(after));
    days.sort_unstable();
    days.dedup();
    let mut later = house.clone();
    later.forget();
    for on in days.into_iter().map(|after| today + Days::new(after)) {
        later.today(&on.to_string());
        let Verdict::Decided(change) = later.tell(Body::Due(person)) else {
            return Some(format!("{on}: nobody is there"));
        };
        if !change.events.is_empty() {
            let events: Vec<String> = change.events.iter().map(|(_, event)| format!("{event:?}")).collect();
            return Some(format!("due {due:?}, and on {on}: {}", events.join("; ")));
        }
    }
    None
}

fn none_is_lost(wild: bool) {
    let losses: RefCell<Vec<String>> = RefCell::default();
    let looks = RefCell::new(0);
    for number in 0..LIVES {
        let mut dice = Dice(number ^ 0x5eed);
        walk(number * 2 + u64::from(wild), wild, |house: &mut House, log: &Log| {
            if dice.roll(3) > 0 {
                return;
            }
            let people: Vec<PersonId> = house.people().iter().map(|person| person.id).collect();
            for person in people {
                *looks.borrow_mut() += 1;
                if let Some(what) = lost(house, person, &mut dice) {
                    losses.borrow_mut().push(format!("{what}\n    {}", log.join("\n    ")));
                }
            }
        });
    }
    let (losses, looks) = (losses.into_inner(), looks.into_inner());
    assert!(looks > LIVES * 3, "{looks} looks");
    assert!(losses.is_empty(), "{} of {looks} looks, the first: {}", losses.len(), losses[0]);
}

#[test]
fn between_a_message_and_the_day_that_it_set_nothing_becomes_true_in_true_weather() {
    none_is_lost(false);
}

#[test]
fn between_a_message_and_the_day_that_it_set_nothing_becomes_true_in_wild_weather() {
    none_is_lost(true);
}

/// Whatever is said about somebody on whichever day, what had become due by then has happened.
#[test]
fn a_message_that_comes_late_brings_what_became_due_before_it() {
    let first: Day = day("2025-03-05");
    for after in 0..60 {
        let (mut asked, who) = House::arrived("44021");
        let (mut silent, _) = House::arrived("44021");
        let on = first + Days::new(after);
        for house in [&mut asked, &mut silent] {
            house.fired();
            house.today(&on.to_string());
        }
        // The hub stood still; what it hears first is a message, or the day itself.
        asked.home(&who, "44021", "2025-03-04");
        let person = silent.only().id;
        silent.tell(Body::Due(person));
        assert_eq!((asked.fired(), asked.handovers()), (silent.fired(), silent.handovers()), "{on}");
        assert_eq!(asked.due().map(|(due, _)| due), silent.due().map(|(due, _)| due), "{on}");
    }
}
