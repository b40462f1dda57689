//! Ten thousand invented persons through the heart: every record that leaves is encoded, decoded again
//! and held against its contract (invariant I4). Refuses a field that only looks harmless.

use std::collections::BTreeSet;

use adapters::Context;
use decide::bundle::Contract;
use decide::round::decide_all;
use hub::clock::Clock;
use hub::contract::Schemas;
use schemas::ids::MessageId;
use schemas::message::Message;
use schemas::time::{KnownAt, parse_instant};
use serde_json::Value;
use tests::people::visa_lines;

/// The names of the fields that have a value in a decoded record.
fn named(value: &Value) -> BTreeSet<String> {
    let part = |name: &str| value[name].as_object().cloned().unwrap_or_default();
    let set = |(name, value): (String, Value)| (!value.is_null()).then_some(name);
    part("offer").into_iter().chain(part("file")).filter_map(set).collect()
}

#[test]
fn no_field_leaves_that_the_contract_does_not_name() {
    let config = tests::config();
    let bundle = &config.bundle;
    let ids = config.agencies.iter().map(|(name, agency)| (name.clone(), agency.schema_id)).collect();
    let schemas = Schemas::new(&ids, &bundle.contracts).unwrap();
    let look = Context {
        municipalities: &bundle.municipalities,
        places: &bundle.places,
        countries: &bundle.countries,
        choosable: &BTreeSet::new(),
        environment: config.hub.environment,
        sender: &adapters::Speaker::for_all("test"),
        now: parse_instant("2100-01-01T00:00:00Z").unwrap(),
    };
    let visa = adapters::source("visa").unwrap();
    let clock = Clock::declared(parse_instant("2025-06-01T08:00:00Z").unwrap());
    let mut world = decide::World::whole();
    let (mut records, mut fields) = (0u64, BTreeSet::new());
    for persons in (0..10_000).collect::<Vec<_>>().chunks(250) {
        let messages: Vec<Message> = persons
            .iter()
            .flat_map(|n| visa_lines(*n))
            .map(|item| {
                let said = adapters::check(visa, item, &look).unwrap().said().clone();
                let body = decide::prepare(said, &tests::mac);
                let seed = clock.seed();
                let known_at = KnownAt(clock.now());
                Message { id: MessageId::derive(&seed, 0), seed, order: 1, known_at, body }
            })
            .collect();
        let mut read = |delivery: &decide::change::Delivery| {
            records += 1;
            let subject = schemas.of(&delivery.recipient).unwrap();
            let decoded = subject.codec.decode(&subject.codec.encode(delivery).unwrap()).unwrap();
            let Contract { offer, file, .. } = bundle.contract(&delivery.recipient).unwrap();
            let allowed: BTreeSet<String> = offer.iter().chain(file).cloned().collect();
            let there = named(&decoded);
            assert!(there.is_subset(&allowed), "{}: {there:?}", delivery.recipient);
            fields.extend(there);
            (records, [0; 32])
        };
        decide_all(&mut world, &messages, bundle, &mut |all| Ok(all.iter().map(&mut read).collect()));
    }
    assert_eq!(world.persons().count(), 10_000);
    assert!(records >= 20_000 && fields.len() >= 8, "{records} records with {fields:?}");
}
