//! Whether the state table is whole: every stage that faces every situation has exactly one row or an explicit stay, and
//! comes to rest within three steps.
//!
//! The rows are code and do not change while the hub runs; `hub check` and a test ask here all the same, so that whoever
//! changes a row is told at once. Next: [`super::table`].

use std::collections::BTreeSet;

use schemas::handover::{AnswerName, State};

use super::table::{Also, Cause, Circumstances, ROWS, Row, STAYS, Stay, To, When};
use crate::person::{Facing, Holds, Stage};

/// How many rows may fire after one another before a handover rests.
pub const STEPS: usize = 3;

/// Every place where the table says nothing, or two things, or does not come to rest.
#[must_use]
pub fn table() -> Vec<String> {
    whole(ROWS, STAYS)
}

fn whole(rows: &[Row], stays: &[Stay]) -> Vec<String> {
    let mut wrong = vec![];
    let mut ids = BTreeSet::new();
    wrong.extend(
        rows.iter().filter(|row| !ids.insert(row.id)).map(|row| format!("row {} stands twice", row.id)),
    );
    wrong.extend(rows.iter().flat_map(out_of_place));
    for stage in Stage::ALL {
        for facing in Facing::ALL.into_iter().filter(|facing| facing.is_said_of(stage)) {
            for around in CIRCUMSTANCES {
                wrong.extend(at(rows, stays, (stage, facing, around)));
            }
        }
    }
    wrong
}

const CIRCUMSTANCES: [Circumstances; 4] = [
    Circumstances { file_held: false, moved: false },
    Circumstances { file_held: false, moved: true },
    Circumstances { file_held: true, moved: false },
    Circumstances { file_held: true, moved: true },
];

type Where = (Stage, Facing, Circumstances);

fn at(rows: &[Row], stays: &[Stay], place: Where) -> Option<String> {
    let (stage, facing, around) = place;
    let named = format!("{} that faces {} ({around:?})", stage.as_str(), facing.as_str());
    let fire: Vec<&str> = rows.iter().filter(|row| fires(row, place)).map(|row| row.id).collect();
    let stay = stays.iter().filter(|stay| {
        stay.from.contains(&stage) && stay.facing.contains(&facing) && stay.when.holds(around)
    });
    match (fire.as_slice(), stay.count()) {
        ([], 1) | ([_], 0) => {}
        ([], 0) => return Some(format!("{named}: nothing is said")),
        (rows, stays) => return Some(format!("{named}: rows {rows:?} and {stays} stays")),
    }
    (!rests(rows, place, STEPS)).then(|| format!("{named}: does not come to rest"))
}

fn fires(row: &Row, (stage, facing, around): Where) -> bool {
    row.on.iter().any(|trigger| {
        trigger.from.contains(&stage)
            && matches!(trigger.cause, Cause::Facts(facings, when) if facings.contains(&facing) && when.holds(around))
    })
}

/// What a row does beside its state and cannot do there, or must do there and does not.
fn out_of_place(row: &Row) -> Vec<String> {
    let all = |fits: fn(Cause) -> bool| row.on.iter().all(|on| fits(on.cause));
    let from = |fits: fn(Stage) -> bool| row.on.iter().flat_map(|on| on.from).all(|stage| fits(*stage));
    let to = |state| row.to == To::State(state);
    let belongs = |also| match also {
        Also::HoldByCode => to(State::Held) && from(|stage| stage == Stage::Rejected),
        Also::FollowHome => row.to == To::Stay && all(|cause| matches!(cause, Cause::Facts(_, When::Moved))),
        // Not whatever has an offer goes out again: the row says it.
        Also::IssueAgain => row.does(also) && from(Stage::has_offer),
        Also::RelieveFormer => {
            all(|cause| matches!(cause, Cause::Answer(AnswerName::Accepted) | Cause::AlreadyKnown))
        }
        Also::KeepPurge => all(|cause| cause == Cause::Answer(AnswerName::PurgeConfirmed)),
        Also::Done => to(State::Closed) && all(|cause| !matches!(cause, Cause::Facts(..))),
    };
    let wrong = Also::ALL.into_iter().filter(|also| belongs(*also) != row.does(*also));
    let told = |also: Also| {
        let does = if row.does(also) { "does not belong" } else { "is missing" };
        format!("row {}: {} {does}", row.id, also.as_str())
    };
    wrong.map(told).collect()
}

/// Whether a handover that stands there comes to rest within so many steps, wherever it comes back to.
fn rests(rows: &[Row], place: Where, left: usize) -> bool {
    let Some(row) = rows.iter().find(|row| fires(row, place)) else { return true };
    let Some(left) = left.checked_sub(1) else { return false };
    let (stage, facing, around) = place;
    // Who goes where the facts lead goes with the home; who stays or comes back only where the row says so.
    let follows = row.does(Also::FollowHome) || matches!(row.to, To::State(_));
    let around = Circumstances { moved: around.moved && !follows, ..around };
    next(stage, row).into_iter().all(|next| rests(rows, (next, after(next, facing, row), around), left))
}

/// Where a row leads from there. What was held comes back to any state that the same agency's hold can come from.
fn next(stage: Stage, row: &Row) -> Vec<Stage> {
    let holds = match stage {
        stage if stage.has_file() => Holds::File,
        stage if stage.has_offer() => Holds::Offer,
        Stage::Rejected | Stage::HeldRefused => Holds::Refused,
        _ => Holds::Nothing,
    };
    match row.to {
        To::Stay => vec![stage],
        To::Back if stage == Stage::HeldFile => vec![Stage::Accepted],
        To::Back => vec![Stage::Sent, Stage::Received, Stage::Overdue, Stage::Bounced],
        To::State(state) => vec![Stage::of(state, holds)],
    }
}

/// What the same facts say to it then.
fn after(stage: Stage, facing: Facing, row: &Row) -> Facing {
    match (facing, row.to) {
        (_, To::State(State::Held)) => Facing::Unchanged,
        (Facing::Arrived | Facing::Elsewhere, To::State(State::Sent)) => Facing::Competent,
        // What is barred is so for a handover without an agency; to one that has ended nothing is said of it.
        (Facing::Elsewhere | Facing::Lapsed | Facing::Settled | Facing::Arrived | Facing::Stopped, _)
            if !facing.is_said_of(stage) =>
        {
            Facing::Competent
        }
        _ => facing,
    }
}

/// Whether an entry of the table can fire at all: none asks for what facts never say there.
#[must_use]
pub fn idle() -> Vec<String> {
    unasked(ROWS, STAYS)
}

fn unasked(rows: &[Row], stays: &[Stay]) -> Vec<String> {
    let never = |from: &[Stage], facing: &[Facing], id: &str| -> Vec<String> {
        let pairs = from.iter().flat_map(|stage| facing.iter().map(move |facing| (*stage, *facing)));
        let idle = pairs.filter(|(stage, facing)| !facing.is_said_of(*stage));
        idle.map(|(stage, facing)| format!("{id}: {} never faces {}", stage.as_str(), facing.as_str()))
            .collect()
    };
    let rows = rows.iter().flat_map(|row| row.on.iter().map(move |trigger| (row, trigger)));
    let rows = rows.filter_map(|(row, trigger)| match trigger.cause {
        Cause::Facts(facings, _) => Some(never(trigger.from, facings, row.id)),
        _ => None,
    });
    rows.chain(stays.iter().map(|stay| never(stay.from, stay.facing, stay.because))).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handover::table::{Acts, Trigger, When};

    #[test]
    fn the_table_says_one_thing_in_every_place_and_comes_to_rest() {
        assert_eq!((table(), idle()), (vec![], vec![]));
    }

    /// The checker is checked: each way in which a table can be broken is told, with its place.
    #[test]
    fn a_broken_table_is_told() {
        let leads = |id: &'static str, on: &'static [Trigger], to: To| Row {
            id,
            on,
            to,
            owner: Acts::AsBefore,
            also: &[],
        };
        const LOST: &[Trigger] =
            &[Trigger { from: &[Stage::Sent], cause: Cause::Facts(&[Facing::Competent], When::Always) }];
        let table = |more: &[Row]| -> Vec<Row> { [ROWS, more].concat() };

        for (at, without) in ROWS.iter().enumerate() {
            let by_facts = without.on.iter().any(|on| matches!(on.cause, Cause::Facts(..)));
            let told = whole(&[&ROWS[..at], &ROWS[at + 1..]].concat(), STAYS);
            assert_eq!(
                by_facts,
                told.iter().any(|place| place.ends_with("nothing is said")),
                "{}",
                without.id
            );
        }
        for (at, without) in STAYS.iter().enumerate() {
            let told = whole(ROWS, &[&STAYS[..at], &STAYS[at + 1..]].concat());
            assert!(told.iter().any(|place| place.ends_with("nothing is said")), "{}", without.because);
        }
        let twice = whole(&table(&[ROWS[0]]), STAYS);
        assert!(twice.contains(&format!("row {} stands twice", ROWS[0].id)), "{twice:?}");
        let both = whole(&table(&[leads("x", LOST, To::Stay)]), STAYS);
        for around in ["file_held: false, moved: false", "file_held: true, moved: false"] {
            let place = format!("sent that faces competent (Circumstances {{ {around} }})");
            assert!(both.contains(&format!("{place}: rows [\"x\"] and 1 stays")), "{both:?}");
        }
        assert!(both.iter().any(|place| place.contains("rows [\"22\", \"x\"] and 0 stays")), "{both:?}");
        assert!(whole(ROWS, &[STAYS, STAYS].concat()).iter().all(|place| place.contains("2 stays")));

        // A row in the place of a stay that leads back to where it fires never comes to rest, whatever it is called.
        let rests: Vec<Stay> =
            STAYS.iter().filter(|stay| !stay.from.contains(&Stage::Sent)).copied().collect();
        let circle = whole(&table(&[leads("x", LOST, To::Stay)]), &rests);
        assert!(
            circle.iter().any(
                |place| place.starts_with("sent that faces competent") && place.ends_with("come to rest")
            ),
            "{circle:?}"
        );

        const NEVER: &[Trigger] =
            &[Trigger { from: &[Stage::Final], cause: Cause::Facts(&[Facing::Lapsed], When::Always) }];
        assert!(!Facing::Lapsed.is_said_of(Stage::Final));
        assert_eq!(unasked(&table(&[leads("x", NEVER, To::Stay)]), STAYS).len(), 1);
    }

    /// Each effect is told where it is taken from its row, and where it is given to any other.
    #[test]
    fn an_effect_in_the_wrong_place_is_told() {
        let mut found = vec![];
        for row in ROWS {
            for also in Also::ALL {
                let without: Vec<Also> = row.also.iter().copied().filter(|one| *one != also).collect();
                let with = [row.also, &[also]].concat();
                let (changed, told) =
                    if row.does(also) { (without, "is missing") } else { (with, "does not belong") };
                let wrong = out_of_place(&Row { also: changed.leak(), ..*row });
                let expect = format!("row {}: {} {told}", row.id, also.as_str());
                if wrong != [expect] {
                    found.push((row.id, also));
                }
            }
        }
        // Whether an offer goes out once more is its row's to say.
        let offered: Vec<&str> = ROWS
            .iter()
            .filter(|row| row.on.iter().flat_map(|on| on.from).all(|stage| stage.has_offer()))
            .map(|row| row.id)
            .collect();
        assert_eq!(found, offered.into_iter().map(|row| (row, Also::IssueAgain)).collect::<Vec<_>>());
    }

    /// A row is followed to where it leads and nowhere else: a circle there is told, and one in any other place is not.
    #[test]
    fn a_row_is_followed_to_where_it_leads() {
        use Facing::{
            Arrived, Choosing, Competent, Doubtful, Elsewhere, Expected, Gone, Lapsed, Nowhere, Objecting,
            Out, Served, Settled, Unchanged,
        };
        use Stage::{
            Accepted, AwaitingChoice, Bounced, ChoiceOverdue, Final, HeldBefore, HeldFile, HeldOffer,
            HeldRefused, Overdue, Prepared, RecallPending, Received, Rejected, Sent, Unopened,
            WithdrawPending,
        };
        let to = |state| To::State(state);
        let leads: &[(Stage, Facing, To, &[Stage], Facing)] = &[
            (Prepared, Doubtful, to(State::Held), &[HeldBefore], Unchanged),
            (AwaitingChoice, Doubtful, to(State::Held), &[HeldBefore], Unchanged),
            (Received, Doubtful, to(State::Held), &[HeldOffer], Unchanged),
            (Accepted, Objecting, to(State::Held), &[HeldFile], Unchanged),
            (Rejected, Competent, to(State::Held), &[HeldRefused], Unchanged),
            (HeldRefused, Objecting, to(State::Held), &[HeldRefused], Unchanged),
            (HeldOffer, Competent, To::Back, &[Sent, Received, Overdue, Bounced], Competent),
            (HeldFile, Competent, To::Back, &[Accepted], Competent),
            (Unopened, Arrived, to(State::Sent), &[Sent], Competent),
            (HeldBefore, Elsewhere, to(State::Sent), &[Sent], Competent),
            (Unopened, Arrived, to(State::AwaitingChoice), &[AwaitingChoice], Competent),
            (HeldOffer, Lapsed, to(State::Prepared), &[Prepared], Competent),
            (Unopened, Settled, to(State::Prepared), &[Prepared], Competent),
            (Sent, Elsewhere, to(State::Superseded), &[Final], Competent),
            (HeldBefore, Expected, to(State::Prepared), &[Prepared], Expected),
            (Prepared, Choosing, to(State::AwaitingChoice), &[AwaitingChoice], Choosing),
            (AwaitingChoice, Choosing, to(State::Overdue), &[ChoiceOverdue], Choosing),
            (Sent, Competent, to(State::Overdue), &[Overdue], Competent),
            (Received, Served, to(State::Accepted), &[Accepted], Served),
            (Sent, Out, to(State::WithdrawPending), &[WithdrawPending], Out),
            (Accepted, Gone, to(State::RecallPending), &[RecallPending], Gone),
            (Sent, Nowhere, to(State::Closed), &[Final], Nowhere),
        ];
        let on = |stage: Stage, facing: Facing, to: To| -> Row {
            let cause = Cause::Facts(vec![facing].leak(), When::Always);
            let on: &[Trigger] = vec![Trigger { from: vec![stage].leak(), cause }].leak();
            Row { id: "x", on, to, owner: Acts::AsBefore, also: &[] }
        };
        for (stage, facing, to, then, says) in leads {
            let row = on(*stage, *facing, *to);
            for (other, said) in Stage::ALL.into_iter().flat_map(|at| Facing::ALL.map(|said| (at, said))) {
                if (other, said) != (*stage, *facing) {
                    let rests =
                        rests(&[row, on(other, said, To::Stay)], (*stage, *facing, CIRCUMSTANCES[0]), STEPS);
                    let circle = then.contains(&other) && said == *says;
                    assert_eq!(rests, !circle, "{stage:?} {facing:?} {to:?}, and then {other:?} {said:?}");
                }
            }
        }
    }

    /// Who goes where the facts lead has their home with them: what asks for a move fires no more.
    #[test]
    fn a_move_is_followed_by_going_and_by_what_says_so() {
        let on = |id, stage: Stage, when, to, also: &'static [Also]| -> Row {
            let cause = Cause::Facts(&[Facing::Competent], when);
            Row {
                id,
                on: vec![Trigger { from: vec![stage].leak(), cause }].leak(),
                to,
                owner: Acts::AsBefore,
                also,
            }
        };
        let moved = Circumstances { file_held: false, moved: true };
        let goes = on("x", Stage::Sent, When::Always, To::State(State::Overdue), &[]);
        let there = on("y", Stage::Overdue, When::Moved, To::Stay, &[]);
        assert!(rests(&[goes, there], (Stage::Sent, Facing::Competent, moved), STEPS));
        for (also, expect) in [(&[][..], false), (&[Also::FollowHome][..], true)] {
            let stays = on("x", Stage::Sent, When::Moved, To::Stay, also);
            assert_eq!(rests(&[stays], (Stage::Sent, Facing::Competent, moved), STEPS), expect);
        }
    }

    #[test]
    fn what_must_be_so_beside_the_facts_is_asked() {
        let one = |file_held, moved| Circumstances { file_held, moved };
        let holds: Vec<[bool; 5]> = [one(false, false), one(false, true), one(true, false), one(true, true)]
            .map(|around| {
                [When::Always, When::FileHeld, When::NoFile, When::Moved, When::NotMoved]
                    .map(|when| when.holds(around))
            })
            .to_vec();
        assert_eq!(
            holds,
            [
                [true, false, true, false, true],
                [true, false, true, true, false],
                [true, true, false, false, true],
                [true, true, false, true, false],
            ]
        );
    }
}
