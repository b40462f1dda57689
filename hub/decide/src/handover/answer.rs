//! What agencies do to a handover: an answer in, a row out, or a refusal that says what is possible.
//!
//! An answer to an epoch that is over changes nothing and is told the successor (invariant I12).

use schemas::handover::{Answer, AnswerKind, AnswerName, RejectCode, State};
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;

use super::{Cause, fire, table};
use crate::draft::Draft;
use crate::person::Handover;
use crate::world::Refusal;

/// Does what the answer says.
pub(crate) fn answer(draft: &mut Draft<'_>, recipient: &Recipient, answer: &Answer) -> Result<(), Refusal> {
    let handover = draft
        .person
        .handover(answer.handover)
        .filter(|handover| handover.recipient.as_ref() == Some(recipient) && handover.epoch > 0)
        .cloned()
        .ok_or(Refusal::UnknownHandover)?;
    if handover.epoch != answer.epoch || handover.state == State::Superseded {
        return Err(Refusal::OldEpoch { current: handover.epoch, successor: successor(draft, &handover) });
    }
    let Some(row) = row(&handover, &answer.answer) else {
        return if repeated(&handover, &answer.answer) { Ok(()) } else { Err(not_allowed(&handover)) };
    };
    let mut cause = Cause::of(&handover);
    if let AnswerKind::Rejected { code } = answer.answer {
        cause.code = Some(code);
    }
    fire(draft, handover.id, row, cause);
    if row.to == State::Accepted {
        hand_on(draft, &handover);
    }
    Ok(())
}

/// The handover that goes on in place of one that was replaced: the last of those that replace each other; where none
/// does, such as after a merge, the one that is live at the same recipient. None where this one goes on itself.
fn successor(draft: &Draft<'_>, replaced: &Handover) -> Option<HandoverId> {
    let all = &draft.person.state.handovers;
    let (mut last, mut left) = (replaced, all.len());
    while let Some(next) = all.iter().find(|h| h.replaces == Some(last.id)).filter(|_| left > 0) {
        (last, left) = (next, left - 1);
    }
    let ended = last.state == State::Superseded;
    let same = |h: &&Handover| h.is_live() && h.recipient == replaced.recipient;
    let goes_on = if ended { all.iter().rev().find(same) } else { Some(last) };
    goes_on.map(|h| h.id).filter(|id| *id != replaced.id)
}

/// The row that an answer fires in the present state.
fn row(handover: &Handover, answer: &AnswerKind) -> Option<&'static table::Row> {
    let name = AnswerName::of(answer);
    if !table::allowed(handover.state).contains(&name) {
        return None;
    }
    Some(match (name, handover.state) {
        (AnswerName::Received, _) => &table::RECEIVE,
        (AnswerName::Accepted, _) => &table::ACCEPT,
        (AnswerName::Rejected, _) => &table::REJECT,
        (AnswerName::PurgeConfirmed, State::RecallPending) => &table::RECALLED,
        (AnswerName::PurgeConfirmed, _) => &table::PURGED,
        (AnswerName::TrajectoryStarted, _) => &table::CLOSE,
    })
}

/// Whether the answer says again what is so already: nothing follows, and nothing is refused.
fn repeated(handover: &Handover, answer: &AnswerKind) -> bool {
    match (answer, handover.state) {
        (AnswerKind::Received { .. }, State::Received | State::Accepted | State::Closed)
        | (AnswerKind::Accepted, State::Accepted | State::Closed)
        | (AnswerKind::PurgeConfirmed, State::Withdrawn | State::EnteredInError | State::Rejected)
        | (AnswerKind::TrajectoryStarted, State::Closed) => true,
        (AnswerKind::Rejected { code }, State::Rejected) => handover.code == Some::<RejectCode>(*code),
        _ => false,
    }
}

fn not_allowed(handover: &Handover) -> Refusal {
    Refusal::NotAllowed { state: handover.state, allowed: table::allowed(handover.state).to_vec() }
}

/// The agency that held the file until now is relieved (row 21).
fn hand_on(draft: &mut Draft<'_>, accepted: &Handover) {
    let held = |h: &&Handover| h.id != accepted.id && h.holds_file();
    let former: Vec<Handover> = draft.person.state.handovers.iter().filter(held).cloned().collect();
    for handover in former {
        fire(draft, handover.id, &table::HAND_ON, Cause::of(&handover));
    }
}
