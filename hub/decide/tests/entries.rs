//! What ends an application or a permit, and nothing else: a refusal, a withdrawal, a departure, the end of its visa.
//!
//! Cases first, then every order of what a post and the aliens office can say of one application against a model.
//! Next: `authorities`, for who decides inside an entry.

use crate::support;
use crate::support::engine::Dice;
use crate::support::{
    Home, House, Who, application, choice, day, patched, patched_application, patched_permit, permit,
    register, since, status, withdrawn,
};
use decide::journey::Journey;
use decide::journey::entries::Ending;
use decide::journey::scope::{Group, OutReason, Scope, scope};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use schemas::fact::{Authority, Decision, Field, PermitRole, Purpose, Region, Statement};
use schemas::message::Body;
use schemas::reference::PermitNumber;

const FAMILY: Purpose = Purpose::FamilyReunification;

/// How the person's entries stand on a day: their applications, then their permits.
fn endings(house: &House, on: &str) -> (Vec<Option<Ending>>, Vec<Option<Ending>>) {
    let (journey, on) = (Journey::of(&house.only().state), day(on));
    let applications = journey.applications(on).map(|entry| entry.ended).collect();
    (applications, journey.permits(on).map(|entry| entry.ended).collect())
}

fn in_scope(house: &House, on: &str) -> Scope {
    scope(Journey::of(&house.only().state), &house.bundle, day(on))
}

#[test]
fn who_left_years_before_they_applied_is_in_scope() {
    for home in [Home::Left, Home::Deceased] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted(&who);
        house.left();
        house.today("2025-03-05");
        house.tell(since(register(&who, home, "2025-03-05"), "2018-05-01"));
        assert_eq!((house.handovers(), house.left()), (vec!["prepared".to_owned()], vec![]));
    }
}

#[test]
fn a_departure_ends_what_began_before_its_day_and_that_alone() {
    // Filed on 2 January.
    for (on, ended) in [("2025-01-01", false), ("2025-01-02", false), ("2025-01-03", true)] {
        for (home, why) in [(Home::Left, Ending::Left), (Home::Deceased, Ending::Deceased)] {
            let (mut house, who) = (House::new(), Who::number(1));
            house.granted(&who);
            house.today("2025-03-05");
            house.tell(since(register(&who, home, "2025-03-05"), on));
            assert_eq!(endings(&house, "2025-03-05").0, [ended.then_some(why)], "{on}");
            let group = if ended { Scope::Out(reason(why)) } else { Scope::In(Group::Family) };
            assert_eq!(in_scope(&house, "2025-03-05"), group);
        }
    }
}

fn reason(ending: Ending) -> OutReason {
    match ending {
        Ending::Decided => OutReason::Ended,
        Ending::Left => OutReason::Left,
        Ending::Deceased => OutReason::Deceased,
        Ending::LivesHere => OutReason::LivesHere,
    }
}

#[test]
fn a_departure_counts_from_its_day() {
    let (mut house, who) = House::with_amal();
    house.today("2025-06-02");
    house.tell(since(register(&who, Home::Left, "2025-06-02"), "2025-09-01"));
    assert_eq!(house.handovers(), ["accepted amal"]);
    assert_eq!(house.only().state.due, Some(day("2025-09-01")));
    house.until("2025-08-31");
    assert_eq!(house.handovers(), ["accepted amal"]);
    house.until("2025-09-01");
    assert_eq!(house.handovers(), ["withdraw_pending amal"]);
}

#[test]
fn a_departure_whose_day_is_not_known_has_happened() {
    let (mut house, who) = House::with_amal();
    house.today("2025-06-02");
    house.tell(register(&who, Home::Left, "2025-06-02"));
    assert_eq!(house.handovers(), ["withdraw_pending amal"]);
}

#[test]
fn a_newer_answer_with_a_home_lifts_a_departure_or_a_death() {
    for home in [Home::Left, Home::Deceased] {
        let (mut house, who) = House::with_amal();
        house.today("2025-06-02");
        house.tell(register(&who, home, "2025-06-02"));
        assert_eq!(house.handovers(), ["withdraw_pending amal"]);
        house.today("2025-06-05");
        house.home(&who, "44021", "2025-03-04");
        house.accepted("amal");
        assert_eq!(house.handovers(), ["withdraw_pending amal", "accepted amal"]);
        house.left();
        let renamed = Who { given: "Amina Zohra".to_owned(), ..who };
        house.tell(register(&renamed, Home::In("44021", "2025-03-04"), "2025-06-06"));
        assert_eq!(house.left(), ["amal file"]);
        // And an older one that comes late does not.
        house.tell(register(&renamed, Home::Left, "2025-06-04"));
        assert_eq!(house.handovers(), ["withdraw_pending amal", "accepted amal"]);
    }
}

#[test]
fn a_departure_ends_no_choice_and_no_account() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted_with_account(&who);
    house.tell(choice(&who, "bapa-via:fr", "2025-02-10"));
    house.today("2025-03-05");
    house.tell(register(&who, Home::Left, "2025-03-05"));
    let again = Who { application: "77".to_owned(), ..who.clone() };
    house.today("2025-04-01");
    house.tell(application(&again, FAMILY, "2025-04-01"));
    house.tell(status(&again, Decision::Granted, 2, "2025-04-20"));
    house.today("2025-05-02");
    house.home(&who, "21004", "2025-05-01");
    assert_eq!(house.handovers().last().map(String::as_str), Some("sent bapa-via"));
    let journey = Journey::of(&house.only().state);
    assert_eq!(journey.portal_accounts().len(), 1);
}

#[test]
fn of_an_application_known_by_its_decision_alone_a_later_departure_is_the_end() {
    for (on, ended) in [("2025-01-15", None), ("2025-03-01", Some(Ending::Left))] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(support::number_given(&who, "2025-01-10"));
        house.tell(status(&who, Decision::Granted, 2, "2025-02-01"));
        house.today("2025-03-05");
        house.tell(since(register(&who, Home::Left, "2025-03-05"), on));
        assert_eq!(endings(&house, "2025-03-05").0, [ended], "left on {on}");
    }
}

#[test]
fn a_withdrawal_is_replaced_by_a_later_statement_of_the_same_sender() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(withdrawn(&who, 2, "2025-01-10"));
    assert_eq!(in_scope(&house, "2025-01-10"), Scope::Out(OutReason::Ended));
    assert_eq!(house.handovers(), ["not_in_scope"]);
    house.tell(status(&who, Decision::Granted, 3, "2025-02-01"));
    assert_eq!(house.handovers(), ["not_in_scope", "prepared"]);
}

/// What the post says of a decision that the aliens office took.
fn of_the_office(body: Body) -> Body {
    patched(body, |record| record.facts[0].authority = Authority::Aliens)
}

/// What the aliens office itself says.
fn from_the_office(body: Body) -> Body {
    patched(of_the_office(body), |record| {
        record.facts[0].version.channel = "dvz".to_owned();
        record.facts[0].version.sequence = None;
    })
}

#[test]
fn what_another_sender_decided_is_no_answer_to_a_withdrawal() {
    for before in [true, false] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(application(&who, FAMILY, "2025-01-02"));
        let decided = if before { "2025-01-05" } else { "2025-02-01" };
        house.tell(withdrawn(&who, 2, "2025-01-10"));
        house.tell(from_the_office(status(&who, Decision::Granted, 1, decided)));
        assert_eq!(endings(&house, "2025-02-01").0, [Some(Ending::Decided)], "decided on {decided}");
        // The post says what the office decided since: that is its own later word.
        house.tell(of_the_office(status(&who, Decision::Granted, 3, "2025-02-02")));
        assert_eq!(endings(&house, "2025-02-02").0, [None]);
    }
}

#[test]
fn another_senders_later_word_replaces_no_withdrawal_where_nobody_counts_either() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(patched(withdrawn(&who, 2, "2025-01-10"), |record| record.facts[0].version.sequence = None));
    house.tell(from_the_office(status(&who, Decision::Granted, 1, "2025-02-01")));
    assert_eq!(endings(&house, "2025-02-01").0, [Some(Ending::Decided)]);
}

#[test]
fn a_departure_ends_a_permit_that_was_applied_for_before_it() {
    for (on, ended) in [("2024-12-31", None), ("2025-01-01", None), ("2025-01-02", Some(Ending::Left))] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(patched(permit(&who, Decision::Granted, "2025-01-01"), |record| {
            record.keys.push(schemas::key::Key::Insz(who.insz));
        }));
        house.today("2025-03-05");
        house.tell(since(register(&who, Home::Left, "2025-03-05"), on));
        assert_eq!(endings(&house, "2025-03-05").1, [ended], "left on {on}");
    }
}

#[test]
fn a_grant_that_a_departure_ended_prepares_nothing_for_the_next_application() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.today("2025-03-05");
    house.tell(register(&who, Home::Left, "2025-03-05"));
    assert_eq!(house.handovers(), ["withdrawn"]);
    house.today("2025-04-01");
    let again = Who { application: "77".to_owned(), ..who };
    house.tell(application(&again, FAMILY, "2025-04-01"));
    assert_eq!(house.handovers(), ["withdrawn"], "the new one is not decided");
    house.tell(status(&again, Decision::Granted, 2, "2025-04-20"));
    assert_eq!(house.handovers(), ["withdrawn", "prepared"]);
}

#[test]
fn a_withdrawal_after_any_decision_ends_its_application_and_no_other() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    let other = Who { application: "77".to_owned(), ..who.clone() };
    house.tell(application(&other, FAMILY, "2025-03-01"));
    house.tell(of_the_office(status(&who, Decision::Granted, 3, "2025-03-02")));
    house.tell(withdrawn(&who, 4, "2025-03-03"));
    assert_eq!(endings(&house, "2025-03-03").0, [Some(Ending::Decided), None]);
    assert_eq!(in_scope(&house, "2025-03-03"), Scope::In(Group::Family));
}

#[test]
fn a_permit_whose_visa_was_refused_or_revoked_has_ended_with_it() {
    for decision in [Decision::Refused, Decision::Revoked] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(permit(&who, Decision::Granted, "2025-01-01"));
        house.tell(application(&who, Purpose::Work, "2025-01-10"));
        house.tell(status(&who, Decision::Granted, 2, "2025-02-01"));
        house.tell(support::number_given(&who, "2025-03-01"));
        house.today("2025-03-05");
        house.home(&who, "44021", "2025-03-04");
        house.accepted("amal");
        house.tell(status(&who, decision, 3, "2025-03-05"));
        assert_eq!(house.handovers(), ["withdraw_pending amal"]);
        assert_eq!(endings(&house, "2025-03-05"), (vec![Some(Ending::Decided)], vec![Some(Ending::Decided)]));
        // Another visa is asked on it.
        let again = Who { application: "77".to_owned(), ..who };
        house.tell(application(&again, Purpose::Work, "2025-03-06"));
        assert_eq!(endings(&house, "2025-03-06").1, [None]);
    }
}

#[test]
fn a_permit_lives_on_where_its_visa_does_or_was_another_ones() {
    let permit_stands = |said: &dyn Fn(&Who) -> Vec<Body>| {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(permit(&who, Decision::Granted, "2025-01-01"));
        said(&who).into_iter().for_each(|body| drop(house.tell(body)));
        endings(&house, "2025-03-05").1 == [None]
    };
    let named = |who: &Who, number: Option<&str>, filed: &str, decision: Decision| {
        let number = number.map(|number| PermitNumber::parse(number).unwrap());
        let applied = patched_application(application(who, Purpose::Work, filed), |applied| {
            applied.permit.clone_from(&number);
        });
        vec![applied, status(who, decision, 2, "2025-02-01")]
    };
    let own = |who: &Who| who.permit.clone();
    for decision in [Decision::Pending, Decision::Granted] {
        assert!(permit_stands(&|who| named(who, Some(&own(who)), "2025-01-10", decision)));
    }
    assert!(!permit_stands(&|who| named(who, Some(&own(who)), "2025-01-10", Decision::Refused)));
    assert!(permit_stands(&|who| named(who, Some("GV-2020-000001"), "2025-01-10", Decision::Refused)));
    // Which names no permit rests on the one that was asked before it.
    assert!(!permit_stands(&|who| named(who, None, "2025-01-10", Decision::Refused)));
    assert!(permit_stands(&|who| named(who, None, "2024-05-10", Decision::Refused)));
    assert!(permit_stands(&|who| vec![
        application(who, FAMILY, "2025-01-10"),
        status(who, Decision::Refused, 2, "2025-02-01")
    ]));
    assert!(permit_stands(&|who| vec![
        application(who, Purpose::Work, "2025-01-10"),
        withdrawn(who, 2, "2025-02-01")
    ]));
}

#[test]
fn a_family_members_permit_ends_with_their_own_visa_on_the_workers_permit() {
    let (mut house, who) = (House::new(), Who::number(1));
    let worker = PermitNumber::parse("GV-2025-000900").unwrap();
    house.tell(patched_permit(permit(&who, Decision::Granted, "2025-01-01"), |permit| {
        permit.role = PermitRole::Family(worker.clone());
    }));
    house.tell(patched_application(application(&who, Purpose::FamilyOfWorker, "2025-01-10"), |applied| {
        applied.permit = Some(worker.clone());
    }));
    assert_eq!(endings(&house, "2025-02-01").1, [None]);
    house.tell(status(&who, Decision::Refused, 2, "2025-02-01"));
    assert_eq!(endings(&house, "2025-02-01").1, [Some(Ending::Decided)]);
}

#[test]
fn a_visa_ends_with_the_permits_that_it_rests_on() {
    let who = Who::number(1);
    let other = Who { permit: "GV-2025-000077".to_owned(), ..who.clone() };
    let worker = "GV-2025-000900";
    let visa = |purpose, named: Option<&str>| {
        patched_application(application(&who, purpose, "2025-01-10"), |applied| {
            applied.permit = named.map(|named| PermitNumber::parse(named).unwrap());
        })
    };
    let family = |body: Body| {
        patched_permit(body, |permit| {
            permit.role = PermitRole::Family(PermitNumber::parse(worker).unwrap());
        })
    };
    let revoked = || permit(&who, Decision::Revoked, "2025-01-05");
    // Which names no permit rests on those that were asked for by its own day.
    let same_day = || permit(&who, Decision::Revoked, "2025-01-10");
    let day_after = || permit(&who, Decision::Revoked, "2025-01-11");
    let again = || permit(&who, Decision::Granted, "2025-01-20");
    let lives = || permit(&other, Decision::Granted, "2025-01-06");
    let (work, of_worker, own) = (Purpose::Work, Purpose::FamilyOfWorker, Some(who.permit.as_str()));
    let rows: [(&str, Vec<Body>, bool); 15] = [
        ("the permit it names was revoked", vec![visa(work, own), revoked()], true),
        ("beside another that lives", vec![visa(work, own), revoked(), lives()], true),
        ("the permit it names lives", vec![visa(work, Some(&other.permit)), revoked(), lives()], false),
        ("it names none, and one lives", vec![visa(work, None), revoked(), lives()], false),
        ("it names none, and none lives", vec![visa(work, None), revoked()], true),
        ("it is not asked on a permit", vec![visa(FAMILY, None), revoked()], false),
        ("the worker's is another's", vec![visa(of_worker, Some(worker)), revoked()], false),
        ("a family member's own", vec![visa(of_worker, Some(worker)), family(revoked())], true),
        ("and granted again", vec![visa(work, own), revoked(), again()], false),
        ("it names none, and one of its day was revoked", vec![visa(work, None), same_day()], true),
        ("it names none, and a later one was revoked", vec![visa(work, None), day_after()], false),
        ("to work, and a family member's was revoked", vec![visa(work, None), family(revoked())], false),
        ("a family member's, and a worker's was revoked", vec![visa(of_worker, None), revoked()], false),
        ("a family member's that names its own number", vec![visa(of_worker, own), family(revoked())], true),
        (
            "a family member's that names another",
            vec![visa(of_worker, Some(&other.permit)), family(revoked())],
            false,
        ),
    ];
    for (name, said, ended) in rows {
        for backwards in [false, true] {
            let (mut house, mut said) = (House::new(), said.clone());
            if backwards {
                said.reverse();
            }
            said.into_iter().for_each(|body| drop(house.tell(body)));
            let expect = ended.then_some(Ending::Decided);
            assert_eq!(endings(&house, "2025-02-01").0, [expect], "{name}, backwards {backwards}");
        }
    }
}

#[test]
fn family_of_a_worker_of_another_region_is_not_in_scope_in_silence() {
    for (region, held) in [(Region::Wallonia, true), (Region::Brussels, false), (Region::Flanders, false)] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.tell(patched_permit(permit(&who, Decision::Granted, "2025-01-01"), |permit| {
            permit.region = region;
            permit.role = PermitRole::Family(PermitNumber::parse("GV-2025-000900").unwrap());
        }));
        let (state, left) = if held { ("held", 0) } else { ("prepared", 1) };
        assert_eq!(
            (house.handovers(), house.left().len()),
            (vec![state.to_owned()], left),
            "by the permit alone"
        );
        house.tell(application(&who, Purpose::FamilyOfWorker, "2025-01-02"));
        assert_eq!((house.people().len(), house.left().len()), (1, 0));
        assert_eq!(house.handovers(), [state], "with the application");
    }
}

#[test]
fn of_a_familys_permits_the_one_that_lives_decides() {
    let (mut house, who) = (House::new(), Who::number(1));
    let of_family = |who: &Who, region, decision| {
        patched_permit(permit(who, decision, "2025-01-01"), |permit| {
            permit.region = region;
            permit.role = PermitRole::Family(PermitNumber::parse("GV-2025-000900").unwrap());
        })
    };
    let other = Who { permit: "GV-2025-000077".to_owned(), ..who.clone() };
    house.tell(of_family(&who, Region::Flanders, Decision::Refused));
    house.tell(of_family(&other, Region::Wallonia, Decision::Granted));
    house.tell(application(&who, Purpose::FamilyOfWorker, "2025-01-02"));
    assert_eq!((house.people().len(), in_scope(&house, "2025-02-01")), (1, Scope::Review));
}

/// What can be said of one application: by whom, through which channel, in which place, and what.
#[derive(Clone, Copy, Debug)]
struct Word {
    channel: &'static str,
    authority: Authority,
    /// A decision; none is a withdrawal.
    decision: Option<Decision>,
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let decision = prop_oneof![
        Just(Some(Decision::Pending)),
        Just(Some(Decision::Granted)),
        Just(Some(Decision::Refused)),
        Just(Some(Decision::Revoked)),
        Just(None),
    ];
    let by = prop_oneof![
        2 => Just(("post/CAS", Authority::Post)),
        1 => Just(("post/CAS", Authority::Aliens)),
        1 => Just(("dvz", Authority::Aliens)),
    ];
    let word =
        (by, decision).prop_filter_map("the office withdraws nothing", |((channel, authority), decision)| {
            let sound = decision.is_some() || authority == Authority::Post;
            sound.then_some(Word { channel, authority, decision })
        });
    proptest::collection::vec(word, 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_250_302),
        cases: 96,
        ..ProptestConfig::default()
    })]

    #[test]
    fn in_any_order_a_withdrawal_is_one_decision_among_those_of_its_sender(words in words(), seed: u64) {
        let who = Who::number(1);
        let said = |place: usize, word: &Word| patched(
            status(&who, word.decision.unwrap_or(Decision::Pending), place as u64 + 2, &format!("2025-02-{:02}", place + 1)),
            |record| {
                let fact = &mut record.facts[0];
                (fact.authority, fact.version.channel) = (word.authority, word.channel.to_owned());
                if word.channel == "dvz" {
                    fact.version.sequence = None;
                }
                if word.decision.is_none() {
                    fact.statement = Statement::Withdrawn;
                }
            },
        );
        let mut order: Vec<usize> = (0..words.len()).chain(0..words.len() / 2).collect();
        let mut dice = Dice(seed | 1);
        for n in (1..order.len()).rev() {
            order.swap(n, dice.roll(n + 1));
        }
        let (mut straight, mut other) = (House::new(), House::new());
        for (house, order) in [(&mut straight, (0..words.len()).collect()), (&mut other, order)] {
            house.say("application", application(&who, FAMILY, "2025-01-02"));
            for place in order {
                house.say(&format!("word {place}"), said(place, &words[place]));
            }
        }
        prop_assert_eq!(&straight.only().state.claims, &other.only().state.claims);
        prop_assert!(straight.only().state.claims.of(Field::Decision).len() <= 3);

        let last = |among: &dyn Fn(&Word) -> bool| words.iter().rev().find(|word| among(word));
        let by_post = last(&|word| word.channel == "post/CAS");
        // The last word of each authority in a channel counts; a withdrawal has replaced what the post said before.
        let of_office = last(&|word| word.authority == Authority::Aliens && word.decision.is_some());
        let of_post = last(&|word| word.authority == Authority::Post);
        let decided = of_office.or(of_post).and_then(|word| word.decision).unwrap_or(Decision::Pending);
        let withdrawn = by_post.is_some_and(|word| word.decision.is_none());
        let over = withdrawn || matches!(decided, Decision::Refused | Decision::Revoked);
        prop_assert_eq!(endings(&other, "2025-03-01").0, vec![over.then_some(Ending::Decided)]);
    }
}
