//! A split: records of one person are somebody else's, and two persons go on.
//!
//! The person is history of both from then on, under their own id and key; each of the two begins anew with an id, a key
//! and the facts of their own records ([`sides`]). What was told of both as if they were one is recalled, before either
//! goes on; nobody joins them again but a human. The journals say what was told when ([`thread`]).
//! Source: docs/identity.md#taken-apart, rows 27 to 27d of docs/handovers.md.

mod keys;
mod sides;
mod thread;

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::actor::ActorName;
use schemas::agreement::Agreement;
use schemas::handover::EndReason;
use schemas::ids::{HandoverId, MessageId, PersonId, StreamId};
use schemas::message::Message;
use schemas::recipient::Recipient;

use crate::bundle::Bundle;
use crate::draft::Draft;
use crate::person::{Event, Person, PersonState};
use crate::world::{Gather, KnownPerson, Refusal, Stop, World};
use crate::{disclosure, handover};
use sides::{HalfOf, WhoseNumbers, half, is_silent, is_untouched};
use thread::{Blend, Thread};

/// What a split leads to before anything follows from it.
pub(crate) enum Splitting<'a> {
    /// The first of two people said so: it waits for the second.
    Proposed(Draft<'a>),
    /// The draft is of who is kept; the moved one is still to begin.
    Split(Draft<'a>, Second),
}

/// The moved one, as they begin, with the handovers that a human must look after.
pub(crate) struct Second {
    begins: (PersonId, Event),
    unbound: Vec<HandoverId>,
}

/// Takes these records of a person apart from the others.
pub(crate) fn split<'a>(
    world: &World,
    message: &Message,
    bundle: &'a Bundle,
    person: PersonId,
    moved: &BTreeSet<MessageId>,
    by: &ActorName,
) -> Result<Splitting<'a>, Stop> {
    let whole = match world.known(person)? {
        KnownPerson::Here(person) => person,
        KnownPerson::Nobody => return Err(Stop::Refused(Refusal::UnknownPerson)),
        KnownPerson::Shut => return Err(Stop::Shut),
    };
    let thread = Thread::of(world, whole.id, moved)?;
    let own: BTreeSet<MessageId> = thread.records.iter().map(|(record, ..)| *record).collect();
    if moved.is_empty() || !moved.is_subset(&own) || moved.len() == own.len() {
        return Err(Stop::Refused(Refusal::NotAPart));
    }
    let mut draft = Draft::of(whole, message, bundle);
    if !agreed(&mut draft, Agreement::split(moved), by, whole.has_national_number()) {
        return Ok(Splitting::Proposed(draft));
    }
    // A merge made them both: their id leads to whose it was before it.
    let rest: BTreeSet<MessageId>;
    let (thread, moved) = match thread.alone {
        Blend::Moved => {
            rest = own.difference(moved).copied().collect();
            (Thread::of(world, whole.id, &rest)?, &rest)
        }
        Blend::Nobody | Blend::Kept | Blend::Both => (thread, moved),
    };
    let numbers = WhoseNumbers::of(&thread, moved);
    let (kept_id, moved_id) = (draft.id(PersonId::derive), draft.id(PersonId::derive));
    let mut gather = Gather::default();
    let to = |half| if half == HalfOf::Moved { moved_id } else { kept_id };
    let given = keys::given(world, &thread, &numbers, moved, to, &mut gather);
    if !gather.0.is_empty() {
        return Err(Stop::Needs(gather.0));
    }
    draft.change.moved = given;
    let recalled = recall(&mut draft, &thread);
    let before = Arc::clone(&draft.person);
    let begins = |which: HalfOf, id: PersonId, other: PersonId| {
        let mut person = half(&before, &thread, &numbers, moved, (which, id), &recalled);
        Arc::make_mut(&mut person.matching).never.insert(other);
        Event::CameOf { from: before.id, other, person: Box::new(person) }
    };
    let (first, second) = (begins(HalfOf::Kept, kept_id, moved_id), begins(HalfOf::Moved, moved_id, kept_id));
    for (id, (blend, events)) in &thread.absorbed {
        if let (Blend::Moved, Some(version)) = (blend, events) {
            follow(&mut draft, (*id, *version), before.id, moved_id);
        }
    }
    draft.record(Event::Parted { kept: kept_id, moved: moved_id, records: moved.clone() });
    let unbound: Vec<HandoverId> = thread
        .answered
        .iter()
        .filter(|id| before.handover(**id).is_some_and(|h| is_untouched(h, &before, &thread)))
        .copied()
        .collect();
    begin(&mut draft, kept_id, first, &unbound);
    Ok(Splitting::Split(draft, Second { begins: (moved_id, second), unbound }))
}

impl Second {
    /// Goes on with the moved one.
    pub(crate) fn begin(self, draft: &mut Draft<'_>) {
        let (id, event) = self.begins;
        begin(draft, id, event, &self.unbound);
    }
}

fn begin(draft: &mut Draft<'_>, id: PersonId, event: Event, unbound: &[HandoverId]) {
    draft.turn_to(Arc::new(Person::new(id)));
    draft.record(event);
    for id in unbound {
        handover::unbind(draft, *id);
    }
}

/// Whether two people agree, where that is needed; what the first of them says is kept.
fn agreed(draft: &mut Draft<'_>, order: Agreement, by: &ActorName, needed: bool) -> bool {
    if !needed {
        return true;
    }
    let before = draft.person.state.proposed.as_ref().filter(|(known, _)| *known == order);
    match before {
        Some((_, first)) if first != by => {
            draft.record(Event::Seconded { order, by: by.clone() });
            true
        }
        Some(_) => false,
        None => {
            draft.record(Event::Proposed { order, by: by.clone() });
            false
        }
    }
}

/// Whoever was told of both is told to purge it; what was opened for both and told to nobody is replaced. Gives the
/// recipients who know each of them by another name from here on.
fn recall(draft: &mut Draft<'_>, thread: &Thread) -> BTreeSet<Recipient> {
    let whole = Arc::clone(&draft.person);
    let streams = &whole.state.streams;
    let exposed: BTreeSet<Recipient> = streams
        .iter()
        .filter(|stream| thread.told.contains(&stream.id))
        .map(|stream| stream.recipient.clone())
        .chain(thread.joined.iter().cloned())
        .collect();
    let recalled: Vec<(StreamId, Option<HandoverId>)> = streams
        .iter()
        .filter(|stream| {
            let open = stream.ended.is_none() && stream.issues > 0 && exposed.contains(&stream.recipient);
            thread.told.contains(&stream.id) || open
        })
        .map(|stream| (stream.id, stream.handover))
        .collect();
    let handovers: BTreeSet<HandoverId> = recalled.iter().filter_map(|(_, handover)| *handover).collect();
    for id in &handovers {
        handover::recall(draft, *id, thread.answered.contains(id));
    }
    for (stream, handover) in &recalled {
        let purged = handover.and_then(|id| whole.handover(id)).is_some_and(|h| h.purged.is_some());
        let over = streams.iter().any(|s| s.id == *stream && s.ended == Some(EndReason::Recalled));
        if !purged && !over {
            disclosure::recall(draft, *stream);
        }
    }
    for stream in streams.iter().filter(|stream| is_silent(stream, thread, &exposed)) {
        disclosure::close(draft, stream.id);
    }
    for handover in whole.state.handovers.iter().filter(|h| !handovers.contains(&h.id)) {
        let restored = thread.before.contains_key(&handover.id) && is_untouched(handover, &whole, thread);
        let mixed = thread.handovers.get(&handover.id) == Some(&Blend::Both)
            || thread.before.contains_key(&handover.id);
        if mixed && !restored {
            handover::replace_mixed(draft, handover.id);
        }
    }
    exposed
}

/// Whoever was absorbed and is all of the moved one's leads to them from here on.
fn follow(draft: &mut Draft<'_>, (id, version): (PersonId, u64), from: PersonId, to: PersonId) {
    let state = PersonState { merged_into: Some(from), ..PersonState::default() };
    let absorbed = Arc::new(Person { id, version, matching: Arc::default(), state });
    draft.record_on(&absorbed, Event::MergedInto { survivor: to });
}
