//! A merge: the survivor takes over all that the absorbed person had.
//!
//! What the absorbed person's name at a recipient was used for ends under that name, where the survivor has a name of
//! their own there; everything else goes on as it was. Whether two are one is `identity`'s to judge, or a human's.
//! Source: docs/identity.md#who-survives, row 29 of docs/handovers.md.

use std::sync::Arc;

use schemas::ids::{PersonId, ReviewId};
use schemas::message::ReviewAnswer;

use crate::draft::Draft;
use crate::person::{Event, Join, Person};
use crate::{disclosure, handover};

/// Makes the draft's person take over all that the other has.
pub(crate) fn absorb(draft: &mut Draft<'_>, other: &Arc<Person>, why: Join) {
    let taken_over = other.held_handover().and_then(|held| held.recipient.clone());
    let survivor = draft.turn_to(Arc::clone(other));
    disclosure::part(draft, &survivor);
    handover::part(draft);
    let absorbed = Box::new(Person::clone(&draft.person));
    draft.record(Event::MergedInto { survivor: survivor.id });
    draft.turn_to(survivor);
    draft.record(Event::Absorbed { person: absorbed, why });
    for review in settled(&draft.person) {
        let answer = ReviewAnswer::Same(draft.person.id);
        draft.record(Event::ReviewAnswered { review, answer });
    }
    handover::unite(draft, taken_over.as_ref());
}

/// Reviews that ask about nobody else any more.
fn settled(person: &Person) -> Vec<ReviewId> {
    let own = |id: &PersonId| person.outline().is(*id);
    let reviews = person.state.open_reviews.iter();
    reviews.filter(|(_, asked)| asked.candidates.iter().all(own)).map(|(review, _)| *review).collect()
}
