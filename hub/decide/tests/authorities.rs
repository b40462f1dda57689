//! Who decides: ranks of authorities, hints, national numbers that come and go, nationality and birth.
//!
//! Next: `snapshots` and `entries`, for what the register and the others say in time.

use crate::support::engine::Dice;
use crate::support::{
    Home, House, Who, application, country, day, mac, number_given, patched, register, status, test_insz,
};
use decide::journey::Journey;
use decide::journey::scope::{OutReason, Scope, scope};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use schemas::fact::{Authority, Decision, Fact, Purpose, Record, RegisterStanding, Statement};
use schemas::insz::Insz;
use schemas::message::{Body, Said};
use schemas::time::start_of;

const FAMILY: Purpose = Purpose::FamilyReunification;

fn journey(house: &House) -> Journey<'_> {
    Journey::of(&house.only().state)
}

fn in_scope(house: &House) -> Scope {
    scope(journey(house), &house.bundle, day("2025-03-10"))
}

/// What a municipality hints at: the same as an answer, in a channel of its own.
fn hint(answer: Body) -> Body {
    patched(answer, |record| {
        record.facts.iter_mut().for_each(|fact: &mut Fact| fact.version.channel = "hint".to_owned());
    })
}

fn replaced(old: Insz, new: Insz, on: &str) -> Body {
    decide::prepare(Said::Record(Record::replaced(old, new, start_of(day(on)))), &mac)
}

#[test]
fn the_register_corrects_a_nationality_that_the_post_had_wrong() {
    let wrong = Who { nationality: "FRA", ..Who::number(1) };
    let right = Who { nationality: "MAR", ..wrong.clone() };
    let mut house = House::new();
    house.granted(&wrong);
    assert_eq!(in_scope(&house), Scope::Out(OutReason::Nationality));
    house.today("2025-03-05");
    house.home(&right, "44021", "2025-03-04");
    assert_eq!(house.handovers(), ["sent amal"]);
    // The post says it again: it is the lower one all the same.
    house.tell(patched(application(&wrong, FAMILY, "2025-01-02"), |record| {
        record.facts.iter_mut().for_each(|fact: &mut Fact| fact.version.sequence = Some(9));
    }));
    assert_eq!(house.handovers(), ["sent amal"]);
    assert_eq!(journey(&house).nationalities(), [country("MAR")]);
}

#[test]
fn one_european_nationality_among_several_of_one_authority_is_enough() {
    for (code, out) in
        [("BEL", true), ("FRA", true), ("CHE", true), ("NOR", true), ("GBR", false), ("TUR", false)]
    {
        let (mut house, who) = (House::new(), Who { nationality: "MAR", ..Who::number(1) });
        house.granted(&who);
        house.today("2025-03-05");
        house.tell(patched(register(&who, Home::Nowhere, "2025-03-05"), |record| {
            for fact in &mut record.facts {
                if let Statement::Nationalities(all) = &mut fact.statement {
                    all.push(country(code));
                    all.sort();
                }
            }
        }));
        assert_eq!(in_scope(&house) == Scope::Out(OutReason::Nationality), out, "{code}");
    }
}

#[test]
fn a_source_with_room_for_one_nationality_denies_no_other_and_the_register_does() {
    let (mut house, who) = (House::new(), Who { nationality: "MAR", ..Who::number(1) });
    let with = |body: Body, codes: &[&str], authority: Option<Authority>| {
        patched(body, |record| {
            for fact in &mut record.facts {
                if let Statement::Nationalities(all) = &mut fact.statement {
                    *all = codes.iter().map(|code| country(code)).collect();
                }
                fact.authority = authority.unwrap_or(fact.authority);
            }
        })
    };
    let office = |codes: &[&str], on: &str| {
        let said = with(application(&who, FAMILY, on), codes, Some(Authority::Aliens));
        patched(said, |record| {
            record.facts.iter_mut().for_each(|fact| fact.version.channel = "dvz".to_owned())
        })
    };
    house.tell(with(application(&who, FAMILY, "2025-01-02"), &["ITA", "MAR"], None));
    house.tell(office(&["MAR"], "2025-01-03"));
    assert_eq!(in_scope(&house), Scope::Out(OutReason::Nationality), "Moroccan, and Italian as well");
    house.tell(office(&["TUR"], "2025-01-04"));
    assert!(matches!(in_scope(&house), Scope::In(_)), "Turkish, and neither of the two");
    house.tell(office(&["MAR"], "2025-01-05"));
    house.tell(register(&who, Home::Nowhere, "2025-01-01"));
    assert!(matches!(in_scope(&house), Scope::In(_)), "the register lists them all");
}

#[test]
fn whose_papers_name_a_territory_of_europe_is_a_humans_to_decide() {
    for code in ["REU", "GUF", "ABW", "CUW", "GRL", "FRO", "ALA", "NCL"] {
        let mut house = House::new();
        house.granted(&Who { nationality: code, ..Who::number(1) });
        assert_eq!((in_scope(&house), house.handovers()), (Scope::Review, vec!["held".to_owned()]), "{code}");
    }
}

#[test]
fn who_becomes_belgian_after_a_yes_stays_with_the_agency() {
    let (mut house, who) = House::with_amal();
    house.today("2027-02-01");
    let belgian = Who { nationality: "BEL", ..who.clone() };
    house.tell(register(&belgian, Home::In("44021", "2025-03-04"), "2027-02-01"));
    assert_eq!(house.handovers(), ["accepted amal"]);
    // Before any yes it takes them out.
    let mut house = House::new();
    house.granted(&who);
    house.today("2025-03-05");
    house.home(&belgian, "44021", "2025-03-04");
    assert_eq!(house.handovers(), ["not_in_scope"]);
}

#[test]
fn a_hint_never_outranks_an_answer_and_outranks_every_other() {
    let (mut house, who) = House::with_amal();
    let child = Who { birth: "2010-01-02".to_owned(), nationality: "FRA", ..who.clone() };
    house.tell(hint(patched(register(&child, Home::In("11002", "2025-03-05"), "2025-04-01"), |record| {
        record.facts.retain(|fact| !matches!(fact.statement, Statement::Names(_)));
    })));
    assert_eq!(house.handovers(), ["accepted amal"]);
    assert_eq!(journey(&house).birth().map(|birth| birth.to_string()), Some(who.birth.clone()));
    assert_eq!(
        journey(&house).home(day("2025-04-01")).map(|home| home.residence.nis.to_string()).as_deref(),
        Some("44021")
    );

    // Where the register has not answered yet, the hint speaks.
    let mut house = House::new();
    house.granted(&who);
    house.tell(hint(register(&Who { nationality: "FRA", ..who.clone() }, Home::Nowhere, "2025-01-03")));
    assert_eq!(in_scope(&house), Scope::Out(OutReason::Nationality));
    house.tell(register(&who, Home::Nowhere, "2025-01-02"));
    assert!(matches!(in_scope(&house), Scope::In(_)), "an older answer outranks it");
}

#[test]
fn a_partial_birth_date_is_no_correction_of_a_whole_one_of_the_same_authority() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.granted(&who);
    house.tell(register(&who, Home::Nowhere, "2025-03-05"));
    let year = format!("{}-00-00", &who.birth[..4]);
    let partial = Who { birth: year.clone(), ..who.clone() };
    house.tell(register(&partial, Home::Nowhere, "2025-03-06"));
    // One number has one dossier; a second one says less.
    house.tell(patched(register(&partial, Home::Nowhere, "2025-03-07"), |record| {
        record
            .facts
            .iter_mut()
            .for_each(|fact: &mut Fact| fact.version.channel = "register/other".to_owned());
    }));
    assert_eq!(house.people().len(), 1);
    let born = journey(&house).birth().map(|birth| birth.to_string());
    assert_eq!(born, Some(year), "in its own dossier the newest stands");
    house.tell(register(&who, Home::Nowhere, "2025-03-06"));
    house.tell(register(&who, Home::Nowhere, "2025-03-08"));
    house.tell(patched(register(&partial, Home::Nowhere, "2025-03-09"), |record| {
        record
            .facts
            .iter_mut()
            .for_each(|fact: &mut Fact| fact.version.channel = "register/other".to_owned());
    }));
    assert_eq!(journey(&house).birth().map(|birth| birth.to_string()), Some(who.birth));
}

#[test]
fn a_replacement_taken_back_leaves_the_number_that_stands() {
    let (mut house, who) = House::with_amal();
    let new = test_insz(901);
    house.tell(replaced(who.insz, new, "2025-04-01"));
    assert_eq!(journey(&house).insz(), Some(new));
    house.tell(replaced(new, who.insz, "2025-04-08"));
    assert_eq!(journey(&house).insz(), Some(who.insz));
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-04-09"));
    assert_eq!(house.seen("amal", "insz"), Some(who.insz.to_string()));
    house.tell(replaced(who.insz, new, "2025-05-01"));
    assert_eq!(journey(&house).insz(), Some(new), "and once more");
}

#[test]
fn a_cancelled_number_counts_again_where_the_register_says_so() {
    let (mut house, who) = House::with_amal();
    let cancelled = |on: &str| {
        patched(register(&who, Home::Nowhere, on), |record| {
            for fact in &mut record.facts {
                if let Statement::Standing(standing) = &mut fact.statement {
                    *standing = RegisterStanding::Cancelled;
                }
            }
        })
    };
    house.tell(cancelled("2025-04-01"));
    assert_eq!((journey(&house).insz(), journey(&house).home(day("2025-04-01")).is_some()), (None, false));
    assert_eq!(house.handovers(), ["accepted amal"], "what is open stays");
    house.tell(register(&who, Home::In("44021", "2025-03-04"), "2025-04-05"));
    assert_eq!(journey(&house).insz(), Some(who.insz));
    house.tell(cancelled("2025-04-03"));
    assert_eq!(journey(&house).insz(), Some(who.insz), "an older word");
    // Cancelled, and then it takes another's place.
    house.tell(cancelled("2025-05-01"));
    house.tell(replaced(test_insz(901), who.insz, "2025-05-03"));
    assert_eq!(journey(&house).insz(), Some(who.insz));
    house.tell(cancelled("2025-05-05"));
    assert_eq!(journey(&house).insz(), None, "and neither is there now");
}

#[test]
fn a_number_that_only_the_aliens_office_still_uses_does_not_come_back() {
    let (mut house, who) = House::with_amal();
    house.tell(replaced(who.insz, test_insz(901), "2025-04-01"));
    house.tell(number_given(&who, "2025-06-01"));
    assert_eq!(journey(&house).insz(), Some(test_insz(901)));
}

#[test]
fn the_decision_of_the_aliens_office_outranks_the_posts_whenever_it_was_taken() {
    let (mut house, who) = (House::new(), Who::number(1));
    house.tell(application(&who, FAMILY, "2025-01-02"));
    house.tell(status(&who, Decision::Refused, 3, "2025-02-03"));
    house.tell(patched(status(&who, Decision::Granted, 2, "2025-02-01"), |record| {
        record.facts[0].authority = Authority::Aliens;
    }));
    assert_eq!(house.handovers(), ["not_in_scope", "prepared"]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_250_303),
        cases: 96,
        ..ProptestConfig::default()
    })]

    /// The register moves somebody from number to number: whatever the order in which it is heard, the last one stands.
    #[test]
    fn i8_of_numbers_that_replace_each_other_the_last_one_stands(steps in proptest::collection::vec(0..3usize, 1..6), seed: u64) {
        let number = |n: usize| test_insz([1, 901, 902][n]);
        let mut at = 0;
        let mut moves = vec![];
        for (place, to) in steps.into_iter().filter(|to| *to != 0).enumerate() {
            let next = (at + to) % 3;
            moves.push((format!("2025-04-{:02}", place + 1), at, next));
            at = next;
        }
        let mut order: Vec<usize> = (0..moves.len()).chain(0..moves.len() / 2).collect();
        let mut dice = Dice(seed | 1);
        for n in (1..order.len()).rev() {
            order.swap(n, dice.roll(n + 1));
        }
        let (mut house, _) = House::with_amal();
        for place in order {
            let (on, old, new) = &moves[place];
            house.say(&format!("move {place}"), replaced(number(*old), number(*new), on));
        }
        prop_assert_eq!(house.people().len(), 1);
        prop_assert_eq!(journey(&house).insz(), Some(number(at)));
    }
}
