//! The state table as data: each row's number in the notes, its state, who acts, until when.
//!
//! The runtime, the explanation, the tests and docs/handovers.md read the same rows.

use schemas::handover::{AnswerName, Owner, State};

use crate::bundle::Deadlines;

/// How long the new state may last.
#[derive(Clone, Copy, Debug)]
pub enum Term {
    /// Nothing can follow, or another handover's clock counts.
    None,
    /// Working days, as the bundle says.
    WorkingDays(fn(&Deadlines) -> u32),
    /// Months, as the bundle says.
    Months(fn(&Deadlines) -> u32),
}

/// One row: where it leads.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its number in the notes.
    pub id: &'static str,
    pub to: State,
    /// Who must move next.
    pub owner: Owner,
    pub clock: Term,
    /// What it means, in a sentence for whoever asks why.
    pub words: &'static str,
}

const fn row(id: &'static str, to: State, owner: Owner, clock: Term, words: &'static str) -> Row {
    Row { id, to, owner, clock, words }
}

const SENT: Term = Term::WorkingDays(|deadlines| deadlines.sent_days);
const RECEIVED: Term = Term::WorkingDays(|deadlines| deadlines.received_days);
const HELD: Term = Term::WorkingDays(|deadlines| deadlines.held_days);
const OVERDUE: Term = Term::WorkingDays(|deadlines| deadlines.overdue_days);
const REJECTED: Term = Term::WorkingDays(|deadlines| deadlines.rejected_days);
const PREPARED: Term = Term::Months(|deadlines| deadlines.prepared_months);
const CHOICE: Term = Term::Months(|deadlines| deadlines.choice_months);
const ACCEPTED: Term = Term::Months(|deadlines| deadlines.accepted_months);

/// Visa granted: the expected receiver is not told yet.
pub const PREPARE: Row = row(
    "1",
    State::Prepared,
    Owner::Hub,
    PREPARED,
    "a visa was granted, so a handover is prepared; no agency is told yet",
);
/// Refused, withdrawn or out of the target group before anything was delivered.
pub const OUT_OF_SCOPE: Row = row(
    "2",
    State::NotInScope,
    Owner::Hub,
    Term::None,
    "the visa was refused or withdrawn, or the person left the target group, before anything was offered",
);
/// Registered, one receiver: the offer goes out.
pub const SEND: Row = row(
    "3",
    State::Sent,
    Owner::Agency,
    SENT,
    "the person is registered where one agency is competent, so it gets an offer",
);
/// Registered while the grant was not known: registration proves the visa.
pub const SEND_AT_ONCE: Row = row(
    "3b",
    State::Sent,
    Owner::Agency,
    SENT,
    "the person is registered while the grant was not known; registration proves the visa, so the agency gets an offer",
);
/// Registered in Brussels without a complete choice.
pub const AWAIT_CHOICE: Row = row(
    "4",
    State::AwaitingChoice,
    Owner::Person,
    CHOICE,
    "the person is registered in Brussels and no complete choice of an office is known",
);
/// Registered where there is no receiver.
pub const NO_RECEIVER: Row = row(
    "5",
    State::NotInScope,
    Owner::Hub,
    Term::None,
    "the person is registered where no agency is competent",
);
/// Six months passed without a choice.
pub const CHOICE_OVERDUE: Row = row(
    "8",
    State::Overdue,
    Owner::Coordinator,
    OVERDUE,
    "the time for a choice in Brussels is over; the coordinator contacts the person, and a later choice still counts",
);
/// The offer was not received in time.
pub const RECEIPT_OVERDUE: Row = row(
    "12",
    State::Overdue,
    Owner::Coordinator,
    OVERDUE,
    "the agency did not say in time that it stored the offer",
);
/// The offer was received, and not answered in time.
pub const ANSWER_OVERDUE: Row = row(
    "16",
    State::Overdue,
    Owner::Coordinator,
    OVERDUE,
    "the agency stored the offer and did not say yes or no in time",
);
pub const HOLD: Row = row(
    "6",
    State::Held,
    Owner::Coordinator,
    HELD,
    "a condition for an offer does not hold, so somebody must act first",
);
/// The choice was made.
pub const CHOOSE: Row = row(
    "7",
    State::Sent,
    Owner::Agency,
    SENT,
    "the choice in Brussels is known, so the chosen office gets an offer",
);
/// The hold was released.
pub const RELEASE: Row =
    row("9", State::Sent, Owner::Agency, SENT, "what held it back is solved, so the agency gets an offer");
/// The hold was released before there is a home: back to where it came from.
pub const RESUME: Row = row(
    "9b",
    State::Prepared,
    Owner::Hub,
    PREPARED,
    "what held it back is solved and the person is not registered yet, so the handover is prepared again",
);
/// The agency stored the offer.
pub const RECEIVE: Row =
    row("10", State::Received, Owner::Agency, RECEIVED, "the agency says that it stored the offer");
/// The agency takes over.
pub const ACCEPT: Row = row(
    "14",
    State::Accepted,
    Owner::Agency,
    ACCEPTED,
    "the agency takes over; it gets the file and is responsible from here on",
);
/// The agency says no.
pub const REJECT: Row = row("15", State::Rejected, Owner::Coordinator, REJECTED, "the agency says no");
/// Rejected, and another agency is competent.
pub const SEND_ELSEWHERE: Row =
    row("19", State::Sent, Owner::Agency, SENT, "after a no, another agency is competent and gets an offer");
/// Another agency is competent before this one said yes.
pub const SUPERSEDE: Row = row(
    "20",
    State::Superseded,
    Owner::Hub,
    Term::None,
    "another agency became competent before this one said yes",
);
/// The other agency said yes: this one's responsibility ends.
pub const HAND_ON: Row = row(
    "21",
    State::Superseded,
    Owner::Hub,
    Term::None,
    "the next agency said yes, so this one is no longer responsible",
);
/// Accepted, and the next one is still to be chosen: the old agency stays responsible.
pub const AWAIT_NEXT: Row = row(
    "21b",
    State::AwaitingChoice,
    Owner::Coordinator,
    CHOICE,
    "the person moved to Brussels without a complete choice; the agency that has the file keeps it until then",
);
/// Accepted, and there is no receiver any more.
pub const LEAVE_TERRITORY: Row =
    row("21c", State::Closed, Owner::Hub, Term::None, "the person moved to where no agency is competent");
/// Death, departure, revocation, objection after something was delivered.
pub const WITHDRAW: Row = row(
    "24",
    State::WithdrawPending,
    Owner::Agency,
    HELD,
    "the visa or the right of residence is gone, or the person left, after something was delivered: the agency must purge it",
);
/// The same before anything was delivered.
pub const WITHDRAW_AT_ONCE: Row = row(
    "24b",
    State::Withdrawn,
    Owner::Hub,
    Term::None,
    "the visa or the right of residence is gone, or the person left, and the agency holds nothing that it must purge",
);
/// The agency purged what it had.
pub const PURGED: Row =
    row("25", State::Withdrawn, Owner::Hub, Term::None, "the agency confirms that it purged what it had");
/// A recall was confirmed.
pub const RECALLED: Row = row(
    "28",
    State::EnteredInError,
    Owner::Hub,
    Term::None,
    "the agency confirms that it purged what was delivered in error",
);
/// Two persons were merged: one handover of theirs goes on.
pub const MERGE: Row = row(
    "29",
    State::Superseded,
    Owner::Hub,
    Term::None,
    "two persons were merged, and the other one's handover goes on",
);
/// Two persons were merged, and the agency had taken over the other already.
pub const TAKE_OVER: Row = row(
    "29b",
    State::Accepted,
    Owner::Agency,
    ACCEPTED,
    "two persons were merged, and the agency had taken over the other one already",
);
/// The person objects, or is restricted: nothing leaves.
pub const RESTRICT: Row = row(
    "33",
    State::Held,
    Owner::Officer,
    HELD,
    "the person objects or is restricted, so nothing more is delivered until the officer has decided",
);
/// The regular trajectory started.
pub const CLOSE: Row =
    row("30", State::Closed, Owner::Hub, Term::None, "the agency says that the regular trajectory started");

pub const ROWS: [&Row; 29] = [
    &PREPARE,
    &OUT_OF_SCOPE,
    &SEND,
    &SEND_AT_ONCE,
    &AWAIT_CHOICE,
    &NO_RECEIVER,
    &CHOICE_OVERDUE,
    &RECEIPT_OVERDUE,
    &ANSWER_OVERDUE,
    &HOLD,
    &CHOOSE,
    &RELEASE,
    &RESUME,
    &RECEIVE,
    &ACCEPT,
    &REJECT,
    &SEND_ELSEWHERE,
    &SUPERSEDE,
    &HAND_ON,
    &AWAIT_NEXT,
    &LEAVE_TERRITORY,
    &WITHDRAW,
    &WITHDRAW_AT_ONCE,
    &PURGED,
    &RECALLED,
    &MERGE,
    &TAKE_OVER,
    &RESTRICT,
    &CLOSE,
];

/// The row of this number.
#[must_use]
pub fn numbered(id: &str) -> Option<&'static Row> {
    ROWS.into_iter().find(|row| row.id == id)
}

/// The answers a recipient may give in a state, in the order they are listed to it.
#[must_use]
pub fn allowed(state: State) -> &'static [AnswerName] {
    match state {
        State::Sent => &[AnswerName::Received, AnswerName::Rejected],
        State::Received => &[AnswerName::Accepted, AnswerName::Rejected],
        State::Overdue => &[AnswerName::Received, AnswerName::Accepted, AnswerName::Rejected],
        State::Accepted => &[AnswerName::TrajectoryStarted],
        State::WithdrawPending | State::RecallPending => &[AnswerName::PurgeConfirmed],
        State::Prepared
        | State::AwaitingChoice
        | State::Held
        | State::Closed
        | State::Rejected
        | State::Bounced
        | State::Withdrawn
        | State::Superseded
        | State::EnteredInError
        | State::NotInScope => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_number_and_has_words_of_its_own() {
        for row in ROWS {
            assert_eq!(numbered(row.id).map(|found| found.words), Some(row.words), "row {}", row.id);
            assert_eq!(ROWS.iter().filter(|other| other.words == row.words).count(), 1, "row {}", row.id);
        }
    }
}
