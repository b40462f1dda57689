//! Routing: cases as data, the table's totality, what its proof catches, and `hub route` on a file.
//!
//! Next: `decide::routing`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use decide::Bundle;
use decide::bundle::{Competence, OpenFiles, Territory, TerritoryChange};
use decide::routing::{Choice, RouteReason, check, route};
use hub::commands::route::rows;
use schemas::municipality::NisCode;
use schemas::recipient::Recipient;
use schemas::time::{Day, parse_day};

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

fn nis(text: &str) -> NisCode {
    NisCode::parse(text).unwrap()
}

/// Nis code, day, choice (empty for none), then recipient (empty for none) and the printed reason.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    ("11002", "2024-06-01", "", "atlas", "territory"),
    ("11002", "2018-01-01", "", "atlas", "territory"),
    ("44021", "2025-03-01", "", "amal", "territory"),
    ("44021", "2025-03-01", "bon", "amal", "territory"),
    ("24062", "2025-03-01", "", "agii", "territory"),
    // Municipalities with facilities lie in the Dutch language area.
    ("23098", "2025-03-01", "", "agii", "territory"),
    // Borsbeek became a district of Antwerp.
    ("11007", "2024-12-31", "", "agii", "territory"),
    ("11007", "2025-01-01", "", "atlas", "code_retired"),
    ("11297", "2025-01-01", "", "atlas", "district"),
    ("11297", "2024-12-31", "", "", "code_not_yet_valid"),
    ("11201", "2019-01-01", "", "atlas", "district"),
    // Zwijndrecht went to Beveren-Kruibeke-Zwijndrecht, in another province.
    ("11056", "2024-12-31", "", "agii", "territory"),
    ("11056", "2025-01-01", "", "agii", "code_retired"),
    ("46030", "2024-12-31", "", "", "code_not_yet_valid"),
    ("46030", "2025-01-01", "", "agii", "territory"),
    ("71022", "2026-01-01", "", "agii", "code_retired"),
    // Brussels.
    ("21004", "2025-03-01", "", "", "awaiting_choice"),
    ("21004", "2025-03-01", "bon", "bon", "choice"),
    ("21004", "2025-03-01", "bon:nl", "bon", "choice"),
    ("21004", "2025-03-01", "bon:fr", "", "awaiting_choice"),
    ("21004", "2025-03-01", "bapa-via", "", "awaiting_choice"),
    ("21004", "2025-03-01", "bapa-via:fr", "bapa-via", "choice"),
    ("21015", "2025-03-01", "bapa-bxl:nl", "bapa-bxl", "choice"),
    ("21015", "2025-03-01", "bapa-convivial:en", "", "awaiting_choice"),
    ("21015", "2025-03-01", "atlas", "", "awaiting_choice"),
    ("21015", "2025-03-01", "nobody:fr", "", "awaiting_choice"),
    // Liège, Eupen, and a Walloon code that ended: nobody, and the reason says why nobody.
    ("62063", "2025-03-01", "", "", "no_receiver"),
    ("62063", "2025-03-01", "bapa-via:fr", "", "no_receiver"),
    ("63023", "2025-03-01", "", "", "no_receiver"),
    ("82003", "2024-12-02", "", "", "no_receiver"),
    ("99992", "2025-03-01", "", "", "not_a_municipality"),
    ("00000", "2025-03-01", "", "", "not_a_municipality"),
];

#[test]
fn the_table_answers() {
    let bundle = tests::config().bundle;
    for &(code, on, choice, recipient, reason) in CASES {
        let choice = Choice::parse(choice);
        let found = route(&bundle, nis(code), day(on), choice.as_ref());
        let got = (found.recipient.as_ref().map_or("", |r| r.as_str()), found.printed().as_str());
        assert_eq!(got, (recipient, reason), "{code} on {on}, {choice:?}");
    }
}

#[test]
fn every_code_has_an_answer_on_the_first_of_every_month() {
    let bundle = tests::config().bundle;
    let months =
        (2018..2031).flat_map(|year| (1..13).map(move |month| Day::from_ymd_opt(year, month, 1).unwrap()));
    let chosen = Choice::parse("bapa-bxl:fr");
    let mut asked = 0;
    for on in months {
        for code in bundle.municipalities.iter().map(|row| row.nis) {
            let found = route(&bundle, code, on, None);
            let reason_has_recipient = matches!(found.reason, RouteReason::Territory | RouteReason::Choice);
            assert_eq!(found.recipient.is_some(), reason_has_recipient, "{code} on {on}: {found:?}");
            assert_ne!(found.reason, RouteReason::NotAMunicipality, "{code} on {on}");
            let found = route(&bundle, code, on, chosen.as_ref());
            assert_ne!(found.reason, RouteReason::AwaitingChoice, "{code} on {on}");
            asked += 1;
        }
    }
    assert_eq!(asked, 620 * 156);
}

/// What `check` says of the bundle after a change, as far as it is about the change.
fn caught(change: impl Fn(&mut Bundle)) -> String {
    let mut bundle = tests::config().bundle;
    assert_eq!(check(&bundle), Vec::<String>::new());
    change(&mut bundle);
    check(&bundle).join("\n")
}

fn remove(bundle: &mut Bundle, name: &str) {
    bundle.contracts.retain(|contract| contract.recipient.as_str() != name);
}

fn claim(bundle: &mut Bundle, name: &str, code: &str, from: &str, to: Option<&str>) {
    let row = Territory { nis: nis(code), from: day(from), to: to.map(day) };
    bundle.changes.push(TerritoryChange { nis: row.nis, on: row.from, open_files: OpenFiles::MoveAll });
    let contract = bundle.contracts.iter_mut().find(|contract| contract.recipient.as_str() == name);
    match &mut contract.unwrap().competence {
        Competence::Territory(rows) => rows.push(row),
        other => panic!("{name} has no territory but {other:?}"),
    }
}

#[test]
fn a_change_of_territory_says_what_happens_to_open_files() {
    let told = caught(|bundle| bundle.changes.retain(|change| change.nis != nis("11007")));
    assert_eq!(
        told,
        "territory: 11007 comes to another recipient on 2025-01-01: say what happens to open files"
    );
    let told = caught(|bundle| {
        let on = day("2025-02-01");
        bundle.changes.push(TerritoryChange { nis: nis("44021"), on, open_files: OpenFiles::Keep });
    });
    assert_eq!(told, "territory: nothing changes for 44021 on 2025-02-01");
    let told = caught(|bundle| {
        let mut other = bundle.changes.last().cloned().unwrap();
        other.open_files = OpenFiles::Keep;
        bundle.changes.push(other);
    });
    assert_eq!(told, "territory: two things are said of one change");
}

#[test]
fn overlaps_are_caught() {
    let told = caught(|bundle| claim(bundle, "amal", "11002", "2026-01-01", None));
    assert_eq!(
        told,
        "overlap: amal and atlas claim the same territory: 1 codes, the first is 11002 on 2026-01-01"
    );
    let told = caught(|bundle| claim(bundle, "atlas", "11002", "2026-01-01", None));
    assert_eq!(told, "atlas: territory 11002: two of them hold on 2026-01-01");
    let told = caught(|bundle| {
        let mut other = bundle.contracts.iter().find(|c| c.recipient.as_str() == "agii").unwrap().clone();
        other.recipient = Recipient::parse("agii-2").unwrap();
        bundle.contracts.push(other);
    });
    assert!(told.starts_with("overlap: agii and agii-2 have the rest of one language area: 32"), "{told}");
    let told = caught(|bundle| {
        let basis = bundle.contracts[0].bases[0].clone();
        bundle.contracts[0].bases.push(basis);
    });
    assert!(told.contains("legal bases: two of them hold on 2024-01-01"), "{told}");
}

#[test]
fn gaps_are_caught() {
    assert!(
        caught(|bundle| remove(bundle, "agii"))
            .starts_with("gap: no recipient for the Dutch language area: 32")
    );
    let told = caught(|bundle| {
        bundle.contracts.retain(|contract| !matches!(contract.competence, Competence::Choice { .. }));
    });
    assert!(told.starts_with("gap: nobody can be chosen in Brussels: 19 codes"), "{told}");
    let told = caught(|bundle| remove(bundle, "agii-abroad"));
    assert_eq!(told, "0 recipients are competent before arrival, there must be one");
    let told = caught(|bundle| bundle.contracts.iter_mut().for_each(|contract| contract.bases.clear()));
    assert_eq!(told.lines().count(), 9, "{told}");
}

#[test]
fn promises_that_cannot_be_kept_are_caught() {
    let agii =
        |bundle: &mut Bundle| bundle.contracts.iter().position(|c| c.recipient.as_str() == "agii").unwrap();
    let told = caught(|bundle| {
        let at = agii(bundle);
        bundle.contracts[at].file.push("passport_number".to_owned());
    });
    assert_eq!(told, "agii: file names `passport_number`, which is no canonical field");
    let told = caught(|bundle| {
        let at = agii(bundle);
        bundle.contracts[at].offer.push("insz".to_owned());
    });
    assert_eq!(told, "agii: `insz` may not leave before the recipient says yes");
    let told = caught(|bundle| {
        let at = agii(bundle);
        bundle.contracts[at].file.retain(|field| field != "municipality");
    });
    assert_eq!(told, "agii: `municipality` is in the offer but not in the file");
}

#[test]
fn a_file_keeps_its_columns_and_gains_two() {
    let bundle = tests::config().bundle;
    let given = "\u{feff}id,nis_code,on,choice,note\n\
        1,44021,2025-03-01,,\"a, b\"\n\
        2,21004,2025-03-01,bapa-via:fr,\n\
        3,62063,2025-03-01,,\n\
        4,4402,2025-03-01,,\n\
        5,44021,1/3/2025,,\n";
    let mut out = vec![];
    let unread = rows(&bundle, given.as_bytes(), &mut out).unwrap();
    let expect = "id,nis_code,on,choice,note,recipient,reason\n\
        1,44021,2025-03-01,,\"a, b\",amal,territory\n\
        2,21004,2025-03-01,bapa-via:fr,,bapa-via,choice\n\
        3,62063,2025-03-01,,,,no_receiver\n\
        4,4402,2025-03-01,,,,not_a_municipality\n\
        5,44021,1/3/2025,,,,\n";
    assert_eq!((String::from_utf8(out).unwrap().as_str(), unread), (expect, 1));
}
