//! Whom the register is asked about, and who is enrolled there, while it changes where they mean to live.
//!
//! Nobody out of the target group is asked about; whose destination is missing, once; who means to live elsewhere, once a
//! municipality of the target group's area tells that they came. Next: `scope`, for the verdicts themselves.

use crate::support;
use crate::support::{
    Home, House, Who, account, announced, application, bound, hint, number_given, patched_permit, permit,
    register, status, to,
};
use decide::change::Change;
use decide::person::TaskKind;
use schemas::fact::{Decision, Purpose, Region};
use schemas::message::Body;

const FAMILY: Purpose = Purpose::FamilyReunification;

/// What a message asks of the register, and which number.
fn asked(change: &Change) -> Vec<&'static str> {
    let word = |kind| match kind {
        TaskKind::Register => "enrol",
        TaskKind::GivePerson => "ask",
        TaskKind::Unregister => "end",
    };
    change.tasks.iter().map(|task| word(task.kind)).collect()
}

/// An application with this destination, and the number that the aliens office gave.
fn numbered(place: Option<&str>) -> (House, Who, Vec<&'static str>) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2025-03-10");
    house.tell(bound(application(&who, FAMILY, "2025-01-02"), place.and_then(to)));
    let change = house.change(number_given(&who, "2025-03-01"));
    let asked = asked(&change);
    (house, who, asked)
}

const BEGIN: [&str; 2] = ["enrol", "ask"];

#[test]
fn only_who_is_in_scope_or_might_be_is_asked_about() {
    for (place, expect) in [
        (Some("Gent"), &BEGIN[..]),
        (None, &BEGIN[..]),
        (Some("Nergenshuizen"), &BEGIN[..]),
        (Some("Liège"), &[]),
        (Some("Eupen"), &[]),
    ] {
        let (mut house, who, tasks) = numbered(place);
        assert_eq!(tasks, expect, "{place:?}");
        let notice = house.change(announced(who.insz, "2025-03-16"));
        assert_eq!(asked(&notice), if expect.is_empty() { vec![] } else { vec!["ask"] }, "{place:?}");
    }
}

#[test]
fn whose_destination_is_missing_is_asked_about_once_and_enrolled_only_while_asked() {
    for (home, expect) in [
        (Home::Nowhere, vec!["end"]),
        (Home::In("92094", "2025-03-04"), vec!["end"]),
        (Home::In("44021", "2025-03-04"), vec![]),
    ] {
        let (mut house, who, _) = numbered(None);
        assert!(asked(&house.change(status(&who, Decision::Granted, 2, "2025-03-02"))).is_empty());
        assert_eq!(asked(&house.change(register(&who, home, "2025-03-10"))), expect, "{home:?}");
        let again = house.change(status(&who, Decision::Granted, 3, "2025-03-11"));
        assert!(asked(&again).is_empty(), "asked once");
        let follows = asked(&house.change(announced(who.insz, "2025-03-16")));
        assert_eq!(
            follows.is_empty(),
            !expect.is_empty(),
            "{home:?}: a notice about who is not enrolled is followed by nothing"
        );
    }
}

#[test]
fn who_enrols_or_names_a_destination_afterwards_is_enrolled_again() {
    let enrols = |who: &Who| account(who, "2025-03-12");
    let names = |who: &Who| {
        let again = Who { application: "77".to_owned(), ..who.clone() };
        application(&again, FAMILY, "2025-03-12")
    };
    let says: [&dyn Fn(&Who) -> Body; 2] = [&enrols, &names];
    for say in says {
        let (mut house, who, _) = numbered(None);
        house.tell(register(&who, Home::Nowhere, "2025-03-10"));
        house.today("2025-03-12");
        assert_eq!(asked(&house.change(say(&who))), BEGIN);
    }
}

#[test]
fn who_means_to_live_elsewhere_is_asked_about_where_a_municipality_of_the_area_tells_that_they_came() {
    for (nis, expect) in
        [("44021", &BEGIN[..]), ("21004", &BEGIN[..]), ("11201", &BEGIN[..]), ("92094", &[]), ("63023", &[])]
    {
        let (mut house, who, _) = numbered(Some("Liège"));
        assert_eq!(asked(&house.change(hint(&who, nis, "2025-03-09"))), expect, "{nis}");
        assert!(house.left().is_empty(), "a hint makes nobody known to anybody");
    }
}

#[test]
fn a_hint_brings_one_question_and_a_later_one_another() {
    let (mut house, who, _) = numbered(Some("Liège"));
    assert_eq!(asked(&house.change(hint(&who, "44021", "2025-03-09"))), BEGIN);
    let answer = house.change(register(&who, Home::In("62063", "2025-03-04"), "2025-03-10"));
    assert_eq!(asked(&answer), ["end"], "they live in Liège");
    assert!(asked(&house.change(announced(who.insz, "2025-03-16"))).is_empty());
    assert!(
        asked(&house.change(hint(&who, "44021", "2025-03-08"))).is_empty(),
        "an older hint says nothing new"
    );
    assert!(
        asked(&house.change(hint(&who, "11002", "2025-03-10"))).is_empty(),
        "nor does one of the moment of the answer"
    );
    house.today("2025-06-10");
    assert_eq!(asked(&house.change(hint(&who, "11002", "2025-06-09"))), BEGIN);
    let answer = house.change(register(&who, Home::In("11002", "2025-06-04"), "2025-06-10"));
    assert!(asked(&answer).is_empty(), "they are in scope now, and stay enrolled");
    assert_eq!(asked(&house.change(announced(who.insz, "2025-06-15"))), ["ask"]);
}

#[test]
fn the_enrolment_ends_when_no_entry_is_in_scope_any_more() {
    let (mut house, who, _) = numbered(Some("Gent"));
    assert_eq!(asked(&house.change(status(&who, Decision::Refused, 2, "2025-03-11"))), ["end"]);
    assert!(asked(&house.change(announced(who.insz, "2025-03-16"))).is_empty());
    let again = Who { application: "77".to_owned(), ..who.clone() };
    assert_eq!(
        asked(&house.change(application(&again, FAMILY, "2025-03-12"))),
        BEGIN,
        "a new entry begins it anew"
    );
    let elsewhere =
        bound(application(&Who { application: "78".to_owned(), ..who }, FAMILY, "2025-03-20"), to("Namur"));
    assert_eq!(asked(&house.change(elsewhere)), ["end"], "the newest destination counts");
}

#[test]
fn the_enrolment_ends_where_the_register_shows_that_they_lived_here_before() {
    let (mut house, who, _) = numbered(Some("Gent"));
    assert_eq!(asked(&house.change(register(&who, Home::In("44021", "2019-05-01"), "2025-03-10"))), ["end"]);
    assert!(
        asked(&house.change(hint(&who, "44021", "2025-03-12"))).is_empty(),
        "nor does a hint bring it back"
    );
}

#[test]
fn who_lives_here_by_their_permit_is_never_asked_about() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2025-03-10");
    let renewal =
        patched_permit(permit(&who, Decision::Granted, "2025-01-01"), |permit| permit.lives_here = true);
    house.tell(renewal);
    for body in
        [hint(&who, "44021", "2025-03-09"), register(&who, Home::In("44021", "2019-05-01"), "2025-03-10")]
    {
        assert!(asked(&house.change(body)).is_empty());
    }
    assert_eq!((house.left(), house.handovers()), (vec![], vec![]));
}

#[test]
fn what_a_human_has_to_decide_leaves_the_enrolment_as_it_is() {
    let (mut house, who, _) = numbered(Some("Gent"));
    let stateless = Who { nationality: "XXA", ..who.clone() };
    assert!(
        asked(&house.change(register(&stateless, Home::In("44021", "2025-03-04"), "2025-03-10"))).is_empty()
    );
    assert_eq!(asked(&house.change(announced(who.insz, "2025-03-16"))), ["ask"]);
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(patched_permit(permit(&who, Decision::Granted, "2025-01-01"), |permit| {
        permit.region = Region::Wallonia
    }));
    assert!(asked(&house.change(hint(&who, "44021", "2025-03-09"))).is_empty());
}

#[test]
fn of_a_replaced_number_only_the_one_that_counts_stays_enrolled() {
    let (mut house, who, _) = numbered(Some("Gent"));
    let new = support::test_insz(99);
    let change = house.change(register(&who, Home::Replaced(new), "2025-03-12"));
    assert_eq!(asked(&change), ["enrol", "ask", "end"]);
    let of: Vec<_> = change.tasks.iter().map(|task| task.insz).collect();
    assert_eq!(of, [new, new, who.insz]);
}
