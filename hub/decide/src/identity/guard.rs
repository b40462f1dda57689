//! The guards: what speaks for and against two being one person. Pure comparisons of a record with
//! a person's match view; numbers of the guards are those of identity note 4.5.

use schemas::fact::Record;
use schemas::ids::PersonId;
use schemas::key::{Class, Key};
use schemas::name::Names;

use crate::change::Needs;
use crate::identity::ReviewReason;
use crate::person::Person;
use crate::world::World;

/// Guard 7: a shared number against a different name *and* a different birth date.
pub(crate) fn contradicts(record: &Record, person: &Person) -> bool {
    let known = &person.matching;
    let names_differ = !record.names.is_empty()
        && !known.names.is_empty()
        && !record
            .names
            .iter()
            .map(Names::tokens)
            .any(|ours| known.names.iter().any(|theirs| ours.touches(theirs)));
    let births_differ = !record.births.is_empty()
        && !known.births.is_empty()
        && !record.births.iter().any(|ours| known.births.iter().any(|theirs| ours.agrees(*theirs)));
    names_differ && births_differ
}

/// One of the names is the whole of one of his, and one of the dates is one of his.
pub(crate) fn exact(record: &Record, person: &Person) -> bool {
    record.names.iter().any(|names| person.matching.names.contains(&names.tokens()))
        && record.births.iter().any(|birth| person.matching.births.contains(birth))
}

/// Not one of the owners of the record's numbers, and yet with one of them, and the whole name and date.
pub(crate) fn same_piece(record: &Record, person: &Person, owners: &[&Person]) -> bool {
    owners.iter().all(|owner| owner.id != person.id)
        && exact(record, person)
        && record.keys.iter().any(|key| person.matching.keys.contains(key))
}

/// The same birth date, known to the day and no default, and a name that is the same in part.
pub(crate) fn near(record: &Record, person: &Person) -> bool {
    let date =
        |birth| !schemas::partial::PartialDate::is_default(birth) && person.matching.births.contains(&birth);
    record.births.iter().copied().any(date)
        && record
            .names
            .iter()
            .map(Names::tokens)
            .any(|ours| person.matching.names.iter().any(|n| ours.touches(n)))
}

/// Whether a group key other than the name itself leads to this person as well.
pub(crate) fn corroborated(world: &World, keys: &[Key], person: PersonId) -> bool {
    let group = |key: &&Key| key.class() == Class::Group && !matches!(key, Key::NameAndBirth(..));
    keys.iter().filter(group).any(|key| {
        world
            .holders(key, &mut Needs::default())
            .is_some_and(|holders| holders.values().any(|holder| *holder == Some(person)))
    })
}

/// What speaks against a link by name and birth date alone: guards 2, 4, 5 and 6.
pub(crate) fn speaks_against(record: &Record, person: &Person, corroborated: bool) -> Option<ReviewReason> {
    if differs(record, person, |key| matches!(key, Key::Insz(_)))
        || differs(record, person, |key| matches!(key, Key::Dvz(_)))
        || (!corroborated && differs(record, person, |key| matches!(key, Key::Passport(..))))
    {
        return Some(ReviewReason::NumberDiffers);
    }
    let shared = |birth: &&schemas::partial::PartialDate| person.matching.births.contains(birth);
    let only_default = record.births.iter().filter(shared).all(|birth| birth.is_default());
    (only_default && !corroborated).then_some(ReviewReason::DefaultDate)
}

/// Both have a number of this kind, and none is shared.
fn differs(record: &Record, person: &Person, kind: fn(&Key) -> bool) -> bool {
    let theirs = person.matching.keys.iter().any(kind);
    let mut ours = record.keys.iter().filter(|key| kind(key)).peekable();
    theirs && ours.peek().is_some() && !ours.any(|key| person.matching.keys.contains(key))
}
