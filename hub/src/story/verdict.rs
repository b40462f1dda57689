//! The two verdicts of a person's story in words: who is responsible, and whether they belong to the target group.
//!
//! Reads the fold and the heart's own verdict; refuses to come to another one. Next: [`super::person`].

use decide::journey::grounds::Ground;
use decide::journey::scope::{Group, OutReason, Scope};
use decide::person::Mandate;
use decide::{Bundle, Person};
use schemas::fact::Entry as About;
use schemas::handover::State;

use super::{ResponsibleParty, StatedFact, TargetGroupDecision};

/// Who is responsible, by the heart's own answer, in words.
pub(super) fn responsible(person: &Person, bundle: &Bundle) -> ResponsibleParty {
    let decide::person::Responsible { whom, since, why } = person.responsible(bundle);
    let because = match why {
        Mandate::Accepted(_) => "it accepted the handover, and no other agency has accepted one since",
        Mandate::Provider(Some(_)) => {
            "it is the provider until a local agency accepts a handover, and none has yet"
        }
        Mandate::Provider(None) => "it is the provider before arrival, and no handover is open",
        Mandate::Purging(_) => {
            "it accepted the handover, and has not confirmed yet that it purged what it holds"
        }
        Mandate::Open(_) => {
            "no agency has accepted a handover yet, and the provider may not be told of the person"
        }
        Mandate::Over(_, State::Closed) => {
            "the last handover is closed: what follows happens outside the hub"
        }
        Mandate::Over(_, state) => {
            let because = format!("the last handover is {}", state.as_str().replace('_', " "));
            return ResponsibleParty { why, because, ..ResponsibleParty::default() };
        }
        Mandate::Nothing if person.state.awaits_approval() => {
            "nothing is opened before somebody approves what was loaded of the person first"
        }
        Mandate::Nothing => "no handover was opened",
    };
    let handover = why.handover().filter(|_| whom.is_some()).map(|id| id.to_string());
    ResponsibleParty { recipient: whom, since, handover, why, because: because.to_owned() }
}

/// A fact, as it may be shown.
pub(super) fn fact((cell, claim): Ground<'_>, values: bool) -> StatedFact {
    StatedFact {
        field: cell.field,
        entry: match cell.entry {
            About::Person => "person",
            About::Application(..) => "application",
            About::Permit(_) => "permit",
            About::Residence(_) => "residence",
            About::Account(_) => "account",
            About::Module(_) => "module",
            About::Statement(_) => "statement",
            About::Test(..) => "test",
            About::Choice(_) => "choice",
            About::Exemption(_) => "exemption",
        },
        authority: cell.authority,
        stated_at: claim.stated_at,
        valid_from: claim.valid_from,
        message: claim.message.to_string(),
        value: values.then(|| serde_json::to_value(&claim.statement).ok()).flatten(),
    }
}

/// The decision about the target group, in words.
pub(crate) fn target_group(verdict: Scope, facts: Vec<StatedFact>) -> TargetGroupDecision {
    let (verdict, as_what, because) = match verdict {
        Scope::In(group) => {
            let words = match group {
                Group::Family => "belongs to it as a family migrant",
                Group::LabourFamily => "belongs to it as family of a labour migrant",
                Group::Labour => "belongs to it as a labour migrant",
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
                OutReason::LivesHere => {
                    ("lives_here", "does not belong to it: lived in Belgium before anything was asked for")
                }
                OutReason::IntendedArea => (
                    "intended_area",
                    "does not belong to it: means to live in the French or German language area",
                ),
                OutReason::NoCandidate => (
                    "no_candidate",
                    "does not belong to it yet: is no candidate by the definition of the day",
                ),
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
    TargetGroupDecision { verdict, as_what, because: because.to_owned(), facts }
}
