//! What a merge does to handovers: row 29 of the state table (docs/handovers.md).
//!
//! Who may become one at all is in `merge.rs`.

use crate::support;
use crate::support::house::person_of;
use crate::support::pair::{asked, two, two_at_home, whole_bridge};
use crate::support::{Home, House, account, number_given, recipient, register, reviewed};
use decide::Refusal;
use decide::round::Verdict;
use decide::routing::RouteReason;
use schemas::handover::{AnswerKind, Owner, RejectCode};
use schemas::message::ReviewAnswer;
use schemas::recipient::Recipient;

#[test]
fn row_29_of_two_offers_the_one_of_today_goes_on() {
    for (amal, atlas, goes_on, ends) in
        [("2025-03-06", "2025-03-07", "atlas", "amal"), ("2025-03-07", "2025-03-06", "amal", "atlas")]
    {
        for swapped in [false, true] {
            let mut house = House::new();
            let homes = [("44021", amal), ("11002", atlas)];
            let (one, other) = if swapped { (homes[1], homes[0]) } else { (homes[0], homes[1]) };
            let (a, b) = two_at_home(&mut house, one, other);
            let offered = house.offered[&recipient(goes_on)].handover;
            house.tell(whole_bridge(&a, &b));
            assert!(house.left().ends_with(&[format!("{ends} ended moved")]), "and no offer anew");
            assert_eq!(house.fired(), ["29"]);
            let live = house.only().live_handover().unwrap();
            assert_eq!((live.id, live.state.as_str()), (offered, "sent"), "{goes_on}");
            house.accepted(goes_on);
            let mut handovers = house.handovers();
            handovers.sort();
            assert_eq!(handovers, [format!("accepted {goes_on}"), format!("superseded {ends}")]);
        }
    }
}

#[test]
fn row_29_who_holds_the_file_keeps_it_while_the_one_of_today_is_asked() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("11002", "2025-03-07"));
    house.accepted("amal");
    house.left();
    house.tell(whole_bridge(&a, &b));
    assert_eq!(house.handovers(), ["accepted amal", "sent atlas"]);
    assert!(!house.left().iter().any(|left| left.starts_with("atlas")), "its offer stands");
    house.accepted("atlas");
    assert_eq!(house.handovers(), ["superseded amal", "accepted atlas"]);
}

#[test]
fn row_29_an_agency_that_took_over_one_of_the_two_has_taken_him_over() {
    for holder in [0, 1] {
        let mut house = House::new();
        let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
        let mut offers: Vec<_> = house.offers.values().cloned().collect();
        offers.sort_by_key(|offer| offer.sequence);
        house.offered.insert(recipient("amal"), offers[holder].clone());
        house.accepted("amal");
        house.left();
        house.tell(whole_bridge(&a, &b));
        assert_eq!(house.handovers(), ["superseded amal", "accepted amal"], "{holder}");
        let left = house.left();
        let to_amal: Vec<_> = left.iter().filter(|left| left.starts_with("amal")).collect();
        assert_eq!(to_amal, ["amal ended merged", "amal file"], "{holder}");
    }
}

#[test]
fn no_merge_of_two_whose_files_two_agencies_hold() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("11002", "2025-03-07"));
    house.accepted("amal");
    house.accepted("atlas");
    let change = house.change(whole_bridge(&a, &b));
    assert_eq!((change.merged().count(), change.reviews.len()), (0, 1));
    // Nor does a reviewer's word: who goes on is the agencies' to settle first.
    let mut house = House::new();
    let (_, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("11002", "2025-03-07"));
    house.accepted("amal");
    let review = asked(&mut house, &b);
    house.accepted("atlas");
    let one = ReviewAnswer::Same(person_of("first"));
    assert_eq!(house.tell(reviewed(review, one)), Verdict::Refused(Refusal::TwoHoldTheFile));
    house.answer("amal", AnswerKind::TrajectoryStarted);
    house.same(review, person_of("first"));
    assert_eq!(house.handovers().iter().filter(|h| h.starts_with("accepted")).count(), 1);
}

#[test]
fn never_two_networks_after_a_merge() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("21004", "2025-03-06"), ("21004", "2025-03-07"));
    house.tell(account(&a, "2025-03-08"));
    house.tell(account(&b, "2025-03-08"));
    house.tell(support::choice(&a, "bapa-via:fr", "2025-03-08"));
    house.tell(support::choice(&b, "bon", "2025-03-09"));
    house.accepted("bapa-via");
    house.left();
    house.tell(whole_bridge(&a, &b));
    assert_eq!(house.handovers(), ["accepted bapa-via", "superseded bon", "held"]);
    assert!(house.left().contains(&"bon ended moved".to_owned()));
    house.answer("bapa-via", AnswerKind::TrajectoryStarted);
    assert_eq!(house.handovers(), ["closed bapa-via", "superseded bon", "superseded"]);
    assert!(!house.left().contains(&"bon offer".to_owned()), "the trajectory has started");
}

#[test]
fn a_file_is_kept_where_the_one_who_survives_was_refused() {
    for holder in [0, 1] {
        let mut house = House::new();
        let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
        let mut offers: Vec<_> = house.offers.values().cloned().collect();
        offers.sort_by_key(|offer| offer.sequence);
        house.pick_up(&offers[1 - holder]);
        house.rejected("amal");
        house.pick_up(&offers[holder]);
        house.accepted("amal");
        house.tell(whole_bridge(&a, &b));
        let mut handovers = house.handovers();
        handovers.sort();
        assert_eq!(handovers, ["accepted amal", "superseded amal"], "{holder}");
        let held = house.only().held_handover().unwrap();
        let stopped = (held.hold, held.code, held.held_in);
        assert_eq!(stopped, (None, None, None), "{holder}: what was said before the yes is over");
        let held = held.id;
        let open = house.only().open_streams().any(|stream| stream.handover == Some(held));
        assert!(open && house.only().lines().contains(&recipient("amal")), "{holder}");
        house.fired();
        let id = house.only().id;
        house.tell(schemas::message::Body::Due(id));
        assert!(house.fired().is_empty(), "{holder}: settled");
    }
}

#[test]
fn what_ended_last_is_told_by_its_day_after_a_merge() {
    for first_started in [true, false] {
        let mut house = House::new();
        let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("62063", "2025-03-07"));
        house.accepted("amal");
        house.today(if first_started { "2025-04-01" } else { "2025-03-20" });
        house.answer("amal", AnswerKind::TrajectoryStarted);
        // The other life ended when it was registered where nobody is competent, on 10 March.
        assert!(house.handovers().contains(&"not_in_scope".to_owned()), "{:?}", house.handovers());
        house.tell(whole_bridge(&a, &b));
        house.today("2025-05-02");
        house.home(&b, "44021", "2025-03-05");
        let live = house.only().live_handover().map(|h| h.recipient.clone());
        assert_eq!(live, None, "{first_started}: the trajectory started after the other end, and is final");
    }
}

#[test]
fn row_29b_a_file_is_kept_where_the_one_who_survives_has_moved_on() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
    let mut offers: Vec<_> = house.offers.values().cloned().collect();
    offers.sort_by_key(|offer| offer.sequence);
    house.moves(&a, "11002", "2025-03-12");
    house.pick_up(&offers[1]);
    house.accepted("amal");
    house.left();
    house.tell(whole_bridge(&a, &b));
    let mut handovers = house.handovers();
    handovers.sort();
    assert_eq!(handovers, ["accepted amal", "sent atlas", "superseded amal", "superseded amal"]);
    let held = house.only().held_handover().unwrap();
    assert_eq!((held.epoch, held.recipient.clone()), (1, Some(recipient("amal"))));
    assert!(house.only().lines().contains(&recipient("amal")));
}

#[test]
fn row_29_who_was_offered_goes_on_before_who_was_not_while_no_home_is_known() {
    for offered in [0, 1] {
        let mut house = House::new();
        let ((a, _), (b, _)) = two(&mut house);
        house.tell(number_given(&a, "2025-03-01"));
        house.tell(number_given(&b, "2025-03-01"));
        let one = [&a, &b][offered];
        house.moves(one, "44021", "2025-03-05");
        house.today("2025-03-07");
        house.tell(register(one, Home::Nowhere, "2025-03-07"));
        house.tell(whole_bridge(&a, &b));
        let live = house.only().live_handover().and_then(|h| h.recipient.clone());
        assert_eq!(live, Some(recipient("amal")), "{offered}: {:?}", house.handovers());
    }
}

#[test]
fn row_29_the_one_that_the_file_moves_to_goes_on() {
    let mut house = House::new();
    let ((a, _), (b, _)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    house.tell(number_given(&b, "2025-03-01"));
    house.moves(&a, "44021", "2025-03-05");
    house.accepted("amal");
    house.moves(&a, "21004", "2025-03-20");
    let next = house.now(person_of("first")).live_handover().unwrap();
    assert_eq!(next.owner, Owner::Coordinator, "while another agency goes on");
    assert_eq!(next.route.as_ref().map(|route| route.reason), Some(RouteReason::AwaitingChoice));
    let next = next.id;
    house.tell(whole_bridge(&a, &b));
    let live = house.only().live_handover().map(|h| (h.id, h.state.as_str()));
    assert_eq!(live, Some((next, "awaiting_choice")), "{:?}", house.handovers());
}

/// Who answers the offer that ended in a merge is told the one that goes on at the same agency.
#[test]
fn row_29_who_answers_what_a_merge_ended_is_told_what_goes_on() {
    let mut house = House::new();
    let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
    let offers: Vec<_> = house.offers.values().cloned().collect();
    house.tell(whole_bridge(&a, &b));
    let live = house.only().live_handover().unwrap().id;
    let ended = offers.iter().find(|offer| offer.handover != live).unwrap();
    house.pick_up(ended);
    let told = house.answer("amal", AnswerKind::Accepted);
    assert_eq!(told, Verdict::Refused(Refusal::OldEpoch { current: 1, successor: Some(live) }));
}

/// How many questions are open.
fn open(house: &House) -> usize {
    house.people().into_iter().map(|person| person.state.open_reviews.len()).sum()
}

/// The agency refused the one because it had taken over the other: once they are one, it has them.
#[test]
fn an_agency_that_refused_the_duplicate_of_whom_it_has_goes_on_after_the_merge() {
    for accepted in [0, 1] {
        let mut house = House::new();
        let (a, b) = two_at_home(&mut house, ("44021", "2025-03-06"), ("44021", "2025-03-07"));
        let mut offers: Vec<_> = house.offers.values().cloned().collect();
        offers.sort_by_key(|offer| offer.sequence);
        assert_eq!(offers.len(), 2);
        house.pick_up(&offers[accepted]);
        house.accepted("amal");
        let asked = open(&house);
        house.pick_up(&offers[1 - accepted]);
        house.received("amal");
        house.answer("amal", AnswerKind::Rejected { code: RejectCode::DuplicateOffer });
        assert_eq!(open(&house), asked + 1, "{accepted}: a human is asked whom it means");
        house.tell(whole_bridge(&a, &b));
        let person = house.only();
        let held = person.held_handover().unwrap_or_else(|| panic!("{accepted}: {:?}", house.handovers()));
        assert_eq!(held.recipient.as_ref().map(Recipient::as_str), Some("amal"), "{accepted}");
        let mut open_lines = person.open_streams().filter(|stream| stream.line.is_some());
        assert!(open_lines.any(|stream| stream.handover == Some(held.id)), "{accepted}: it has its line");
        assert_eq!(person.state.handovers.iter().filter(|h| h.is_live()).count(), 1, "{accepted}");
        assert_eq!(open(&house), 0, "{accepted}: that they are one answers it");
    }
}
