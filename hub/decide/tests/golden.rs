//! The golden record: for each field the statement that decides, by its rule, and all else that was said beside it.
//!
//! It is what the journey reads, and nothing that anybody said is missing from it.

use crate::support::{
    Home, House, Who, account, application, choice, number_given, patched, register, shown,
};
use decide::journey::Journey;
use decide::journey::golden::{GoldenField, GoldenRule, golden};
use schemas::fact::{Authority, Choice, Fact, Field, LanguageLevel, Purpose, Sex, Statement};

/// Who decides a field, by which rule, and whether each other one says the same.
fn told(field: &GoldenField<'_>) -> (Field, GoldenRule, Authority, Vec<(Authority, bool)>) {
    let others = field.others.iter().map(|other| (other.0.authority, field.agrees(*other))).collect();
    (field.field, field.rule, field.decides.0.authority, others)
}

#[test]
fn each_field_says_who_decides_and_what_else_was_said() {
    let who = Who::number(1);
    let otherwise = Who { given: format!("{} Sara", who.given), birth: "1960-00-00".into(), ..who.clone() };
    let mut house = House::new();
    house.today("2025-03-05");
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    house.tell(number_given(&who, "2025-01-05"));
    house.tell(patched(application(&otherwise, Purpose::FamilyReunification, "2025-01-03"), |record| {
        for fact in &mut record.facts {
            fact.authority = Authority::Aliens;
            fact.version.channel = "dvz".to_owned();
        }
    }));
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"));
    let people = house.people();
    let [person] = &people[..] else { panic!("{people:?}") };
    let journey = Journey::of(&person.state);
    let fields = golden(journey);
    let all: Vec<_> = fields.iter().map(told).collect();
    let (register, aliens, post) = (Authority::Register, Authority::Aliens, Authority::Post);
    let expect = [
        (Field::Names, GoldenRule::HighestAuthority, register, vec![(aliens, false), (post, true)]),
        (Field::Birth, GoldenRule::WholeDate, register, vec![(aliens, false), (post, true)]),
        (Field::Nationalities, GoldenRule::MoreOfTheSame, register, vec![(aliens, true), (post, true)]),
        (Field::Insz, GoldenRule::NotReplaced, register, vec![(aliens, true)]),
    ];
    let wanted: Vec<_> =
        all.iter().filter(|(field, ..)| expect.iter().any(|(own, ..)| own == field)).cloned().collect();
    assert_eq!(wanted, expect);
    // Nothing that was said of a field is missing, and what decides is what the journey goes by.
    for field in &fields {
        assert_eq!(field.others.len() + 1, person.state.claims.of(field.field).len(), "{:?}", field.field);
    }
    let decides =
        |wanted| fields.iter().find(|field| field.field == wanted).map(|field| &field.decides.1.statement);
    assert_eq!(decides(Field::Names), journey.names().cloned().map(Statement::Names).as_ref());
    assert_eq!(decides(Field::Birth), journey.birth().map(Statement::Birth).as_ref());
    assert_eq!(decides(Field::Insz), journey.insz().map(Statement::Insz).as_ref());
}

/// In capitals, as visas are written, or with its parts in another order: it is the same name.
#[test]
fn a_name_that_is_written_otherwise_is_the_same_name() {
    let who = Who::number(1);
    let mut house = House::new();
    house.today("2025-03-05");
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-03"));
    house.tell(patched(application(&who, Purpose::FamilyReunification, "2025-01-04"), |record| {
        for fact in &mut record.facts {
            fact.authority = Authority::Aliens;
            fact.version.channel = "dvz".to_owned();
            if let Statement::Names(names) = &mut fact.statement {
                names.family.iter_mut().chain(&mut names.given).for_each(|part| *part = part.to_uppercase());
            }
        }
    }));
    let people = house.people();
    let fields = golden(Journey::of(&people[0].state));
    let names = fields.iter().map(told).find(|(field, ..)| *field == Field::Names).unwrap();
    assert_eq!(names.3, [(Authority::Post, true)]);
}

#[test]
fn what_is_said_of_somebody_once_is_what_they_are() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2025-03-05");
    house.tell(patched(application(&who, Purpose::FamilyReunification, "2025-01-02"), |record| {
        let like = record.facts[0].clone();
        for statement in [Statement::Sex(Sex::Female), Statement::Language("fr".to_owned())] {
            record.facts.push(Fact { statement, ..like.clone() });
        }
    }));
    house.tell(account(&who, "2025-01-03"));
    house.tell(choice(&who, "bapa-via:fr", "2025-03-01"));
    let journey = Journey::of(&house.only().state);
    assert_eq!((journey.sex(), journey.language()), (Some(Sex::Female), Some("fr")));
    assert_eq!(journey.choice(&house.bundle), Choice::parse("bapa-via:fr").as_ref());
}

/// Whoever tells it, the newest proof of a test counts.
#[test]
fn of_one_test_passed_elsewhere_the_newest_proof_counts() {
    let who = Who::number(1);
    for (early, late) in [("portal/a", "portal/b"), ("portal/b", "portal/a")] {
        let mut house = House::new();
        house.tell(account(&who, "2025-01-03"));
        for (channel, issuer, on) in [(early, "cnavt", "2025-03-10"), (late, "a-school", "2025-03-11")] {
            house.tell(patched(shown(&who, Some(LanguageLevel::A2), issuer, true, on), |record| {
                record.facts[0].version.channel = channel.to_owned();
            }));
        }
        let tests = Journey::of(&house.only().state).tests_elsewhere();
        let [(.., test)] = &tests[..] else { panic!("{tests:?}") };
        assert_eq!(test.issuer.as_str(), "a-school", "told last through {late}");
    }
}
