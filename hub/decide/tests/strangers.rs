//! Strangers, twins, namesakes and whoever guesses a number: who is linked, who is asked about, and who is never joined.
//!
//! Strangers to the project found these stories. Next: `linking.rs` for every order, `bad_numbers.rs` for numbers that are no good.

use crate::support::{
    Home, House, Who, account, application, application_key, choice, number_given, objection, orders,
    patched, register, reviewed, status, test_insz,
};
use decide::journey::Journey;
use decide::person::{Person, ReviewReason};
use schemas::fact::{Decision, Field, Purpose, Statement};
use schemas::ids::PersonId;
use schemas::key::Key;
use schemas::message::ReviewAnswer;

const FAMILY: Purpose = Purpose::FamilyReunification;

/// Somebody of this name and birth date, with numbers of their own.
fn called(n: usize, family: &str, given: &str, birth: &str) -> Who {
    Who {
        family: family.to_owned(),
        given: given.to_owned(),
        birth: birth.to_owned(),
        nationality: "MAR",
        ..Who::number(n)
    }
}

/// Somebody who is like no other in these stories.
fn stranger() -> Who {
    called(2, "Okafor", "Chidi", "1979-02-03")
}

/// Whose application this is.
fn applicant<'h>(house: &'h House, who: &Who) -> &'h Person {
    let key = application_key(who);
    let applied = house.people().into_iter().find(|person| person.matching.keys.contains(&key));
    applied.expect("they applied")
}

/// How many national numbers each person has, and how many numbers of the aliens office.
fn numbers(house: &House) -> Vec<(usize, usize)> {
    let count =
        |person: &Person, of: fn(&Key) -> bool| person.matching.keys.iter().filter(|key| of(key)).count();
    let both = |person: &Person| {
        let insz = count(person, |key| matches!(key, Key::Insz(_)));
        (insz, count(person, |key| matches!(key, Key::Dvz(_))))
    };
    house.people().into_iter().map(both).collect()
}

/// How many questions are open.
fn open(house: &House) -> usize {
    house.people().into_iter().map(|person| person.state.open_reviews.len()).sum()
}

#[test]
fn a_shared_number_joins_nobody_of_another_day_whose_name_has_one_word_in_common() {
    let one = called(1, "Alami", "Mohamed", "1961-03-11");
    let other = Who { passport: one.passport.clone(), ..called(2, "Haddad", "Mohamed", "1992-11-23") };
    for (first, second) in [(&one, &other), (&other, &one)] {
        let mut house = House::new();
        house.tell(application(first, FAMILY, "2025-01-02"));
        let change = house.change(application(second, FAMILY, "2025-01-03"));
        let asked: Vec<ReviewReason> = change.reviews.iter().map(|review| review.reason).collect();
        assert_eq!(
            (house.people().len(), asked),
            (2, vec![ReviewReason::KeyContradicts]),
            "{}",
            first.family
        );
    }
}

/// The aliens office writes another's national number beside somebody's own numbers, or beside the dossier's alone.
#[test]
fn whose_national_number_is_anothers_is_neither_asked_about_nor_known_by_it() {
    for with_application in [true, false] {
        let (mut house, one, other) = (House::new(), Who::number(1), stranger());
        house.granted(&one);
        house.tell(application(&other, FAMILY, "2025-01-02"));
        house.tell(status(&other, Decision::Granted, 2, "2025-02-01"));
        house.left();
        let (first, second) = (applicant(&house, &one).id, applicant(&house, &other).id);
        let mistyped = number_given(&Who { insz: one.insz, ..other.clone() }, "2025-03-01");
        let change = house.change(patched(mistyped, |record| {
            record.keys.retain(|key| with_application || !matches!(key, Key::Application(..)));
        }));
        assert_eq!(change.tasks, [], "the register is asked about nobody in their name");
        assert_eq!((change.reviews.len(), change.merged().count()), (1, 0), "{with_application}");
        let known = |id: PersonId| house.now(id).matching.keys.contains(&Key::Insz(one.insz));
        assert_eq!((known(first), known(second)), (true, false), "{with_application}");
        let told = house.left();
        assert!(told.is_empty(), "{with_application}: {told:?}");
    }
}

#[test]
fn twins_stay_two_where_the_number_of_the_one_is_written_for_the_other() {
    let a = called(1, "Khan", "Ayesha", "1990-05-11");
    let b = called(2, "Khan", "Fatima", "1990-05-11");
    let mut house = House::new();
    house.granted(&a);
    house.tell(application(&b, FAMILY, "2025-01-02"));
    let change = house.change(number_given(&Who { insz: a.insz, ..b.clone() }, "2025-03-03"));
    assert_eq!((change.reviews.len(), change.merged().count()), (1, 0));
    assert!(house.persons().values().all(|person| person.state.merged_into.is_none()));
    assert_ne!(applicant(&house, &a).id, applicant(&house, &b).id);
    assert!(numbers(&house).iter().all(|(insz, dvz)| *insz < 2 && *dvz < 2), "{:?}", numbers(&house));
}

/// How many people there are and how many questions are put, where the aliens office names the second after the first
/// applied: under another application and without a passport.
fn beside_the_office(first: &Who, second: &Who) -> (usize, usize) {
    let mut house = House::new();
    house.tell(application(first, FAMILY, "2025-01-02"));
    let change = house.change(number_given(second, "2025-01-05"));
    (house.people().len(), change.reviews.len())
}

#[test]
fn twins_of_whom_one_has_a_given_name_more_stay_two_where_no_passport_tells_them_apart() {
    let a = called(1, "Perez", "Maria", "1990-05-11");
    let b = called(2, "Perez", "Maria Jose", "1990-05-11");
    for (first, second) in [(&a, &b), (&b, &a)] {
        assert_eq!(beside_the_office(first, second), (2, 1), "first {}", first.given);
    }
}

#[test]
fn two_who_have_one_name_only_and_one_birthday_stay_two_and_are_asked_about() {
    let a = called(1, "Mohammad", "", "1990-05-11");
    let b = called(2, "Mohammad", "", "1990-05-11");
    for (first, second) in [(&a, &b), (&b, &a)] {
        assert_eq!(beside_the_office(first, second), (2, 1), "first {}", first.application);
    }
}

/// Whoever guesses the number of an application decides nothing for whose it is, whether they say who they are or not.
#[test]
fn an_account_that_claims_anothers_application_neither_objects_nor_chooses_for_them() {
    for nameless in [false, true] {
        let (mut house, who) = House::with_amal();
        let guesses = Who { application: "999".to_owned(), ..stranger() };
        let (post, number) = who.of_application();
        let claims = Key::ApplicationNamed(post, number);
        house.tell(patched(account(&guesses, "2025-04-01"), |record| {
            record.keys.retain(|key| matches!(key, Key::Account(_)));
            record.keys.push(claims);
            if nameless {
                (record.names, record.births) = (vec![], vec![]);
                record
                    .facts
                    .retain(|fact| !matches!(fact.statement, Statement::Names(_) | Statement::Birth(_)));
            }
        }));
        house.tell(objection(&guesses, "2025-04-02"));
        house.tell(choice(&guesses, "bon", "2025-04-03"));
        assert_eq!(house.handovers(), ["accepted amal"], "nameless: {nameless}");
        let told = house.left();
        assert!(told.is_empty(), "nameless: {nameless}: {told:?}");
        let journey = Journey::of(&applicant(&house, &who).state);
        assert!(!journey.objects() && journey.choice(&house.bundle).is_none(), "nameless: {nameless}");
        assert_eq!(journey.portal_accounts().len(), 1, "their own");
        assert_eq!(open(&house), usize::from(!nameless), "whoever says who they are is asked about");
    }
}

#[test]
fn who_applies_again_with_day_and_month_exchanged_and_no_document_is_asked_about() {
    for exchanged_first in [false, true] {
        let (right, exchanged) = ("1990-05-11".to_owned(), "1990-11-05".to_owned());
        let births = if exchanged_first { [exchanged, right] } else { [right, exchanged] };
        let [one, other] = births.map(|birth| Who { birth, ..Who::number(1) });
        let other = Who { application: "800".to_owned(), ..other };
        let mut house = House::new();
        house.tell(application(&one, FAMILY, "2025-01-02"));
        let first = applicant(&house, &one).id;
        let change = house.change(patched(application(&other, FAMILY, "2025-01-05"), |record| {
            record.keys.retain(|key| matches!(key, Key::Application(..)));
        }));
        let between: Vec<_> = change.reviews.iter().map(|review| review.candidates.clone()).collect();
        assert_eq!((house.people().len(), between), (2, vec![vec![first]]), "{exchanged_first}");
    }
}

/// A record under a contested number has a person of its own, whom a human tells apart: what is said of the number then
/// is of whose it is, and the same record once more is no new question.
#[test]
fn after_a_human_told_two_apart_a_number_leads_to_whose_it_is() {
    let (mut house, one) = (House::new(), Who::number(1));
    house.granted(&one);
    let mistyped = || {
        let said = number_given(&Who { insz: one.insz, ..stranger() }, "2025-03-05");
        patched(said, |record| record.keys.retain(|key| matches!(key, Key::Insz(_))))
    };
    let change = house.change(mistyped());
    let [review] = &change.reviews[..] else { panic!("{:?}", change.reviews) };
    let (first, piece) = (applicant(&house, &one).id, review.person);
    assert_ne!(first, piece);
    house.change(reviewed(review.id, ReviewAnswer::Different));
    house.tell(register(&one, Home::Nowhere, "2025-03-06"));
    let answers = |id: PersonId| house.now(id).state.claims.of(Field::Standing).len();
    assert_eq!((house.people().len(), answers(first), answers(piece)), (2, 1, 0));
    assert_eq!(Journey::of(&house.now(first).state).insz(), Some(one.insz));
    let again = house.change(mistyped());
    assert_eq!((house.people().len(), again.reviews, open(&house)), (2, vec![], 0));
    assert_eq!(again.records[0].person, piece);
}

/// The register's answer about the one came first, and name and day led it to the other's application.
#[test]
fn of_two_namesakes_of_one_birthday_whose_answers_met_the_second_number_is_asked_about() {
    let a = called(1, "Nguyen", "Hoa", "1990-05-11");
    let b = called(2, "Nguyen", "Hoa", "1990-05-11");
    let mut house = House::new();
    house.tell(application(&b, FAMILY, "2025-01-02"));
    house.tell(status(&b, Decision::Granted, 2, "2025-02-01"));
    house.today("2025-03-05");
    house.home(&a, "44021", "2025-03-04");
    assert_eq!((house.people().len(), house.handovers()), (1, vec!["sent amal".to_owned()]));
    house.accepted("amal");
    let change = house.change(number_given(&b, "2025-04-01"));
    assert_eq!((change.reviews.len(), house.people().len()), (1, 2));
    assert!(numbers(&house).iter().all(|(insz, dvz)| *insz < 2 && *dvz < 2), "{:?}", numbers(&house));
    assert_eq!(house.seen("amal", "insz"), Some(a.insz.to_string()), "Amal is told of no other number");
    assert_eq!(house.handovers(), ["accepted amal"]);
}

#[test]
fn two_namesakes_of_one_birthday_end_with_two_national_numbers_in_no_order() {
    let a = called(1, "Nguyen", "Hoa", "1990-05-11");
    let b = called(2, "Nguyen", "Hoa", "1990-05-11");
    let all = [
        ("A application", application(&a, FAMILY, "2025-01-02")),
        ("A dvz", number_given(&a, "2025-01-05")),
        ("A register", register(&a, Home::In("44021", "2025-03-04"), "2025-03-05")),
        ("B application", application(&b, FAMILY, "2025-01-02")),
        ("B dvz", number_given(&b, "2025-01-05")),
        ("B register", register(&b, Home::In("11002", "2025-03-04"), "2025-03-05")),
    ];
    for order in orders(all.len()) {
        let mut house = House::new();
        house.today("2025-04-01");
        for n in &order {
            house.say(all[*n].0, all[*n].1.clone());
        }
        let told: Vec<&str> = order.iter().map(|n| all[*n].0).collect();
        let has = numbers(&house);
        assert!(has.iter().all(|(insz, dvz)| *insz < 2 && *dvz < 2), "{has:?} by {told:?}");
    }
}

/// Application, name and day are theirs, and both numbers are others.
#[test]
fn an_application_that_comes_with_other_numbers_than_its_holder_has_is_asked_about() {
    let (mut house, who) = (House::new(), called(1, "Khan", "Ayesha", "1990-05-11"));
    house.granted(&who);
    let other = Who { insz: test_insz(77), dvz: "8000777".to_owned(), ..who.clone() };
    let change = house.change(number_given(&other, "2025-04-01"));
    let asked: Vec<ReviewReason> = change.reviews.iter().map(|review| review.reason).collect();
    assert_eq!((asked, house.people().len()), (vec![ReviewReason::NumberDiffers], 2));
    assert!(numbers(&house).iter().all(|(insz, dvz)| *insz < 2 && *dvz < 2), "{:?}", numbers(&house));
}
