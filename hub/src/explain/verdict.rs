//! The two verdicts of a person's explanation in words: who is responsible, and whether he is in the target group.
//!
//! Reads the fold and the heart's own verdict; refuses to come to another one. Next: [`super::person`].

use std::collections::BTreeMap;

use decide::journey::grounds::Ground;
use decide::journey::scope::{Group, OutReason, Scope};
use decide::person::Handover;
use decide::{Bundle, Person};
use schemas::fact::Entry as About;
use schemas::handover::State;
use schemas::ids::HandoverId;
use schemas::time::day_of;

use super::{Fact, Move, Responsible, TargetGroup};

/// Responsibility moves on accept, never before; until then it is the provider's.
pub(super) fn responsible(
    person: &Person,
    bundle: &Bundle,
    moves: &BTreeMap<HandoverId, Vec<Move>>,
) -> Responsible {
    let since = |id: &HandoverId| {
        let moves = moves.get(id).into_iter().flatten();
        moves.rev().find(|step| step.to == State::Accepted).map(|step| day_of(step.decision.known_at))
    };
    // An agency that must purge what it accepted is responsible until it has, unless another is by now.
    let purges = |h: &&Handover| h.state == State::WithdrawPending && h.accepted;
    let handovers = || person.state.handovers.iter().rev();
    let held = handovers().find(|handover| handover.responsible());
    if let Some(handover) = held.or_else(|| handovers().find(purges)) {
        return Responsible {
            recipient: handover.recipient.clone(),
            since: since(&handover.id),
            handover: Some(handover.id.to_string()),
            because: "it accepted the handover, and no other agency has accepted one since".to_owned(),
        };
    }
    let provider = bundle.provider().map(|contract| contract.recipient.clone());
    let nobody = |because: String| Responsible { recipient: None, since: None, handover: None, because };
    let last = person.state.handovers.last();
    let open = person.live_handover().or(last.filter(|h| !h.state.is_final()));
    let shown = person.open_streams().any(|stream| Some(&stream.recipient) == provider.as_ref());
    match (open, last) {
        (Some(handover), _) => Responsible {
            recipient: provider,
            since: None,
            handover: Some(handover.id.to_string()),
            because: "it is the provider until a local agency accepts a handover, and none has yet"
                .to_owned(),
        },
        (None, Some(handover)) if handover.state == State::Closed => {
            nobody("the last handover is closed: what follows happens outside the hub".to_owned())
        }
        (None, _) if shown => Responsible {
            recipient: provider,
            since: None,
            handover: None,
            because: "it is the provider before arrival, and no handover is open".to_owned(),
        },
        (None, Some(handover)) => {
            nobody(format!("the last handover is {}", handover.state.as_str().replace('_', " ")))
        }
        (None, None) => nobody("no handover was opened".to_owned()),
    }
}

/// A fact, as it may be shown.
pub(super) fn fact((cell, claim): Ground<'_>, values: bool) -> Fact {
    Fact {
        field: cell.field,
        entry: match cell.entry {
            About::Person => "person",
            About::Application(..) => "application",
            About::Permit(_) => "permit",
            About::Residence(_) => "residence",
            About::Account(_) => "account",
            About::Module(_) => "module",
            About::Statement(_) => "statement",
        },
        authority: cell.authority,
        stated_at: claim.stated_at,
        valid_from: claim.valid_from,
        message: claim.message.to_string(),
        value: values.then(|| serde_json::to_value(&claim.statement).ok()).flatten(),
    }
}

/// The decision about the target group, in words.
pub(super) fn target_group(verdict: Scope, facts: Vec<Fact>) -> TargetGroup {
    let (verdict, as_what, because) = match verdict {
        Scope::In(group) => {
            let words = match group {
                Group::Family => "belongs to it as a family migrant",
                Group::LabourFamily => "belongs to it as family of a labour migrant",
                Group::Labour => "belongs to it as a labour migrant of the Flemish region",
            };
            ("in", Some(group.as_str().to_owned()), words)
        }
        Scope::Out(reason) => {
            let (name, words) = match reason {
                OutReason::Nationality => {
                    ("nationality", "does not belong to it: one nationality is European")
                }
                OutReason::Age => ("age", "does not belong to it: not of age"),
                OutReason::Purpose => ("purpose", "does not belong to it: comes for another purpose"),
                OutReason::Ended => {
                    ("ended", "does not belong to it: every application and permit was refused or taken back")
                }
                OutReason::Left => ("left", "does not belong to it any more: left Belgium"),
                OutReason::Deceased => ("deceased", "does not belong to it any more: died"),
            };
            ("out", Some(name.to_owned()), words)
        }
        Scope::Review => ("review", None, "may belong to it: the rules leave it to a human"),
        Scope::Unknown => ("unknown", None, "may belong to it: too little is known"),
    };
    TargetGroup { verdict, as_what, because: because.to_owned(), facts }
}
