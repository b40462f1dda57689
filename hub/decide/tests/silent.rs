//! An item that says nothing of a part erases nothing: each part of an application, a permit, a contact or a course stands
//! by itself. The newest item that names it counts, and the order in which items come does not matter.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support::filing::Filing;
use crate::support::{
    House, Who, account, application, bound, day, patched, patched_application, patched_permit, permit,
    status, talked, to,
};
use decide::journey::Journey;
use schemas::fact::{Decision, Fact, Purpose, Statement};
use schemas::message::Body;
use schemas::municipality::NisCode;
use schemas::place::Destination;
use schemas::reference::PermitNumber;

/// What is known of somebody that an item may leave out.
fn known(house: &House) -> Vec<(&'static str, String)> {
    let on = day("2025-04-01");
    let journey = Journey::of(&house.only().state);
    let visa = journey.applications(on).next();
    let visa = visa.as_ref();
    let here = journey.permits(on).next().map(|permit| permit.ended);
    vec![
        ("ground", format!("{:?}", visa.and_then(|visa| visa.ground()))),
        ("permit", format!("{:?}", visa.and_then(|visa| visa.permit()))),
        ("entry", format!("{:?}", visa.and_then(|visa| visa.entry_on()))),
        ("visa", format!("{:?}", visa.map(|visa| visa.needs_visa()))),
        ("lives here", format!("{here:?}")),
        ("mail", format!("{:?}", journey.email())),
        ("phone", format!("{:?}", journey.phone())),
        ("language", format!("{:?}", journey.course_language())),
        ("period", format!("{:?}", journey.course_period())),
    ]
}

/// An application for work, with what may be left out as this says it.
fn filed(who: &Who, on: &str, say: impl Fn(&mut Filing)) -> Body {
    patched_application(application(who, Purpose::Work, on), |filing| {
        *filing = Filing::bare(day("2025-01-02"), Purpose::Work);
        say(filing);
    })
}

/// Their account, with how to reach them as this says it.
fn reached(who: &Who, on: &str, said: &[Statement]) -> Body {
    patched(account(who, on), |record| {
        let first = record.facts[0].clone();
        record.facts.extend(said.iter().map(|said| Fact { statement: said.clone(), ..first.clone() }));
    })
}

/// Of each kind of item: one that names its parts, and a later one that is silent about them.
fn pairs(who: &Who) -> Vec<(&'static str, Body, Body)> {
    let number = PermitNumber::parse(&who.permit).unwrap();
    let named = |filing: &mut Filing| {
        filing.ground = Some("40ter".to_owned());
        filing.permit = Some(number.clone());
        filing.entry_on = Some(day("2025-06-01"));
        filing.needs_visa = false;
    };
    let row = |on, lives_here, through_post| {
        patched_permit(permit(who, Decision::Granted, on), |row| {
            (row.lives_here, row.through_post) = (lives_here, through_post);
        })
    };
    let mail = Statement::Email("zoe@mail.example".to_owned());
    let talk = talked(who, &["device"], Some("fr"), "2025-01-20");
    let silent = patched(talked(who, &[], None, "2025-02-20"), |record| {
        record.facts.retain(|fact| matches!(fact.statement, Statement::Support(_)));
    });
    vec![
        ("application", filed(who, "2025-01-02", named), filed(who, "2025-02-02", |_| {})),
        ("who lives here", row("2025-01-03", true, false), row("2025-02-03", false, false)),
        ("who comes through a post", row("2025-01-03", false, true), row("2025-02-03", true, false)),
        ("contact", reached(who, "2025-01-04", &[mail]), reached(who, "2025-02-04", &[])),
        ("course", talk, silent),
    ]
}

#[test]
fn what_a_later_item_leaves_out_stays_as_it_was_in_whichever_order_they_come() {
    for n in 0..pairs(&Who::number(1)).len() {
        let told = |order: &[usize]| {
            let (mut house, who) = (House::new(), Who::number(1));
            house.tell(account(&who, "2025-01-01"));
            house.today("2025-03-01");
            let (what, named, silent) = pairs(&who).remove(n);
            let said = [named, silent];
            order.iter().for_each(|n| drop(house.tell(said[*n].clone())));
            (what, known(&house))
        };
        let (what, alone) = told(&[0]);
        assert_ne!(alone, told(&[1]).1, "{what}: the first says something that the other does not");
        for order in [&[0, 1][..], &[1, 0], &[0, 1, 0]] {
            assert_eq!(told(order).1, alone, "{what} {order:?}");
        }
    }
}

#[test]
fn what_a_later_item_names_differently_counts_part_by_part() {
    for order in [[0, 1], [1, 0]] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(account(&who, "2025-01-01"));
        house.today("2025-03-01");
        let (mail, other) =
            (Statement::Email("a@mail.example".into()), Statement::Email("b@mail.example".into()));
        let phone = Statement::Phone("+32900000001".into());
        let said = [
            [
                filed(&who, "2025-01-02", |filing| {
                    (filing.ground, filing.entry_on) = (Some("10".into()), Some(day("2025-06-01")));
                }),
                reached(&who, "2025-01-04", &[mail, phone]),
                talked(&who, &[], Some("fr"), "2025-01-20"),
            ],
            [
                filed(&who, "2025-02-02", |filing| filing.ground = Some("10bis".into())),
                reached(&who, "2025-02-04", &[other]),
                talked(&who, &[], None, "2025-02-20"),
            ],
        ];
        order.iter().for_each(|n| said[*n].iter().for_each(|body| drop(house.tell(body.clone()))));
        let known = known(&house);
        let of = |what: &str| known.iter().find(|(name, _)| *name == what).unwrap().1.clone();
        assert_eq!((of("ground"), of("entry")), ("Some(\"10bis\")".into(), "Some(2025-06-01)".into()));
        assert_eq!(
            (of("mail"), of("phone")),
            ("Some(\"b@mail.example\")".into(), "Some(\"+32900000001\")".into())
        );
        assert_eq!(of("language"), "Some(\"fr\")");
        assert!(of("period").contains("2025-02-20"), "{}", of("period"));
    }
}

/// An application at a post, with a destination.
fn bound_for(who: &Who, destination: Option<&str>, sequence: u64, on: &str) -> Body {
    patched(bound(application(who, Purpose::FamilyReunification, on), destination.and_then(to)), |record| {
        for fact in &mut record.facts {
            fact.version.sequence = Some(sequence);
        }
    })
}

#[test]
fn where_they_mean_to_live_is_what_was_stated_last_for_an_entry_that_lives() {
    let (mut house, who) = (House::new(), Who::number(1));
    let (second, none) = (Who { application: "77".to_owned(), ..who.clone() }, "2025-01-04");
    let intended = |house: &House| {
        let journey = Journey::of(&house.only().state);
        let intended = journey.intended(day("2025-06-01")).cloned();
        intended.and_then(|intended| intended.municipality.or(intended.nis.map(|nis| nis.to_string())))
    };
    house.tell(bound_for(&second, Some("Leuven"), 1, "2025-03-01"));
    house.tell(bound_for(&who, Some("Gent"), 1, "2025-01-02"));
    assert_eq!(intended(&house).as_deref(), Some("Leuven"), "the older one came later");
    house.tell(status(&second, Decision::Refused, 2, "2025-04-01"));
    assert_eq!(intended(&house).as_deref(), Some("Gent"), "the other has ended");
    house.tell(bound_for(&who, Some("Luik"), 2, none));
    assert_eq!(intended(&house).as_deref(), Some("Luik"), "corrected");
    let antwerp = Destination { nis: NisCode::parse("11002").ok(), ..Destination::default() };
    house.tell(bound(permit(&who, Decision::Granted, "2025-02-01"), antwerp.stated()));
    assert_eq!(intended(&house).as_deref(), Some("11002"), "a permit speaks as well");
    house.tell(bound_for(&who, None, 3, "2025-05-01"));
    house.tell(permit(&who, Decision::Granted, "2025-05-01"));
    assert_eq!(intended(&house).as_deref(), Some("11002"), "what names none leaves what was known");
    house.tell(permit(&who, Decision::Refused, "2025-05-02"));
    assert_eq!(intended(&house).as_deref(), Some("Luik"), "the application still says so");
}
