//! What a human's answer to a review does. Where a national number is involved, two people must say that two persons are
//! one; one answer answers the other candidates with it; "different" is for good. Cases of docs/identity.md#review.
//!
//! What a merge then does is in `merge.rs`, who is asked about in `linking.rs` and `alone.rs`.

use crate::support::house::person_of;
use crate::support::pair::{FAMILY, asked, bridge, dvz, two};
use crate::support::{House, Who, application, application_key, named, number_given, parted, reviewed_by};
use decide::Refusal;
use decide::person::Event;
use decide::round::Verdict;
use schemas::ids::{PersonId, ReviewId};
use schemas::message::ReviewAnswer;

/// A human whom the hub knows as two persons, one of them by a national number: whether they are one is asked.
fn numbered() -> (House, (Who, PersonId), (Who, PersonId), ReviewId) {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    let review = asked(&mut house, &b);
    let (first, second) = (house.now(first).id, house.now(second).id);
    (house, (a, first), (b, second), review)
}

#[test]
fn where_a_national_number_is_involved_two_people_say_that_they_are_one() {
    use ReviewAnswer::{CannotTell, Different, Same};
    let (start, (_, first), (_, second), review) = numbered();
    let is = Same(first);
    // Who says what in turn; how many persons there are then, and whose word waits for a second.
    type Told<'a> = (&'a str, ReviewAnswer, usize, Option<&'a str>);
    let stories: [(&str, &[Told<'_>]); 6] = [
        ("a second agrees", &[("lucas", is, 2, Some("lucas")), ("nora", is, 1, None)]),
        (
            "nobody agrees with themselves",
            &[("lucas", is, 2, Some("lucas")), ("lucas", is, 2, Some("lucas")), ("nora", is, 1, None)],
        ),
        ("a second says no", &[("lucas", is, 2, Some("lucas")), ("nora", Different, 2, None)]),
        (
            "a second cannot tell: it is asked anew",
            &[
                ("lucas", is, 2, Some("lucas")),
                ("nora", CannotTell, 2, None),
                ("nora", is, 2, Some("nora")),
                ("lucas", is, 1, None),
            ],
        ),
        (
            "who was sure takes it back",
            &[("lucas", is, 2, Some("lucas")), ("lucas", CannotTell, 2, None), ("nora", is, 2, Some("nora"))],
        ),
        ("who was sure says no", &[("lucas", is, 2, Some("lucas")), ("lucas", Different, 2, None)]),
    ];
    for (story, told) in stories {
        let mut house = start.clone();
        for (n, (by, answer, persons, waits)) in told.iter().enumerate() {
            let change = house.change(reviewed_by(review, *answer, by));
            assert_eq!(house.people().len(), *persons, "{story}: {n}");
            let seconded = |(_, event): &(PersonId, Event)| matches!(event, Event::SameSeconded { .. });
            assert_eq!(change.events.iter().any(seconded), *persons == 1, "{story}: {n}");
            let open = house.now(second).state.open_reviews.get(&review).cloned();
            let proposed = open.and_then(|open| open.proposed);
            let own = proposed.as_ref().map(|(same, by)| (*same, by.as_str()));
            assert_eq!(own, waits.map(|by| (first, by)), "{story}: {n}");
        }
        assert_eq!(house.folded(), house.persons(), "{story}");
        let never = house.now(first).matching.never.contains(&second);
        assert_eq!(never, told.iter().any(|(_, answer, ..)| *answer == Different), "{story}");
    }
}

#[test]
fn where_none_is_involved_one_person_says_so() {
    let mut house = House::new();
    let ((_, first), (b, _)) = two(&mut house);
    let review = asked(&mut house, &b);
    let change = house.change(reviewed_by(review, ReviewAnswer::Same(first), "lucas"));
    assert_eq!(change.merged().count(), 1);
}

#[test]
fn the_number_may_be_either_ones_and_what_was_said_of_whom_they_were_counts() {
    let mut house = House::new();
    let ((a, first), (b, second)) = two(&mut house);
    house.tell(number_given(&b, "2025-03-01"));
    let review = asked(&mut house, &b);
    let says = |house: &mut House, by: &str| {
        house.change(reviewed_by(review, ReviewAnswer::Same(first), by)).merged().count()
    };
    assert_eq!(says(&mut house, "lucas"), 0, "it is the asked one's own");
    // The machine finds that the candidate is somebody known before.
    let known = Who { application: "811".into(), passport: "T811811".into(), ..a.elsewhere() };
    let name = (0..).map(|n| format!("known {n}")).find(|name| person_of(name) < first).unwrap();
    house.say(&name, application(&known, FAMILY, "2025-01-09"));
    house.tell(bridge(&a, &known));
    assert_eq!(house.now(first).id, person_of(&name));
    assert_eq!((says(&mut house, "lucas"), says(&mut house, "nora")), (0, 1));
    assert_eq!(house.now(first).id, house.now(second).id);
}

/// A record that fits two whom nobody joins is about both: the answer about one answers the other with it.
#[test]
fn one_answer_answers_the_other_candidates_in_the_same_commit() {
    let mut house = House::new();
    let (first, second) = (Who::number(1), Who::number(2));
    for who in [&first, &second] {
        assert_eq!(house.change(application(who, FAMILY, "2025-01-02")).reviews, []);
    }
    let change = house.change(bridge(&first, &second));
    let [review] = &change.reviews[..] else { panic!("{:?}", change.reviews) };
    let [one, other] = review.candidates[..] else { panic!("{review:?}") };
    let change = house.change(reviewed_by(review.id, ReviewAnswer::Same(one), "lucas"));
    assert_eq!(change.merged().count(), 1);
    assert!(house.people().iter().all(|person| person.state.open_reviews.is_empty()));
    let (now, other) = (house.now(one), house.now(other));
    assert!(
        !now.matching.never.contains(&other.id) && !other.matching.never.contains(&now.id),
        "nor told apart"
    );
    let late = reviewed_by(review.id, ReviewAnswer::Same(other.id), "lucas");
    assert_eq!(house.tell(late), Verdict::Refused(Refusal::UnknownReview));
}

/// Two who mean two persons do not agree: the later word takes the place of the other.
#[test]
fn who_means_somebody_else_does_not_second() {
    let mut house = House::new();
    let (first, second) = (Who::number(1), Who::number(2));
    for who in [&first, &second] {
        house.tell(application(who, FAMILY, "2025-01-02"));
        house.tell(number_given(who, "2025-02-01"));
    }
    let change = house.change(bridge(&first, &second));
    let [review] = &change.reviews[..] else { panic!("{:?}", change.reviews) };
    let [one, other] = review.candidates[..] else { panic!("{review:?}") };
    for (by, same, merged) in [("lucas", one, 0), ("nora", other, 0), ("lucas", one, 0), ("nora", one, 1)] {
        let change = house.change(reviewed_by(review.id, ReviewAnswer::Same(same), by));
        assert_eq!(change.merged().count(), merged, "{by}");
    }
}

/// Whatever either of them turns out to be: also each of two whom one of them was taken for.
#[test]
fn different_is_for_good_also_after_a_split() {
    for half in [0, 1] {
        let mut house = House::new();
        let ((a, first), (b, second)) = two(&mut house);
        let review = asked(&mut house, &b);
        let second = house.now(second).id;
        house.change(reviewed_by(review, ReviewAnswer::Different, "lucas"));
        house.tell(named(&b, vec![dvz(&b)]));
        let records: Vec<_> = house.records_of(second).into_iter().collect();
        let part = records[..records.len() / 2].iter().copied().collect();
        let change = house.change(parted(second, &part, "lucas"));
        let parts = change.events.iter().find_map(|(_, event)| match event {
            Event::Parted { kept, moved, .. } => Some([*kept, *moved]),
            _ => None,
        });
        let part = parts.unwrap()[half];
        let numbers: Vec<_> = house.now(part).matching.keys.iter().cloned().collect();
        house.tell(named(&a, [numbers, vec![application_key(&a)]].concat()));
        assert_ne!(house.now(part).id, house.now(first).id, "{half}");
    }
}
