//! What may leave to whom: which kind of recipient may have which field, and what only a basis that names it lets out.
//!
//! That a view has no field beside these is invariant I4; when a record leaves is `release.rs`'s own proof.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod support;

use std::collections::BTreeSet;

use decide::Bundle;
use decide::bundle::{Contract, LegalBasis};
use decide::invariant::i4;
use decide::routing::check;
use schemas::canonical::FIELDS;
use schemas::fact::{Decision, Purpose};
use schemas::handover::AnswerKind;
use support::{House, Who, account, application, bound, bundle, choice, day, permit, recipient, status, to};

/// Who may have a field: P the provider before arrival, A an agency, O an office outside the Flemish sphere (o: where
/// its basis names the field), T the participant.
const MAY_HAVE: [(&str, &str); 29] = [
    ("family_names", "PAO"),
    ("given_names", "PAO"),
    ("birth_date", "P"),
    ("sex", ""),
    ("nationalities", ""),
    ("applications", "P"),
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
    ("learning_path", "PAT"),
    ("modules", "PAT"),
    ("modules_completed", "O"),
    ("path_status", "PAOT"),
    ("portal_accounts", "PT"),
    ("competent_agency", "T"),
    ("shoe_size", "none"),
];

fn contract<'a>(bundle: &'a mut Bundle, name: &str) -> &'a mut Contract {
    bundle.contracts.iter_mut().find(|contract| contract.recipient == recipient(name)).unwrap()
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
    house.bundle = house.bundle.clone();
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
