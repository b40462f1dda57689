//! What opens, and what does not.
//! Each place is tried against each other place. Next: `super` for what the vault promises.

use schemas::ids::{MessageId, PersonId, Pseudonym, Seed, TaskId};
use schemas::message::{Body, BundleHash};
use schemas::recipient::Recipient;

use super::*;

const ACCESS: Access<'static> = Access::hub(Why::Decide);

fn vault() -> Vault {
    Vault::new([1; 32], &[], [2; 32]).unwrap()
}

fn message(n: u8) -> MessageId {
    MessageId::from_bytes([n; 16])
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

#[test]
fn a_value_opens_only_where_it_was_sealed() {
    let vault = vault();
    let (key, other) = (vault.fresh().unwrap(), vault.fresh().unwrap());
    let (amal, agii) = (Recipient::parse("amal").unwrap(), Recipient::parse("agii").unwrap());
    let body = |recipient, sequence, name: u8, about| Place::Body {
        recipient,
        sequence,
        pseudonym: Pseudonym::from_bytes([name; 16]),
        person: person(about),
    };
    let task = |n: u8, about| Place::Task(TaskId::from_bytes([n; 16]), person(about));
    // Each is another row, another column or another person than every other.
    let places = [
        Place::Content(message(1)),
        Place::Content(message(2)),
        Place::Refused(message(1)),
        Place::Findings(message(1)),
        Place::MessageKey(message(1)),
        Place::RefusalKey(message(1)),
        Place::PersonKey(person(1)),
        Place::PersonKey(person(2)),
        Place::Matching(person(1), 1),
        Place::Matching(person(1), 2),
        Place::State(person(1), 1),
        Place::State(person(2), 1),
        Place::Journal(person(1), 1),
        Place::Journal(person(2), 1),
        Place::Journal(person(1), 2),
        task(1, 1),
        task(2, 1),
        task(1, 2),
        body(&amal, 1, 1, 1),
        body(&agii, 1, 1, 1),
        body(&amal, 2, 1, 1),
        body(&amal, 1, 2, 1),
        body(&amal, 1, 1, 2),
    ];
    for (here, place) in places.iter().enumerate() {
        let sealed = vault.seal(&key, *place, b"value").unwrap();
        for (there, elsewhere) in places.iter().enumerate() {
            let opened = key.open(elsewhere, &sealed);
            let expect =
                if here == there { Ok(b"value".to_vec()) } else { Err(Shut::Damaged(elsewhere.column())) };
            assert_eq!(opened, expect, "{place:?} opened at {elsewhere:?}");
        }
        assert_eq!(other.open(place, &sealed), Err(Shut::Damaged(place.column())), "with another key");
        for at in [0, 12, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(place, &changed), Err(Shut::Damaged(place.column())), "changed at {at}");
        }
        assert_eq!(key.open(place, &sealed[..10]), Err(Shut::Damaged(place.column())), "cut short");
    }
}

#[test]
fn a_message_key_goes_from_the_ring_to_its_owner() {
    let vault = vault();
    let (owner, other) = (vault.new_person(person(1)).unwrap(), vault.new_person(person(2)).unwrap());
    let key = vault.fresh().unwrap();
    let content = Content {
        seed: Seed([7; 32]),
        source: "bundle".into(),
        translator: 3,
        item: "{}".into(),
        body: Body::Bundle(BundleHash("ab".into())),
    };
    let sealed = vault.seal(&key, Place::Content(message(1)), &content.encode().unwrap()).unwrap();
    let opens = |wrapped: &[u8], owner: Option<&PersonKey>| {
        let key = vault.message_key(message(1), wrapped, owner.map(|owner| &owner.key), ACCESS)?;
        vault.content(message(1), &key, &sealed)
    };
    let waiting = vault.wrap_message(message(1), &key, None).unwrap();
    assert_eq!(opens(&waiting, None), Ok(content.clone()));
    assert!(opens(&waiting, Some(&owner)).is_err());
    let owned = vault.wrap_message(message(1), &key, Some(&owner.key)).unwrap();
    assert_eq!(opens(&owned, Some(&owner)), Ok(content));
    assert!(opens(&owned, Some(&other)).is_err());
    assert!(opens(&owned, None).is_err());
    assert!(vault.message_key(message(2), &owned, Some(&owner.key), ACCESS).is_err(), "another message's");
}

#[test]
fn a_destroyed_key_is_erasure_and_nothing_else_is() {
    let vault = vault();
    let key = vault.new_person(person(1)).unwrap();
    let told = |wrapped: Option<&[u8]>, of| vault.person_key(of, wrapped, ACCESS).map(|_| ());
    assert_eq!(told(Some(&key.wrapped), person(1)), Ok(()));
    assert_eq!(told(None, person(1)), Err(Shut::Erased));
    assert_eq!(told(Some(&key.wrapped), person(2)), Err(Shut::Damaged("key.wrapped")));
    assert_eq!(told(Some(&[0; 3]), person(1)), Err(Shut::Damaged("key.wrapped")));
    let elsewhere = Vault::new([9; 32], &[], [2; 32]).unwrap();
    assert_eq!(
        elsewhere.person_key(person(1), Some(&key.wrapped), ACCESS).err(),
        Some(Shut::NoKey(vault.wrapping()))
    );
}

#[test]
fn an_older_key_opens_and_the_first_one_wraps() {
    let (old, new) = (vault(), Vault::new([3; 32], &[[1; 32]], [2; 32]).unwrap());
    assert_ne!(old.wrapping(), new.wrapping());
    let before = old.new_person(person(1)).unwrap();
    assert!(new.person_key(person(1), Some(&before.wrapped), ACCESS).is_ok());
    let after = new.new_person(person(1)).unwrap();
    assert!(after.wrapped.starts_with(&new.wrapping().0));
    assert_eq!(
        old.person_key(person(1), Some(&after.wrapped), ACCESS).err(),
        Some(Shut::NoKey(new.wrapping()))
    );
    assert_eq!((old.wrapped(), new.wrapped()), (1, 1));
}

#[test]
fn each_look_is_counted_by_its_reason() {
    let vault = vault();
    let key = vault.new_person(person(1)).unwrap();
    let ask = |why| vault.person_key(person(1), Some(&key.wrapped), Access { actor: "somebody", why });
    ask(Why::Explain).unwrap();
    ask(Why::Explain).unwrap();
    ask(Why::Deliver).unwrap();
    let looked: Vec<_> = vault.opened().into_iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(looked, [(Why::Deliver, 1), (Why::Explain, 2)]);
}

#[test]
fn index_hmacs_differ_by_use() {
    let vault = vault();
    assert_eq!(vault.mac("key", b"a"), vault.mac("key", b"a"));
    assert_ne!(vault.mac("key", b"a"), vault.mac("dedupe", b"a"));
}
