//! The state table as data: from where, because of what, to where, and who must move next.
//!
//! The hub, its explanations, `hub table`, docs/handovers.md and the checks read the same rows; their words are the
//! `story`'s. A row's number is its name for people: what it does stands in its columns (`row.rs`). How long a
//! state may last is [`term`]'s. Whether the table is whole is [`super::check`]'s.

use schemas::handover::{AnswerName, HoldReason, OrderName, Owner, State};

pub use super::row::{Acts, Also, Cause, Circumstances, Row, Stay, To, Trigger, When};
use crate::bundle::Deadlines;
use crate::person::facing::Facing::{
    self, Arrived, Barred, Choosing, Competent, Doubtful, Elsewhere, Expected, Gone, Lapsed, Nowhere,
    Objecting, Out, Rival, Served, Settled, Stopped, Unchanged, Unclear, Unplaced,
};
use crate::person::stage::Stage::{
    self, Accepted, AwaitingChoice, Bounced, ChoiceOverdue, Final, HeldBefore, HeldFile, HeldOffer,
    HeldRefused, Overdue, Prepared, RecallPending, Received, Rejected, Sent, Unopened, WithdrawPending,
};

const fn facts(from: &'static [Stage], facing: &'static [Facing]) -> Trigger {
    Trigger { from, cause: Cause::Facts(facing, When::Always) }
}

const fn when(when: When, from: &'static [Stage], facing: &'static [Facing]) -> Trigger {
    Trigger { from, cause: Cause::Facts(facing, when) }
}

const fn on(cause: Cause, from: &'static [Stage]) -> Trigger {
    Trigger { from, cause }
}

const fn row(id: &'static str, on: &'static [Trigger], to: State, owner: Acts) -> Row {
    does(id, on, To::State(to), owner, &[])
}

const fn does(id: &'static str, on: &'static [Trigger], to: To, owner: Acts, also: &'static [Also]) -> Row {
    Row { id, on, to, owner, also }
}

const HUB: Acts = Acts::Is(Owner::Hub);
const AGENCY: Acts = Acts::Is(Owner::Agency);
const COORDINATOR: Acts = Acts::Is(Owner::Coordinator);

/// Nothing has been offered yet.
const BEFORE: &[Stage] = &[Prepared, AwaitingChoice, ChoiceOverdue, HeldBefore];
const CHOICE: &[Stage] = &[AwaitingChoice, ChoiceOverdue];
/// An offer that its agency can answer.
const OFFERED: &[Stage] = &[Sent, Received, Overdue, Bounced];
const OFFER: &[Stage] = &[Sent, Received, Overdue, Bounced, HeldOffer];
const FILE: &[Stage] = &[Accepted, HeldFile];
/// What facts may say to a handover that was refused just now.
const NOT_HELD: &[Facing] = &[
    Unclear, Expected, Competent, Elsewhere, Served, Choosing, Nowhere, Unplaced, Doubtful, Barred, Rival,
    Objecting, Out, Gone,
];
/// What facts may say to a handover that holds nothing any more.
const OPENED: &[Facing] = &[
    Unclear, Expected, Competent, Served, Choosing, Nowhere, Unplaced, Doubtful, Barred, Rival, Objecting,
    Out, Gone,
];
const LIVE: &[Stage] = &Stage::LIVE;
const OVER: &[Stage] = &Stage::OVER;
/// Whatever was ever sent, whether it has ended or not: what was told is to be purged.
const RECALLED: &[Stage] = &[
    Sent,
    Received,
    Overdue,
    Bounced,
    HeldOffer,
    Rejected,
    HeldRefused,
    Accepted,
    HeldFile,
    WithdrawPending,
    Final,
];
const ANSWERABLE: &[Stage] = &[Sent, Received, Overdue];

pub const ROWS: &[Row] = &[
    row("1", &[facts(&[Unopened], &[Expected])], State::Prepared, HUB),
    row("2", &[facts(&[Unopened, Prepared], &[Out])], State::NotInScope, HUB),
    row("3", &[facts(&[Unopened, Prepared], &[Competent])], State::Sent, AGENCY),
    row("3b", &[facts(&[Unopened], &[Arrived])], State::Sent, AGENCY),
    row(
        "4",
        &[when(When::NoFile, &[Unopened, Prepared, HeldBefore], &[Choosing])],
        State::AwaitingChoice,
        Acts::Is(Owner::Person),
    ),
    row(
        "5",
        &[facts(&[Unopened, Prepared, AwaitingChoice, ChoiceOverdue, HeldBefore], &[Nowhere])],
        State::NotInScope,
        HUB,
    ),
    row(
        "6",
        &[
            facts(&[Unopened, Prepared, AwaitingChoice, ChoiceOverdue, HeldBefore], &[Doubtful, Unplaced]),
            facts(&[Unopened, Prepared, AwaitingChoice, ChoiceOverdue, HeldBefore], &[Barred, Rival]),
            facts(&[Unopened], &[Stopped]),
        ],
        State::Held,
        Acts::Holder,
    ),
    row("6b", &[facts(OFFER, &[Doubtful, Lapsed]), facts(FILE, &[Lapsed])], State::Held, Acts::Holder),
    row("7", &[facts(CHOICE, &[Competent])], State::Sent, AGENCY),
    row("8", &[on(Cause::Deadline, &[AwaitingChoice])], State::Overdue, COORDINATOR),
    row("9", &[facts(&[HeldBefore], &[Competent])], State::Sent, AGENCY),
    row("9b", &[facts(&[HeldBefore], &[Unclear, Expected])], State::Prepared, HUB),
    does(
        "9c",
        &[
            facts(&[HeldOffer], &[Competent, Unclear, Expected, Unplaced]),
            facts(&[HeldFile], &[Competent, Elsewhere, Choosing, Unclear, Expected, Unplaced, Doubtful]),
        ],
        To::Back,
        Acts::AsBefore,
        &[],
    ),
    row("10", &[on(Cause::Answer(AnswerName::Received), &[Sent, Overdue, Bounced])], State::Received, AGENCY),
    row("11", &[on(Cause::Differs, &[Sent, Overdue])], State::Bounced, Acts::Is(Owner::Operations)),
    does("12", &[on(Cause::Deadline, &[Sent])], To::State(State::Overdue), COORDINATOR, &[Also::IssueAgain]),
    does(
        "13",
        &[on(Cause::Order(OrderName::SendAgain), &[Bounced])],
        To::State(State::Sent),
        AGENCY,
        &[Also::IssueAgain],
    ),
    does(
        "14",
        &[on(Cause::Answer(AnswerName::Accepted), &[Received, Overdue])],
        To::State(State::Accepted),
        AGENCY,
        &[Also::RelieveFormer],
    ),
    row("15", &[on(Cause::Answer(AnswerName::Rejected), ANSWERABLE)], State::Rejected, COORDINATOR),
    does(
        "15k",
        &[on(Cause::AlreadyKnown, ANSWERABLE)],
        To::State(State::Closed),
        HUB,
        &[Also::RelieveFormer, Also::Done],
    ),
    row("16", &[on(Cause::Deadline, &[Received])], State::Overdue, COORDINATOR),
    does(
        "16b",
        &[on(
            Cause::Deadline,
            &[
                Prepared,
                ChoiceOverdue,
                HeldBefore,
                Overdue,
                Bounced,
                HeldOffer,
                Rejected,
                HeldRefused,
                Accepted,
                HeldFile,
                WithdrawPending,
                RecallPending,
            ],
        )],
        To::Stay,
        Acts::Late,
        &[],
    ),
    row(
        "18",
        &[on(Cause::Order(OrderName::SendAgain), &[Overdue, HeldOffer, HeldRefused])],
        State::Sent,
        AGENCY,
    ),
    row(
        "18b",
        &[on(
            Cause::Order(OrderName::Hold),
            &[Prepared, AwaitingChoice, ChoiceOverdue, Sent, Received, Overdue, Bounced],
        )],
        State::Held,
        Acts::Holder,
    ),
    row(
        "18c",
        &[on(Cause::Order(OrderName::Withdraw), &[Sent, Received, Overdue, Bounced, HeldOffer, HeldFile])],
        State::WithdrawPending,
        AGENCY,
    ),
    row(
        "18d",
        &[on(
            Cause::Order(OrderName::Withdraw),
            &[Prepared, AwaitingChoice, ChoiceOverdue, HeldBefore, HeldRefused],
        )],
        State::Withdrawn,
        HUB,
    ),
    does(
        "18e",
        &[on(Cause::Order(OrderName::Release), &[HeldBefore, HeldOffer, HeldRefused])],
        To::Stay,
        Acts::Holder,
        &[],
    ),
    row(
        "18f",
        &[on(Cause::Order(OrderName::EndNoBasis), &[HeldOffer, HeldFile])],
        State::WithdrawPending,
        AGENCY,
    ),
    row("19", &[facts(&[HeldRefused], &[Competent])], State::Sent, AGENCY),
    does("19b", &[facts(&[Rejected], NOT_HELD)], To::State(State::Held), Acts::Holder, &[Also::HoldByCode]),
    row(
        "20",
        &[
            facts(OFFER, &[Elsewhere, Choosing, Barred, Rival, Served]),
            facts(&[HeldRefused], &[Elsewhere, Choosing, Barred, Rival, Served]),
            facts(BEFORE, &[Served]),
        ],
        State::Superseded,
        HUB,
    ),
    row("20c", &[facts(OFFER, &[Nowhere]), facts(&[HeldRefused], &[Nowhere])], State::Superseded, HUB),
    row("21", &[on(Cause::Successor, FILE)], State::Superseded, HUB),
    row(
        "21b",
        &[when(When::FileHeld, &[Unopened, Prepared, HeldBefore], &[Choosing])],
        State::AwaitingChoice,
        COORDINATOR,
    ),
    row("21c", &[facts(FILE, &[Nowhere])], State::Closed, HUB),
    row("21d", &[on(Cause::Order(OrderName::EndLine), FILE)], State::Superseded, HUB),
    does(
        "22",
        &[
            when(When::Moved, CHOICE, &[Choosing]),
            when(When::Moved, OFFERED, &[Competent]),
            when(When::Moved, &[Accepted], &[Competent]),
        ],
        To::Stay,
        Acts::AsBefore,
        &[Also::FollowHome],
    ),
    row("24", &[facts(OFFER, &[Out, Gone]), facts(FILE, &[Out, Gone])], State::WithdrawPending, AGENCY),
    row(
        "24b",
        &[
            facts(&[Prepared], &[Gone]),
            facts(&[AwaitingChoice, ChoiceOverdue, HeldBefore, HeldRefused], &[Out, Gone]),
        ],
        State::Withdrawn,
        HUB,
    ),
    does(
        "25",
        &[on(Cause::Answer(AnswerName::PurgeConfirmed), &[WithdrawPending])],
        To::State(State::Withdrawn),
        HUB,
        &[Also::KeepPurge],
    ),
    does(
        "25b",
        &[on(Cause::Answer(AnswerName::PurgeConfirmed), &[HeldRefused, Final])],
        To::Stay,
        Acts::AsBefore,
        &[Also::KeepPurge],
    ),
    row("27", &[on(Cause::Exposed, RECALLED)], State::RecallPending, AGENCY),
    row("27b", &[on(Cause::ExposedAnswered, RECALLED)], State::RecallPending, Acts::Is(Owner::Officer)),
    row("27c", &[on(Cause::Split, LIVE)], State::Superseded, HUB),
    does("27d", &[on(Cause::Unbound, LIVE)], To::Stay, Acts::Late, &[]),
    does(
        "28",
        &[on(Cause::Answer(AnswerName::PurgeConfirmed), &[RecallPending])],
        To::State(State::EnteredInError),
        HUB,
        &[Also::KeepPurge],
    ),
    row("29", &[on(Cause::Merge, LIVE)], State::Superseded, HUB),
    row(
        "29b",
        &[on(Cause::TakenOver, OFFER), on(Cause::TakenOver, &[Unopened, HeldRefused])],
        State::Accepted,
        AGENCY,
    ),
    does(
        "30",
        &[on(Cause::Answer(AnswerName::TrajectoryStarted), &[Accepted])],
        To::State(State::Closed),
        HUB,
        &[Also::Done],
    ),
    row(
        "33",
        &[
            facts(&[Unopened], &[Objecting]),
            facts(BEFORE, &[Objecting]),
            facts(OFFER, &[Objecting]),
            facts(FILE, &[Objecting]),
        ],
        State::Held,
        Acts::Holder,
    ),
    does(
        "33b",
        &[on(Cause::Order(OrderName::Lift), LIVE), on(Cause::Order(OrderName::Lift), OVER)],
        To::Stay,
        Acts::AsBefore,
        &[],
    ),
    does("36", &[on(Cause::Household, LIVE)], To::Stay, Acts::Late, &[]),
];

const fn stay(from: &'static [Stage], facing: &'static [Facing], because: &'static str) -> Stay {
    Stay { from, facing, when: When::Always, because }
}

const fn at_home(from: &'static [Stage], facing: &'static [Facing], because: &'static str) -> Stay {
    Stay { from, facing, when: When::NotMoved, because }
}

/// What facts leave as it is.
pub const STAYS: &[Stay] = &[
    stay(&[Unopened], &[Unclear, Settled, Served], "there is nothing new to tell anybody"),
    stay(&[Prepared], &[Unclear, Expected], "they are waited for"),
    stay(CHOICE, &[Unclear, Expected], "their home is not known today; the time for a choice goes on"),
    at_home(CHOICE, &[Choosing], "they may still choose"),
    stay(OFFERED, &[Unclear, Expected, Unplaced], "where they live is not known today, and the offer stands"),
    at_home(OFFERED, &[Competent], "the right agency has the offer"),
    stay(
        &[HeldRefused],
        &[Unclear, Expected, Unplaced, Doubtful, Objecting, Lapsed],
        "nothing that could be offered again is known since the no",
    ),
    at_home(&[Accepted], &[Competent], "the right agency has the file"),
    stay(
        &[Accepted],
        &[Elsewhere, Choosing, Unplaced, Unclear, Expected, Doubtful],
        "the agency that has the file stays responsible until another says yes",
    ),
    stay(&[HeldBefore, HeldOffer, HeldRefused, HeldFile], &[Unchanged], "what stopped it lasts"),
    stay(&[WithdrawPending, RecallPending], OPENED, "the purge is waited for, whatever the facts say"),
    stay(&[Final], OPENED, "nothing final is revived"),
];

/// The row that today's facts fire; none where it stays.
#[must_use]
pub fn by_facts(stage: Stage, facing: Facing, around: Circumstances) -> Option<&'static Row> {
    let fires = |trigger: &Trigger| {
        matches!(trigger.cause, Cause::Facts(facings, when) if facings.contains(&facing) && when.holds(around))
            && trigger.from.contains(&stage)
    };
    ROWS.iter().find(|row| row.on.iter().any(fires))
}

/// Whether an agency's answer fires this row.
#[must_use]
pub fn is_answer(row: &str) -> bool {
    let answers =
        |trigger: &Trigger| matches!(trigger.cause, Cause::Answer(_) | Cause::AlreadyKnown | Cause::Differs);
    ROWS.iter().any(|known| known.id == row && known.on.iter().any(answers))
}

/// The row that anything else fires.
#[must_use]
pub fn by(cause: Cause, stage: Stage) -> Option<&'static Row> {
    let fires = |trigger: &Trigger| trigger.cause == cause && trigger.from.contains(&stage);
    ROWS.iter().find(|row| row.on.iter().any(fires))
}

/// The answers that move a handover, in the order they are listed to its agency.
#[must_use]
pub fn allowed(stage: Stage) -> Vec<AnswerName> {
    let moves = |name: &AnswerName| by(Cause::Answer(*name), stage).is_some_and(|row| row.to != To::Stay);
    AnswerName::ALL.into_iter().filter(moves).collect()
}

/// The orders that are possible.
#[must_use]
pub fn orders(stage: Stage) -> Vec<OrderName> {
    OrderName::ALL.into_iter().filter(|name| by(Cause::Order(*name), stage).is_some()).collect()
}

/// How long a state may last.
#[derive(Clone, Copy, Debug)]
pub enum Term {
    /// Nothing can follow, so no time counts.
    None,
    /// Working days, as the bundle says.
    WorkingDays(fn(&Deadlines) -> u32),
    /// Months, as the bundle says.
    Months(fn(&Deadlines) -> u32),
}

/// How long a state may last.
#[must_use]
pub fn term(state: State) -> Term {
    match state {
        State::Prepared => Term::Months(|deadlines| deadlines.prepared_months),
        State::AwaitingChoice => Term::Months(|deadlines| deadlines.choice_months),
        State::Held => Term::WorkingDays(|deadlines| deadlines.held_days),
        State::Sent => Term::WorkingDays(|deadlines| deadlines.sent_days),
        State::Received => Term::WorkingDays(|deadlines| deadlines.received_days),
        State::Accepted => Term::Months(|deadlines| deadlines.accepted_months),
        State::Rejected => Term::WorkingDays(|deadlines| deadlines.rejected_days),
        State::Bounced => Term::WorkingDays(|deadlines| deadlines.bounced_days),
        State::Overdue => Term::WorkingDays(|deadlines| deadlines.overdue_days),
        State::WithdrawPending => Term::WorkingDays(|deadlines| deadlines.purge_days),
        State::RecallPending => Term::WorkingDays(|deadlines| deadlines.recall_days),
        State::Closed | State::Withdrawn | State::Superseded | State::EnteredInError | State::NotInScope => {
            Term::None
        }
    }
}

/// Who must move in a state that is held no longer.
#[must_use]
pub fn owner(state: State) -> Owner {
    match state {
        State::Sent | State::Received | State::Accepted | State::WithdrawPending | State::RecallPending => {
            Owner::Agency
        }
        State::AwaitingChoice => Owner::Person,
        State::Bounced => Owner::Operations,
        State::Overdue | State::Held | State::Rejected => Owner::Coordinator,
        _ => Owner::Hub,
    }
}

/// Who acts on what is held for this reason.
#[must_use]
pub fn holder(reason: HoldReason) -> Owner {
    match reason {
        HoldReason::IdentityDoubt => Owner::Steward,
        HoldReason::DataIncomplete | HoldReason::Manual => Owner::Coordinator,
        HoldReason::NoBasis | HoldReason::Restricted => Owner::Officer,
    }
}
