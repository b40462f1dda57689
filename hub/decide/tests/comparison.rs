//! Two persons told field by field: what is equal, near and different, and what each weighs. What is told adds up to the whole
//! weight, and carries no value.

use crate::support;
use crate::support::{House, Who, application, model};
use decide::identity::{Comparison, FieldLevel, compared};
use decide::model::Guard;
use schemas::fact::Purpose;

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

/// What is told of one field of two people who share nothing else.
fn fits(
    one: (&str, &str, &str, &'static str),
    other: (&str, &str, &str, &'static str),
    field: &str,
) -> String {
    let who = |n: usize, (family, given, birth, nationality): (&str, &str, &str, &'static str)| Who {
        family: family.into(),
        given: given.into(),
        birth: birth.into(),
        nationality,
        ..Who::number(n)
    };
    let all = told(&beside(&who(1, one), &who(2, other)));
    all.into_iter().find_map(|line| Some(line.strip_prefix(field)?.trim().to_owned())).unwrap_or_default()
}

#[test]
fn two_dates_fit_by_how_clerks_calendars_and_scanners_write_them() {
    for (one, other, nationality, expect) in [
        ("1990-05-11", "1990-05-11", "MAR", "equal"),
        ("1990-01-01", "1990-01-01", "MAR", "equal (first_of_january)"),
        ("1990-00-00", "1990-00-00", "MAR", "equal (year_or_month_alone)"),
        ("1990-05-00", "1990-05-00", "MAR", "equal (year_or_month_alone)"),
        ("1990-05-11", "1990-11-05", "MAR", "near (exchanged)"),
        ("1990-05-11", "1990-05-00", "MAR", "near (day_unknown)"),
        ("1990-05-11", "1990-00-00", "MAR", "near (month_unknown)"),
        ("1990-05-31", "1990-06-01", "MAR", "near (day_apart)"),
        ("1990-05-11", "1990-05-21", "MAR", "near (one_digit)"),
        ("1990-05-12", "1990-05-21", "MAR", "near (one_digit)"),
        ("1990-05-11", "1991-05-11", "MAR", "near (one_digit)"),
        ("1990-05-11", "1990-05-27", "MAR", "near (two_parts)"),
        ("1990-05-11", "1990-01-01", "MAR", "near (default_year)"),
        ("1990-05-11", "1997-05-11", "ETH", "near (calendar)"),
        ("1990-05-11", "1997-05-11", "MAR", "near (one_digit)"),
        ("1989-05-11", "1997-05-11", "ERI", "near (calendar)"),
        ("1989-05-11", "1997-05-11", "MAR", "near (two_parts)"),
        ("1988-05-11", "1997-05-11", "ERI", "near (two_parts)"),
        ("1990-01-01", "1992-01-01", "MAR", "near (two_default_dates)"),
        ("1990-01-01", "1993-01-01", "MAR", "different (two_default_dates)"),
        ("1990-05-11", "1991-00-00", "MAR", "different (known_part_differs)"),
        ("1990-05-11", "1990-06-00", "MAR", "different (known_part_differs)"),
        ("1990-05-11", "1979-02-03", "MAR", "different"),
    ] {
        for (one, other) in [(one, other), (other, one)] {
            let of = |birth| ("Mansouri", "Amal", birth, nationality);
            assert_eq!(fits(of(one), of(other), "birth"), expect, "{one} and {other}, {nationality}");
        }
    }
}

#[test]
fn two_names_fit_by_their_parts_and_by_what_is_written_together() {
    for (one, other, expect) in [
        ("Amal", "Amal", "equal"),
        ("Amal", "Amaal", "near (spelling)"),
        ("Amal", "Amal Sara", "near (part_left_out)"),
        ("Amal", "Khadija", "different (part_remains)"),
        // Written together it is the same, whichever part comes first.
        ("Li Na", "Lina", "equal"),
        ("Na Li", "Lina", "equal"),
        ("Li Na", "Liza", "different (part_remains)"),
        ("An Bo Ki Li", "Anbokili", "equal"),
        ("An Bo Ki Li", "Anbokuxu", "different (part_remains)"),
    ] {
        for (one, other) in [(one, other), (other, one)] {
            let of = |given| ("Mansouri", given, "1988-04-17", "MAR");
            assert_eq!(fits(of(one), of(other), "name"), expect, "{one} and {other}");
        }
    }
}
