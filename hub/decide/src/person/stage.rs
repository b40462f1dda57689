//! Where a handover stands: its state, told apart by what its agency has in hand.
//!
//! `held` and `overdue` say that somebody must act and not what was delivered; a row of the table must know both.
//! Next: [`super::facing`], what facts can say to a handover.

use schemas::handover::State;

/// What the agency of a handover has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holds {
    Nothing,
    Offer,
    /// Nothing any more: it said no.
    Refused,
    File,
}

/// Where a handover stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// There is none yet that serves the situation.
    Unopened,
    Prepared,
    AwaitingChoice,
    /// The time for a choice is over.
    ChoiceOverdue,
    /// Held before anything was offered.
    HeldBefore,
    Sent,
    Received,
    Overdue,
    Bounced,
    /// Held while the agency has an offer.
    HeldOffer,
    Rejected,
    /// Held after the agency said no.
    HeldRefused,
    Accepted,
    /// Held while the agency has the file.
    HeldFile,
    WithdrawPending,
    RecallPending,
    /// It has ended: nothing can follow.
    Final,
}

use Stage::{
    Accepted, AwaitingChoice, Bounced, ChoiceOverdue, Final, HeldBefore, HeldFile, HeldOffer, HeldRefused,
    Overdue, Prepared, RecallPending, Received, Rejected, Sent, Unopened, WithdrawPending,
};

impl Stage {
    pub const ALL: [Self; 17] = [
        Unopened,
        Prepared,
        AwaitingChoice,
        ChoiceOverdue,
        HeldBefore,
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
        RecallPending,
        Final,
    ];
    /// Where nothing has ended and nothing is only waited for.
    pub const LIVE: [Self; 13] = Self::that_are(true);
    /// Where all is over, but for a purge perhaps.
    pub const OVER: [Self; 3] = Self::that_are(false);

    /// The stages of a handover that are live, or are not.
    const fn that_are<const N: usize>(live: bool) -> [Self; N] {
        let mut found = [Unopened; N];
        let (mut at, mut next) = (0, 0);
        while at < Self::ALL.len() {
            let stage = Self::ALL[at];
            if stage.is_live() == live && !matches!(stage, Unopened) {
                found[next] = stage;
                next += 1;
            }
            at += 1;
        }
        assert!(next == N, "as many as there are");
        found
    }

    /// Its name in tables: the state, and what the agency has where that is not said by it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Unopened => "(none)",
            Prepared => "prepared",
            AwaitingChoice => "awaiting_choice",
            ChoiceOverdue => "overdue (choice)",
            HeldBefore => "held",
            Sent => "sent",
            Received => "received",
            Overdue => "overdue",
            Bounced => "bounced",
            HeldOffer => "held (offer)",
            Rejected => "rejected",
            HeldRefused => "held (refused)",
            Accepted => "accepted",
            HeldFile => "held (file)",
            WithdrawPending => "withdraw_pending",
            RecallPending => "recall_pending",
            Final => "(final)",
        }
    }

    /// Where a handover in this state stands, by what its agency has.
    #[must_use]
    pub fn of(state: State, holds: Holds) -> Self {
        match state {
            State::Prepared => Prepared,
            State::AwaitingChoice => AwaitingChoice,
            State::Overdue if holds == Holds::Nothing => ChoiceOverdue,
            State::Overdue => Overdue,
            State::Held => match holds {
                Holds::File => HeldFile,
                Holds::Refused => HeldRefused,
                Holds::Offer => HeldOffer,
                Holds::Nothing => HeldBefore,
            },
            State::Sent => Sent,
            State::Received => Received,
            State::Bounced => Bounced,
            State::Rejected => Rejected,
            State::Accepted => Accepted,
            State::WithdrawPending => WithdrawPending,
            State::RecallPending => RecallPending,
            State::Closed
            | State::Withdrawn
            | State::Superseded
            | State::EnteredInError
            | State::NotInScope => Final,
        }
    }

    /// Whether its agency has an offer, and has not said yes or no.
    #[must_use]
    pub fn has_offer(self) -> bool {
        matches!(self, Sent | Received | Overdue | Bounced | HeldOffer)
    }

    /// Whether its agency has the file.
    #[must_use]
    pub fn has_file(self) -> bool {
        matches!(self, Accepted | HeldFile)
    }

    /// Whether it has neither ended nor only waits for a purge.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Unopened | WithdrawPending | RecallPending | Final)
    }
}
