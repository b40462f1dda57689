//! The story in any order: whatever comes first, and whatever comes twice, the same persons come out.
//!
//! Everything that sources and the register say is told in the order of its times, and in shuffled orders with
//! about a third of it repeated, all at one moment. Held against each other by the true persons: their links, then
//! what invariant I8 names. A failure names its order: `HUB_TEST_ORDERS=20` tells twenty.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};

use decide::Person;
use decide::invariant::{Essence, essence};
use decide::journey::Journey;
use hub::config::Config;
use schemas::ids::Seed;
use schemas::message::Message;
use schemas::time::Instant;
use tests::story::folder;
use tests::translated::{Said, World, read};

/// The pieces of one true person: the numbers of the messages that are each piece's, and what it comes to.
type Pieces = BTreeMap<BTreeSet<usize>, Essence>;

/// What one order came to.
struct Told {
    /// By true person; who has no message of their own is nobody's.
    persons: BTreeMap<String, Pieces>,
    /// Messages that are nobody's: notices, and what waits.
    unlinked: usize,
    reviews: usize,
    /// True persons of whom a piece lies apart from the others, and nobody is asked about it.
    silent: BTreeSet<String>,
}

/// What is told, when, and by which rules.
struct Story {
    said: Vec<Said>,
    at: Instant,
    config: Config,
}

impl Story {
    /// Tells its messages, by their numbers, in batches of these sizes, and lets the agencies answer.
    fn tell(&self, name: &str, order: &[(usize, bool)], sizes: impl Iterator<Item = usize>) -> Told {
        let mut world = World::new(&self.config.bundle, self.at);
        let mut message = |(n, again): &(usize, bool)| {
            (*n, world.message(&format!("{n} {again}"), self.said[*n].body.clone()))
        };
        let messages: Vec<(usize, Message)> = order.iter().map(&mut message).collect();
        let mut rest: Vec<Message> = messages.iter().map(|(_, message)| message.clone()).collect();
        for size in sizes {
            let later = rest.split_off(size.min(rest.len()));
            world.decide(&rest);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        world.say_yes();
        self.gather(name, &world, &messages)
    }

    fn gather(&self, name: &str, world: &World<'_>, messages: &[(usize, Message)]) -> Told {
        let (mut pieces, mut unlinked) = (BTreeMap::<_, BTreeSet<usize>>::new(), 0);
        for (n, message) in messages {
            match world.person_of(message.id) {
                Some(person) => drop(pieces.entry(person.id).or_default().insert(*n)),
                None => unlinked += 1,
            }
        }
        let today = schemas::time::day_of(self.at);
        let mut persons: BTreeMap<String, Pieces> = BTreeMap::new();
        let mut found: BTreeMap<&String, Vec<&Person>> = BTreeMap::new();
        for person in world.persons() {
            let own = pieces.remove(&person.id).unwrap_or_default();
            let truths: BTreeSet<&String> = own.iter().filter_map(|n| self.said[*n].truth.as_ref()).collect();
            assert!(truths.len() <= 1, "{name}: two true persons are joined: {truths:?}");
            let Some(truth) = truths.first() else { continue };
            let ending = compared(person, essence(person, &self.config.bundle, today));
            found.entry(truth).or_default().push(person);
            persons.entry((*truth).clone()).or_default().insert(own, ending);
        }
        let reviews = world.persons().map(|person| person.state.open_reviews.len()).sum();
        let silent = found.iter().filter(|(_, pieces)| !is_asked_about(pieces));
        let silent = silent.map(|(truth, _)| (*truth).clone()).collect();
        Told { persons, unlinked, reviews, silent }
    }
}

/// Whether open questions lead from each of these to all others.
fn is_asked_about(pieces: &[&Person]) -> bool {
    let asks = |one: &Person, other: &Person| {
        let mut asked = one.state.open_reviews.values().flat_map(|review| &review.candidates);
        asked.any(|id| *id == other.id || other.matching.absorbed.contains(id))
    };
    let (mut reached, mut rest) = (pieces[..1].to_vec(), pieces[1..].to_vec());
    while let Some(next) = reached.pop() {
        let (near, far): (Vec<&Person>, Vec<&Person>) =
            rest.into_iter().partition(|other| asks(next, other) || asks(other, next));
        reached.extend(near);
        rest = far;
    }
    rest.is_empty()
}

/// Under a restriction links and facts are compared, and nothing else.
fn compared(person: &Person, essence: Essence) -> Essence {
    if Journey::of(&person.state).objects() {
        return Essence { responsible: None, open: BTreeSet::new(), fields: essence.fields };
    }
    essence
}

/// A shuffled order: about 30 % comes twice.
fn shuffled(count: usize, seed: &Seed) -> Vec<(usize, bool)> {
    let number = |n: usize| u32::try_from(n).unwrap();
    let again = (0..count).filter(|n| seed.derive("again", number(*n))[0] < 77).map(|n| (n, true));
    let mut order: Vec<(usize, bool)> = (0..count).map(|n| (n, false)).chain(again).collect();
    order.sort_by_cached_key(|(n, again)| seed.derive(if *again { "second" } else { "first" }, number(*n)));
    order
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures of each order are worth a line")]
fn the_story_in_any_order() {
    let config = tests::config();
    let (said, at) = read(&folder(), &config).unwrap();
    let story = Story { said, at, config };
    let straight: Vec<(usize, bool)> = (0..story.said.len()).map(|n| (n, false)).collect();
    let first = story.tell("straight", &straight, std::iter::repeat(500));
    let whole = first.persons.values().filter(|pieces| pieces.len() == 1).count();
    eprintln!(
        "straight: {} messages, {} of them nobody's; {} persons, {whole} in one piece; {} reviews",
        straight.len(),
        first.unlinked,
        first.persons.len(),
        first.reviews
    );
    let orders = tests::setting("HUB_TEST_ORDERS").map_or(5, |count| count.parse().unwrap());
    for number in 1..=orders {
        let seed = Seed(Seed([0; 32]).derive("order", number));
        let order = shuffled(straight.len(), &seed);
        let sizes = (0..).map(|n| 1 + usize::from(seed.derive("batch", n)[0]));
        let told = story.tell(&format!("order {number}"), &order, sizes);
        let (mut same, mut other) = (0, vec![]);
        for (truth, pieces) in &first.persons {
            let found = told.persons.get(truth).cloned().unwrap_or_default();
            if !found.keys().eq(pieces.keys()) {
                other.push(truth);
                continue;
            }
            same += 1;
            for (own, ending) in pieces {
                assert_eq!(found[own], *ending, "order {number}: {truth}");
            }
        }
        eprintln!(
            "order {number}: {} messages, {} of them nobody's; {same} of {} persons linked the same, not {other:?}; \
             {} reviews; in pieces unasked: {:?}",
            order.len(),
            told.unlinked,
            first.persons.len(),
            told.reviews,
            told.silent,
        );
        assert_eq!(told.silent, BTreeSet::new(), "order {number}: in pieces, and nobody is asked");
        assert!(
            same * 10 >= first.persons.len() * 9,
            "order {number}: {same} linked the same; others: {other:?}"
        );
    }
}
