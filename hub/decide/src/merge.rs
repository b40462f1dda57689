//! A merge: one person takes over all that another had, and the other is gone.
//!
//! What the other's name at a recipient was used for ends in his name, where the survivor has a name of his own
//! there; everything else goes on as it was. Refuses to judge whether they are one: that is `identity`'s, or
//! a human's. Source: DESIGN 4 "merge", features 4.2 row 29.

use schemas::ids::{PersonId, ReviewId};
use schemas::message::ReviewAnswer;

use crate::change::Event;
use crate::draft::Draft;
use crate::identity::Join;
use crate::person::Person;
use crate::{disclosure, handover};

/// Makes the draft's person take over all that the other has.
pub(crate) fn absorb(draft: &mut Draft<'_>, other: Person, why: Join) {
    let taken_over = other.state.handovers.iter().find(|h| h.responsible()).and_then(|h| h.recipient.clone());
    let survivor = std::mem::replace(&mut draft.person, other);
    disclosure::part(draft, &survivor);
    handover::part(draft);
    let lines = draft.person.state.lines.clone();
    for recipient in lines.keys() {
        draft.record(Event::LineClosed { recipient: recipient.clone(), to: draft.today });
    }
    let absorbed = draft.person.clone();
    draft.record(Event::MergedInto { survivor: survivor.id });
    draft.person = survivor;
    draft.record(Event::Absorbed { person: Box::new(absorbed), why });
    for (recipient, line) in lines {
        if !draft.person.state.lines.contains_key(&recipient) {
            draft.record(Event::LineOpened { recipient, capacity: line.capacity, from: line.from });
        }
    }
    for review in settled(&draft.person) {
        let answer = ReviewAnswer::Same(draft.person.id);
        draft.record(Event::ReviewAnswered { review, answer });
    }
    handover::unite(draft, taken_over.as_ref());
}

/// Reviews that asked whether he is himself.
fn settled(person: &Person) -> Vec<ReviewId> {
    let own = |id: &PersonId| *id == person.id || person.state.absorbed.contains(id);
    let reviews = person.state.open_reviews.iter();
    reviews.filter(|(_, may)| may.iter().all(own)).map(|(review, _)| *review).collect()
}
