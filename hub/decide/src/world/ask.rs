//! What can be asked of the world, and what can be answered: the one language of the heart and a store.
//!
//! A new index is one variant of [`Ask`], one of [`Answer`] and one reader in [`super::read`]. Every answer can say
//! that there is nothing, so that absent and not loaded are never one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::envelope::Hash;
use schemas::fact::{Record, Statement};
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::key::Mac;
use schemas::message::Prepared;
use schemas::recipient::Recipient;

use crate::person::{Matching, Past, Person};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ask {
    /// Which records does this key find?
    Key(Mac),
    /// Which are the [`NEWEST`] records that a name or a birth date finds?
    Name(Mac),
    /// Who is this person now?
    Person(PersonId),
    /// What does linking compare of this person? Enough to judge by; whoever is linked is asked for whole.
    Match(PersonId),
    Owner(Owned),
    /// What does this waiting record say?
    Waiting(MessageId),
    /// Which [learning records](is_learning) are in this very person's own journal?
    Journal(PersonId),
    /// By which keys are this very person's own records found?
    Keys(PersonId),
    /// What happened to this very person, and which records are theirs?
    Past(PersonId),
    /// Which record has this number on the recipient's topic?
    Sent(Recipient, u64),
}

/// What belongs to one person, and is asked for by its own id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Owned {
    /// A handover, which an answer names.
    Handover(HandoverId),
    /// A stream, which a redelivery names.
    Stream(StreamId),
    Review(ReviewId),
}

/// Of a name that very many share so many records are known: one more than is looked at, so that it is seen that there
/// are more. However common it is, it costs no more than that.
pub const NEWEST: usize = 61;

/// What is missing and must be loaded.
pub type Needs = BTreeSet<Ask>;

/// Records found by one key: whose they are, or nobody's yet.
pub type Holders = BTreeMap<MessageId, Option<PersonId>>;

/// What a store answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The records of a key; none is an answer too.
    Key(Holders),
    /// Who the person is now.
    Person(PersonFound),
    /// What is compared of them.
    Match(MatchFound),
    /// Whose it is; nobody's, or a review that is not open.
    Owner(Option<PersonId>),
    /// What the record says; nothing where it waits no more.
    Waiting(Option<Arc<Prepared>>),
    /// The learning records in this person's own journal, in no order.
    Journal(Vec<(MessageId, Arc<Prepared>)>),
    /// The keys of this person's own records.
    Keys(BTreeSet<Mac>),
    /// Their journal and records; nothing where they do not open.
    Past(Option<Arc<Past>>),
    /// The record; nothing where no such one was decided.
    Sent(Option<SentRecord>),
}

/// A record that was decided: what it carried, and what it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SentRecord {
    pub hash: Hash,
    /// The handover that it is about; none before arrival.
    pub handover: Option<HandoverId>,
    pub epoch: u32,
}

/// What there is of a person now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FoundAs<T> {
    Here(T),
    /// They were merged into this survivor.
    Absorbed(PersonId),
    /// There is no such person.
    Nobody,
    /// What is sealed of it does not open, or they were erased.
    Shut,
}

impl<T> FoundAs<T> {
    /// The same of what there is.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> FoundAs<U> {
        match self {
            Self::Here(here) => FoundAs::Here(with(here)),
            Self::Absorbed(survivor) => FoundAs::Absorbed(survivor),
            Self::Nobody => FoundAs::Nobody,
            Self::Shut => FoundAs::Shut,
        }
    }
}

pub type PersonFound = FoundAs<Arc<Person>>;
pub type MatchFound = FoundAs<Arc<Matching>>;

/// Why what is missing cannot be loaded yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Block {
    /// The open batch touched it: end the batch first.
    Open,
    /// A batch that is not stored yet touched it: wait until this one is.
    Until(u64),
}

/// A question that the world cannot answer yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Missing(pub(crate) Ask);

/// Gathers all that is missing, so that it is loaded at once.
#[derive(Debug, Default)]
pub(crate) struct Gather(pub(crate) Needs);

impl Gather {
    /// What was found; what was not is remembered.
    pub(crate) fn take<T>(&mut self, found: Result<T, Missing>) -> Option<T> {
        found.map_err(|Missing(ask)| self.0.insert(ask)).ok()
    }
}

/// What is true of an ask where there is nothing.
pub(super) fn absent(ask: &Ask) -> Reply {
    match ask {
        Ask::Key(_) | Ask::Name(_) => Reply::Key(Holders::new()),
        Ask::Person(_) => Reply::Person(FoundAs::Nobody),
        Ask::Match(_) => Reply::Match(FoundAs::Nobody),
        Ask::Owner(_) => Reply::Owner(None),
        Ask::Waiting(_) => Reply::Waiting(None),
        Ask::Journal(_) => Reply::Journal(vec![]),
        Ask::Keys(_) => Reply::Keys(BTreeSet::new()),
        Ask::Past(_) => Reply::Past(None),
        Ask::Sent(..) => Reply::Sent(None),
    }
}

/// Whether a record states progress, or that a statement of progress does not hold: what is read again from the
/// journal once a statement is voided.
#[must_use]
pub fn is_learning(record: &Record) -> bool {
    let counts = |statement: &Statement| matches!(statement, Statement::Progress(_) | Statement::Voided);
    record.facts.iter().any(|fact| counts(&fact.statement))
}
