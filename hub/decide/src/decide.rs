//! The four steps from a message to a change: link, record, route, release.
//!
//! Owns their order and nothing else; each step is the folder of its name. Refuses a message rather than
//! guess, and leaves the world as it was.

use schemas::fact::Record;
use schemas::handover::{Answer, AnswerKind};
use schemas::ids::{MessageId, PersonId, ReviewId, TaskId};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::message::{Body, Message, ReviewAnswer};
use schemas::recipient::Recipient;

use crate::bundle::Bundle;
use crate::change::{Change, Event, IndexedRecord, Needs, Refusal, Review, Stop, Task, TaskKind, Waiting};
use crate::draft::Draft;
use crate::identity::{Found, Join, Link, Reason, find, index_keys, survivor, two_hold_the_file};
use crate::journey::learning::{restated, voided};
use crate::journey::scope::{Scope, scope};
use crate::merge::absorb;
use crate::person::{Evidence, Person};
use crate::world::World;
use crate::{disclosure, handover};

/// One message against the world as loaded.
///
/// # Errors
/// [`Stop::Needs`] names what must be loaded first; [`Stop::Waiting`] keeps a record nobody is known
/// for; [`Stop::Refused`] says why it cannot be done. The world is unchanged in every case.
pub fn decide(world: &World, message: &Message, bundle: &Bundle) -> Result<Change, Stop> {
    decide_found(world, message, &keys_of(message), bundle)
}

/// The keys that a record is looked up by; a round makes them once for all its turns.
pub(crate) fn keys_of(message: &Message) -> Vec<Key> {
    match &message.body {
        Body::Record(record) => index_keys(record),
        Body::Answer { .. }
        | Body::Notice(_)
        | Body::TaskFailed(_)
        | Body::Due(_)
        | Body::Reviewed { .. }
        | Body::Redeliver(_)
        | Body::Bundle(_) => vec![],
    }
}

/// [`decide`], with the [`keys_of`] the message.
pub(crate) fn decide_found(
    world: &World,
    message: &Message,
    keys: &[Key],
    bundle: &Bundle,
) -> Result<Change, Stop> {
    match &message.body {
        Body::Record(record) => record_about(world, message, bundle, record, keys),
        Body::Answer { recipient, answer } => answer_of(world, message, bundle, recipient, answer),
        Body::Notice(notice) => number_changed(world, message, bundle, notice.insz),
        // The register has nothing to say now; the next notice asks again.
        Body::TaskFailed(_) | Body::Bundle(_) => Ok(Change::default()),
        Body::Due(person) => {
            let owner = Some(*person);
            let mut draft =
                draft_of(world, message, bundle, owner, Needs::default(), Refusal::UnknownPerson)?;
            follow_and_release(&mut draft);
            Ok(draft.finish())
        }
        Body::Reviewed { review, answer, .. } => reviewed(world, message, bundle, *review, *answer),
        Body::Redeliver(stream) => {
            let mut needs = Needs::default();
            let owner = world.stream_of(*stream, &mut needs);
            let mut draft = draft_of(world, message, bundle, owner, needs, Refusal::UnknownStream)?;
            disclosure::redeliver(&mut draft, *stream).map_err(Stop::Refused)?;
            Ok(draft.finish())
        }
    }
}

/// What must be loaded before this message can be decided: the cheap half of [`decide`], for a batch
/// that loads the union of what its messages need. `keys` are the [`keys_of`] the message.
pub(crate) fn needs(world: &World, message: &Message, keys: &[Key]) -> Needs {
    let mut needs = Needs::default();
    let owner = match &message.body {
        Body::Record(record) => {
            return find(world, record, keys).err().map(|needs| *needs).unwrap_or_default();
        }
        Body::Answer { recipient, answer } => {
            if let AnswerKind::Received { sequence, .. } = answer.answer {
                world.sent_hash((recipient.clone(), sequence), &mut needs);
            }
            world.handover_of(answer.handover, &mut needs)
        }
        Body::Notice(notice) => holder_of(world, notice.insz, &mut needs),
        Body::Redeliver(stream) => world.stream_of(*stream, &mut needs),
        Body::Due(person) => Some(*person),
        Body::Reviewed { review, .. } => world.review_of(*review, &mut needs),
        Body::TaskFailed(_) | Body::Bundle(_) => None,
    };
    if let Some(owner) = owner {
        world.known(owner, &mut needs);
    }
    needs
}

/// A source states something about one person.
fn record_about(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    record: &Record,
    keys: &[Key],
) -> Result<Change, Stop> {
    // 1 link: who is it
    let link = match find(world, record, keys).map_err(Stop::Needs)? {
        Found::Person(link) => link,
        Found::Nobody(keys) => return Err(Stop::Waiting(Waiting { keys })),
    };
    let mut needs = Needs::default();
    let known = link.person.and_then(|id| world.known(id, &mut needs));
    let restated = known.map_or(vec![], |person| restated(world, person, record, &link.released, &mut needs));
    if !needs.is_empty() {
        return Err(Stop::Needs(Box::new(needs)));
    }
    let mut draft = known
        .map_or_else(|| Draft::new(message, bundle), |person| Draft::of(person.clone(), message, bundle));
    for (other, why) in &link.joins {
        if let Some(other) = world.person(*other) {
            absorb(&mut draft, other.clone(), *why);
        }
    }
    // 2 record: what we know
    take_in(&mut draft, message.id, record, link);
    restated.into_iter().for_each(|evidence| draft.record(Event::Restated { evidence }));
    follow_and_release(&mut draft);
    Ok(draft.finish())
}

/// Folds the record in, and the waiting ones that come along with it: those that void a statement first, so that
/// what does not hold replaces nothing.
fn take_in(draft: &mut Draft<'_>, message: MessageId, record: &Record, link: Link) {
    let person = draft.person.id;
    draft.change.records.push(IndexedRecord { record: message, person, keys: link.keys });
    for (id, waited) in &link.released {
        draft.change.released.push(*id);
        draft.change.records.push(IndexedRecord { record: *id, person, keys: waited.keys.clone() });
    }
    let own = (Evidence { message, record: record.clone() }, link.reason);
    let released = link.released.into_iter();
    let mut linked: Vec<(Evidence, Reason)> =
        released.map(|(message, record)| (Evidence { message, record }, Reason::Released)).collect();
    linked.insert(0, own);
    linked.sort_by_key(|(evidence, _)| voided(&evidence.record).next().is_none());
    for (evidence, reason) in linked {
        draft.record(Event::Linked { evidence, reason });
    }
    if let Some((reason, candidates)) = link.review {
        let review = draft.id(ReviewId::derive);
        let may_be = candidates.iter().copied().collect();
        draft.record(Event::ReviewRaised { review, reason, candidates: may_be });
        draft.change.reviews.push(Review { id: review, person, candidates, reason });
    }
}

/// A human answers whether two persons are one.
fn reviewed(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    review: ReviewId,
    answer: ReviewAnswer,
) -> Result<Change, Stop> {
    let mut needs = Needs::default();
    let owner = world.review_of(review, &mut needs).and_then(|id| world.known(id, &mut needs));
    let asked = owner.and_then(|person| person.state.open_reviews.get(&review));
    let others: Vec<&Person> =
        asked.into_iter().flatten().filter_map(|id| world.known(*id, &mut needs)).collect();
    let chosen = match answer {
        ReviewAnswer::Same(id) => world.known(id, &mut needs),
        ReviewAnswer::Different => None,
    };
    if !needs.is_empty() {
        return Err(Stop::Needs(Box::new(needs)));
    }
    let Some(person) = owner.filter(|_| asked.is_some()) else {
        return Err(Stop::Refused(Refusal::UnknownReview));
    };
    let mut draft = match (answer, chosen) {
        (ReviewAnswer::Different, _) => {
            let mut draft = Draft::of(person.clone(), message, bundle);
            draft.record(Event::ReviewAnswered { review, answer });
            for other in others.iter().filter(|other| other.id != person.id) {
                draft.change.events.push((other.id, Event::ToldApart { from: person.id }));
            }
            draft
        }
        (ReviewAnswer::Same(_), Some(chosen)) if others.iter().any(|other| other.id == chosen.id) => {
            if two_hold_the_file(person, chosen) {
                return Err(Stop::Refused(Refusal::TwoHoldTheFile));
            }
            let pair = [person, chosen];
            let first = survivor(&pair).unwrap_or(person);
            let mut draft = Draft::of(first.clone(), message, bundle);
            if let Some(other) = pair.into_iter().find(|other| other.id != first.id) {
                absorb(&mut draft, other.clone(), Join::Answer);
            }
            if draft.person.state.open_reviews.contains_key(&review) {
                draft.record(Event::ReviewAnswered { review, answer });
            }
            draft
        }
        (ReviewAnswer::Same(_), _) => return Err(Stop::Refused(Refusal::NotAsked)),
    };
    follow_and_release(&mut draft);
    Ok(draft.finish())
}

/// Steps 3 and 4: who is responsible, and what may leave. What is not known yet is asked for.
fn follow_and_release(draft: &mut Draft<'_>) {
    // The facts are in: whether he belongs to the target group stays the same from here on.
    let scope = scope(draft.journey(), draft.bundle, draft.today);
    handover::follow(draft, scope);
    disclosure::release(draft, scope);
    if let Some(insz) = draft.journey().insz()
        && matches!(scope, Scope::In(_))
    {
        ask_once(draft, insz, TaskKind::Register);
        ask_once(draft, insz, TaskKind::GivePerson);
    }
}

/// An agency answers.
fn answer_of(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    recipient: &Recipient,
    answer: &Answer,
) -> Result<Change, Stop> {
    let mut needs = Needs::default();
    let owner = world.handover_of(answer.handover, &mut needs);
    if let AnswerKind::Received { sequence, payload_hash } = &answer.answer {
        let sent = world.sent_hash((recipient.clone(), *sequence), &mut needs);
        if needs.is_empty() && sent.is_none_or(|hash| hex(&hash) != payload_hash.to_ascii_lowercase()) {
            return Err(Stop::Refused(Refusal::HashDiffers));
        }
    }
    let mut draft = draft_of(world, message, bundle, owner, needs, Refusal::UnknownHandover)?;
    handover::answer(&mut draft, recipient, answer).map_err(Stop::Refused)?;
    // What waited for this answer, such as an office whose rival held the file, goes on.
    let scope = scope(draft.journey(), draft.bundle, draft.today);
    handover::follow(&mut draft, scope);
    disclosure::release(&mut draft, scope);
    Ok(draft.finish())
}

/// The register says that something changed: ask what it is now.
fn number_changed(world: &World, message: &Message, bundle: &Bundle, insz: Insz) -> Result<Change, Stop> {
    let mut needs = Needs::default();
    let owner = holder_of(world, insz, &mut needs);
    match draft_of(world, message, bundle, owner, needs, Refusal::UnknownHandover) {
        // Only about numbers that the hub enrolled: who is not in the target group is not asked about.
        Ok(mut draft) if draft.person.state.asked.contains(&(insz, TaskKind::Register)) => {
            ask(&mut draft, insz, TaskKind::GivePerson);
            Ok(draft.finish())
        }
        Ok(_) => Ok(Change::default()),
        // Nobody here has this number: there is nothing to ask for anybody.
        Err(Stop::Refused(_)) => Ok(Change::default()),
        Err(stop) => Err(stop),
    }
}

/// Whose number it is.
fn holder_of(world: &World, insz: Insz, needs: &mut Needs) -> Option<PersonId> {
    world.holders(&Key::Insz(insz), needs).and_then(|holders| holders.values().flatten().next().copied())
}

fn draft_of<'a>(
    world: &World,
    message: &Message,
    bundle: &'a Bundle,
    owner: Option<PersonId>,
    mut needs: Needs,
    otherwise: Refusal,
) -> Result<Draft<'a>, Stop> {
    let person = owner.and_then(|id| world.known(id, &mut needs));
    match person {
        _ if !needs.is_empty() => Err(Stop::Needs(Box::new(needs))),
        Some(person) => Ok(Draft::of(person.clone(), message, bundle)),
        None => Err(Stop::Refused(otherwise)),
    }
}

fn ask_once(draft: &mut Draft<'_>, insz: Insz, kind: TaskKind) {
    if !draft.person.state.asked.contains(&(insz, kind)) {
        ask(draft, insz, kind);
    }
}

fn ask(draft: &mut Draft<'_>, insz: Insz, kind: TaskKind) {
    let id = draft.id(TaskId::derive);
    draft.record(Event::Asked { task: id, insz, what: kind });
    draft.change.tasks.push(Task { id, person: draft.person.id, kind, insz });
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
