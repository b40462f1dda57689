//! What may leave to whom: which kind of recipient may have which field, and what only a basis that names it lets out.
//!
//! That a view has no field beside these is invariant I4; when a record leaves is `release.rs`'s own proof.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeSet;

use crate::support::{
    Home, House, Who, account, application, bound, bundle, choice, day, number_given, patched,
    patched_application, permit, recipient, register, shown, status, talked, to,
};
use decide::Bundle;
use decide::bundle::{Competence, Contract, LegalBasis};
use decide::invariant::i4;
use decide::routing::check;
use schemas::canonical::FIELDS;
use schemas::fact::{Decision, LanguageLevel, Purpose};
use schemas::handover::AnswerKind;

/// Who may have a field: P the provider before arrival, A an agency, O an office outside the Flemish sphere (o: where
/// its basis names the field), T the participant, V the visa side.
const MAY_HAVE: [(&str, &str); 38] = [
    ("family_names", "PAO"),
    ("given_names", "PAO"),
    ("birth_date", "P"),
    ("sex", ""),
    ("nationalities", ""),
    ("applications", "PV"),
    ("permits", "P"),
    ("insz", "Ao"),
    ("email", "PAO"),
    ("phone", "PAo"),
    ("contact_language", "PAO"),
    ("target_group", "PAO"),
    ("intended_area", "P"),
    ("visa_status", "PT"),
    ("expected_arrival", "P"),
    ("arrival_month", "AOT"),
    ("registered_on", "AO"),
    ("municipality", "AOT"),
    ("street", ""),
    ("house_number", ""),
    ("bus", ""),
    ("postal_code", ""),
    ("obligation", "PAO"),
    ("support_need", "P"),
    ("focus_modules", "P"),
    ("course_language", "PAO"),
    ("course_from", "PT"),
    ("course_until", "PT"),
    ("modules", "PAT"),
    ("modules_completed", "O"),
    ("whole_package", "PAOT"),
    ("tests_elsewhere", "AO"),
    ("fee", "PAT"),
    ("fee_euro", "PAT"),
    ("effort", "V"),
    ("portal_accounts", "PT"),
    ("competent_agency", "T"),
    ("shoe_size", "none"),
];

fn contract<'a>(bundle: &'a mut Bundle, name: &str) -> &'a mut Contract {
    bundle.contracts.iter_mut().find(|contract| contract.recipient == recipient(name)).unwrap()
}

#[test]
fn the_visa_side_has_a_contract_that_is_planned_and_no_other() {
    let mut bundle = bundle();
    let mut effort = contract(&mut bundle, "portal").clone();
    effort.recipient = recipient("effort-statement");
    effort.competence = Competence::VisaSide;
    let says = |bundle: &Bundle, text: &str| check(bundle).iter().any(|told| told.starts_with(text));
    let fields = |bundle: &mut Bundle, fields: &[&str]| {
        effort.file = fields.iter().map(|field| (*field).to_owned()).collect();
        bundle.planned = vec![effort.clone()];
    };
    let mut fields = fields;
    for field in FIELDS {
        fields(&mut bundle, &[field.name]);
        let refused = says(&bundle, &format!("effort-statement: file names `{}`", field.name));
        assert_eq!(refused, !["applications", "effort"].contains(&field.name), "{}", field.name);
    }
    fields(&mut bundle, &["applications", "effort"]);
    assert!(!says(&bundle, "effort-statement"), "{:?}", check(&bundle));
    assert_eq!(bundle.contract(&recipient("effort-statement")), None, "nothing finds it");
    bundle.contracts.extend(std::mem::take(&mut bundle.planned));
    assert!(says(&bundle, "effort-statement: nothing may leave to the visa side yet"));
}

/// What the load gate says where the file of this recipient names one field, on a basis that names it or not.
fn gate(name: &str, field: &str, named: bool) -> Vec<String> {
    let mut bundle = bundle();
    let contract = contract(&mut bundle, name);
    (contract.offer, contract.file) = (vec![], vec![field.to_owned()]);
    if named {
        contract.bases[0].names = BTreeSet::from([field.to_owned()]);
    }
    let ours = |text: &String| text.starts_with(&format!("{name}: file names `{field}`"));
    check(&bundle).into_iter().filter(ours).collect()
}

#[test]
fn a_contract_names_what_its_kind_of_recipient_has_a_purpose_for_and_nothing_else() {
    for (field, may) in MAY_HAVE {
        for (letter, name) in
            [('P', "agii-abroad"), ('A', "amal"), ('A', "bon"), ('O', "bapa-via"), ('T', "portal")]
        {
            let (freely, if_named) =
                (may.contains(letter), may.contains(letter.to_ascii_lowercase()) && may != "none");
            let told = (gate(name, field, false).is_empty(), gate(name, field, true).is_empty());
            assert_eq!(told, (freely, freely || if_named), "{field} to {name}");
        }
    }
    let listed: BTreeSet<&str> = MAY_HAVE.iter().map(|(field, _)| *field).collect();
    assert!(FIELDS.iter().all(|field| listed.contains(field.name)), "a field is missing above");
    assert_eq!(
        gate("amal", "birth_date", false),
        ["amal: file names `birth_date`, for which an agency has no purpose"]
    );
    assert_eq!(
        gate("bapa-via", "insz", false),
        [
            "bapa-via: file names `insz`, which an office outside the Flemish sphere may have only on a legal basis \
             that names it"
        ]
    );
}

#[test]
fn a_basis_names_what_the_file_has() {
    let mut bundle = bundle();
    contract(&mut bundle, "amal").bases[0].names = BTreeSet::from(["phone".to_owned()]);
    let told = check(&bundle);
    assert!(
        told.contains(&"amal: a legal basis names `phone`, which the file does not".to_owned()),
        "{told:?}"
    );
}

#[test]
fn outside_the_flemish_sphere_the_number_leaves_while_the_basis_names_it() {
    let (mut house, who) = House::arrived("21004");
    let basis = |from: &str, to: &str, names: &[&str]| LegalBasis {
        reference: "test".to_owned(),
        from: day(from),
        to: Some(day(to)),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    contract(&mut house.bundle, "bapa-via").bases = vec![
        basis("2020-01-01", "2025-05-31", &[]),
        basis("2025-06-01", "2025-06-30", &["insz"]),
        basis("2025-07-01", "2030-01-01", &[]),
    ];
    house.tell(choice(&who, "bapa-via:fr", "2025-03-06"));
    house.received("bapa-via");
    house.answer("bapa-via", AnswerKind::Accepted);
    for (on, expect) in [
        ("2025-05-31", None),
        ("2025-06-01", Some(who.insz.to_string())),
        ("2025-06-30", Some(who.insz.to_string())),
        ("2025-07-01", None),
    ] {
        house.until(on);
        assert_eq!(house.seen("bapa-via", "insz"), expect, "{on}");
        assert_eq!(house.seen("bapa-via", "municipality").as_deref(), Some("21004"), "{on}");
        assert!(house.deliveries.iter().all(|delivery| i4(delivery, &house.bundle) == Ok(())), "{on}");
    }
    // The same records on bases that name nothing: I4 sees each that shows the number.
    contract(&mut house.bundle, "bapa-via").bases[1].names.clear();
    let told: Vec<_> = house.deliveries.iter().filter_map(|one| i4(one, &house.bundle).err()).collect();
    assert_eq!(told, ["I4: field insz is not in the contract of bapa-via"]);
}

/// A house whose provider may have everything that a provider may.
fn abroad() -> House {
    let mut house = House::new();
    let provider = contract(&mut house.bundle, "agii-abroad");
    let kind = provider.kind();
    provider.file = FIELDS.iter().filter(|f| f.used_by(kind).is_some()).map(|f| f.name.to_owned()).collect();
    house
}

#[test]
fn the_provider_reads_where_they_mean_to_live_and_the_references_of_what_goes_on() {
    let (mut house, who) = (abroad(), Who::number(2));
    let other = Who { application: "77".to_owned(), ..who.clone() };
    let seen = |house: &House| {
        ["intended_area", "applications", "permits", "portal_accounts"].map(|f| house.seen("agii-abroad", f))
    };
    let text = |text: &str| Some(text.to_owned());
    house.tell(permit(&who, Decision::Granted, "2025-01-02"));
    assert_eq!(seen(&house), [text("nl"), None, text(&who.permit), None], "the region of the permit");
    house.tell(bound(application(&who, Purpose::Work, "2025-01-03"), to("Schaarbeek")));
    let own = format!("CAS {}", who.application);
    assert_eq!(seen(&house), [text("nl-fr"), text(&own), text(&who.permit), None], "the destination");
    house.tell(bound(application(&other, Purpose::Work, "2025-01-04"), to("Gent")));
    house.tell(account(&who, "2025-01-05"));
    let both = format!("{own} CAS 77");
    let [area, applications, _, accounts] = seen(&house);
    assert_eq!((area, applications, accounts.is_some()), (text("nl"), text(&both), true), "the newest");
    house.tell(status(&other, Decision::Refused, 2, "2025-02-01"));
    assert_eq!(seen(&house)[..2], [text("nl-fr"), text(&own)], "what was refused goes on no more");
}

#[test]
fn what_somebody_is_to_the_trajectory_follows_from_the_ground_they_come_on() {
    let family = |ground: Option<&str>| {
        let (mut house, who) = (abroad(), Who::number(1));
        let applied = application(&who, Purpose::FamilyReunification, "2025-01-02");
        house.tell(patched_application(applied, |applied| applied.ground = ground.map(str::to_owned)));
        (house, who)
    };
    let obligation = |house: &House| house.seen("agii-abroad", "obligation");
    for (ground, expect) in [
        (Some("10"), "obliged"),
        (Some("10bis"), "obliged"),
        (Some("40ter"), "obliged"),
        (Some("9bis"), "unknown"),
        (None, "unknown"),
    ] {
        assert_eq!(obligation(&family(ground).0).as_deref(), Some(expect), "{ground:?}");
    }
    let (mut house, who) = (abroad(), Who::number(2));
    house.tell(permit(&who, Decision::Granted, "2025-01-02"));
    assert_eq!(obligation(&house).as_deref(), Some("entitled"), "a labour migrant");
    house.bundle.obligation.0.clear();
    house.tell(application(&who, Purpose::Work, "2025-01-05"));
    assert_eq!(obligation(&house).as_deref(), Some("unknown"), "no rule");
}

/// What is told follows what is known now: a ground, a birth date, a purpose, an entry that ends.
#[test]
fn what_somebody_is_to_the_trajectory_follows_each_correction() {
    let who = Who::number(1);
    let applied = |who: &Who, ground: &str, on: &str| {
        let body = application(who, Purpose::FamilyReunification, on);
        patched_application(body, |applied| applied.ground = Some(ground.to_owned()))
    };
    let older = Who { birth: "1950-06-07".to_owned(), ..who.clone() };
    let second = Who { application: "77".to_owned(), ..who.clone() };
    let sent = |body, sequence| {
        patched(body, |record| {
            record.facts.iter_mut().for_each(|fact| fact.version.sequence = Some(sequence));
        })
    };
    let said = [
        ("the post has another ground", sent(applied(&who, "9bis", "2025-01-03"), 2), "unknown"),
        ("and the first again", sent(applied(&who, "10", "2025-01-04"), 3), "obliged"),
        ("a second application on another ground", applied(&second, "9bis", "2025-01-05"), "unknown"),
        ("which is refused", status(&second, Decision::Refused, 2, "2025-01-06"), "obliged"),
        ("they get a permit to work", permit(&who, Decision::Granted, "2025-01-07"), "entitled"),
        ("which is revoked", permit(&who, Decision::Revoked, "2025-01-08"), "obliged"),
        ("the register knows them as older", register(&older, Home::Nowhere, "2025-01-09"), "entitled"),
        ("and corrects itself", register(&who, Home::Nowhere, "2025-01-10"), "obliged"),
        (
            "they live where they did not mean to",
            register(&who, Home::In("21004", "2025-01-11"), "2025-01-11"),
            "obliged",
        ),
    ];
    let mut house = abroad();
    house.tell(applied(&who, "10", "2025-01-02"));
    house.tell(number_given(&who, "2025-01-02"));
    for (n, (what, body, expect)) in said.into_iter().enumerate() {
        house.today(&format!("2025-01-{:02}", n + 11));
        house.tell(body);
        assert_eq!(house.seen("agii-abroad", "obligation").as_deref(), Some(expect), "{what}");
    }
}

#[test]
fn from_the_age_of_a_rule_on_nobody_is_obliged_and_the_day_is_due() {
    let (mut house, who) = (abroad(), Who { birth: "1955-06-07".to_owned(), ..Who::number(1) });
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    for (on, expect) in [("2025-06-06", "obliged"), ("2025-06-07", "entitled")] {
        house.until(on);
        assert_eq!(house.seen("agii-abroad", "obligation").as_deref(), Some(expect), "{on}");
    }
    // A year that is known alone: not before it has passed.
    let (mut house, who) = (abroad(), Who { birth: "1955-00-00".to_owned(), ..Who::number(1) });
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    for (on, expect) in [("2024-12-31", "obliged"), ("2025-01-02", "unknown"), ("2026-01-01", "entitled")] {
        house.until(on);
        if on > "2025" {
            assert_eq!(house.seen("agii-abroad", "obligation").as_deref(), Some(expect), "{on}");
        }
    }
}

#[test]
fn a_focus_module_is_named_to_those_it_is_meant_for_on_the_days_on_which_it_is_taught() {
    let (mut house, who) = (abroad(), Who::number(1));
    let focus = |house: &House| house.seen("agii-abroad", "focus_modules");
    let last = house.bundle.modules.modules.iter_mut().find(|(code, _)| code.as_str() == "F1").unwrap().1;
    last.until = Some(day("2025-03-31"));
    house.tell(application(&who, Purpose::FamilyReunification, "2025-01-02"));
    for (on, expect) in [("2025-03-31", Some("F1")), ("2025-04-01", None)] {
        house.until(on);
        assert_eq!(focus(&house).as_deref(), expect, "{on}");
    }
    let (mut house, who) = (abroad(), Who::number(2));
    house.tell(permit(&who, Decision::Granted, "2025-01-02"));
    assert_eq!(focus(&house).as_deref(), Some("L1"));
}

#[test]
fn the_intake_talk_says_what_help_is_needed_and_how_the_course_is_taken_and_the_last_one_counts() {
    let (mut house, who) = (abroad(), Who::number(1));
    house.granted_with_account(&who);
    let seen = |house: &House| {
        ["support_need", "course_language", "course_from", "course_until"]
            .map(|f| house.seen("agii-abroad", f))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen(&house), [None, None, None, None]);
    house.tell(talked(&who, &["device", "skills"], Some("ar"), "2025-03-10"));
    let course = [text("ar"), text("2025-03-10"), text("2025-09-30")];
    assert_eq!(seen(&house)[0], text("device skills"));
    assert_eq!(seen(&house)[1..], course);
    house.tell(talked(&who, &["connection"], Some("fr"), "2025-03-01"));
    assert_eq!(seen(&house)[0], text("device skills"), "an older talk that comes late");
    house.tell(talked(&who, &[], None, "2025-03-20"));
    let now = [text("none"), text("ar"), text("2025-03-20"), text("2025-09-30")];
    assert_eq!(seen(&house), now, "a talk that names no language leaves the one that was agreed");
}

#[test]
fn a_test_passed_elsewhere_is_told_with_its_level_its_day_and_a_known_issuer_until_it_is_taken_back() {
    let (mut house, who) = House::with_amal();
    contract(&mut house.bundle, "amal").file.push("tests_elsewhere".to_owned());
    let seen = |house: &House| house.seen("amal", "tests_elsewhere");
    house.tell(shown(&who, Some(LanguageLevel::A2), "cnavt", true, "2025-03-10"));
    assert_eq!(seen(&house).as_deref(), Some("cnavt:dutch:A2:2025-03-01"));
    house.tell(shown(&who, None, "a-school", true, "2025-03-11"));
    assert_eq!(
        seen(&house).as_deref(),
        Some("cnavt:dutch:A2:2025-03-01 other:social_orientation:2025-03-01")
    );
    house.tell(shown(&who, Some(LanguageLevel::A2), "cnavt", false, "2025-03-12"));
    assert_eq!(seen(&house).as_deref(), Some("other:social_orientation:2025-03-01"));
    house.tell(shown(&who, Some(LanguageLevel::A2), "cnavt", true, "2025-03-09"));
    assert_eq!(seen(&house).as_deref(), Some("other:social_orientation:2025-03-01"), "an older one");
}
