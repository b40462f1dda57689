//! What people and offices say: bodies of messages, as the adapters would make them.
//!
//! One function for each thing that can be said.

use std::collections::BTreeSet;

use decide::prepare;
use schemas::actor::ActorName;
use schemas::fact::{
    Address, Authority, Choice, CoursePeriod, Decision, Entry, Fact, FeeExemption, FeePayment, LanguageLevel,
    LearningPath, LearningStep, Permit, PermitRole, Progress, Purpose, Record, Region, RegisterStanding,
    Replacement, Residence, Statement, SupportNeed, TestElsewhere, TestSubject,
};
use schemas::handover::OrderName;
use schemas::ids::{HandoverId, MessageId, PersonId, ReviewId, StreamId};
use schemas::insz::Insz;
use schemas::key::{Key, Mac};
use schemas::message::{Body, Notice, ReviewAnswer, Said};
use schemas::municipality::NisCode;
use schemas::place::Destination;
use schemas::reference::{
    Account, CategoryCode, DvzNumber, IssuerCode, ModuleCode, PassportNumber, PermitNumber, StatementId,
};
use schemas::time::{Version, start_of};
use sha2::{Digest, Sha256};

use super::filing::Filing;
use super::{Who, country, day};

fn version(channel: &str, sequence: Option<u64>, on: &str) -> Version {
    Version { channel: channel.to_owned(), sequence, stated_at: start_of(day(on)) }
}

fn identity(who: &Who, entry: &Entry, authority: Authority, version: &Version) -> Vec<Fact> {
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
        fact(Statement::Nationalities(vec![country(who.nationality)])),
    ]
}

fn record(keys: Vec<Key>, who: Option<&Who>, facts: Vec<Fact>) -> Body {
    let (names, births) =
        (who.map(Who::names).into_iter().collect(), who.map(Who::born).into_iter().collect());
    prepare(Said::Record(Record { keys, names, births, facts }), &mac)
}

/// The same record, said otherwise.
pub(crate) fn patched(body: Body, patch: impl FnOnce(&mut Record)) -> Body {
    let Body::Record(prepared) = body else { panic!("a record") };
    let mut record = prepared.record.clone();
    patch(&mut record);
    prepare(Said::Record(record), &mac)
}

/// The register's answer, with the day since when it knows them so.
pub(crate) fn since(answer: Body, on: &str) -> Body {
    patched(answer, |record| {
        let standing = |fact: &&mut Fact| matches!(fact.statement, Statement::Standing(_));
        record.facts.iter_mut().filter(standing).for_each(|fact| fact.valid_from = Some(day(on)));
    })
}

/// The register's answer, with one home more: a street there since that day.
pub(crate) fn also(answer: Body, nis: &str, since: &str) -> Body {
    patched(answer, |record| {
        let standing = record.facts.iter().find(|fact| matches!(fact.statement, Statement::Standing(_)));
        let residence = Residence { nis: NisCode::parse(nis).unwrap(), address: None, restricted: false };
        let fact = Fact {
            entry: Entry::Residence(day(since)),
            statement: Statement::Residence(residence),
            ..standing.unwrap().clone()
        };
        record.facts.push(fact);
    })
}

/// The register's answer, with the street of every home, and whether it may be told.
pub(crate) fn at_street(answer: Body, street: &str, hidden: bool) -> Body {
    patched(answer, |record| {
        for fact in &mut record.facts {
            if let Statement::Residence(home) = &mut fact.statement {
                let (street, number) = (street.to_owned(), "1".to_owned());
                let address = Address { street, number, bus: None, postal_code: None, municipality: None };
                *home = Residence { address: Some(address), restricted: hidden, ..home.clone() };
            }
        }
    })
}

/// The post says that they took their application back.
pub(crate) fn withdrawn(who: &Who, sequence: u64, on: &str) -> Body {
    patched(status(who, Decision::Pending, sequence, on), |record| {
        record.facts[0].statement = Statement::Withdrawn;
    })
}

/// Somebody of the desk decides about a handover.
pub(crate) fn ordered(handover: HandoverId, order: OrderName) -> Body {
    let by = ActorName::parse("els").unwrap();
    Body::Ordered { handover, order, reason: "agreed by telephone".to_owned(), by }
}

/// The HMAC of a key, in these tests a plain hash.
pub(crate) fn mac(key: &Key) -> Mac {
    Mac(Sha256::digest(key.text().as_bytes()).into())
}

/// A destination in words.
pub(crate) fn to(municipality: &str) -> Option<Destination> {
    Destination { municipality: Some(municipality.to_owned()), ..Destination::default() }.stated()
}

/// An application or a permit that names another destination, or none.
pub(crate) fn bound(body: Body, destination: Option<Destination>) -> Body {
    patched(body, |record| {
        record.facts.retain(|fact| !matches!(fact.statement, Statement::Destination(_)));
        let filed = |fact: &&Fact| matches!(fact.statement, Statement::Applied(_) | Statement::Permit(_));
        let filed = record.facts.iter().find(filed).cloned();
        let named = filed
            .zip(destination)
            .map(|(fact, destination)| Fact { statement: Statement::Destination(destination), ..fact });
        record.facts.extend(named);
    })
}

/// A municipality tells that they came there.
pub(crate) fn hint(who: &Who, nis: &str, at: &str) -> Body {
    let fact = |statement| Fact {
        entry: Entry::Person,
        statement,
        authority: Authority::Register,
        valid_from: None,
        version: version("hint", None, at),
    };
    let facts = vec![fact(Statement::Insz(who.insz)), fact(Statement::Hint(NisCode::parse(nis).unwrap()))];
    record(vec![Key::Insz(who.insz), Key::Dvz(DvzNumber::parse(&who.dvz).unwrap())], Some(who), facts)
}

/// A visa application at the post, for family reunification unless a permit is named.
pub(crate) fn application(who: &Who, purpose: Purpose, on: &str) -> Body {
    let (post, number) = who.of_application();
    let entry = Entry::Application(post.clone(), number.clone());
    let version = version("post/CAS", Some(1), on);
    let permit = (purpose == Purpose::Work).then(|| PermitNumber::parse(&who.permit).unwrap());
    let mut facts = identity(who, &entry, Authority::Post, &version);
    let ground = Some("10".to_owned());
    let filing = Filing { ground, permit: permit.clone(), ..Filing::bare(day(on), purpose) };
    let fact = |statement| Fact {
        entry: entry.clone(),
        statement,
        authority: Authority::Post,
        valid_from: Some(day(on)),
        version: version.clone(),
    };
    facts.extend(filing.statements().into_iter().map(fact));
    let from = country(who.nationality);
    let mut keys = vec![
        Key::Application(post, number),
        Key::Passport(from, PassportNumber::parse(&who.passport).unwrap()),
    ];
    keys.extend(permit.map(Key::PermitNamed));
    bound(record(keys, Some(who), facts), to("Gent"))
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
    let (role, region) = (PermitRole::Worker, Region::Flanders);
    let applied = Permit { applied_on: day(on), role, region };
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
    let from = country(who.nationality);
    let passport = Key::Passport(from, PassportNumber::parse(&who.passport).unwrap());
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
            state(Entry::Person, Statement::Standing(RegisterStanding::Resident(day(since))));
            let residence = Residence { nis: NisCode::parse(nis).unwrap(), address: None, restricted: false };
            state(Entry::Residence(day(since)), Statement::Residence(residence));
        }
        Home::Nowhere => state(Entry::Person, Statement::Standing(RegisterStanding::Known)),
        Home::Left => state(Entry::Person, Statement::Standing(RegisterStanding::Left)),
        Home::Deceased => state(Entry::Person, Statement::Standing(RegisterStanding::Deceased)),
        Home::Replaced(new) => state(Entry::Person, Statement::Replaced(Replacement { old: who.insz, new })),
    }
    let new = if let Home::Replaced(new) = standing { Some(Key::Insz(new)) } else { None };
    record([Key::Insz(who.insz)].into_iter().chain(new).collect(), Some(who), facts)
}

/// How the register knows somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Home<'a> {
    In(&'a str, &'a str),
    /// Known to the register, without a home.
    Nowhere,
    Left,
    Deceased,
    /// This number takes the place of theirs.
    Replaced(Insz),
}

fn portal(who: &Who) -> Account {
    Account::parse(&format!("portal va-{}", who.application)).unwrap()
}

fn platform(who: &Who) -> Account {
    Account::parse(&format!("https://leren.example/ {}", who.application)).unwrap()
}

/// What is done through their portal account.
fn through_portal(who: &Who, entry: Account, statement: Statement, keys: Vec<Key>, on: &str) -> Body {
    let fact = Fact {
        entry: Entry::Account(entry),
        statement,
        authority: Authority::Portal,
        valid_from: Some(day(on)),
        version: version(&format!("portal/va-{}", who.application), None, on),
    };
    record([vec![Key::Account(portal(who))], keys].concat(), None, vec![fact])
}

/// They open an account at the portal, say who they are and claim the number of their application.
pub(crate) fn account(who: &Who, on: &str) -> Body {
    let (post, number) = who.of_application();
    let claimed = vec![Key::ApplicationNamed(post, number)];
    patched(through_portal(who, portal(who), Statement::AccountOpened, claimed, on), |record| {
        let opened = &record.facts[0];
        let (entry, version) = (opened.entry.clone(), opened.version.clone());
        let mut said = identity(who, &entry, Authority::Portal, &version);
        said.retain(|fact| !matches!(fact.statement, Statement::Nationalities(_)));
        record.facts.extend(said);
        (record.names, record.births) = (vec![who.names()], vec![who.born()]);
    })
}

/// The modules they are to take.
pub(crate) fn path(who: &Who, modules: &[&str], on: &str) -> Body {
    let modules = modules.iter().map(|code| ModuleCode::parse(code).unwrap()).collect();
    through_portal(who, portal(who), Statement::LearningPath(LearningPath { modules }), vec![], on)
}

/// What a talk with them found: which help they need, and in which language they take the course until September.
pub(crate) fn talked(who: &Who, needs: &[&str], language: Option<&str>, on: &str) -> Body {
    let need = |what: &str| needs.contains(&what);
    let support =
        SupportNeed { device: need("device"), connection: need("connection"), skills: need("skills") };
    let until = Some(day("2025-09-30"));
    let mut more = vec![Statement::CoursePeriod(CoursePeriod { from: Some(day(on)), until })];
    more.extend(language.map(|language| Statement::CourseLanguage(language.to_owned())));
    patched(through_portal(who, portal(who), Statement::Support(support), vec![], on), |record| {
        let first = record.facts[0].clone();
        record.facts.extend(more.iter().map(|said| Fact { statement: said.clone(), ..first.clone() }));
    })
}

/// They paid the fee, or got it back.
pub(crate) fn fee(who: &Who, payment: FeePayment, on: &str) -> Body {
    through_portal(who, portal(who), Statement::Fee(payment), vec![], on)
}

/// They show that they are of a category that need not pay, or it is taken back.
pub(crate) fn exempt(who: &Who, category: &str, holds: bool, on: &str) -> Body {
    let category = CategoryCode::parse(category).unwrap();
    let shown = FeeExemption { category, holds };
    let entry = Entry::Exemption(shown.category.clone());
    patched(through_portal(who, portal(who), Statement::Exemption(shown), vec![], on), |record| {
        record.facts[0].entry = entry.clone();
    })
}

/// They show the proof of a test of March: of Dutch where there is a level; or it is taken back.
pub(crate) fn shown(who: &Who, level: Option<LanguageLevel>, issuer: &str, holds: bool, on: &str) -> Body {
    let issuer = IssuerCode::parse(issuer).unwrap();
    let test = TestElsewhere { passed_on: day("2025-03-01"), issuer, holds };
    patched(through_portal(who, portal(who), Statement::TestElsewhere(test), vec![], on), |record| {
        let subject = if level.is_some() { TestSubject::Dutch } else { TestSubject::SocialOrientation };
        record.facts[0].entry = Entry::Test(subject, level);
    })
}

/// They choose in Brussels: `bon`, `bapa-via:fr`.
pub(crate) fn choice(who: &Who, text: &str, on: &str) -> Body {
    let choice = Choice::parse(text).unwrap();
    patched(through_portal(who, portal(who), Statement::Choice(choice.clone()), vec![], on), |record| {
        record.facts[0].entry = Entry::Choice(choice.clone());
    })
}

/// They object to being handed over.
pub(crate) fn objection(who: &Who, on: &str) -> Body {
    through_portal(who, portal(who), Statement::Objection, vec![], on)
}

/// They link their account at the learning platform.
pub(crate) fn platform_linked(who: &Who, on: &str) -> Body {
    let own = vec![Key::Account(platform(who))];
    through_portal(who, platform(who), Statement::AccountOpened, own, on)
}

fn learning_statement(n: usize) -> StatementId {
    StatementId::parse(&format!("00000000-0000-4000-8000-{n:012}")).unwrap()
}

/// Their `n`th learning statement.
pub(crate) fn learned(who: &Who, n: usize, module: &str, step: LearningStep, on: &str) -> Body {
    let statement = learning_statement(n);
    let keys = vec![Key::Account(platform(who)), Key::Statement(statement.clone())];
    let fact = Fact {
        entry: Entry::Module(ModuleCode::parse(module).unwrap()),
        statement: Statement::Progress(Progress { step, statement }),
        authority: Authority::Learning,
        valid_from: Some(day(on)),
        version: version(&format!("https://leren.example/:{}", step.as_str()), None, on),
    };
    record(keys, None, vec![fact])
}

/// The `n`th learning statement does not hold.
pub(crate) fn voided(n: usize, on: &str) -> Body {
    let statement = learning_statement(n);
    let fact = Fact {
        entry: Entry::Statement(statement.clone()),
        statement: Statement::Voided,
        authority: Authority::Learning,
        valid_from: None,
        version: version("https://leren.example/:voided", None, on),
    };
    record(vec![Key::Statement(statement)], None, vec![fact])
}

/// Somebody writes this name and birth date beside these numbers, and states nothing.
pub(crate) fn named(who: &Who, keys: Vec<Key>) -> Body {
    record(keys, Some(who), vec![])
}

/// The key of their application.
pub(crate) fn application_key(who: &Who) -> Key {
    let (post, number) = who.of_application();
    Key::Application(post, number)
}

/// The register announces on a day that something of this number changed.
pub(crate) fn announced(insz: Insz, on: &str) -> Body {
    prepare(Said::Notice(Notice { insz, published_at: start_of(day(on)) }), &mac)
}

/// A human answers a review.
pub(crate) fn reviewed(review: ReviewId, answer: ReviewAnswer) -> Body {
    reviewed_by(review, answer, by().as_str())
}

/// Somebody of this name answers it.
pub(crate) fn reviewed_by(review: ReviewId, answer: ReviewAnswer, by: &str) -> Body {
    let by = ActorName::parse(by).unwrap();
    Body::Reviewed { review, answer, reason: "the papers were compared".to_owned(), by }
}

/// Somebody orders that these records are somebody else's.
pub(crate) fn parted(person: PersonId, records: &BTreeSet<MessageId>, by: &str) -> Body {
    let (records, by) = (records.clone(), ActorName::parse(by).unwrap());
    Body::Split { person, records, reason: "two sisters".to_owned(), by }
}

/// Somebody asks for a stream's view again.
pub(crate) fn redeliver(stream: StreamId) -> Body {
    Body::Redeliver { stream, by: by() }
}

pub(crate) fn by() -> ActorName {
    ActorName::parse("lucas").unwrap()
}
