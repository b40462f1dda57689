//! Two persons told field by field: what is equal, near and different, and what each weighs. What is told adds up to the whole
//! weight, and carries no value.

mod support;

use decide::identity::{Comparison, FieldLevel, compared};
use decide::model::Guard;
use schemas::fact::Purpose;
use support::{House, Who, application, model};

const FAMILY: Purpose = Purpose::FamilyReunification;

/// Two applications of two people, compared.
fn beside(one: &Who, other: &Who) -> Comparison {
    let mut house = House::new();
    house.tell(application(one, FAMILY, "2025-01-02"));
    house.tell(application(other, FAMILY, "2025-01-03"));
    let people = house.people();
    let of = |who: &Who| {
        let (post, number) = who.of_application();
        let key = schemas::key::Key::Application(post, number);
        people.iter().find(|person| person.matching.keys.contains(&key)).copied().expect("they applied")
    };
    compared(of(one), of(other), &model())
}

fn told(found: &Comparison) -> Vec<String> {
    let said = found.fields.iter().filter(|fit| fit.level != FieldLevel::Missing);
    said.map(|fit| {
        let kind = fit.kind.map_or_else(String::new, |kind| format!(" ({kind})"));
        format!("{} {}{kind}", fit.field.as_str(), fit.level.as_str())
    })
    .collect()
}

#[test]
fn each_field_says_how_it_fits() {
    let one = Who {
        family: "Mansouri".into(),
        given: "Amal".into(),
        birth: "1988-04-17".into(),
        passport: "P700001".into(),
        ..Who::number(7)
    };
    let other = |family: &str, given: &str, birth: &str, passport: &str| Who {
        family: family.into(),
        given: given.into(),
        birth: birth.into(),
        passport: passport.into(),
        application: "888".into(),
        ..one.clone()
    };
    let cases = [
        (other("Mansouri", "Amal", "1988-04-17", "Q900009"), "name equal; birth equal; passport different"),
        (
            other("Mansuri", "Amal", "1988-04-18", "P700002"),
            "name near (spelling); birth near (day_apart); passport near",
        ),
        (
            other("Mansouri", "Amal Sara", "1988-00-00", "Q900009"),
            "name near (part_left_out); birth near (month_unknown); passport different",
        ),
        (
            other("Mansouri", "Zineb", "1971-12-30", "Q900009"),
            "name different (part_remains); birth different; passport different",
        ),
    ];
    for (who, expect) in cases {
        let found = beside(&one, &who);
        let told = told(&found);
        let named: Vec<&str> = told
            .iter()
            .map(String::as_str)
            .filter(|told| !told.starts_with("nationality") && !told.starts_with("application"))
            .collect();
        assert_eq!(named.join("; "), expect);
        assert!(
            told.contains(&"nationality equal".to_owned())
                && told.contains(&"application different".to_owned()),
            "{told:?}"
        );
        // What is missing weighs nothing, and all of it together is what the machine goes by.
        let sum: i32 = found.fields.iter().map(|fit| fit.weight).sum();
        assert_eq!(found.prior + sum, found.weight, "{found:?}");
        let missing = found.fields.iter().filter(|fit| fit.level == FieldLevel::Missing);
        assert!(missing.clone().count() > 0 && missing.clone().all(|fit| fit.weight == 0), "{found:?}");
        assert!(found.guards.contains(&Guard::NumberDiffers), "two applications: {found:?}");
    }
}

#[test]
fn who_was_told_apart_is_told_so() {
    let (one, other) = (Who::number(1), Who { application: "888".into(), ..Who::number(1) });
    let mut house = House::new();
    for who in [&one, &other] {
        house.tell(application(
            &Who { passport: format!("Q90{:0>4}", who.application), ..(*who).clone() },
            FAMILY,
            "2025-01-02",
        ));
    }
    let asked: Vec<_> = house.people().iter().flat_map(|p| p.state.open_reviews.keys().copied()).collect();
    let [review] = asked[..] else { panic!("{asked:?}") };
    house.change(support::reviewed(review, schemas::message::ReviewAnswer::Different));
    let people = house.people();
    assert!(compared(people[0], people[1], &house.bundle.model).guards.contains(&Guard::ToldApart));
    assert!(compared(people[1], people[0], &house.bundle.model).guards.contains(&Guard::ToldApart));
}
