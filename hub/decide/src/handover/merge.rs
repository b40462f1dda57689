//! What a merge does to handovers: one of them goes on, the others are replaced (row 29 of docs/handovers.md).
//!
//! Where two agencies each took one of the two over, no merge is made: which of them goes on is a human's to say.

use schemas::recipient::Recipient;

use super::table::{self, Cause};
use super::{Moving, fire, open};
use crate::draft::Draft;
use crate::person::{Handover, Stage};
use crate::routing::route;

/// In the absorbed person's name: a handover whose stream has ended cannot go on.
pub(crate) fn part(draft: &mut Draft<'_>) {
    let streams = &draft.person.state.streams;
    let cut = |h: &Handover| {
        let mut own = streams.iter().filter(|s| s.handover == Some(h.id) && s.epoch == h.epoch);
        own.next().is_some_and(|stream| stream.ended.is_some())
    };
    let ended: Vec<Handover> = draft
        .person
        .state
        .handovers
        .iter()
        .filter(|h| (h.stage().has_offer() || h.stage().has_file()) && cut(h))
        .cloned()
        .collect();
    for handover in ended {
        replace(draft, &handover);
    }
}

/// Another handover of theirs goes on in place of this one.
fn replace(draft: &mut Draft<'_>, handover: &Handover) {
    if let Some(row) = table::by(Cause::Merge, handover.stage()) {
        fire(draft, handover.id, row, Moving::of(handover));
    }
}

/// In the survivor's name: who holds the file goes on, else who is competent today, else who was offered it, else
/// the oldest. Beside who holds the file, the one it moves to goes on as well. `taken_over` is the agency that took
/// the absorbed over: it has said yes to this person, under whichever name it knew them.
pub(crate) fn unite(draft: &mut Draft<'_>, taken_over: Option<&Recipient>) {
    let asked = |h: &&Handover| h.is_live() && h.recipient.as_ref() == taken_over;
    let handovers = &draft.person.state.handovers;
    let held = handovers.iter().any(Handover::holds_file);
    if let Some(agency) = taken_over.filter(|_| !held) {
        let asked = handovers.iter().find(asked).cloned();
        take_over(draft, agency, asked);
    }
    let live: Vec<Handover> = draft.person.state.handovers.iter().filter(|h| h.is_live()).cloned().collect();
    let competent = competent(draft);
    let today = |h: &Handover| competent.is_some() && h.recipient == competent;
    let rank = |h: &&Handover| (h.holds_file(), today(h), h.epoch > 0);
    let Some(first) = live.iter().rev().max_by_key(rank) else { return };
    let moves = |h: &&Handover| today(h) || h.replaces == Some(first.id);
    let others: Vec<&Handover> = live.iter().filter(|h| h.id != first.id).collect();
    let next = others.iter().copied().filter(moves).max_by_key(rank).map(|h| h.id);
    for handover in others.into_iter().filter(|h| Some(h.id) != next) {
        replace(draft, handover);
    }
}

/// The agency said yes to this person, under the other's name: the handover that it has of them goes on as accepted,
/// and one is opened where it has none.
fn take_over(draft: &mut Draft<'_>, agency: &Recipient, asked: Option<Handover>) {
    let moving = match &asked {
        // An offer goes on in its stream; what was refused or never offered begins a new one.
        Some(asked) => {
            let epoch = asked.epoch + u32::from(!asked.stage().has_offer());
            Moving { epoch, hold: None, code: None, held_in: None, ..Moving::of(asked) }
        }
        None => Moving { recipient: Some(agency.clone()), epoch: 1, ..Moving::default() },
    };
    let (id, stage) = match asked {
        Some(asked) => (asked.id, asked.stage()),
        None => (open(draft, None), Stage::Unopened),
    };
    if let Some(row) = table::by(Cause::TakenOver, stage) {
        fire(draft, id, row, moving);
    }
}

/// Who is competent today, by all that is known of both.
fn competent(draft: &Draft<'_>) -> Option<Recipient> {
    let home = draft.journey().home(draft.today)?;
    route(draft.bundle, home.residence.nis, draft.today, draft.journey().choice(draft.bundle)).recipient
}
