//! The golden record: for each field the statement that decides, by its rule, and all else that was said beside it.
//!
//! It is what the journey reads, and nothing that anybody said is missing from it.

mod support;

use decide::journey::Journey;
use decide::journey::golden::{GoldenField, GoldenRule, golden};
use schemas::fact::{Authority, Field, Purpose, Statement};
use support::{Home, House, Who, application, number_given, patched, register};

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
