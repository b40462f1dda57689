//! A human answers whether two persons are one: from a review's answer to a draft.
//! Where a national number is involved two people must say that they are one (docs/identity.md#review). What both had
//! goes on in the survivor. Next: [`crate::merge`].

use std::sync::Arc;

use schemas::actor::ActorName;
use schemas::ids::{PersonId, ReviewId};
use schemas::message::{Message, ReviewAnswer};

use crate::bundle::Bundle;
use crate::draft::Draft;
use crate::identity::{survivor, two_hold_the_file};
use crate::merge::absorb;
use crate::person::{Event, Join, Person};
use crate::world::{Gather, KnownPerson, Owned, Refusal, Stop, World};

/// What follows for the person, before it is routed and released.
pub(crate) fn reviewed<'a>(
    world: &World,
    message: &Message,
    bundle: &'a Bundle,
    (review, answer): (ReviewId, ReviewAnswer),
    by: &ActorName,
) -> Result<Draft<'a>, Stop> {
    let unknown = Stop::Refused(Refusal::UnknownReview);
    let Some(owner) = world.owner(Owned::Review(review))? else { return Err(unknown) };
    let person = match world.known(owner)? {
        KnownPerson::Here(person) => person,
        KnownPerson::Nobody => return Err(unknown),
        KnownPerson::Shut => return Err(Stop::Shut),
    };
    let Some(asked) = person.state.open_reviews.get(&review) else { return Err(unknown) };
    let candidates = &asked.candidates;
    let mut gather = Gather::default();
    let others: Vec<KnownPerson<'_>> =
        candidates.iter().filter_map(|id| gather.take(world.known(*id))).collect();
    let mut readable_as = |id: PersonId| gather.take(world.known(id));
    let (chosen, first) = match answer {
        ReviewAnswer::Same(id) => {
            let first = asked.proposed.as_ref();
            (readable_as(id), first.and_then(|(id, by)| Some((readable(readable_as(*id)?)?.id, by))))
        }
        ReviewAnswer::Different | ReviewAnswer::CannotTell => (None, None),
    };
    if !gather.0.is_empty() {
        return Err(Stop::Needs(gather.0));
    }
    // Who was erased since is not told apart from anybody.
    let others: Vec<&Arc<Person>> = others.into_iter().filter_map(readable).collect();
    match (answer, chosen) {
        (ReviewAnswer::CannotTell, _) => {
            let mut draft = Draft::of(person, message, bundle);
            draft.record(Event::ReviewAnswered { review, answer });
            Ok(draft)
        }
        (ReviewAnswer::Different, _) => {
            let mut draft = Draft::of(person, message, bundle);
            draft.record(Event::ReviewAnswered { review, answer });
            for other in others.into_iter().filter(|other| other.id != person.id) {
                draft.record_on(other, Event::ToldApart { from: person.id });
            }
            Ok(draft)
        }
        (ReviewAnswer::Same(_), Some(KnownPerson::Shut)) => Err(Stop::Shut),
        (ReviewAnswer::Same(same), Some(KnownPerson::Here(chosen)))
            // Where nobody was named, whom it may be is what the human was asked.
            if chosen.id != person.id
                && (candidates.is_empty() || others.iter().any(|o| o.id == chosen.id)) =>
        {
            if two_hold_the_file(person, chosen) {
                return Err(Stop::Refused(Refusal::TwoHoldTheFile));
            }
            let first = first.filter(|(same, _)| *same == chosen.id).map(|(_, first)| first);
            let numbered = person.has_national_number() || chosen.has_national_number();
            match first {
                // Nobody agrees with themselves: it goes on waiting.
                Some(first) if numbered && first == by => Ok(Draft::of(person, message, bundle)),
                None if numbered => {
                    let mut draft = Draft::of(person, message, bundle);
                    draft.record(Event::SameProposed { review, same, by: by.clone() });
                    Ok(draft)
                }
                _ => {
                    let mut draft = joined(message, bundle, (person, chosen), (review, answer));
                    if numbered {
                        draft.record(Event::SameSeconded { review, by: by.clone() });
                    }
                    Ok(draft)
                }
            }
        }
        (ReviewAnswer::Same(_), _) => Err(Stop::Refused(Refusal::NotAsked)),
    }
}

fn readable(known: KnownPerson<'_>) -> Option<&Arc<Person>> {
    match known {
        KnownPerson::Here(person) => Some(person),
        KnownPerson::Nobody | KnownPerson::Shut => None,
    }
}

/// The two are one.
fn joined<'a>(
    message: &Message,
    bundle: &'a Bundle,
    (person, chosen): (&Arc<Person>, &Arc<Person>),
    (review, answer): (ReviewId, ReviewAnswer),
) -> Draft<'a> {
    let first = survivor(&[person, chosen]).map_or(person.id, |first| first.id);
    let (survivor, absorbed) = if first == person.id { (person, chosen) } else { (chosen, person) };
    let mut draft = Draft::of(survivor, message, bundle);
    if absorbed.id != survivor.id {
        absorb(&mut draft, absorbed, Join::Answer);
    }
    if draft.person.state.open_reviews.contains_key(&review) {
        draft.record(Event::ReviewAnswered { review, answer });
    }
    draft
}
