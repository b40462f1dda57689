//! The four steps from a message to a change: link, record, route, release.
//!
//! Owns their order and nothing else; each step is the folder of its name. A message is refused rather than guessed
//! at, and the world stays as it was. What must be known beforehand is [`ask`]ed. A human's answer to
//! a review is in [`crate::review`].

use std::sync::Arc;

use schemas::handover::{Answer, AnswerKind};
use schemas::ids::{MessageId, PersonId, ReviewId, TaskId};
use schemas::insz::Insz;
use schemas::key::Mac;
use schemas::message::{Body, Message, Prepared};
use schemas::recipient::Recipient;

use crate::bundle::Bundle;
use crate::change::{Change, IndexedRecord, Review, Task};
use crate::draft::Draft;
use crate::identity::{Link, Linking, find};
use crate::journey::enrolment::{Enrolment, enrolment};
use crate::journey::learning::{replays, restated, voided};
use crate::journey::scope::{Scope, scope};
use crate::merge::absorb;
use crate::person::{Event, Evidence, Reason, TaskKind};
use crate::review::reviewed;
use crate::split::{Splitting, split};
use crate::world::{Gather, KnownPerson, Owned, Refusal, Stop, Waiting, World};
use crate::{disclosure, handover, household, identity, nobody};

/// One message against the world as known.
///
/// # Errors
/// [`Stop::Needs`] names what must be loaded first; [`Stop::Waiting`] keeps a record nobody is known
/// for; [`Stop::Refused`] says why it cannot be done; [`Stop::Shut`] that its person cannot be read. The world is
/// unchanged in every case.
pub fn decide(world: &World, message: &Message, bundle: &Bundle) -> Result<Change, Stop> {
    match &message.body {
        Body::Record(prepared) => record_about(world, message, bundle, prepared),
        Body::Answer { recipient, answer } => answer_of(world, message, bundle, recipient, answer),
        Body::Notice { notice, key } => number_changed(world, message, bundle, notice.insz, *key),
        // The register has nothing to say now; the next notice asks again.
        Body::TaskFailed { key, .. } => Ok(Change { owner: owner_of(world, *key)?, ..Change::default() }),
        Body::Bundle(_) => Ok(Change::default()),
        Body::Due(person) => {
            let mut draft = draft_of(world, message, bundle, Some(*person), Refusal::UnknownPerson)?;
            follow_and_release(&mut draft);
            with_others(draft, world)
        }
        Body::Reviewed { review, answer, by, .. } => {
            let mut draft = reviewed(world, message, bundle, (*review, *answer), by)?;
            follow_and_release(&mut draft);
            with_others(draft, world)
        }
        Body::Lifted { person, .. } => {
            let mut draft = draft_of(world, message, bundle, Some(*person), Refusal::UnknownPerson)?;
            handover::lift(&mut draft).map_err(Stop::Refused)?;
            follow_and_release(&mut draft);
            with_others(draft, world)
        }
        Body::Split { person, records, by, .. } => {
            match split(world, message, bundle, *person, records, by)? {
                Splitting::Proposed(draft) => Ok(finish(draft)),
                Splitting::Split(mut draft, second) => {
                    follow_and_release(&mut draft);
                    look_around(&mut draft, world)?;
                    let kept = Arc::clone(&draft.person);
                    second.begin(&mut draft);
                    follow_and_release(&mut draft);
                    look_around(&mut draft, world)?;
                    draft.turn_to(kept);
                    Ok(finish(draft))
                }
            }
        }
        Body::Approved { person, version, .. } => approved(world, message, bundle, *person, *version),
        Body::Redeliver { stream, .. } => {
            let owner = world.owner(Owned::Stream(*stream))?;
            let mut draft = draft_of(world, message, bundle, owner, Refusal::UnknownStream)?;
            disclosure::redeliver(&mut draft, *stream).map_err(Stop::Refused)?;
            Ok(finish(draft))
        }
        Body::Ordered { handover, order, .. } => {
            let owner = world.owner(Owned::Handover(*handover))?;
            let mut draft = draft_of(world, message, bundle, owner, Refusal::UnknownHandover)?;
            let scope = scope(draft.journey(), draft.bundle, draft.today);
            handover::follow_facts(&mut draft, scope);
            handover::order(&mut draft, scope, *handover, *order).map_err(Stop::Refused)?;
            follow_and_release(&mut draft);
            with_others(draft, world)
        }
    }
}

/// Gathers what must be known before this message can be decided, as far as it can be told yet. Nothing is decided.
pub(crate) fn ask(world: &World, message: &Message, bundle: &Bundle, gather: &mut Gather) {
    let owner = match &message.body {
        Body::Record(prepared) => {
            for person in identity::ask(world, prepared, &bundle.model, gather) {
                if replays(person, &prepared.record) {
                    world.learning(person, gather);
                }
            }
            return;
        }
        Body::Answer { recipient, answer } => {
            if let AnswerKind::Received { sequence, .. } = answer.answer {
                gather.take(world.sent(recipient, sequence));
            }
            gather.take(world.owner(Owned::Handover(answer.handover))).flatten()
        }
        Body::Notice { key, .. } | Body::TaskFailed { key, .. } => {
            gather.take(holder_of(world, *key)).flatten()
        }
        Body::Redeliver { stream, .. } => gather.take(world.owner(Owned::Stream(*stream))).flatten(),
        Body::Ordered { handover, .. } => gather.take(world.owner(Owned::Handover(*handover))).flatten(),
        Body::Split { person, .. } => {
            if let Some(KnownPerson::Here(whole)) = gather.take(world.known(*person)) {
                gather.take(world.past(whole.id));
            }
            return;
        }
        Body::Due(person) | Body::Lifted { person, .. } | Body::Approved { person, .. } => Some(*person),
        Body::Reviewed { review, .. } => gather.take(world.owner(Owned::Review(*review))).flatten(),
        Body::Bundle(_) => None,
    };
    if let Some(owner) = owner {
        gather.take(world.known(owner));
    }
}

/// A source states something about one person.
fn record_about(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    prepared: &Arc<Prepared>,
) -> Result<Change, Stop> {
    // 1 link: who is it
    let link = match find(world, prepared, &bundle.model)? {
        Linking::Person(link) => link,
        Linking::Nobody(keys) => return Err(Stop::Waiting(Waiting { keys })),
    };
    let mut gather = Gather::default();
    let known = link.person.and_then(|id| world.here(id, &mut gather));
    let absorbed: Vec<_> =
        link.joins.iter().filter_map(|(id, why)| Some((world.here(*id, &mut gather)?, *why))).collect();
    let brought: Vec<&Prepared> =
        [prepared].into_iter().chain(link.released.iter().map(|(_, p)| p)).map(|p| &**p).collect();
    let again = known.map_or(vec![], |person| restated(world, person, &brought, &mut gather));
    if !gather.0.is_empty() {
        return Err(Stop::Needs(gather.0));
    }
    let mut draft = match known {
        Some(person) => Draft::of(person, message, bundle),
        None => Draft::new(message, bundle),
    };
    for (other, why) in absorbed {
        absorb(&mut draft, other, why);
    }
    // 2 record: what we know
    take_in(&mut draft, message.id, prepared, link);
    again.into_iter().for_each(|evidence| draft.record(Event::Restated { evidence }));
    // 3 route and 4 release
    follow_and_release(&mut draft);
    with_others(draft, world)
}

/// Folds the record in, and the waiting ones that come along with it: those that void a statement first, so that
/// what does not hold replaces nothing.
fn take_in(draft: &mut Draft<'_>, message: MessageId, prepared: &Arc<Prepared>, link: Link) {
    let person = draft.person.id;
    draft.change.left_out = link.left_out;
    let own = Evidence { message, prepared: Arc::clone(prepared) };
    let mut linked = vec![(own, link.reason, link.keys, link.weighed)];
    for (message, prepared) in link.released {
        draft.change.released.push(message);
        let keys = identity::macs(prepared.index.iter().map(|key| key.mac));
        linked.push((Evidence { message, prepared }, Reason::Released, keys, vec![]));
    }
    for (Evidence { message, prepared }, _, keys, _) in &linked {
        let (record, prepared) = (*message, Arc::clone(prepared));
        draft.change.records.push(IndexedRecord { record, prepared, person, keys: keys.clone() });
    }
    linked.sort_by_key(|(evidence, ..)| voided(&evidence.prepared.record).next().is_none());
    for (evidence, reason, _, weighed) in linked {
        draft.link(evidence.message, &evidence.prepared, reason, weighed);
    }
    if let Some((reason, candidates)) = link.review {
        let review = draft.id(ReviewId::derive);
        let may_be = candidates.iter().copied().collect();
        draft.record(Event::ReviewRaised { review, reason, candidates: may_be });
        draft.change.reviews.push(Review { id: review, person, candidates, reason });
    }
}

/// Steps 3 and 4: who is responsible, and what may leave. What is not known yet is asked for. Of who waits for the
/// approval of a first load nothing is opened, asked or due.
fn follow_and_release(draft: &mut Draft<'_>) {
    if draft.person.state.awaits_approval() {
        return handover::set_due(draft);
    }
    // The facts are in: whether the person belongs to the target group stays the same from here on.
    let scope = scope(draft.journey(), draft.bundle, draft.today);
    settle(draft, scope);
    let wanted = match enrolment(draft.journey(), draft.bundle, draft.today, scope) {
        Enrolment::Of(insz) => Some(insz),
        Enrolment::Nobody => None,
        Enrolment::AsItStands => return,
    };
    let enrolled = draft.person.state.asked.iter().filter(|(_, kind)| *kind == TaskKind::Register);
    let enrolled: Vec<Insz> = enrolled.map(|(insz, _)| *insz).collect();
    if let Some(insz) = wanted.filter(|insz| !enrolled.contains(insz)) {
        put_question(draft, insz, TaskKind::Register);
        put_question(draft, insz, TaskKind::GivePerson);
    }
    for insz in enrolled.into_iter().filter(|insz| wanted != Some(*insz)) {
        put_question(draft, insz, TaskKind::Unregister);
    }
}

/// The state table until nothing fires, what may leave, and the next day on which something becomes true by itself.
fn settle(draft: &mut Draft<'_>, scope: Scope) {
    let awaited = handover::reconcile(draft, scope);
    disclosure::release(draft, scope, awaited);
    handover::set_due(draft);
}

fn answer_of(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    recipient: &Recipient,
    answer: &Answer,
) -> Result<Change, Stop> {
    let owner = world.owner(Owned::Handover(answer.handover))?;
    let mut as_sent = true;
    if let AnswerKind::Received { sequence, payload_hash } = &answer.answer {
        let quoted = world.sent(recipient, *sequence)?.ok_or(Stop::Refused(Refusal::HashDiffers))?;
        // What is confirmed is this handover as it is now (invariant I12).
        if (quoted.handover, quoted.epoch) != (Some(answer.handover), answer.epoch) {
            return Err(Stop::Refused(Refusal::OtherRecord));
        }
        as_sent = quoted.hash == *payload_hash;
    }
    let mut draft = draft_of(world, message, bundle, owner, Refusal::UnknownHandover)?;
    let before = scope(draft.journey(), draft.bundle, draft.today);
    handover::follow_facts(&mut draft, before);
    handover::answer(&mut draft, before, recipient, answer, as_sent).map_err(Stop::Refused)?;
    // What waited for this answer, such as an office whose rival held the file, goes on; and who was taken over may be
    // asked about from here on.
    follow_and_release(&mut draft);
    with_others(draft, world)
}

/// The register says that something changed: ask what it is now.
fn number_changed(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    insz: Insz,
    key: Mac,
) -> Result<Change, Stop> {
    let owner = holder_of(world, key)?;
    match draft_of(world, message, bundle, owner, Refusal::UnknownPerson) {
        // Only about numbers that are enrolled: who is not in the target group is not asked about.
        Ok(mut draft) if draft.person.state.asked.contains(&(insz, TaskKind::Register)) => {
            put_question(&mut draft, insz, TaskKind::GivePerson);
            Ok(finish(draft))
        }
        Ok(draft) => Ok(Change { owner: Some(draft.person.id), ..Change::default() }),
        // Nobody here has this number: there is nothing to ask for anybody.
        Err(Stop::Refused(_)) => Ok(Change::default()),
        Err(stop) => Err(stop),
    }
}

/// What the first load knows of a person may open what it opens. Nothing follows where nothing waits; who is not as the
/// report knew them goes on waiting.
fn approved(
    world: &World,
    message: &Message,
    bundle: &Bundle,
    person: PersonId,
    version: u64,
) -> Result<Change, Stop> {
    let mut draft = draft_of(world, message, bundle, Some(person), Refusal::UnknownPerson)?;
    if draft.person.state.awaits_approval() {
        if draft.person.version != version {
            return Err(Stop::Refused(Refusal::NotAsReported));
        }
        let up_to = draft.person.state.first_load.loaded;
        draft.record(Event::LoadApproved { up_to });
        follow_and_release(&mut draft);
    }
    with_others(draft, world)
}

/// Whose a message about this number is; nobody's where nobody has it, or where they cannot be read.
fn owner_of(world: &World, key: Mac) -> Result<Option<PersonId>, Stop> {
    let Some(owner) = holder_of(world, key)? else { return Ok(None) };
    Ok(match world.known(owner)? {
        KnownPerson::Here(person) => Some(person.id),
        KnownPerson::Nobody | KnownPerson::Shut => None,
    })
}

/// Whose number it is.
fn holder_of(world: &World, key: Mac) -> Result<Option<PersonId>, crate::world::Missing> {
    let holders = world.holders(key)?;
    Ok(holders.and_then(|holders| holders.values().flatten().next().copied()))
}

fn draft_of<'a>(
    world: &World,
    message: &Message,
    bundle: &'a Bundle,
    owner: Option<PersonId>,
    otherwise: Refusal,
) -> Result<Draft<'a>, Stop> {
    let Some(owner) = owner else { return Err(Stop::Refused(otherwise)) };
    match world.known(owner)? {
        KnownPerson::Here(person) => Ok(Draft::of(person, message, bundle)),
        KnownPerson::Nobody => Err(Stop::Refused(otherwise)),
        KnownPerson::Shut => Err(Stop::Shut),
    }
}

fn put_question(draft: &mut Draft<'_>, insz: Insz, kind: TaskKind) {
    let id = draft.id(TaskId::derive);
    draft.record(Event::Asked { task: id, insz, what: kind });
    draft.change.tasks.push(Task { id, person: draft.person.id, kind, insz });
}

/// The change, once what it means to whoever comes on one permit is decided as well, and whether somebody fits nobody.
fn with_others(mut draft: Draft<'_>, world: &World) -> Result<Change, Stop> {
    look_around(&mut draft, world)?;
    Ok(finish(draft))
}

/// What it means to whoever comes on one permit, and whether they fit nobody: a question that is asked, or is void, leaves
/// another day to wait for.
fn look_around(draft: &mut Draft<'_>, world: &World) -> Result<(), Stop> {
    household::look(draft, world)?;
    let before = draft.person.version;
    nobody::look(draft, world)?;
    if draft.person.version > before {
        handover::set_due(draft);
    }
    Ok(())
}

/// The change, once all is decided: whose message it is, and everybody as they are now.
fn finish(mut draft: Draft<'_>) -> Change {
    if draft.touched(draft.person.id) {
        draft.change.persons.insert(draft.person.id, Arc::clone(&draft.person));
    }
    draft.change.owner = Some(draft.person.id);
    draft.change
}
