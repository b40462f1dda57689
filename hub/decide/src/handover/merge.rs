//! What a merge does to handovers: one of them goes on, the others are replaced (features 4.2, row 29).
//!
//! Refuses to choose between two agencies that each took the person over: such a merge is not made.

use schemas::ids::HandoverId;

use super::{Cause, fire, table};
use crate::draft::Draft;
use crate::person::Handover;

/// In the absorbed person's name: a handover whose stream has ended cannot go on.
pub(crate) fn part(draft: &mut Draft<'_>) {
    let streams = &draft.person.state.streams;
    let cut = |h: &Handover| {
        let mut own = streams.iter().filter(|s| s.handover == Some(h.id) && s.epoch == h.epoch);
        own.next().is_some_and(|stream| stream.ended.is_some())
    };
    let ended: Vec<Handover> =
        draft.person.state.handovers.iter().filter(|h| h.is_live() && cut(h)).cloned().collect();
    for handover in ended {
        fire(draft, handover.id, &table::MERGE, Cause::of(&handover));
    }
}

/// In the survivor's name: who holds the file goes on, else who was offered it, else the oldest. What stands in
/// its stead already, because the person moves, goes on as well.
pub(crate) fn unite(draft: &mut Draft<'_>) {
    let live: Vec<Handover> = draft.person.state.handovers.iter().filter(|h| h.is_live()).cloned().collect();
    let Some(first) = live.iter().max_by_key(|h| (h.responsible(), h.epoch > 0)).cloned() else { return };
    let follows = |h: &Handover, of: HandoverId| h.replaces == Some(of);
    for handover in live.iter().filter(|h| h.id != first.id && !follows(h, first.id)) {
        fire(draft, handover.id, &table::MERGE, Cause::of(handover));
    }
}
