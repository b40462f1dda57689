//! What a split does to handovers (rows 27 to 27d of docs/handovers.md): what its agency was told of both is recalled, what
//! was opened for both is replaced, and who answered for both is looked after by a human.
//!
//! Which handover is which is [`crate::split`]'s to say.

use schemas::ids::HandoverId;

use super::table::{self, Cause};
use super::{Moving, fire};
use crate::draft::Draft;

/// Its agency was told of both as if they were one: it must purge that. Whoever answered binds nobody, and the data
/// protection officer has it at once.
pub(crate) fn recall(draft: &mut Draft<'_>, id: HandoverId, answered: bool) {
    // What was purged already is not asked for again.
    if draft.person.handover(id).is_some_and(|handover| handover.purged.is_none()) {
        split_by(draft, id, if answered { Cause::ExposedAnswered } else { Cause::Exposed });
    }
}

/// It was opened for both, or came to an end for both: another comes for each.
pub(crate) fn replace_mixed(draft: &mut Draft<'_>, id: HandoverId) {
    split_by(draft, id, Cause::Split);
}

/// What its agency answered for both counts for nobody: a human looks.
pub(crate) fn unbind(draft: &mut Draft<'_>, id: HandoverId) {
    split_by(draft, id, Cause::Unbound);
}

fn split_by(draft: &mut Draft<'_>, id: HandoverId, cause: Cause) {
    let Some(handover) = draft.person.handover(id) else { return };
    let Some(row) = table::by(cause, handover.stage()) else { return };
    let mut moving = Moving::of(handover);
    if cause != Cause::Unbound {
        (moving.hold, moving.held_in) = (None, None);
    }
    fire(draft, id, row, moving);
}
