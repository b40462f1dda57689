//! What agencies do to a handover: an answer in, a row out, or a refusal that says what is possible.
//!
//! An answer to an epoch that is over changes nothing and is told the successor (invariant I12); that a former agency
//! has purged what it had is recorded.

use std::collections::BTreeSet;

use schemas::handover::{Answer, AnswerKind, AnswerName, RejectCode, State};
use schemas::ids::{HandoverId, ReviewId};
use schemas::recipient::Recipient;

use super::situation::Situation;
use super::table::{self, Also, Cause, To};
use super::{Moving, fire};
use crate::change::Review;
use crate::draft::Draft;
use crate::journey::scope::Scope;
use crate::person::{Event, Handover, ReviewReason, StoppedIn};
use crate::world::Refusal;

/// Does what the answer says. `as_sent`: what the agency stored, where it says that it did, is what was sent.
pub(crate) fn answer(
    draft: &mut Draft<'_>,
    scope: Scope,
    recipient: &Recipient,
    answer: &Answer,
    as_sent: bool,
) -> Result<(), Refusal> {
    let known = |handover: &&Handover| handover.recipient.as_ref() == Some(recipient);
    let handover = draft.person.handover(answer.handover).filter(known).cloned();
    let handover = handover.ok_or(Refusal::UnknownHandover)?;
    let purged = answer.answer == AnswerKind::PurgeConfirmed;
    let former = handover.epoch != answer.epoch;
    if former && purged {
        // What was purged of an offer before this one: the message stands for it, and nothing moves.
        return Ok(());
    }
    if former || (handover.state == State::Superseded && !purged) {
        return Err(Refusal::OldEpoch { current: handover.epoch, successor: successor(draft, &handover) });
    }
    let stage = handover.stage();
    let situation = Situation::of(draft.journey(), scope, draft.bundle, draft.today);
    let facing = situation.facing(&draft.person, &handover);
    let cause = if as_sent { cause(&answer.answer) } else { Cause::Differs };
    let Some(row) = table::by(cause, stage) else {
        if !as_sent {
            return Err(Refusal::HashDiffers);
        }
        return if repeated(&handover, &answer.answer) { Ok(()) } else { Err(not_allowed(&handover)) };
    };
    if row.to == To::Stay && row.does(Also::KeepPurge) && handover.purged.is_some() {
        return Ok(());
    }
    let mut moving = Moving::of(&handover);
    if let AnswerKind::Rejected { code } = answer.answer {
        (moving.code, moving.held_in) = (Some(code), Some(StoppedIn { facing, at: draft.at }));
    }
    fire(draft, handover.id, row, moving);
    if row.does(Also::RelieveFormer) {
        hand_on(draft, handover.id);
    }
    if answer.answer == (AnswerKind::Rejected { code: RejectCode::DuplicateOffer }) {
        doubt(draft);
    }
    Ok(())
}

/// The agency knows them as somebody else: a human finds out as whom, for the facts name nobody.
fn doubt(draft: &mut Draft<'_>) {
    let (review, reason) = (draft.id(ReviewId::derive), ReviewReason::DuplicateOffer);
    draft.record(Event::ReviewRaised { review, reason, candidates: BTreeSet::new() });
    let person = draft.person.id;
    draft.change.reviews.push(Review { id: review, person, candidates: vec![], reason });
}

fn cause(answer: &AnswerKind) -> Cause {
    match answer {
        AnswerKind::Rejected { code: RejectCode::AlreadyKnown } => Cause::AlreadyKnown,
        other => Cause::Answer(AnswerName::of(other)),
    }
}

/// The handover that goes on in place of one that was replaced: the live one that replaces it or what replaced it;
/// where none does, such as after a merge, the one that is live at the same recipient. None where this one goes on
/// itself.
fn successor(draft: &Draft<'_>, replaced: &Handover) -> Option<HandoverId> {
    let all = &draft.person.state.handovers;
    let descends = |h: &Handover| {
        let mut before = std::iter::successors(h.replaces, |id| {
            all.iter().find(|h| h.id == *id).and_then(|before| before.replaces)
        });
        before.by_ref().take(all.len()).any(|id| id == replaced.id)
    };
    let goes_on = |h: &&Handover| h.id != replaced.id && h.state != State::Superseded;
    let heirs = || all.iter().rev().filter(goes_on).filter(|h| descends(h));
    let same = || all.iter().rev().filter(goes_on).find(|h| h.is_live() && h.recipient == replaced.recipient);
    heirs().find(|h| h.is_live()).or_else(|| heirs().next()).or_else(same).map(|h| h.id)
}

/// Whether the answer says again what is so already: nothing follows, and nothing is refused.
fn repeated(handover: &Handover, answer: &AnswerKind) -> bool {
    match (answer, handover.state) {
        (AnswerKind::Received { .. }, State::Received | State::Accepted | State::Closed)
        | (AnswerKind::Accepted, State::Accepted | State::Closed)
        | (AnswerKind::TrajectoryStarted, State::Closed) => true,
        (AnswerKind::Rejected { code }, State::Rejected | State::Held | State::Closed) => {
            handover.code == Some::<RejectCode>(*code)
        }
        _ => false,
    }
}

fn not_allowed(handover: &Handover) -> Refusal {
    Refusal::NotAllowed { state: handover.state, allowed: table::allowed(handover.stage()) }
}

/// The agency that held the file until now is relieved (row 21).
fn hand_on(draft: &mut Draft<'_>, next: HandoverId) {
    let held = |h: &&Handover| h.id != next && h.holds_file();
    let former: Vec<Handover> = draft.person.state.handovers.iter().filter(held).cloned().collect();
    for handover in former {
        if let Some(row) = table::by(Cause::Successor, handover.stage()) {
            fire(draft, handover.id, row, Moving::of(&handover));
        }
    }
}
