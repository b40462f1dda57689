//! Who is responsible for a person, since when and why: the one answer that pages, explanations and invariants give.
//!
//! Responsibility moves when an agency accepts, never before: until then it is the provider's, as long as the
//! provider's stream is open. Next: [`super::state`].

use schemas::handover::State;
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::Day;

use super::state::{Handover, Person};
use crate::bundle::Bundle;

/// Who is responsible for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Responsible {
    /// Who; nobody where none is.
    pub whom: Option<Recipient>,
    /// Since when, where somebody is.
    pub since: Option<Day>,
    pub why: Mandate,
}

/// What makes somebody responsible, or nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mandate {
    /// It accepted this handover, held since or not, and no other agency has accepted one since.
    Accepted(HandoverId),
    /// It is the provider before arrival; with the handover that is open, where one is.
    Provider(Option<HandoverId>),
    /// It accepted this handover, and has to purge what it holds before its responsibility ends.
    Purging(HandoverId),
    /// Nobody: this handover is open, no agency has accepted one, and the provider has no open stream.
    Open(HandoverId),
    /// Nobody: the last handover came to this state.
    Over(HandoverId, State),
    /// Nobody: no handover was opened.
    #[default]
    Nothing,
}

impl Mandate {
    /// The handover that it rests on.
    #[must_use]
    pub fn handover(self) -> Option<HandoverId> {
        match self {
            Self::Accepted(id) | Self::Purging(id) | Self::Open(id) | Self::Over(id, _) => Some(id),
            Self::Provider(id) => id,
            Self::Nothing => None,
        }
    }
}

impl Person {
    /// Who is responsible for this person.
    #[must_use]
    pub fn responsible(&self, bundle: &Bundle) -> Responsible {
        let agency = |handover: &Handover, why: fn(HandoverId) -> Mandate| Responsible {
            whom: handover.recipient.clone(),
            since: handover.accepted,
            why: why(handover.id),
        };
        if let Some(held) = self.held_handover() {
            return agency(held, Mandate::Accepted);
        }
        let live = self.live_handover();
        let provider = bundle.provider().map(|contract| &contract.recipient);
        if let Some(stream) = self.open_streams().find(|stream| Some(&stream.recipient) == provider) {
            return Responsible {
                whom: provider.cloned(),
                since: stream.line.map(|line| line.from),
                why: Mandate::Provider(live.map(|handover| handover.id)),
            };
        }
        let purging = |h: &&Handover| h.state == State::WithdrawPending && h.accepted.is_some();
        if let Some(purging) = self.state.handovers.iter().rev().find(purging) {
            return agency(purging, Mandate::Purging);
        }
        let why = match (live, self.state.handovers.last()) {
            (Some(handover), _) => Mandate::Open(handover.id),
            (None, Some(last)) => Mandate::Over(last.id, last.state),
            (None, None) => Mandate::Nothing,
        };
        Responsible { whom: None, since: None, why }
    }
}
