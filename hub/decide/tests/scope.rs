//! The target group as a table: who is in it, who is not and why, who is a human's, and of whom too little is known.
//!
//! Each row is what was said of one person and the verdict on a day, whatever the order in which it came. Next:
//! `scope_asked`, for whom the register is asked about while that changes.

use crate::support;
use crate::support::{
    Home, House, Who, account, application, bound, day, number_given, patched, patched_application,
    patched_permit, permit, register, status, to,
};
use decide::bundle::{CandidateKind, CandidateRule};
use decide::journey::Journey;
use decide::journey::scope::Group::{Family, Labour, LabourFamily};
use decide::journey::scope::OutReason::{Age, IntendedArea, LivesHere, Nationality, NoCandidate};
use decide::journey::scope::Scope::{In, Out, Review, Unknown};
use decide::journey::scope::{OutReason, Scope, scope};
use schemas::fact::{Authority, Decision, PermitRole, Purpose, Region};
use schemas::handover::AnswerKind;
use schemas::message::Body;
use schemas::reference::PermitNumber;

const FAMILY: Purpose = Purpose::FamilyReunification;
const OF_WORKER: Purpose = Purpose::FamilyOfWorker;

fn verdict(house: &House, on: &str) -> Scope {
    scope(Journey::of(&house.only().state), &house.bundle, day(on))
}

/// What was said leads to this verdict, forwards and backwards.
fn check(name: &str, said: &[Body], expect: Scope) {
    for backwards in [false, true] {
        let mut house = House::new();
        house.today("2025-06-01");
        let mut said = said.to_vec();
        if backwards {
            said.reverse();
        }
        for body in said {
            house.tell(body);
        }
        assert_eq!(verdict(&house, "2025-06-01"), expect, "{name}, backwards {backwards}");
        let shown = matches!(expect, In(_));
        let open = house.only().open_streams().any(|stream| stream.recipient.as_str() != "portal");
        assert!(shown || !open || !matches!(expect, Out(_)), "{name}: nothing goes on about who is out");
        assert!(
            house.log.len() > 1 || shown != house.left().is_empty(),
            "{name}: only who is in scope is shown"
        );
    }
}

fn of_region(who: &Who, worker: Option<&PermitNumber>, region: Region) -> Body {
    patched_permit(permit(who, Decision::Granted, "2025-01-01"), |permit| {
        permit.region = region;
        permit.role = worker.map_or(PermitRole::Worker, |worker| PermitRole::Family(worker.clone()));
    })
}

#[test]
fn where_they_mean_to_live_decides() {
    let who = Who::number(1);
    let family = |place: &str| bound(application(&who, FAMILY, "2025-01-02"), to(place));
    for (place, expect) in [
        ("Gent", In(Family)),
        ("GAND", In(Family)),
        ("Ixelles", In(Family)),
        ("Sint-Pieters-Leeuw", In(Family)),
        ("Liège", Out(IntendedArea)),
        ("Luik", Out(IntendedArea)),
        ("Eupen", Out(IntendedArea)),
        ("Nergenshuizen", Unknown),
        ("Saint-Nicolas", Unknown),
    ] {
        check(place, &[family(place)], expect);
    }
    check("nowhere named", &[bound(application(&who, FAMILY, "2025-01-02"), None)], Unknown);
    check(
        "enrolled",
        &[bound(application(&who, FAMILY, "2025-01-02"), None), account(&who, "2025-01-05")],
        In(Family),
    );
    check("enrolled, and elsewhere", &[family("Namur"), account(&who, "2025-01-05")], Out(IntendedArea));
    let registered = |nis| register(&who, Home::In(nis, "2025-03-04"), "2025-03-05");
    let number = || number_given(&who, "2025-03-01");
    check("registered in Ghent", &[family("Namur"), number(), registered("44021")], In(Family));
    check("registered in Brussels", &[family("Eupen"), number(), registered("21004")], In(Family));
    check("registered in a district", &[family("Eupen"), number(), registered("11201")], In(Family));
    check("registered in Eupen", &[family("Eupen"), number(), registered("63023")], Out(IntendedArea));
    let none = bound(application(&who, FAMILY, "2025-01-02"), None);
    check("registered in Namur, nothing named", &[none, number(), registered("92094")], Unknown);
    check(
        "meant for Ghent, registered in Namur",
        &[family("Gent"), number(), registered("92094")],
        In(Family),
    );
}

#[test]
fn the_region_of_a_permit_decides_where_no_destination_does() {
    let who = Who::number(1);
    for (region, alone, elsewhere, ours) in [
        (Region::Flanders, In(Labour), Out(IntendedArea), In(Labour)),
        (Region::Brussels, In(Labour), Out(IntendedArea), In(Labour)),
        (Region::Wallonia, Review, Out(IntendedArea), In(Labour)),
    ] {
        let permit = || of_region(&who, None, region);
        check("permit alone", &[permit()], alone);
        let visa = |place| bound(application(&who, Purpose::Work, "2025-01-02"), place);
        check("and a visa without a destination", &[permit(), visa(None)], alone);
        check("and a visa for Namur", &[permit(), visa(to("Namur"))], elsewhere);
        check("and a visa for Ghent", &[permit(), visa(to("Gent"))], ours);
    }
    let visa = bound(application(&who, Purpose::Work, "2025-01-02"), to("Gent"));
    check("a worker whose permit nobody has named", &[visa], Unknown);
}

#[test]
fn family_of_a_worker_is_in_scope_through_the_permit() {
    let who = Who::number(1);
    let visa = || application(&who, OF_WORKER, "2025-01-02");
    let worker = PermitNumber::parse("GV-2025-000900").unwrap();
    check("no permit yet", &[visa()], Unknown);
    check("no permit yet, and an account", &[visa(), account(&who, "2025-01-05")], Unknown);
    for (region, expect) in [
        (Region::Flanders, In(LabourFamily)),
        (Region::Brussels, In(LabourFamily)),
        (Region::Wallonia, Review),
    ] {
        let permit = || of_region(&who, Some(&worker), region);
        check("by the permit, for Ghent", &[visa(), permit()], expect);
        check("for Namur", &[bound(visa(), to("Namur")), permit()], Out(IntendedArea));
        check("by the permit alone", &[permit()], expect);
    }
}

#[test]
fn who_lives_here_comes_for_nothing() {
    let who = Who::number(1);
    let renewal =
        || patched_permit(permit(&who, Decision::Granted, "2025-01-01"), |permit| permit.lives_here = true);
    check("a renewal", &[renewal()], Out(LivesHere));
    check("a renewal, and an account", &[renewal(), account(&who, "2025-01-05")], Out(LivesHere));
    let visa = || application(&who, FAMILY, "2025-01-02");
    check("a renewal, and a visa of the family", &[renewal(), visa()], In(Family));
    let number = || number_given(&who, "2025-03-01");
    for (since, expect) in [
        ("2019-05-01", Out(LivesHere)),
        ("2025-01-01", Out(LivesHere)),
        ("2025-01-02", In(Family)),
        ("2025-03-04", In(Family)),
    ] {
        check(since, &[visa(), number(), register(&who, Home::In("44021", since), "2025-03-05")], expect);
        let walloon = register(&who, Home::In("92094", since), "2025-03-05");
        check(since, &[visa(), number(), walloon], expect);
    }
    let both = [
        register(&who, Home::In("24062", "2019-05-01"), "2025-03-01"),
        register(&who, Home::In("44021", "2025-04-01"), "2025-04-05"),
    ];
    let [first, moved] = both;
    check("moved since they applied", &[visa(), number(), first, moved], Out(LivesHere));
}

#[test]
fn who_applied_again_after_they_left_comes_anew() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-04-02"));
    house.tell(number_given(&who, "2025-04-03"));
    house.tell(register(&who, Home::In("44021", "2019-05-01"), "2021-01-05"));
    house.tell(support::since(register(&who, Home::Left, "2023-01-05"), "2023-01-01"));
    assert_eq!(verdict(&house, "2025-06-01"), In(Family));
    house.tell(register(&who, Home::In("44021", "2025-05-01"), "2025-05-05"));
    assert_eq!(verdict(&house, "2025-06-01"), In(Family));
}

#[test]
fn a_second_application_of_somebody_an_agency_took_over_ends_nothing() {
    let (mut house, who) = House::with_amal();
    let again = Who { application: "77".to_owned(), ..who.clone() };
    house.today("2025-06-01");
    house.tell(application(&again, FAMILY, "2025-05-20"));
    house.tell(status(&who, Decision::Revoked, 9, "2025-05-21"));
    assert_eq!(verdict(&house, "2025-06-01"), In(Family));
}

#[test]
fn nationality_and_age_say_no_whatever_else_is_said() {
    let family = |who: &Who, place| [bound(application(who, FAMILY, "2025-01-02"), place)];
    let of = |nationality| Who { nationality, ..Who::number(1) };
    for (nationality, expect) in
        [("MAR", In(Family)), ("GBR", In(Family)), ("FRA", Out(Nationality)), ("CHE", Out(Nationality))]
    {
        check(nationality, &family(&of(nationality), to("Gent")), expect);
    }
    for nationality in ["CUW", "REU", "GRL", "XXA", "XXB"] {
        check(nationality, &family(&of(nationality), to("Gent")), Review);
        check(nationality, &family(&of(nationality), None), Review);
        check(nationality, &family(&of(nationality), to("Liège")), Out(IntendedArea));
    }
    let born = |birth: &str| Who { birth: birth.to_owned(), ..Who::number(1) };
    for (birth, expect) in [
        ("2007-06-01", In(Family)),
        ("2007-06-02", Out(Age)),
        ("2007-00-00", Review),
        ("2006-00-00", In(Family)),
    ] {
        check(birth, &family(&born(birth), to("Gent")), expect);
    }
    check("young, and elsewhere", &family(&born("2015-05-05"), to("Liège")), Out(Age));
    let who = Who::number(1);
    for purpose in [Purpose::Study, Purpose::Other] {
        check("another purpose", &[application(&who, purpose, "2025-01-02")], Out(OutReason::Purpose));
    }
    let open =
        patched_application(application(&who, FAMILY, "2025-01-02"), |a| a.ground = Some("40bis".to_owned()));
    check("family of a European citizen", &[open], Review);
}

/// A definition: its first day, who enrols, who goes on.
type Definition<'a> = (&'a str, &'a [CandidateKind], &'a [CandidateKind]);

fn rules(rows: &[Definition<'_>]) -> Vec<CandidateRule> {
    let rule = |(from, enrols, goes_on): &Definition<'_>| CandidateRule {
        from: day(from),
        enrols: enrols.to_vec(),
        goes_on: goes_on.to_vec(),
        charged: true,
    };
    rows.iter().map(rule).collect()
}

#[test]
fn who_is_a_candidate_is_what_the_definition_of_the_day_says() {
    use CandidateKind::{NoVisaNeeded, VisaApplied, VisaObtained};
    let who = Who::number(1);
    let visa = || application(&who, FAMILY, "2025-01-02");
    let none_needed = || patched_application(visa(), |applied| applied.needs_visa = false);
    let granted = || status(&who, Decision::Granted, 2, "2025-02-01");
    let registered = || register(&who, Home::In("44021", "2025-03-04"), "2025-03-05");
    let enrolled = || account(&who, "2025-01-05");
    let decree: &[CandidateKind] = &[VisaObtained, NoVisaNeeded];
    let memo: &[CandidateKind] = &[VisaApplied, NoVisaNeeded];
    let today = [("2024-01-01", decree, decree)];
    let then_memo = [("2024-01-01", decree, decree), ("2025-05-01", memo, memo)];
    let back = [("2024-01-01", memo, memo), ("2025-05-01", decree, memo)];
    let back_for_all = [("2024-01-01", memo, memo), ("2025-05-01", decree, decree)];
    let never = [("2026-01-01", memo, memo)];
    let again = Who { application: "77".to_owned(), ..who.clone() };
    let asked_again = || application(&again, FAMILY, "2025-05-02");
    let left = || support::since(register(&who, Home::Left, "2025-04-05"), "2025-04-01");
    let rows: [(&str, &[Definition<'_>], Vec<Body>, Scope); 14] = [
        ("decree: applied", &today, vec![visa()], Out(NoCandidate)),
        ("decree: granted", &today, vec![visa(), granted()], In(Family)),
        (
            "decree: registered proves it",
            &today,
            vec![visa(), number_given(&who, "2025-03-01"), registered()],
            In(Family),
        ),
        (
            "decree: a home that was left proves no visa that was asked for since",
            &today,
            vec![visa(), number_given(&who, "2025-03-01"), registered(), left(), asked_again()],
            Out(NoCandidate),
        ),
        ("decree: none needed", &today, vec![none_needed()], In(Family)),
        ("memo since May: applied", &then_memo, vec![visa()], In(Family)),
        ("back to the decree: applied, not enrolled", &back, vec![visa()], Out(NoCandidate)),
        ("back to the decree: enrolled before it", &back, vec![visa(), enrolled()], In(Family)),
        ("back to the decree for all", &back_for_all, vec![visa(), enrolled()], Out(NoCandidate)),
        ("back to the decree: granted", &back_for_all, vec![visa(), granted()], In(Family)),
        ("back: enrolled after it", &back, vec![visa(), account(&who, "2025-05-05")], Out(NoCandidate)),
        ("no definition yet", &never, vec![visa(), granted()], Out(NoCandidate)),
        (
            "decree: a permit asked for",
            &today,
            vec![permit(&who, Decision::Pending, "2025-01-01")],
            Out(NoCandidate),
        ),
        ("decree: a permit granted", &today, vec![permit(&who, Decision::Granted, "2025-01-01")], In(Labour)),
    ];
    for (name, definition, said, expect) in rows {
        let mut house = House::new();
        house.bundle.target_group.candidates = rules(definition);
        house.today("2025-06-01");
        said.into_iter().for_each(|body| drop(house.tell(body)));
        assert_eq!(verdict(&house, "2025-06-01"), expect, "{name}");
    }
}

#[test]
fn a_destination_counts_as_long_as_its_entry_lives() {
    let who = Who::number(1);
    let again = Who { application: "77".to_owned(), ..who.clone() };
    let first = |place| bound(application(&who, FAMILY, "2025-01-02"), to(place));
    let second = |place| bound(application(&again, FAMILY, "2025-02-02"), to(place));
    let refused = |who| status(who, Decision::Refused, 9, "2025-03-01");
    check("the newest of two", &[first("Gent"), second("Namur")], Out(IntendedArea));
    check("the newest of two", &[first("Namur"), second("Gent")], In(Family));
    check("the newest was refused", &[first("Gent"), second("Namur"), refused(&again)], In(Family));
    check("the newest was refused", &[first("Namur"), second("Gent"), refused(&again)], Out(IntendedArea));
    check("the older was refused", &[first("Namur"), second("Gent"), refused(&who)], In(Family));
    let both = |one, other| [first(one), second(other), refused(&who), refused(&again)];
    check("both were refused", &both("Gent", "Namur"), Out(IntendedArea));
}

#[test]
fn a_home_that_was_left_says_nothing_of_where_the_next_entry_leads() {
    let who = Who::number(1);
    let again = Who { application: "77".to_owned(), ..who.clone() };
    let told = |place| {
        let mut house = House::new();
        house.today("2025-06-01");
        house.tell(bound(application(&who, FAMILY, "2025-01-02"), to("Gent")));
        house.tell(number_given(&who, "2025-01-03"));
        house.tell(register(&who, Home::In("44021", "2025-02-01"), "2025-02-05"));
        house.tell(support::since(register(&who, Home::Left, "2025-04-05"), "2025-04-01"));
        if let Some(place) = place {
            house.tell(bound(application(&again, FAMILY, "2025-05-02"), to(place)));
        }
        verdict(&house, "2025-06-01")
    };
    assert_eq!(told(Some("Namur")), Out(IntendedArea));
    assert_eq!(told(Some("Gent")), In(Family));
    assert_eq!(told(None), Out(OutReason::Left));
}

#[test]
fn what_never_counted_says_why_it_did_not() {
    let who = Who::number(1);
    let study = bound(application(&who, Purpose::Study, "2025-01-02"), to("Luik"));
    let refused = status(&who, Decision::Refused, 2, "2025-02-01");
    check("for study, elsewhere, and refused", &[study, refused], Out(OutReason::Purpose));
}

#[test]
fn beside_what_is_out_too_little_is_known_of_an_application_that_nobody_described() {
    // Whichever of the two comes first among their entries.
    for (study, other) in [("77", "88"), ("88", "77")] {
        let who = Who { application: study.to_owned(), ..Who::number(1) };
        let again = Who { application: other.to_owned(), ..who.clone() };
        let said = [
            application(&who, Purpose::Study, "2025-01-02"),
            number_given(&who, "2025-03-01"),
            number_given(&again, "2025-03-01"),
            status(&again, Decision::Pending, 2, "2025-03-02"),
        ];
        check("for study, and another", &said, Unknown);
    }
}

#[test]
fn of_two_visas_that_were_filed_on_one_day_the_one_that_goes_on_keeps_the_permit() {
    let who = Who::number(1);
    for (refused, other) in [("77", "88"), ("88", "77")] {
        let of = |number: &str| Who { application: number.to_owned(), ..who.clone() };
        let visa = |number| bound(application(&of(number), Purpose::Work, "2025-01-02"), to("Gent"));
        let refusal = || status(&of(refused), Decision::Refused, 2, "2025-02-01");
        let permit = || of_region(&who, None, Region::Flanders);
        check("one goes on", &[permit(), visa(refused), visa(other), refusal()], In(Labour));
        let both = [
            permit(),
            visa(refused),
            visa(other),
            refusal(),
            status(&of(other), Decision::Refused, 2, "2025-02-01"),
        ];
        check("none goes on", &both, Out(OutReason::Ended));
    }
}

#[test]
fn who_comes_to_study_or_for_anything_else_is_not_of_the_target_group() {
    let who = Who::number(1);
    for purpose in [Purpose::Study, Purpose::Other] {
        let said =
            [application(&who, purpose, "2025-01-02"), status(&who, Decision::Granted, 2, "2025-02-01")];
        check(&format!("{purpose:?}"), &said, Out(OutReason::Purpose));
    }
}

/// Of a permit WEWIS has the first word, though others stand above it in all else.
#[test]
fn of_a_permit_the_permits_office_decides_whatever_a_higher_authority_says() {
    let who = Who::number(1);
    let said = |decision, authority, channel: &str| {
        patched(permit(&who, decision, "2025-01-01"), |record| {
            for fact in &mut record.facts {
                fact.authority = authority;
                fact.version.channel = channel.to_owned();
            }
        })
    };
    for (wewis, aliens, live) in
        [(Decision::Granted, Decision::Refused, true), (Decision::Refused, Decision::Granted, false)]
    {
        let mut house = House::new();
        house.tell(said(wewis, Authority::Permits, "wewis"));
        house.tell(said(aliens, Authority::Aliens, "dvz"));
        assert_eq!(verdict(&house, "2025-02-01") == In(Labour), live, "{wewis:?} at WEWIS");
    }
}

#[test]
fn a_yes_counts_until_they_leave_the_country() {
    for (nationality, expect) in [("MAR", "sent amal"), ("FRA", "not_in_scope")] {
        let (mut house, who) = (House::new(), Who::number(1));
        house.granted(&who);
        house.moves(&who, "44021", "2025-03-04");
        house.accepted("amal");
        let who = Who { nationality, ..who };
        house.today("2025-05-02");
        house.home(&who, "44021", "2025-03-04");
        assert_eq!(house.handovers(), ["accepted amal"], "who becomes {nationality} stays with it");
        house.today("2025-06-02");
        house.tell(register(&who, Home::Left, "2025-06-02"));
        house.answer("amal", AnswerKind::PurgeConfirmed);
        let again = Who { application: "77".to_owned(), ..who.clone() };
        house.tell(application(&again, FAMILY, "2025-08-01"));
        house.tell(status(&again, Decision::Granted, 2, "2025-08-20"));
        house.moves(&who, "44021", "2025-09-02");
        assert_eq!(house.handovers().last().unwrap(), expect, "{nationality}");
    }
}
