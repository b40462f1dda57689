//! A small country for the heart's tests: a bundle, people who send, agencies that answer.
//!
//! Builds bodies as the adapters would; runs them through the same rounds as the engine, on a world
//! in memory. Only test numbers and invented people.

#![allow(clippy::unwrap_used, dead_code, clippy::allow_attributes, reason = "each test binary uses its part")]

use std::collections::BTreeMap;

use decide::bundle::{Bundle, Competence, Contract, Deadlines, LegalBasis, TargetGroup, Territory};
use decide::change::{Delivery, ViewKind};
use decide::memory::Memory;
use decide::round::Verdict;
use schemas::country::Countries;
use schemas::fact::{
    Application, Authority, Decision, Entry, Fact, Permit, PermitRole, Purpose, Record, Region, Residence,
    Standing, Statement,
};
use schemas::handover::{Answer, AnswerKind, RejectCode};
use schemas::ids::{HandoverId, MessageId, Seed};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::message::{Body, Message};
use schemas::municipality::{LanguageArea, Municipalities, NisCode};
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::recipient::Recipient;
use schemas::reference::{ApplicationNumber, DvzNumber, PassportNumber, PermitNumber, PostCode};
use schemas::time::{Day, Instant, KnownAt, Version, parse_day, start_of};
use sha2::{Digest, Sha256};

pub(crate) fn recipient(name: &str) -> Recipient {
    Recipient::parse(name).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

pub(crate) fn bundle() -> Bundle {
    let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let contract = |name: &str, competence: Competence| {
        let before = matches!(competence, Competence::BeforeArrival | Competence::Participant);
        Contract {
            recipient: recipient(name),
            offer: if before { vec![] } else { fields(&["municipality", "target_group"]) },
            file: fields(match competence {
                Competence::BeforeArrival => &["family_names", "given_names", "birth_date", "visa_status"],
                Competence::Participant => &["portal_accounts", "modules", "path_status", "competent_agency"],
                _ => &[
                    "family_names",
                    "given_names",
                    "birth_date",
                    "insz",
                    "municipality",
                    "street",
                    "modules",
                ],
            }),
            competence,
            bases: vec![LegalBasis { reference: "test".to_owned(), from: day("2020-01-01"), to: None }],
        }
    };
    let territory = |nis: &str| {
        Competence::Territory(vec![Territory {
            nis: NisCode::parse(nis).unwrap(),
            from: day("2018-01-01"),
            to: None,
        }])
    };
    let choice = |network: &str, languages: &[&str]| Competence::Choice {
        languages: fields(languages),
        network: network.to_owned(),
    };
    Bundle {
        contracts: vec![
            contract("agii", Competence::Rest(LanguageArea::Dutch)),
            contract("agii-abroad", Competence::BeforeArrival),
            contract("amal", territory("44021")),
            contract("atlas", territory("11002")),
            contract("bapa-bxl", choice("bapa", &["nl", "fr"])),
            contract("bapa-via", choice("bapa", &["nl", "fr"])),
            contract("bon", choice("bon", &["nl"])),
            contract("portal", Competence::Participant),
        ],
        municipalities: Municipalities::from_csv(include_str!(
            "../../../../config/tables/municipalities.csv"
        ))
        .unwrap(),
        countries: Countries::from_csv(include_str!("../../../../config/tables/countries.csv")).unwrap(),
        target_group: TargetGroup { minimum_age: 18, review_grounds: vec!["40bis".to_owned()] },
        deadlines: Deadlines {
            prepared_months: 12,
            choice_months: 6,
            held_days: 5,
            sent_days: 1,
            received_days: 5,
            accepted_months: 24,
            rejected_days: 1,
            overdue_days: 2,
        },
        ..Bundle::default()
    }
}

/// Somebody invented.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) family: String,
    pub(crate) given: String,
    pub(crate) birth: String,
    pub(crate) nationality: &'static str,
    pub(crate) passport: String,
    pub(crate) application: String,
    pub(crate) permit: String,
    pub(crate) dvz: String,
    pub(crate) insz: Insz,
}

impl Who {
    /// The `n`th person: different in everything.
    pub(crate) fn number(n: usize) -> Self {
        let letters: String = n.to_string().bytes().map(|b| char::from(b - b'0' + b'a')).collect();
        Self {
            family: format!("Benali{letters}"),
            given: format!("Amina{letters}"),
            birth: format!("19{:02}-0{}-1{}", 60 + n % 35, 2 + n % 7, n % 9),
            nationality: ["MAR", "TUR", "IND"][n % 3],
            passport: format!("P{:06}", n + 1),
            application: (n + 1).to_string(),
            permit: format!("GV-2025-{:06}", n + 1),
            dvz: (8_000_000 + n).to_string(),
            insz: test_insz(n),
        }
    }

    fn names(&self) -> Names {
        Names::new(&self.family, &self.given).unwrap()
    }

    fn born(&self) -> PartialDate {
        PartialDate::parse(&self.birth).unwrap()
    }

    fn of_application(&self) -> (PostCode, ApplicationNumber) {
        (PostCode::parse("CAS").unwrap(), ApplicationNumber::parse(&self.application).unwrap())
    }
}

/// The `n`th test number: month 61, check digits right.
pub(crate) fn test_insz(n: usize) -> Insz {
    let first9 = 906_101_000 + n as u64 + 1;
    Insz::parse(&format!("{first9:09}{:02}", 97 - first9 % 97)).unwrap()
}

fn version(channel: &str, sequence: Option<u64>, on: &str) -> Version {
    Version { channel: channel.to_owned(), sequence, stated_at: start_of(day(on)) }
}

fn identity(who: &Who, entry: &Entry, authority: Authority, version: &Version) -> Vec<Fact> {
    let countries = bundle().countries;
    let fact = |statement| Fact {
        entry: entry.clone(),
        statement,
        authority,
        valid_from: None,
        version: version.clone(),
    };
    vec![
        fact(Statement::Names(who.names())),
        fact(Statement::Birth(who.born())),
        fact(Statement::Nationalities(vec![countries.by_code(who.nationality).unwrap()])),
    ]
}

fn record(keys: Vec<Key>, who: Option<&Who>, facts: Vec<Fact>) -> Body {
    Body::Record(Record {
        keys,
        names: who.map(Who::names).into_iter().collect(),
        births: who.map(Who::born).into_iter().collect(),
        facts,
    })
}

/// A visa application at the post, for family reunification unless a permit is named.
pub(crate) fn application(who: &Who, purpose: Purpose, on: &str) -> Body {
    let (post, number) = who.of_application();
    let entry = Entry::Application(post.clone(), number.clone());
    let version = version("post/CAS", Some(1), on);
    let permit = (purpose == Purpose::Work).then(|| PermitNumber::parse(&who.permit).unwrap());
    let mut facts = identity(who, &entry, Authority::Post, &version);
    facts.push(Fact {
        entry,
        statement: Statement::Applied(Application {
            filed_on: day(on),
            purpose,
            ground: Some("10".to_owned()),
            permit: permit.clone(),
            destination: None,
            entry_on: None,
        }),
        authority: Authority::Post,
        valid_from: Some(day(on)),
        version,
    });
    let country = bundle().countries.by_code(who.nationality).unwrap();
    let mut keys = vec![
        Key::Application(post, number),
        Key::Passport(country, PassportNumber::parse(&who.passport).unwrap()),
    ];
    keys.extend(permit.map(Key::PermitNamed));
    record(keys, Some(who), facts)
}

/// A status from the post: numbers only.
pub(crate) fn status(who: &Who, decision: Decision, sequence: u64, on: &str) -> Body {
    let (post, number) = who.of_application();
    let fact = Fact {
        entry: Entry::Application(post.clone(), number.clone()),
        statement: Statement::Decision(decision),
        authority: Authority::Post,
        valid_from: Some(day(on)),
        version: version("post/CAS", Some(sequence), on),
    };
    record(vec![Key::Application(post, number)], None, vec![fact])
}

/// The holder's row at WEWIS.
pub(crate) fn permit(who: &Who, decision: Decision, on: &str) -> Body {
    let number = PermitNumber::parse(&who.permit).unwrap();
    let entry = Entry::Permit(number.clone());
    let version = version("wewis", None, on);
    let mut facts = identity(who, &entry, Authority::Permits, &version);
    let applied =
        Permit { applied_on: day(on), role: PermitRole::Worker, region: Region::Flanders, destination: None };
    for statement in [Statement::Permit(applied), Statement::PermitDecision(decision)] {
        let (entry, version) = (entry.clone(), version.clone());
        facts.push(Fact {
            entry,
            statement,
            authority: Authority::Permits,
            valid_from: Some(day(on)),
            version,
        });
    }
    let country = bundle().countries.by_code(who.nationality).unwrap();
    let passport = Key::Passport(country, PassportNumber::parse(&who.passport).unwrap());
    record(vec![Key::Permit(number.clone()), Key::PermitNamed(number), passport], Some(who), facts)
}

/// The aliens office gives the national number.
pub(crate) fn number_given(who: &Who, on: &str) -> Body {
    let (post, number) = who.of_application();
    let fact = Fact {
        entry: Entry::Application(post.clone(), number.clone()),
        statement: Statement::Insz(who.insz),
        authority: Authority::Aliens,
        valid_from: None,
        version: version("dvz", None, on),
    };
    let dvz = DvzNumber::parse(&who.dvz).unwrap();
    record(vec![Key::Application(post, number), Key::Dvz(dvz), Key::Insz(who.insz)], Some(who), vec![fact])
}

/// What the register answers on a day: a home in this municipality since that day, or another standing.
pub(crate) fn register(who: &Who, standing: Home<'_>, on: &str) -> Body {
    let version = version(&format!("register/{}", who.insz), None, on);
    let mut facts = identity(who, &Entry::Person, Authority::Register, &version);
    let mut state = |entry, statement| {
        facts.push(Fact {
            entry,
            statement,
            authority: Authority::Register,
            valid_from: None,
            version: version.clone(),
        });
    };
    state(Entry::Person, Statement::Insz(who.insz));
    match standing {
        Home::In(nis, since) => {
            state(Entry::Person, Statement::Standing(Standing::Resident(day(since))));
            let residence = Residence { nis: NisCode::parse(nis).unwrap(), address: None, restricted: false };
            state(Entry::Residence(day(since)), Statement::Residence(residence));
        }
        Home::Left => state(Entry::Person, Statement::Standing(Standing::Left)),
        Home::Deceased => state(Entry::Person, Statement::Standing(Standing::Deceased)),
    }
    record(vec![Key::Insz(who.insz)], Some(who), facts)
}

/// How the register knows somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Home<'a> {
    In(&'a str, &'a str),
    Left,
    Deceased,
}

/// What was last offered to a recipient.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    pub(crate) handover: HandoverId,
    pub(crate) epoch: u32,
    pub(crate) sequence: u64,
}

/// The heart with a memory, a log of what left, and agencies that can be asked to answer.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) bundle: Bundle,
    pub(crate) memory: Memory,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) offered: BTreeMap<Recipient, Offered>,
    pub(crate) offers: BTreeMap<HandoverId, Offered>,
    pub(crate) order: u64,
    pub(crate) at: Instant,
    sequences: BTreeMap<Recipient, u64>,
}

/// The payload hash of every record in these tests: the heart only compares.
pub(crate) const HASH: [u8; 32] = [0xab; 32];

impl House {
    pub(crate) fn new() -> Self {
        Self {
            bundle: bundle(),
            memory: Memory::default(),
            deliveries: vec![],
            offered: BTreeMap::new(),
            offers: BTreeMap::new(),
            order: 0,
            at: start_of(day("2025-01-01")),
            sequences: BTreeMap::new(),
        }
    }

    pub(crate) fn today(&mut self, on: &str) {
        self.at = start_of(day(on));
    }

    /// A message with a seed and an id of its own name: the same in every order.
    pub(crate) fn message(&mut self, name: &str, body: Body) -> Message {
        self.order += 1;
        let seed: [u8; 32] = Sha256::digest(name.as_bytes()).into();
        let id = MessageId::derive(&Seed(seed), 0);
        Message { id, seed: Seed(seed), order: self.order, known_at: KnownAt(self.at), body }
    }

    /// Decides a batch; keeps what left and what was offered.
    pub(crate) fn decide(&mut self, messages: &[Message]) -> Vec<Verdict> {
        let Self { memory, bundle, sequences, deliveries, offers, offered, .. } = self;
        let numbered = memory.decide(messages, bundle, |delivery| {
            let sequence = sequences.entry(delivery.recipient.clone()).or_default();
            *sequence += 1;
            if let (Some(handover), ViewKind::Offer) = (delivery.handover, delivery.view.kind()) {
                let offer = Offered { handover, epoch: delivery.epoch, sequence: *sequence };
                offers.insert(handover, offer.clone());
                offered.insert(delivery.recipient.clone(), offer);
            }
            deliveries.push(delivery.clone());
            Ok::<_, std::convert::Infallible>((*sequence, HASH))
        });
        numbered.unwrap()
    }

    /// One message, by a name of its own.
    pub(crate) fn say(&mut self, name: &str, body: Body) -> Verdict {
        let message = self.message(name, body);
        self.decide(&[message]).remove(0)
    }

    /// The recipient's answer to its last offer.
    pub(crate) fn answer(&mut self, from: &str, kind: AnswerKind) -> Verdict {
        let from = recipient(from);
        let offered = self.offered[&from].clone();
        let answer = Answer { handover: offered.handover, epoch: offered.epoch, answer: kind };
        let name = format!("{}/{}/{}", offered.handover, offered.epoch, self.order);
        self.say(&name, Body::Answer { recipient: from, answer })
    }

    pub(crate) fn received(&mut self, from: &str) -> Verdict {
        let sequence = self.offered[&recipient(from)].sequence;
        self.answer(from, AnswerKind::Received { sequence, payload_hash: "AB".repeat(32) })
    }

    pub(crate) fn rejected(&mut self, from: &str) -> Verdict {
        self.answer(from, AnswerKind::Rejected { code: RejectCode::NotCompetent })
    }

    /// What left so far, as `recipient kind [reason]`, and forgets it.
    pub(crate) fn left(&mut self) -> Vec<String> {
        let line = |delivery: &Delivery| {
            let reason = delivery
                .view
                .ended()
                .map_or(String::new(), |(reason, _)| format!(" {reason:?}").to_lowercase());
            format!("{} {}{reason}", delivery.recipient, delivery.view.kind().as_str())
        };
        std::mem::take(&mut self.deliveries).iter().map(line).collect()
    }

    /// The handovers of everybody, as `state recipient`.
    pub(crate) fn handovers(&self) -> Vec<String> {
        let all = self.memory.persons.values().flat_map(|person| &person.state.handovers);
        all.map(|h| match &h.recipient {
            Some(recipient) => format!("{} {recipient}", h.state.as_str()),
            None => h.state.as_str().to_owned(),
        })
        .collect()
    }
}
