//! Where the table leads, and what is told of a bundle that does not hold: each way in which one can be wrong, alone.
//!
//! The table of the real config is proved in `tests/tests/routing.rs`; here a small country stands, so that each guard of
//! the heart is met. Next: `decide::routing`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support::{bundle, day, recipient};
use decide::Bundle;
use decide::bundle::{Competence, Contract, LegalBasis, OpenFiles, Territory, TerritoryChange};
use decide::routing::{Choice, check, route};
use schemas::municipality::{LanguageArea, Municipalities, NisCode};
use schemas::recipient::Recipient;

fn nis(code: &str) -> NisCode {
    NisCode::parse(code).unwrap()
}

#[test]
fn the_table_leads_to_one_or_says_why_to_nobody() {
    let mut bundle = bundle();
    territory(&mut bundle, "amal").push(row("24062", "2025-02-01", Some("2025-02-28")));
    for (code, on, choice, to, printed) in [
        ("44021", "2018-01-01", "", "amal", "territory"),
        ("44021", "2017-12-31", "", "agii", "territory"),
        ("44021", "2025-03-01", "bon", "amal", "territory"),
        ("24062", "2025-01-31", "", "agii", "territory"),
        ("24062", "2025-02-01", "", "amal", "territory"),
        ("24062", "2025-02-28", "", "amal", "territory"),
        ("24062", "2025-03-01", "", "agii", "territory"),
        ("11007", "2024-12-31", "", "agii", "territory"),
        ("11007", "2025-01-01", "", "atlas", "code_retired"),
        ("11297", "2025-01-01", "", "atlas", "district"),
        ("11297", "2024-12-31", "", "", "code_not_yet_valid"),
        ("99992", "2025-03-01", "", "", "not_a_municipality"),
        ("62063", "2025-03-01", "bon", "", "no_receiver"),
        ("63023", "2025-03-01", "", "", "no_receiver"),
        ("82003", "2024-12-02", "", "", "no_receiver"),
        ("21004", "2025-03-01", "", "", "awaiting_choice"),
        ("21004", "2025-03-01", "bon", "bon", "choice"),
        ("21004", "2025-03-01", "bon:nl", "bon", "choice"),
        ("21004", "2025-03-01", "bon:fr", "", "awaiting_choice"),
        ("21004", "2025-03-01", "bapa-via", "", "awaiting_choice"),
        ("21004", "2025-03-01", "bapa-via:fr", "bapa-via", "choice"),
        ("21004", "2025-03-01", "bapa-via:en", "", "awaiting_choice"),
        ("21004", "2025-03-01", "atlas", "", "awaiting_choice"),
        ("21004", "2025-03-01", "nobody:fr", "", "awaiting_choice"),
    ] {
        let found = route(&bundle, nis(code), day(on), Choice::parse(choice).as_ref());
        let led = (found.recipient.as_ref().map_or("", Recipient::as_str), found.printed().as_str());
        assert_eq!(led, (to, printed), "{code} on {on}, {choice:?}");
    }
}

/// The small country with contracts that may become active, and with what happens to open files where a code comes to
/// another.
fn sound() -> Bundle {
    let mut bundle = bundle();
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for contract in bundle.contracts.iter_mut().filter(|contract| !contract.offer.is_empty()) {
        contract.offer = owned(&["municipality"]);
        contract.file = owned(&["family_names", "municipality"]);
    }
    bundle.changes = [("11002", "2018-01-01"), ("44021", "2018-01-01"), ("11007", "2025-01-01")]
        .map(|(code, on)| change(code, on, OpenFiles::Keep))
        .to_vec();
    bundle
}

fn row(code: &str, from: &str, to: Option<&str>) -> Territory {
    Territory { nis: nis(code), from: day(from), to: to.map(day) }
}

fn contract<'a>(bundle: &'a mut Bundle, of: &str) -> &'a mut Contract {
    bundle.contracts.iter_mut().find(|contract| contract.recipient == recipient(of)).unwrap()
}

fn territory<'a>(bundle: &'a mut Bundle, of: &str) -> &'a mut Vec<Territory> {
    match &mut contract(bundle, of).competence {
        Competence::Territory(rows) => rows,
        other => panic!("{of} has {other:?}"),
    }
}

fn another(bundle: &mut Bundle, like: &str) {
    let mut other = contract(bundle, like).clone();
    other.recipient = recipient("other");
    bundle.contracts.push(other);
}

fn change(code: &str, on: &str, open_files: OpenFiles) -> TerritoryChange {
    TerritoryChange { nis: nis(code), on: day(on), open_files }
}

/// What is wrong, how it comes about, and all that is told of it.
type Wrong = (&'static str, fn(&mut Bundle), &'static [&'static str]);

const WRONG: &[Wrong] = &[
    ("nothing", |_| {}, &[]),
    (
        "two of one name",
        |bundle| {
            let second = contract(bundle, "portal").clone();
            bundle.contracts.push(second);
        },
        &["two contracts have the same recipient", "2 recipients tell the participant, there may be one"],
    ),
    (
        "nobody before arrival",
        |bundle| bundle.contracts.retain(|contract| contract.competence != Competence::BeforeArrival),
        &["0 recipients are competent before arrival, there must be one"],
    ),
    (
        "two before arrival",
        |bundle| another(bundle, "agii-abroad"),
        &["2 recipients are competent before arrival, there must be one"],
    ),
    (
        "two tell the participant",
        |bundle| another(bundle, "portal"),
        &["2 recipients tell the participant, there may be one"],
    ),
    (
        "nobody tells the participant",
        |bundle| bundle.contracts.retain(|c| c.competence != Competence::Participant),
        &[],
    ),
    (
        "no municipalities",
        |bundle| {
            bundle.municipalities = Municipalities::default();
            bundle.changes.clear();
            bundle.contracts.retain(|contract| !matches!(contract.competence, Competence::Territory(_)));
        },
        &["the table of municipalities is empty"],
    ),
    (
        "the visa side",
        |bundle| {
            contract(bundle, "portal").competence = Competence::VisaSide;
            contract(bundle, "portal").file = vec![];
        },
        &[
            "portal: the file names no field",
            "portal: nothing may leave to the visa side yet: the contract stays planned",
        ],
    ),
    (
        "a planned contract",
        |bundle| {
            let mut planned = contract(bundle, "amal").clone();
            planned.file.clear();
            planned.offer.clear();
            bundle.planned.push(planned);
        },
        &["amal: the file names no field", "amal: the offer names no field"],
    ),
    (
        "a field that is none",
        |bundle| contract(bundle, "amal").file.push("passport_number".to_owned()),
        &["amal: file names `passport_number`, which is no canonical field"],
    ),
    (
        "a field twice",
        |bundle| contract(bundle, "amal").file.push("municipality".to_owned()),
        &["amal: file names `municipality` twice"],
    ),
    (
        "a field on no basis that names it",
        |bundle| contract(bundle, "bapa-via").file.push("phone".to_owned()),
        &[
            "bapa-via: file names `phone`, which an office outside the Flemish sphere may have only on a legal basis that names it",
        ],
    ),
    (
        "a name before the yes",
        |bundle| contract(bundle, "amal").offer.push("family_names".to_owned()),
        &["amal: `family_names` may not leave before the recipient says yes"],
    ),
    (
        "an offer with more than the file",
        |bundle| contract(bundle, "amal").file.retain(|field| field != "municipality"),
        &["amal: `municipality` is in the offer but not in the file"],
    ),
    (
        "an offer to the participant",
        |bundle| {
            contract(bundle, "portal").offer.push("municipality".to_owned());
            contract(bundle, "portal").file.push("municipality".to_owned());
        },
        &[
            "portal: nothing is offered to who is competent before arrival, to the participant or the visa side",
        ],
    ),
    ("no offer", |bundle| contract(bundle, "bon").offer.clear(), &["bon: the offer names no field"]),
    (
        "a basis that names what the file does not",
        |bundle| contract(bundle, "amal").bases[0].names = ["phone".to_owned()].into(),
        &["amal: a legal basis names `phone`, which the file does not"],
    ),
    (
        "no basis",
        |bundle| contract(bundle, "amal").bases.clear(),
        &["amal: there is no legal basis, so nothing could ever leave"],
    ),
    (
        "two bases on the last day of one",
        |bundle| bases(bundle, &[("2020-01-01", Some("2025-06-30")), ("2025-06-30", None)]),
        &["amal: legal bases: two of them hold on 2025-06-30"],
    ),
    (
        "a basis after another",
        |bundle| bases(bundle, &[("2020-01-01", Some("2025-06-30")), ("2025-07-01", None)]),
        &[],
    ),
    ("a basis of one day", |bundle| bases(bundle, &[("2025-06-30", Some("2025-06-30"))]), &[]),
    (
        "a basis that ends before it begins",
        |bundle| bases(bundle, &[("2025-07-01", Some("2025-06-30"))]),
        &["amal: legal bases: ends before 2025-07-01"],
    ),
    (
        "a territory of no municipality",
        |bundle| territory(bundle, "amal").push(row("99999", "2018-01-01", None)),
        &["amal: territory names 99999, which is no municipality"],
    ),
    (
        "a territory twice",
        |bundle| territory(bundle, "amal").push(row("44021", "2025-01-01", None)),
        &["amal: territory 44021: two of them hold on 2025-01-01"],
    ),
    (
        "a territory of two",
        |bundle| {
            territory(bundle, "amal").push(row("11002", "2026-01-01", None));
            bundle.changes.push(change("11002", "2026-01-01", OpenFiles::Keep));
        },
        &["overlap: amal and atlas claim the same territory: 1 codes, the first is 11002 on 2026-01-01"],
    ),
    (
        "chosen in no language",
        |bundle| {
            let none = Competence::Choice { languages: vec![], network: "bon".to_owned(), outside: false };
            contract(bundle, "bon").competence = none;
        },
        &["bon: can be chosen in no language"],
    ),
    (
        "the rest of Brussels",
        |bundle| {
            another(bundle, "agii");
            contract(bundle, "other").competence = Competence::Rest(LanguageArea::Brussels);
        },
        &["other: in Brussels the newcomer chooses, nobody has the rest"],
    ),
    (
        "nobody to choose",
        |bundle| bundle.contracts.retain(|c| !matches!(c.competence, Competence::Choice { .. })),
        &["gap: nobody can be chosen in Brussels: 19 codes, the first is 21001 on 1970-01-01"],
    ),
    (
        "a change that nobody said anything of",
        |bundle| bundle.changes.retain(|change| change.nis != nis("11007")),
        &["territory: 11007 comes to another recipient on 2025-01-01: say what happens to open files"],
    ),
    (
        "a change that is none",
        |bundle| bundle.changes.push(change("24062", "2025-02-01", OpenFiles::Keep)),
        &["territory: nothing changes for 24062 on 2025-02-01"],
    ),
    (
        "a change that is none, on the day of another's",
        |bundle| {
            territory(bundle, "amal").push(row("46030", "2025-01-01", None));
            let codes = ["46030", "46003", "46013", "11056", "24062"];
            bundle.changes.extend(codes.map(|code| change(code, "2025-01-01", OpenFiles::Keep)));
        },
        &["territory: nothing changes for 24062 on 2025-01-01"],
    ),
    (
        "the first day of a territory's own row",
        |bundle| {
            territory(bundle, "amal").push(row("46030", "2025-01-01", None));
            let codes = ["46030", "46003", "46013", "11056"];
            bundle.changes.extend(codes.map(|code| change(code, "2025-01-01", OpenFiles::Keep)));
        },
        &[],
    ),
    (
        "two things said of one change",
        |bundle| bundle.changes.push(change("11007", "2025-01-01", OpenFiles::MoveAll)),
        &["territory: two things are said of one change"],
    ),
    (
        "the same said twice of one change",
        |bundle| bundle.changes.push(change("11007", "2025-01-01", OpenFiles::Keep)),
        &[],
    ),
    (
        "no time at all",
        |bundle| bundle.deadlines.held_days = 0,
        &["deadlines: held_days is 0: no time at all"],
    ),
    (
        "an age that is none",
        |bundle| bundle.target_group.minimum_age = 0,
        &["target-group: minimum_age is no age"],
    ),
    (
        "an age that nobody reaches",
        |bundle| bundle.target_group.minimum_age = 121,
        &["target-group: minimum_age is no age"],
    ),
    ("the greatest age", |bundle| bundle.target_group.minimum_age = 120, &[]),
];

fn bases(bundle: &mut Bundle, days: &[(&str, Option<&str>)]) {
    let basis = |(from, to): &(&str, Option<&str>)| LegalBasis {
        reference: "test".to_owned(),
        from: day(from),
        to: to.map(day),
        names: [].into(),
    };
    contract(bundle, "amal").bases = days.iter().map(basis).collect();
}

#[test]
fn each_way_in_which_a_bundle_can_be_wrong_is_told() {
    let mut wrong = vec![];
    for (what, break_it, told) in WRONG {
        let mut bundle = sound();
        break_it(&mut bundle);
        let said = check(&bundle);
        if said != *told {
            wrong.push(format!("{what}: {said:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_has_the_rest_has_it_alone() {
    let mut bundle = sound();
    another(&mut bundle, "agii");
    let told = check(&bundle);
    assert!(told.len() == 1 && told[0].starts_with("overlap: agii and other have the rest"), "{told:?}");
    bundle.contracts.retain(|contract| !matches!(contract.competence, Competence::Rest(_)));
    bundle.changes.clear();
    let told = check(&bundle);
    assert!(
        told.len() == 1 && told[0].starts_with("gap: no recipient for the Dutch language area"),
        "{told:?}"
    );
}
