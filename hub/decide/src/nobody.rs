//! Nobody vanishes: whoever fits nobody for too long is a human's to look at, with those who come nearest.
//!
//! Raises such a review once for each reason, whenever its person is looked at on or after its day, and makes it void
//! once they fit somebody by themselves. Refuses to link: a human answers, as any other review. Next: [`crate::decide`],
//! which asks here last.

use std::collections::BTreeSet;

use schemas::ids::{PersonId, ReviewId};
use schemas::key::Mac;

use crate::change::Review;
use crate::draft::Draft;
use crate::identity::nearest;
use crate::journey::alone::{alone, found};
use crate::person::Event;
use crate::world::{Gather, Stop, World};

/// Looks whether the draft's person fits nobody. Of who waits for the approval of a first load nobody is asked.
pub(crate) fn look(draft: &mut Draft<'_>, world: &World) -> Result<(), Stop> {
    if draft.person.state.merged_into.is_some() || draft.person.state.awaits_approval() {
        return Ok(());
    }
    let still = found(draft.journey(), draft.bundle, draft.today).map(|(why, _)| why);
    let over = draft.person.state.alone.iter().filter(|(why, _)| still != Some(**why));
    let over = over.map(|(_, review)| *review).filter(|id| draft.person.state.open_reviews.contains_key(id));
    for review in over.collect::<Vec<_>>() {
        draft.record(Event::ReviewVoid { review });
    }
    let due = alone(&draft.person, draft.bundle, draft.today).filter(|(_, by)| *by <= draft.today);
    let Some((reason, _)) = due else { return Ok(()) };
    let mut gather = Gather::default();
    let mut keys = world.keys_of(&draft.person, &mut gather);
    keys.extend(brought(draft));
    let near = nearest(world, &draft.person, &keys, &draft.bundle.model, &mut gather);
    if !gather.0.is_empty() {
        return Err(Stop::Needs(gather.0));
    }
    // Whom a split has just made two of is nobody any more.
    let gone =
        |id: &PersonId| draft.change.persons.get(id).is_some_and(|person| person.state.merged_into.is_some());
    let candidates: Vec<PersonId> =
        near.iter().map(|weighed| weighed.person).filter(|id| !gone(id)).collect();
    let (review, person) = (draft.id(ReviewId::derive), draft.person.id);
    let may_be: BTreeSet<PersonId> = candidates.iter().copied().collect();
    draft.record(Event::ReviewRaised { review, reason, candidates: may_be });
    draft.change.reviews.push(Review { id: review, person, candidates, reason });
    Ok(())
}

/// The keys that this very message brings.
fn brought(draft: &Draft<'_>) -> Vec<Mac> {
    let own = draft.change.records.iter().filter(|indexed| indexed.person == draft.person.id);
    let given = draft.change.moved.iter().filter(|moved| moved.to == draft.person.id);
    own.flat_map(|indexed| &indexed.keys).chain(given.flat_map(|moved| &moved.keys)).copied().collect()
}
