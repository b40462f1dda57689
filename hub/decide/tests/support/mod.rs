//! A small country for the heart's tests: its agencies and its people.
//!
//! What people say is in [`say`], where it happens in [`house`]. Only test numbers and invented people.

#![allow(clippy::unwrap_used, dead_code, clippy::allow_attributes, reason = "a test fails where it stands")]

pub(crate) mod engine;
pub(crate) mod filing;
pub(crate) mod house;
pub(crate) mod life;
pub(crate) mod pair;
pub(crate) mod say;
pub(crate) mod settled;
pub(crate) mod two_lives;
pub(crate) mod walk;
pub(crate) mod who;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use decide::bundle::{
    Bundle, CandidateKind, CandidateRule, Competence, Contract, Deadlines, LegalBasis, TargetGroup, Territory,
};
use decide::fee::{FeeRule, FeeRules};
use decide::model::MatchModel;
use decide::package::{
    Group, ModulePart, ModuleRow, ModuleTable, ModuleVersion, MoveOn, ObligationRule, ObligationRules,
};
use decide::transliteration::Transliteration;
use schemas::calendar::{Falls, Holiday, WorkCalendar};
use schemas::country::{Countries, Country};
use schemas::fact::Region;
use schemas::municipality::{LanguageArea, Municipalities, NisCode};
use schemas::name::Script;
use schemas::place::Places;
use schemas::recipient::Recipient;
use schemas::reference::{CategoryCode, IssuerCode, ModuleCode};
use schemas::time::{Day, parse_day};

pub(crate) use filing::{patched_application, patched_permit};
pub(crate) use house::House;
pub(crate) use say::*;
pub(crate) use who::{Who, test_insz};

pub(crate) fn recipient(name: &str) -> Recipient {
    Recipient::parse(name).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

/// Every order of `n` things.
pub(crate) fn orders(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else { return vec![vec![]] };
    let mut all = vec![];
    for order in orders(last) {
        for place in 0..n {
            let mut longer = order.clone();
            longer.insert(place, last);
            all.push(longer);
        }
    }
    all
}

/// The bundle of every story; the tables are read once.
pub(crate) fn bundle() -> Bundle {
    static BUNDLE: LazyLock<Bundle> = LazyLock::new(made);
    BUNDLE.clone()
}

/// The country of this ISO code.
pub(crate) fn country(code: &str) -> Country {
    static COUNTRIES: LazyLock<Countries> = LazyLock::new(|| bundle().countries);
    COUNTRIES.by_code(code).unwrap()
}

/// The learned tables that the hub ships: reading them takes a while, so that only who compares scripts has them.
pub(crate) fn letters() -> Arc<Transliteration> {
    static TABLES: LazyLock<Arc<Transliteration>> = LazyLock::new(|| {
        let mut tables = Transliteration::default();
        for script in Script::ALL {
            let file = format!("../../config/models/transliteration-{}.tsv", script.as_str());
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            tables.add(&std::fs::read_to_string(path).unwrap()).unwrap();
        }
        Arc::new(tables)
    });
    Arc::clone(&TABLES)
}

/// The running hub's own match model.
pub(crate) fn model() -> MatchModel {
    toml::from_str(include_str!("../../../../config/models/newcomers.toml")).unwrap()
}

fn made() -> Bundle {
    let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let contract = |name: &str, competence: Competence| {
        let before = matches!(competence, Competence::BeforeArrival | Competence::Participant);
        Contract {
            recipient: recipient(name),
            offer: if before { vec![] } else { fields(&["municipality", "target_group"]) },
            file: fields(match competence {
                Competence::BeforeArrival => &["family_names", "given_names", "birth_date", "visa_status"],
                Competence::Participant => {
                    &["portal_accounts", "modules", "whole_package", "competent_agency"]
                }
                _ => &[
                    "family_names",
                    "given_names",
                    "birth_date",
                    "insz",
                    "municipality",
                    "street",
                    "modules",
                ],
            }),
            competence,
            bases: vec![LegalBasis {
                reference: "test".to_owned(),
                from: day("2020-01-01"),
                to: None,
                names: BTreeSet::new(),
            }],
        }
    };
    let territory = |nis: &str| {
        Competence::Territory(vec![Territory {
            nis: NisCode::parse(nis).unwrap(),
            from: day("2018-01-01"),
            to: None,
        }])
    };
    let choice = |network: &str, languages: &[&str]| Competence::Choice {
        languages: fields(languages),
        network: network.to_owned(),
        outside: network == "bapa",
    };
    let municipalities =
        Municipalities::from_csv(include_str!("../../../../config/tables/municipalities.csv")).unwrap();
    Bundle {
        contracts: vec![
            contract("agii", Competence::Rest(LanguageArea::Dutch)),
            contract("agii-abroad", Competence::BeforeArrival),
            contract("amal", territory("44021")),
            contract("atlas", territory("11002")),
            contract("bapa-bxl", choice("bapa", &["nl", "fr"])),
            contract("bapa-via", choice("bapa", &["nl", "fr"])),
            contract("bon", choice("bon", &["nl"])),
            contract("portal", Competence::Participant),
        ],
        places: Places::new(
            &municipalities,
            include_str!("../../../../config/tables/municipality_names.csv"),
            include_str!("../../../../config/tables/postal_codes.csv"),
        )
        .unwrap(),
        municipalities,
        countries: Countries::from_csv(include_str!("../../../../config/tables/countries.csv")).unwrap(),
        target_group: TargetGroup {
            minimum_age: 18,
            review_grounds: vec!["40bis".to_owned()],
            areas: vec![LanguageArea::Dutch, LanguageArea::Brussels],
            permit_regions: vec![Region::Flanders, Region::Brussels],
            candidates: vec![CandidateRule {
                from: day("2018-01-01"),
                enrols: KINDS.to_vec(),
                goes_on: KINDS.to_vec(),
                charged: true,
            }],
        },
        modules: modules(),
        obligation: ObligationRules(vec![ObligationRule {
            from: day("2018-01-01"),
            exempt_from_age: 70,
            entitled: BTreeSet::from([Group::Labour, Group::LabourFamily]),
            obliging_grounds: ["10", "10bis", "40ter"].map(str::to_owned).into(),
        }]),
        model: Arc::new(model()),
        fee: FeeRules(vec![FeeRule {
            from: day("2018-01-01"),
            euro: 90,
            exempt: [CategoryCode::parse("cat-1").unwrap()].into(),
        }]),
        deadlines: Deadlines {
            prepared_months: 12,
            choice_months: 6,
            held_days: 5,
            sent_days: 1,
            received_days: 5,
            accepted_months: 24,
            rejected_days: 1,
            overdue_days: 2,
            bounced_days: 1,
            purge_days: 2,
            recall_days: 1,
            registered_alone_days: 5,
            account_alone_days: 20,
            permit_alone_months: 6,
        },
        calendar: WorkCalendar::of(vec![
            holiday(Falls::every("05-01").unwrap()),
            holiday(Falls::AfterEaster(1)),
        ]),
        ..Bundle::default()
    }
}

/// One module of each part, and a second focus module.
fn modules() -> ModuleTable {
    let module = |code: &str, part: ModulePart, groups: &[Group]| {
        let version = |name: &str, from: &str| ModuleVersion { name: name.to_owned(), from: day(from) };
        let names = ["nl", "en", "fr"].map(|language| (language.to_owned(), format!("{code} {language}")));
        let row = ModuleRow {
            part,
            groups: groups.iter().copied().collect(),
            names: names.into(),
            done_by: MoveOn::Passed,
            versions: vec![version("1", "2020-01-01"), version("2", "2025-05-01")],
            until: None,
        };
        (ModuleCode::parse(code).unwrap(), row)
    };
    let modules = [
        module("B1", ModulePart::Base, &[]),
        module("L1", ModulePart::Focus, &[Group::Labour]),
        module("F1", ModulePart::Focus, &[Group::Family, Group::LabourFamily]),
        module("D1", ModulePart::Diploma, &[]),
    ];
    ModuleTable { modules: modules.into(), issuers: [IssuerCode::parse("cnavt").unwrap()].into() }
}

/// The memo's definition: who applied, and who needs no visa.
const KINDS: [CandidateKind; 2] = [CandidateKind::VisaApplied, CandidateKind::NoVisaNeeded];

fn holiday(falls: Falls) -> Holiday {
    Holiday { falls, from: None, to: None }
}
