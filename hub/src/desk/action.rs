//! What can be done by hand, who may do it, and what an audit row says of it. The table of roles is here and nowhere else.
//!
//! Refuses to do any of it: see [`super`] for the check and its record.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use schemas::handover::OrderName;
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::recipient::Recipient;

use crate::config::DeskRole;

/// Something that a person does by hand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Action {
    /// Signs in to the console.
    SignIn,
    /// Opens the persons of a review, with names and numbers.
    ShowReview,
    /// Says whether persons are one.
    AnswerReview,
    /// Says that records of a person are somebody else's.
    SplitPerson,
    /// Opens the personal values that an explanation rests on.
    ShowValues,
    /// Has a stream's view issued again.
    Redeliver,
    /// Has an offer sent once more, after it could not be read.
    SendAgain,
    /// Decides about a handover: holds or releases it, withdraws it, ends a line.
    OrderHandover,
    /// Ends a handover because its agency has no legal basis any more.
    EndNoBasis,
    /// Lifts the restriction that a person asked for.
    LiftRestriction,
    /// Says that a first load may open what its report says.
    ApproveLoad,
    /// Looks at a message in quarantine, and at what was said about it.
    ShowQuarantined,
    /// Has messages in quarantine decided again.
    RepeatQuarantined,
    /// Closes messages in quarantine for good.
    CloseQuarantined,
    /// Sets back the time of the last decision, after a clock was ahead.
    SetBackClock,
    /// Has a recipient's topic go on after a number.
    RestartTopic,
    /// Reads the records of a recipient, with what they say of persons.
    ShowRecords,
    /// Wraps every stored key by the first key-encryption key.
    RewrapKeys,
    /// Reads what people did by hand, and whether that is what was written.
    ReadAudit,
}

impl Action {
    pub const ALL: [Self; 19] = [
        Self::SignIn,
        Self::ShowReview,
        Self::AnswerReview,
        Self::SplitPerson,
        Self::ShowValues,
        Self::Redeliver,
        Self::SendAgain,
        Self::OrderHandover,
        Self::EndNoBasis,
        Self::LiftRestriction,
        Self::ApproveLoad,
        Self::ShowQuarantined,
        Self::RepeatQuarantined,
        Self::CloseQuarantined,
        Self::SetBackClock,
        Self::RestartTopic,
        Self::ShowRecords,
        Self::RewrapKeys,
        Self::ReadAudit,
    ];

    /// Who may: any one of these roles is enough. No role both opens personal values and decides on rules.
    #[must_use]
    pub const fn roles(self) -> &'static [DeskRole] {
        use DeskRole::{Coordinator, Dpo, Operations, Review};
        match self {
            Self::SignIn => &DeskRole::ALL,
            Self::ShowReview | Self::AnswerReview => &[Review],
            Self::SplitPerson => &[Review, Dpo],
            Self::ShowValues | Self::ShowRecords => &[Review, Coordinator, Dpo],
            Self::SendAgain => &[Operations, Coordinator, Dpo],
            Self::OrderHandover => &[Coordinator, Dpo],
            Self::ApproveLoad => &[Coordinator],
            Self::EndNoBasis | Self::LiftRestriction | Self::ReadAudit => &[Dpo],
            Self::Redeliver
            | Self::ShowQuarantined
            | Self::RepeatQuarantined
            | Self::CloseQuarantined
            | Self::SetBackClock
            | Self::RestartTopic
            | Self::RewrapKeys => &[Operations],
        }
    }

    /// What it is to order this about a handover.
    #[must_use]
    pub const fn of_order(order: OrderName) -> Self {
        match order {
            OrderName::Lift => Self::LiftRestriction,
            OrderName::EndNoBasis => Self::EndNoBasis,
            OrderName::SendAgain => Self::SendAgain,
            OrderName::Hold | OrderName::Release | OrderName::Withdraw | OrderName::EndLine => {
                Self::OrderHandover
            }
        }
    }

    /// Its name in audit rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::ShowReview => "show-review",
            Self::AnswerReview => "answer-review",
            Self::SplitPerson => "split-person",
            Self::ShowValues => "show-values",
            Self::Redeliver => "redeliver",
            Self::SendAgain => "send-again",
            Self::OrderHandover => "order-handover",
            Self::EndNoBasis => "end-no-basis",
            Self::LiftRestriction => "lift-restriction",
            Self::ApproveLoad => "approve-load",
            Self::ShowQuarantined => "show-quarantined",
            Self::RepeatQuarantined => "repeat-quarantined",
            Self::CloseQuarantined => "close-quarantined",
            Self::SetBackClock => "set-back-clock",
            Self::RestartTopic => "restart-topic",
            Self::ShowRecords => "show-records",
            Self::RewrapKeys => "rewrap-keys",
            Self::ReadAudit => "read-audit",
        }
    }
}

/// Why something is done by hand. A closed list, because free words may name a person: what somebody writes stands
/// sealed in their message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub enum Occasion {
    /// It is what the role is there for.
    Task,
    /// A person asks about their own data.
    Request,
    Complaint,
    Incident,
    /// Somebody checks what was done.
    Control,
}

impl Occasion {
    /// Its name in audit rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Request => "request",
            Self::Complaint => "complaint",
            Self::Incident => "incident",
            Self::Control => "control",
        }
    }
}

/// What an action is about: an opaque id, so that no audit row names a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// The hub as a whole.
    Hub,
    /// Whatever has this id.
    Id([u8; 16]),
    /// A recipient's record of this number.
    Record(Recipient, u64),
    /// All that was put aside under this code.
    Code(&'static str),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.write_str("hub"),
            Self::Id(id) => f.write_str(&hex::encode(id)),
            Self::Record(recipient, sequence) => write!(f, "{recipient}:{sequence}"),
            Self::Code(code) => f.write_str(code),
        }
    }
}

/// Neither an id nor a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an id has 32 hexadecimal digits; a record is RECIPIENT:SEQUENCE")]
pub struct AboutError;

impl FromStr for About {
    type Err = AboutError;

    fn from_str(text: &str) -> Result<Self, AboutError> {
        if let Some((recipient, sequence)) = text.split_once(':') {
            let recipient = Recipient::parse(recipient).map_err(|_| AboutError)?;
            return Ok(Self::Record(recipient, sequence.parse().map_err(|_| AboutError)?));
        }
        text.parse().map(|id: MessageId| Self::Id(id.bytes())).map_err(|_| AboutError)
    }
}

impl From<ReviewId> for About {
    fn from(id: ReviewId) -> Self {
        Self::Id(id.bytes())
    }
}

impl From<HandoverId> for About {
    fn from(id: HandoverId) -> Self {
        Self::Id(id.bytes())
    }
}

impl From<StreamId> for About {
    fn from(id: StreamId) -> Self {
        Self::Id(id.bytes())
    }
}

impl From<MessageId> for About {
    fn from(id: MessageId) -> Self {
        Self::Id(id.bytes())
    }
}

impl From<PersonId> for About {
    fn from(id: PersonId) -> Self {
        Self::Id(id.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_roles_is_this_one() {
        let may: Vec<_> = Action::ALL
            .iter()
            .map(|action| {
                let roles: Vec<_> = action.roles().iter().map(|role| role.as_str()).collect();
                format!("{}: {}", action.as_str(), roles.join(" "))
            })
            .collect();
        let expect = [
            "sign-in: operations review coordinator dpo rules",
            "show-review: review",
            "answer-review: review",
            "split-person: review dpo",
            "show-values: review coordinator dpo",
            "redeliver: operations",
            "send-again: operations coordinator dpo",
            "order-handover: coordinator dpo",
            "end-no-basis: dpo",
            "lift-restriction: dpo",
            "approve-load: coordinator",
            "show-quarantined: operations",
            "repeat-quarantined: operations",
            "close-quarantined: operations",
            "set-back-clock: operations",
            "restart-topic: operations",
            "show-records: review coordinator dpo",
            "rewrap-keys: operations",
            "read-audit: dpo",
        ];
        assert_eq!(may, expect);
    }

    #[test]
    fn what_an_action_is_about_is_an_opaque_id() {
        for text in ["0192f3a4b5c6d7e8f90011223344556a", "bapa-bxl:12"] {
            assert_eq!(text.parse::<About>().map(|about| about.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "85617300156", "amal", "amal:x", "Amal Haddad:1"] {
            assert_eq!(text.parse::<About>(), Err(AboutError), "{text}");
        }
    }
}
