//! How many messages the heart decides in a second, on one thread: `cargo run --release -p decide --example rates`.
//!
//! Five messages a person, as the visa sources send them, in rounds of 500 on a whole world and on a part of one. Once
//! names and birth dates are as varied as those of real people, once names begin alike on few birth dates.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write;
use std::time::Instant;

use decide::change::Delivery;
use decide::round::{Round, decide_all};
use decide::{Bundle, World};
use schemas::fact::{Decision, Purpose};
use schemas::ids::{MessageId, Seed};
use schemas::message::{Body, Message};
use schemas::time::{KnownAt, start_of};
use sha2::{Digest, Sha256};
use support::{Who, application, bundle, day, named, number_given, status, test_insz};

/// A number in letters, for names.
fn letters(n: usize) -> String {
    n.to_string().bytes().rev().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

fn who(n: usize, alike: bool) -> Who {
    let letters = letters(n);
    let (family, given, birth) = if alike {
        let birth = format!("19{:02}-0{}-1{}", 60 + n % 35, 2 + n % 7, n % 9);
        (format!("benali{letters}"), format!("amina{letters}"), birth)
    } else {
        let birth = format!("19{:02}-{:02}-{:02}", 60 + n % 40, 2 + n % 11, 2 + n % 27);
        (format!("{letters}benali"), format!("{letters}amina"), birth)
    };
    Who { family, given, birth, insz: test_insz(n % 900_000), ..Who::number(n) }
}

fn bodies(n: usize, alike: bool) -> [Body; 5] {
    let who = who(n, alike);
    let opened = named(&who, vec![support::application_key(&who), support::pair::dvz(&who)]);
    [
        application(&who, Purpose::FamilyReunification, "2025-01-09"),
        status(&who, Decision::Pending, 2, "2025-02-09"),
        opened,
        status(&who, Decision::Granted, 3, "2025-04-09"),
        number_given(&who, "2025-05-10"),
    ]
}

fn messages(people: usize, alike: bool) -> Vec<Message> {
    let at = KnownAt(start_of(day("2025-06-01")));
    let made = (0..people).flat_map(|n| bodies(n, alike)).zip(1..).map(|(body, order): (Body, u64)| {
        let seed = Seed(Sha256::digest(order.to_be_bytes()).into());
        Message { id: MessageId::derive(&seed, 0), seed, order, known_at: at, body }
    });
    made.collect()
}

fn main() -> std::io::Result<()> {
    let people: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(6_000);
    let mut out = std::io::stdout().lock();
    let bundle = bundle();
    for (what, alike) in [("varied", false), ("alike", true)] {
        let messages = messages(people, alike);
        let started = Instant::now();
        let persons = whole(&messages, &bundle);
        let rate = messages.len() as f64 / started.elapsed().as_secs_f64();
        writeln!(out, "{what:7} whole world {rate:8.0} messages/s, {persons} persons")?;
        let started = Instant::now();
        let forgot = part(&messages, &bundle);
        let rate = messages.len() as f64 / started.elapsed().as_secs_f64();
        writeln!(out, "{what:7} resident    {rate:8.0} messages/s, {forgot} answers forgotten")?;
    }
    Ok(())
}

fn number(sequence: &mut u64, leaving: &[Delivery]) -> Vec<(u64, [u8; 32])> {
    let next = |_| {
        *sequence += 1;
        (*sequence, [0; 32])
    };
    leaving.iter().map(next).collect()
}

fn whole(messages: &[Message], bundle: &Bundle) -> usize {
    let (mut world, mut sequence) = (World::whole(), 0);
    for batch in messages.chunks(500) {
        drop(decide_all(&mut world, batch, bundle, &mut |leaving| Ok(number(&mut sequence, leaving))));
    }
    world.persons().count()
}

/// As the engine does it, the store answering at once: nothing is known there but what is asked for the first time.
fn part(messages: &[Message], bundle: &Bundle) -> usize {
    let (mut world, store, mut sequence, mut forgot) = (World::new(), World::whole(), 0, 0);
    for batch in messages.chunks(500) {
        let mut round = Round::new(batch, bundle);
        loop {
            let needs = round.asks(&mut world);
            if needs.is_empty() {
                break;
            }
            let since = batch[0].order / 500;
            world.load(since, needs.into_iter().map(|ask| (ask.clone(), store.answer(&ask))));
        }
        while round.advance(&mut world, &mut |leaving| Ok(number(&mut sequence, leaving))).is_some() {}
        drop(round.finish());
        let serial = world.close_batch();
        world.committed(serial);
        // Nothing is stored here, so nothing may go: only what it costs to look is measured.
        forgot += world.evict(usize::MAX);
    }
    forgot
}
