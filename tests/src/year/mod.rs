//! A year of a country: invented lives through the real store, in simulated time, and where everybody ended.
//!
//! Each simulated day brings what is due, what is said, what agencies answer and what the desk orders; the decider decides it
//! as it always does. Every draw hangs on a number and on a life, so that the same number is the same year on either
//! engine. After each week the invariants are looked at on a sample, at the end on all. Refuses doors and Kafka: bodies go into
//! the inbox as the doors would have made them. Next: `lives` for what is said, `agencies`, `desk`, `ends`.

#![expect(clippy::unwrap_used, reason = "a proof fails where it stands")]

mod agencies;
mod desk;
mod ends;
mod lives;
#[path = "../../../hub/decide/tests/support/filing.rs"]
mod filing;
#[path = "../../../hub/decide/tests/support/say.rs"]
#[expect(dead_code, reason = "not all that the heart's tests say is said here")]
mod say;
#[path = "../../../hub/decide/tests/support/who.rs"]
#[expect(dead_code, reason = "people have numbers of their own here")]
mod who;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use std::time::{Duration, Instant as Moment};

use chrono::{Days, TimeDelta};
use futures::future::join_all;
use hub::app::Hub;
use hub::config::Config;
use hub::decider::{BATCH, Holding, Turn};
use hub::intake::ItemVerdict;
use schemas::country::Country;
use schemas::ids::{MessageId, PersonId};
use schemas::message::Body;
use schemas::time::{Day, parse_day, start_of};

use agencies::Agencies;
pub use ends::Ends;
use lives::Line;
use who::Who;

/// How many days it has.
const DAYS: u16 = 365;
/// From one look at the invariants to the next.
const WEEK: u16 = 7;
/// Messages that are given to the inbox together.
const TOGETHER: usize = 500;

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

fn country(code: &str) -> Country {
    static CONFIG: LazyLock<Config> = LazyLock::new(crate::config);
    CONFIG.bundle.countries.by_code(code).unwrap()
}

/// The first day: half a year before Borsbeek becomes part of Antwerp.
#[must_use]
pub fn begins() -> Day {
    day("2024-07-01")
}

/// The config of a year: some legal bases lapse on the way, and are renewed or not.
#[must_use]
pub fn config() -> Config {
    let mut config = crate::config();
    for contract in &mut config.bundle.contracts {
        let (until, again) = match contract.recipient.as_str() {
            "bapa-via" => ("2025-02-14", Some("2025-04-01")),
            "atlas" => ("2025-03-09", Some("2025-03-17")),
            "bapa-convivial" => ("2025-05-31", None),
            _ => continue,
        };
        let renewed =
            again.map(|from| decide::bundle::LegalBasis { from: day(from), ..contract.bases[0].clone() });
        contract.bases[0].to = Some(day(until));
        contract.bases.extend(renewed);
    }
    config
}

/// A number that hangs on nothing but what it is drawn for.
#[derive(Clone, Copy, Debug)]
struct Dice(u64);

impl Dice {
    fn of(seed: u64, life: u32, what: u64) -> Self {
        let mut dice = Self(seed ^ (u64::from(life) << 20) ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..3 {
            dice.roll(2);
        }
        dice
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) ^ (self.0 >> 47)) % sides.max(1)
    }

    fn percent(&mut self, share: u64) -> bool {
        self.roll(100) < share
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

/// What a year came to.
#[derive(Debug)]
pub struct Year {
    /// Where everybody ended, and how much there was of what: the same for one seed on either engine.
    pub ends: Ends,
    /// Where an invariant broke, in words: nowhere.
    pub broken: Vec<String>,
    pub took: Duration,
    /// What took how long.
    pub parts: BTreeMap<&'static str, Duration>,
}

/// Something on its way into the inbox.
struct Spoken {
    source: &'static str,
    /// By which a double would be known.
    name: String,
    life: u32,
    body: Body,
}

/// A hub on its way through the year.
struct Running<'a> {
    hub: &'a Hub,
    seed: u64,
    /// Whose life a message of a source belongs to, and a person.
    lives: HashMap<MessageId, u32>,
    persons: HashMap<PersonId, u32>,
    said: BTreeMap<&'static str, u64>,
    parts: BTreeMap<&'static str, Duration>,
}

/// Lives a year with so many people; `tell` hears of each week.
pub async fn live(hub: &Hub, people: u32, seed: u64, tell: impl Fn(String)) -> Year {
    let started = Moment::now();
    let mut script: Vec<Line> = (0..people).flat_map(|life| lives::life(seed, life)).collect();
    script.sort_by_key(|line| (line.heard, line.life, line.n));
    let mut script = script.into_iter().peekable();
    let mut running = Running {
        hub,
        seed,
        lives: HashMap::new(),
        persons: HashMap::new(),
        said: BTreeMap::new(),
        parts: BTreeMap::new(),
    };
    let (mut agencies, mut broken) = (Agencies::default(), vec![]);
    let mut holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
    for at in 0..DAYS {
        let today = begins() + Days::new(at.into());
        hub.clock.advance(start_of(today) + TimeDelta::hours(6));
        let mut said = vec![];
        while let Some(line) = script.next_if(|line| line.heard == at) {
            let name = format!("{}/{}", line.life, line.n);
            said.push(Spoken { source: line.source(), name, life: line.life, body: line.body() });
        }
        said.extend(agencies.due(at));
        if at % WEEK == 0 {
            said.extend(desk::week(&mut running, at).await);
        }
        running.put(said).await;
        running.decide(&mut holding).await;
        agencies.read(&mut running, at).await;
        if at % WEEK == WEEK - 1 {
            let looked = Moment::now();
            broken.extend(ends::sample(&mut running, at, today).await);
            running.spent("looks", looked);
            let weeks = (at + 1) / WEEK;
            tell(format!("week {weeks}: {} messages, {} s", running.total(), started.elapsed().as_secs()));
        }
    }
    let looked = Moment::now();
    let today = begins() + Days::new(u64::from(DAYS) - 1);
    let ends = ends::all(&running, &agencies, today, &mut broken).await;
    running.spent("looks", looked);
    Year { ends, broken, took: started.elapsed(), parts: running.parts }
}

impl Running<'_> {
    fn spent(&mut self, on: &'static str, since: Moment) {
        *self.parts.entry(on).or_default() += since.elapsed();
    }

    fn total(&self) -> u64 {
        self.said.values().sum()
    }

    /// What is due, then all that is said on a day: into the inbox, in this order.
    async fn put(&mut self, said: Vec<Spoken>) {
        let started = Moment::now();
        let due = self.hub.intake.bring_due().await.unwrap();
        *self.said.entry("due").or_default() += due as u64;
        let mut said = said.into_iter();
        loop {
            let part: Vec<Spoken> = said.by_ref().take(TOGETHER).collect();
            if part.is_empty() {
                break;
            }
            let lives: Vec<(&'static str, u32)> = part.iter().map(|one| (one.source, one.life)).collect();
            let intake = &self.hub.intake;
            let taken = part
                .into_iter()
                .map(|one| async move { intake.internal(one.source, &one.name, one.body).await.unwrap() });
            for (verdict, (source, life)) in join_all(taken).await.into_iter().zip(lives) {
                let ItemVerdict::Accepted { receipt, .. } = verdict else { panic!("{source}: {verdict:?}") };
                *self.said.entry(source).or_default() += 1;
                self.lives.insert(receipt, life);
            }
        }
        self.spent("inbox", started);
    }

    async fn decide(&mut self, holding: &mut Holding) {
        let started = Moment::now();
        while holding.turn(BATCH).await.unwrap() == Turn::Decided {}
        self.spent("decisions", started);
    }

    /// Whose life a person has: that of any message of theirs.
    async fn life_of(&mut self, person: PersonId) -> u32 {
        if let Some(life) = self.persons.get(&person) {
            return *life;
        }
        let owned = self.hub.store.owned(person).await.unwrap();
        let life = owned.iter().find_map(|row| self.lives.get(&row.id)).copied();
        let life = life.expect("a person begins with what a source said");
        self.persons.insert(person, life);
        life
    }
}
