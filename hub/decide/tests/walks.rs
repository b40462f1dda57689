//! Random lives that draw everything the vocabulary can say: after every message what was decided is settled, and the
//! invariants hold.
//!
//! `HUB_WALKS=1000000 cargo test --release -p decide --test walks` walks a million; every run 20,000. Next: `support::walk`.

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;

use decide::handover::table::ROWS;
use support::House;
use support::settled::broken;
use support::walk::{Log, walk};

/// How many lives are walked, half in true weather and half in wild.
#[expect(clippy::disallowed_methods, reason = "a test is told how much by its environment")]
fn walks() -> u64 {
    std::env::var("HUB_WALKS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Rows that no walk fires: nobody is split, and one walk knows one human, of whom no two pieces are offered at once.
const NOT_WALKED: [&str; 2] = ["28", "29b"];

fn all(wild: bool) {
    let breaks: RefCell<Vec<String>> = RefCell::new(vec![]);
    let fired: RefCell<BTreeSet<String>> = RefCell::default();
    for number in 0..walks() / 2 {
        let mut whole = true;
        walk(number * 2 + u64::from(wild), wild, |house: &mut House, log: &Log| {
            fired.borrow_mut().extend(house.fired());
            if let (true, Err(what)) = (whole, broken(house)) {
                whole = false;
                let states = house.handovers().join(", ");
                breaks.borrow_mut().push(format!("{what}\n    {states}\n    {}", log.join("\n    ")));
            }
        });
    }
    let breaks = breaks.into_inner();
    assert!(breaks.is_empty(), "{} walks break, the first: {}", breaks.len(), breaks[0]);
    // Fewer walks, or wilder ones, do not come everywhere.
    if wild || walks() < 20_000 {
        return;
    }
    let idle = ROWS.iter().map(|row| row.id).filter(|id| !fired.borrow().contains(*id)).collect::<Vec<_>>();
    assert_eq!(idle, NOT_WALKED, "every row is walked");
}

#[test]
fn what_is_decided_is_settled_in_true_weather() {
    all(false);
}

#[test]
fn what_is_decided_is_settled_in_wild_weather() {
    all(true);
}
