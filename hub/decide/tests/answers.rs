//! Answers of agencies in every order: whatever is said, right or wrong, early, late, twice, the handover ends where the
//! table says, and what is possible now is taken.
//!
//! All sequences up to a length over an alphabet of answers and events are walked; a model of nine lines says what each
//! must come to. Next: `tests/answers.rs` of the workspace for the same through the door.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};

use crate::support::house::HASH;
use crate::support::{Home, House, Who, day, recipient, register};
use decide::round::Verdict;
use decide::{Person, Refusal};
use schemas::handover::{AnswerKind, AnswerName, OrderName, RejectCode, State};
use schemas::message::Body;

/// What can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Received,
    WrongHash,
    WrongSequence,
    /// The right hash of a record that belongs to somebody else.
    OthersRecord,
    Accepted,
    NotTargetGroup,
    Started,
    Purged,
    /// The deadline of the agency passes.
    Late,
    /// The person leaves the country.
    Leaves,
}

use Next::*;

const ALL: [Next; 10] = [
    Received,
    WrongHash,
    WrongSequence,
    OthersRecord,
    Accepted,
    NotTargetGroup,
    Started,
    Purged,
    Late,
    Leaves,
];

/// What an answer comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ends {
    /// In this state, be it the same.
    In(State),
    /// In a refusal by state: nothing changes.
    NotAllowed,
    /// In a refusal of the hash.
    HashDiffers,
    /// In a refusal of the record.
    OtherRecord,
}

/// The model: the state table as far as agencies move it.
fn model(state: State, next: Next) -> Ends {
    use State::{Closed, Held, Overdue, Sent, WithdrawPending, Withdrawn};
    match (next, state) {
        (WrongHash, Sent | Overdue) => Ends::In(State::Bounced),
        (WrongHash | WrongSequence, _) => Ends::HashDiffers,
        (OthersRecord, _) => Ends::OtherRecord,
        (Received, Sent | Overdue | State::Bounced | State::Received) => Ends::In(State::Received),
        (Received, State::Accepted | Closed) => Ends::In(state),
        (Accepted, State::Received | Overdue | State::Accepted) => Ends::In(State::Accepted),
        (Accepted | Started, Closed) | (Started, State::Accepted) => Ends::In(Closed),
        (NotTargetGroup, Sent | State::Received | Overdue | Held) => Ends::In(Held),
        (Purged, Held | Closed) => Ends::In(state),
        (Purged, WithdrawPending | Withdrawn) => Ends::In(Withdrawn),
        _ => Ends::NotAllowed,
    }
}

/// Walks on from a house, whose handover is in this state; what was seen is not walked twice.
fn walk(house: &House, path: &mut Vec<Next>, left: usize, seen: &mut BTreeMap<String, State>) {
    let id = house.offered[&recipient("amal")].handover;
    let state = theirs(house).handover(id).unwrap().state;
    let known = seen.insert(format!("{} {:?} {:?}", house.at, left, theirs(house).state.handovers), state);
    let Some(left) = left.checked_sub(1).filter(|_| known.is_none()) else { return };
    for next in ALL {
        let mut house = house.clone();
        path.push(next);
        match next {
            Late | Leaves => event(&mut house, next),
            answer => {
                let verdict = answered(&mut house, answer);
                let now = theirs(&house).handover(id).unwrap().state;
                let told = match verdict {
                    Verdict::Decided(_) => Ends::In(now),
                    Verdict::Refused(Refusal::NotAllowed { state: told, allowed }) => {
                        assert_eq!((told, now), (state, state), "{path:?}");
                        // What is told to be possible is: each of them, given now, is taken.
                        for name in allowed {
                            let mut house = house.clone();
                            let taken = answered(&mut house, by_name(name));
                            assert!(
                                matches!(taken, Verdict::Decided(_)),
                                "{path:?} then {name:?}: {taken:?}"
                            );
                        }
                        Ends::NotAllowed
                    }
                    Verdict::Refused(Refusal::HashDiffers) => {
                        assert_eq!(now, state, "{path:?}");
                        Ends::HashDiffers
                    }
                    Verdict::Refused(Refusal::OtherRecord) => {
                        assert_eq!(now, state, "{path:?}");
                        Ends::OtherRecord
                    }
                    other => panic!("{path:?}: {other:?}"),
                };
                assert_eq!(told, model(state, answer), "{path:?} in {state:?}");
            }
        }
        walk(&house, path, left, seen);
        path.pop();
    }
}

fn answered(house: &mut House, next: Next) -> Verdict {
    let sequence = house.offered[&recipient("amal")].sequence;
    let kind = match next {
        Received => AnswerKind::Received { sequence, payload_hash: HASH },
        WrongHash => AnswerKind::Received { sequence, payload_hash: [0xcd; 32] },
        OthersRecord => AnswerKind::Received { sequence: 1, payload_hash: HASH },
        WrongSequence => AnswerKind::Received { sequence: sequence + 1_000, payload_hash: HASH },
        Accepted => AnswerKind::Accepted,
        NotTargetGroup => AnswerKind::Rejected { code: RejectCode::NotTargetGroup },
        Started => AnswerKind::TrajectoryStarted,
        Purged => AnswerKind::PurgeConfirmed,
        Late | Leaves => unreachable!("no answer"),
    };
    house.answer("amal", kind)
}

fn by_name(name: AnswerName) -> Next {
    match name {
        AnswerName::Received => Received,
        AnswerName::Accepted => Accepted,
        AnswerName::Rejected => NotTargetGroup,
        AnswerName::PurgeConfirmed => Purged,
        AnswerName::TrajectoryStarted => Started,
    }
}

fn event(house: &mut House, next: Next) {
    match next {
        Late => {
            let person = theirs(house);
            let deadline = person.live_handover().and_then(|handover| handover.deadline);
            // Where an agency has years, no deadline passes here.
            let Some(on) = deadline.filter(|on| *on < day("2025-12-31")) else { return };
            let id = person.id;
            house.today(&on.succ_opt().unwrap().to_string());
            house.tell(Body::Due(id));
        }
        Leaves => {
            let today = schemas::time::day_of(house.at).to_string();
            house.tell(register(&Who::number(1), Home::Left, &today));
        }
        _ => unreachable!("an answer"),
    }
}

/// Two people were offered to Amal; the second of them is walked with.
fn offered() -> House {
    let mut house = House::new();
    for who in [Who::number(2), Who::number(1)] {
        house.today("2025-01-02");
        house.granted(&who);
        house.today("2025-03-05");
        house.home(&who, "44021", "2025-03-04");
    }
    house
}

/// Whom the last offer is about.
fn theirs(house: &House) -> &Person {
    let id = house.offered[&recipient("amal")].handover;
    house.people().into_iter().find(|person| person.handover(id).is_some()).unwrap()
}

#[test]
fn every_order_of_answers_ends_where_the_table_says() {
    let mut seen = BTreeMap::new();
    walk(&offered(), &mut vec![], 7, &mut seen);
    let states: BTreeSet<State> = seen.into_values().collect();
    let expect = [
        State::Sent,
        State::Received,
        State::Accepted,
        State::Closed,
        State::Held,
        State::Bounced,
        State::Overdue,
        State::WithdrawPending,
        State::Withdrawn,
    ];
    assert_eq!(states, BTreeSet::from(expect), "all that agencies can answer to is reached");
}

#[test]
fn an_answer_to_what_was_replaced_is_told_the_living_successor() {
    let mut house = offered();
    let first = house.offered[&recipient("amal")].clone();
    let who = Who::number(1);
    // To Antwerp, back to Ghent, to Antwerp again: none of them was accepted.
    for (n, nis) in ["11002", "44021", "11002"].into_iter().enumerate() {
        let on = format!("2025-03-{:02}", 10 + n);
        house.today(&on);
        house.home(&who, nis, &on);
    }
    house.pick_up(&first);
    let living = theirs(&house).live_handover().unwrap().id;
    let purged = answered(&mut house.clone(), Purged);
    assert!(matches!(purged, Verdict::Decided(_)), "that a former agency has purged is recorded");
    for answer in [Received, Accepted, NotTargetGroup, Started] {
        let Verdict::Refused(Refusal::OldEpoch { successor, .. }) = answered(&mut house.clone(), answer)
        else {
            panic!("{answer:?}");
        };
        assert_eq!(successor, Some(living), "{answer:?}");
    }
}

#[test]
fn a_record_of_an_older_epoch_confirms_nothing() {
    let mut house = offered();
    let (amal, first) = (recipient("amal"), house.offered[&recipient("amal")].clone());
    // Ghent says no, and is asked again about the same handover.
    house.rejected("amal");
    house.order_about(first.handover, OrderName::Release);
    let now = house.offered[&amal].clone();
    assert_eq!((now.handover, now.epoch, first.epoch), (first.handover, 2, 1));
    let before = house.persons();
    for sequence in (1..now.sequence + 1_000).filter(|sequence| *sequence != now.sequence) {
        let told = house.answer("amal", AnswerKind::Received { sequence, payload_hash: HASH });
        let expect = if sequence < now.sequence { Refusal::OtherRecord } else { Refusal::HashDiffers };
        assert_eq!(told, Verdict::Refused(expect), "{sequence}");
    }
    assert_eq!(house.persons(), before);
    house.received("amal");
    assert_eq!(theirs(&house).handover(now.handover).unwrap().state, State::Received);
}
