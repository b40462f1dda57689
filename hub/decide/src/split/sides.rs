//! The two that a split makes: each folded anew from their own records, with what was told of them alone.
//!
//! A number that records of both carry is theirs whose record brought it first: the other one is not known by it. What
//! is nobody's alone stays with who is kept. Refuses to route or to release: what follows from the facts is decided
//! afterwards, as for anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::fact::{Entry, Statement};
use schemas::ids::{MessageId, PersonId};
use schemas::key::{Class, Key, Mac};
use schemas::message::Prepared;
use schemas::recipient::Recipient;
use schemas::reference::StatementId;

use super::thread::{Blend, Thread};
use crate::journey::learning::voided;
use crate::person::{Handover, Matching, OpenReview, Person, Stream};

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum HalfOf {
    Kept,
    Moved,
}

/// Who has each number that identifies: the side whose record brought it first, and who had it while they were two.
pub(super) struct WhoseNumbers<'a> {
    first: BTreeMap<Mac, HalfOf>,
    had: &'a BTreeMap<Blend, BTreeSet<Key>>,
}

impl<'a> WhoseNumbers<'a> {
    pub(super) fn of(thread: &'a Thread, moved: &BTreeSet<MessageId>) -> Self {
        let mut first = BTreeMap::new();
        for (record, _, prepared) in &thread.records {
            let half = HalfOf::of(*record, moved);
            for key in prepared.index.iter().filter(|key| key.class == Class::Personal) {
                first.entry(key.mac).or_insert(half);
            }
        }
        Self { first, had: &thread.had }
    }

    /// Whether the other one's record brought it first.
    pub(super) fn is_others(&self, mac: Mac, half: HalfOf) -> bool {
        self.first.get(&mac).is_some_and(|whose| *whose != half)
    }

    /// Whether this side had it while they were two.
    fn had(&self, half: HalfOf, key: &Key) -> bool {
        self.had.iter().any(|(blend, keys)| half.has(*blend) && keys.contains(key))
    }
}

impl HalfOf {
    pub(super) fn of(record: MessageId, moved: &BTreeSet<MessageId>) -> Self {
        if moved.contains(&record) { Self::Moved } else { Self::Kept }
    }

    pub(super) fn has(self, blend: Blend) -> bool {
        blend.is_moved() == (self == Self::Moved)
    }
}

/// One of the two, as they begin. `whole` is who both were taken for, once all that was told of both is recalled.
pub(super) fn half(
    whole: &Person,
    thread: &Thread,
    numbers: &WhoseNumbers<'_>,
    moved: &BTreeSet<MessageId>,
    (half, id): (HalfOf, PersonId),
    recalled: &BTreeSet<Recipient>,
) -> Person {
    let own: Vec<(MessageId, &Arc<Prepared>)> = thread
        .records
        .iter()
        .filter(|(record, ..)| HalfOf::of(*record, moved) == half)
        .map(|(record, _, prepared)| (*record, prepared))
        .collect();
    let mut person = folded(id, &own, numbers, half);
    let of = |blend: Option<&Blend>| half.has(blend.copied().unwrap_or_default());
    let both = |blend: &Blend| *blend == Blend::Both || half.has(*blend);
    let state = &mut person.state;

    state.handovers = whole
        .state
        .handovers
        .iter()
        .filter(|handover| of(thread.handovers.get(&handover.id)))
        .map(|handover| as_before(handover, whole, thread))
        .collect();
    let with_handover = |stream: &Stream| match stream.handover {
        Some(handover) => of(thread.handovers.get(&handover)),
        None => of(thread.streams.get(&stream.id)),
    };
    let carried = |stream: &&Stream| with_handover(stream) && !is_silent(stream, thread, recalled);
    state.streams = whole.state.streams.iter().filter(carried).cloned().collect();
    let names = whole.state.pseudonyms.iter();
    state.pseudonyms = names
        .filter(|(recipient, name)| !recalled.contains(*recipient) && of(thread.names.get(name)))
        .map(|(recipient, name)| (recipient.clone(), *name))
        .collect();

    let asked = |insz: &schemas::insz::Insz| match person.matching.keys.contains(&Key::Insz(*insz)) {
        true => true,
        false => half == HalfOf::Kept && !names_insz(thread, moved, *insz),
    };
    state.asked = whole.state.asked.iter().filter(|(insz, _)| asked(insz)).copied().collect();
    let reviews = whole.state.open_reviews.iter();
    state.open_reviews = reviews
        .filter(|(review, _)| of(thread.reviews.get(review)))
        .map(|(review, asked)| (*review, OpenReview { proposed: None, ..asked.clone() }))
        .collect();
    let alone = whole.state.alone.iter().filter(|(_, review)| of(thread.reviews.get(review)));
    state.alone = alone.map(|(reason, review)| (*reason, *review)).collect();
    let matching = Arc::make_mut(&mut person.matching);
    let never = |id: &&PersonId| thread.never.get(id).is_none_or(both);
    matching.never = whole.matching.never.iter().filter(never).copied().collect();
    matching.absorbed = thread
        .absorbed
        .iter()
        .filter(|(_, (blend, _))| half.has(*blend))
        .map(|(absorbed, _)| *absorbed)
        .chain((half == HalfOf::Kept).then_some(whole.id))
        .collect();
    let alone = |blend: &Blend| *blend != Blend::Both && half.has(*blend);
    state.lifted = thread.lifted.iter().filter(|(_, blend)| alone(blend)).map(|(at, _)| *at).max();
    let approved = thread.approved.iter().filter(|(_, blend)| alone(blend));
    state.first_load.approved = approved.filter_map(|(up_to, _)| *up_to).max();
    let over = whole.state.household.over.iter();
    let filed: BTreeSet<&Entry> = state.claims.filed().collect();
    let over: BTreeSet<_> =
        over.filter(|permit| filed.contains(&Entry::Permit((*permit).clone()))).cloned().collect();
    state.household.over = over;
    person
}

/// Records folded anew, in any order: what is voided first, so that what does not hold replaces nothing.
fn folded(
    id: PersonId,
    own: &[(MessageId, &Arc<Prepared>)],
    numbers: &WhoseNumbers<'_>,
    half: HalfOf,
) -> Person {
    let mut person = Person::new(id);
    let gone: BTreeSet<&StatementId> =
        own.iter().flat_map(|(_, prepared)| voided(&prepared.record)).collect();
    let keys = own.iter().flat_map(|(_, prepared)| prepared.own());
    let others = keys.filter(|(key, index)| numbers.is_others(index.mac, half) && !numbers.had(half, key));
    let others: BTreeSet<Key> = others.map(|(key, _)| key.clone()).collect();
    for (message, prepared) in own {
        person.link(*message, &holding(prepared, &gone, &others));
    }
    if !others.is_empty() {
        let matching: &mut Matching = Arc::make_mut(&mut person.matching);
        matching.keys.retain(|key| !others.contains(key));
    }
    person.version = 0;
    person
}

/// What holds of a record: no progress that was voided, and no number that is the other one's.
fn holding<'a>(
    prepared: &'a Arc<Prepared>,
    gone: &BTreeSet<&StatementId>,
    others: &BTreeSet<Key>,
) -> std::borrow::Cow<'a, Prepared> {
    let holds = |statement: &Statement| match statement {
        Statement::Progress(progress) => !gone.contains(&progress.statement),
        Statement::Insz(insz) => !others.contains(&Key::Insz(*insz)),
        _ => true,
    };
    if prepared.record.facts.iter().all(|fact| holds(&fact.statement)) {
        return std::borrow::Cow::Borrowed(prepared);
    }
    let mut left = Prepared::clone(prepared);
    left.record.facts.retain(|fact| holds(&fact.statement));
    std::borrow::Cow::Owned(left)
}

/// Whether a moved record names this national number.
fn names_insz(thread: &Thread, moved: &BTreeSet<MessageId>, insz: schemas::insz::Insz) -> bool {
    let named = thread.records.iter().filter(|(record, ..)| moved.contains(record));
    named.into_iter().any(|(_, _, prepared)| prepared.record.keys.contains(&Key::Insz(insz)))
}

/// A handover of which its agency was told nothing since the two were one, as it was before.
fn as_before(handover: &Handover, whole: &Person, thread: &Thread) -> Handover {
    match thread.before.get(&handover.id) {
        Some(before) if is_untouched(handover, whole, thread) => before.clone(),
        _ => handover.clone(),
    }
}

/// Whether no stream of a handover was opened, told anything or ended since the two were one.
pub(super) fn is_untouched(handover: &Handover, whole: &Person, thread: &Thread) -> bool {
    let mut own = whole.state.streams.iter().filter(|stream| stream.handover == Some(handover.id));
    own.all(|stream| {
        thread.streams.get(&stream.id) != Some(&Blend::Both)
            && !thread.told.contains(&stream.id)
            && !thread.ended.contains(&stream.id)
            && stream.ended != Some(schemas::handover::EndReason::Recalled)
    })
}

/// A stream on which nothing was ever told, that was opened for both, or whose recipient knows each of the two by
/// another name from here on: nobody's.
pub(super) fn is_silent(stream: &Stream, thread: &Thread, recalled: &BTreeSet<Recipient>) -> bool {
    let both = thread.streams.get(&stream.id) == Some(&Blend::Both);
    stream.issues == 0 && (both || recalled.contains(&stream.recipient))
}
