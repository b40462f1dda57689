//! The proof that a bundle routes every municipality on every day to exactly one answer, and that
//! its contracts promise only what can be kept.
//!
//! Between two days on which a row begins or ends nothing changes, so one day a period proves all
//! days. Owns the wording of what is wrong. Next: [`super::route`].

use std::collections::{BTreeMap, BTreeSet};

use schemas::canonical;
use schemas::municipality::{LanguageArea, Lookup, Municipality, NisCode};
use schemas::time::Day;

use super::{names, rest, route};
use crate::bundle::{Bundle, Competence, Contract, Territory, Turning};

/// What a recipient may see before it says yes: enough to say yes, and nobody's name (docs/disclosure.md).
const BEFORE_YES: [&str; 4] = ["municipality", "target_group", "arrival_month", "contact_language"];

/// Everything that is wrong with a bundle; nothing where it may become active.
#[must_use]
pub fn check(bundle: &Bundle) -> Vec<String> {
    let mut wrong = recipients(bundle);
    let all = || bundle.contracts.iter().chain(&bundle.planned);
    all().for_each(|contract| wrong.extend(promises(bundle, contract)));
    let visa = |contract: &&Contract| contract.competence == Competence::VisaSide;
    wrong.extend(bundle.contracts.iter().filter(visa).map(|contract| {
        format!("{}: nothing may leave to the visa side yet: the contract stays planned", contract.recipient)
    }));
    wrong.extend(territory(bundle));
    wrong.extend(changes(bundle));
    wrong.extend(rules(bundle));
    wrong
}

/// Who stands in the table at all.
fn recipients(bundle: &Bundle) -> Vec<String> {
    let mut wrong = vec![];
    let names: BTreeSet<_> = bundle.contracts.iter().map(|contract| &contract.recipient).collect();
    if names.len() < bundle.contracts.len() {
        wrong.push("two contracts have the same recipient".to_owned());
    }
    let before = |contract: &&Contract| contract.competence == Competence::BeforeArrival;
    match bundle.contracts.iter().filter(before).count() {
        1 => {}
        n => wrong.push(format!("{n} recipients are competent before arrival, there must be one")),
    }
    let participant = |contract: &&Contract| contract.competence == Competence::Participant;
    let told = bundle.contracts.iter().filter(participant).count();
    if told > 1 {
        wrong.push(format!("{told} recipients tell the participant, there may be one"));
    }
    if bundle.municipalities.iter().next().is_none() {
        wrong.push("the table of municipalities is empty".to_owned());
    }
    wrong
}

/// What one contract names: fields that exist, an offer without anybody's name, bases that follow
/// one another, codes that exist.
fn promises(bundle: &Bundle, contract: &Contract) -> Vec<String> {
    let mut wrong = vec![];
    let who = &contract.recipient;
    let named: BTreeSet<&String> = contract.bases.iter().flat_map(|basis| &basis.names).collect();
    for field in named.iter().filter(|field| !contract.file.contains(field)) {
        wrong.push(format!("{who}: a legal basis names `{field}`, which the file does not"));
    }
    for (view, fields) in [("offer", &contract.offer), ("file", &contract.file)] {
        let mut seen = BTreeSet::new();
        for field in fields {
            match canonical::field(field) {
                None => wrong.push(format!("{who}: {view} names `{field}`, which is no canonical field")),
                Some(known) if known.used_by(contract.kind()).is_none() => wrong.push(format!(
                    "{who}: {view} names `{field}`, for which {} has no purpose",
                    contract.kind().as_str()
                )),
                Some(_) if named.contains(field) || !contract.must_be_named(field) => {}
                Some(_) => wrong.push(format!(
                    "{who}: {view} names `{field}`, which {} may have only on a legal basis that names it",
                    contract.kind().as_str()
                )),
            }
            if !seen.insert(field) {
                wrong.push(format!("{who}: {view} names `{field}` twice"));
            }
        }
    }
    for field in &contract.offer {
        if !contract.file.contains(field) {
            wrong.push(format!("{who}: `{field}` is in the offer but not in the file"));
        }
        if canonical::field(field).is_some() && !BEFORE_YES.contains(&field.as_str()) {
            wrong.push(format!("{who}: `{field}` may not leave before the recipient says yes"));
        }
    }
    if contract.file.is_empty() {
        wrong.push(format!("{who}: the file names no field"));
    }
    match (&contract.competence, contract.offer.is_empty()) {
        (Competence::BeforeArrival | Competence::Participant | Competence::VisaSide, false) => {
            wrong.push(format!(
                "{who}: nothing is offered to who is competent before arrival, to the participant or the visa side"
            ));
        }
        (Competence::Territory(_) | Competence::Rest(_) | Competence::Choice { .. }, true) => {
            wrong.push(format!("{who}: the offer names no field"));
        }
        (_, _) => {}
    }
    wrong.extend(bases(contract));
    wrong.extend(claims_exist(bundle, contract));
    wrong
}

/// On no day two bases, and none that ends before it begins.
fn bases(contract: &Contract) -> Vec<String> {
    let who = &contract.recipient;
    let days = contract.bases.iter().map(|basis| (basis.from, basis.to));
    let mut wrong: Vec<_> =
        periods(days).into_iter().map(|text| format!("{who}: legal bases: {text}")).collect();
    if contract.bases.is_empty() {
        wrong.push(format!("{who}: there is no legal basis, so nothing could ever leave"));
    }
    wrong
}

/// A territory names codes of the table, each on days on which nobody has to guess.
fn claims_exist(bundle: &Bundle, contract: &Contract) -> Vec<String> {
    let who = &contract.recipient;
    match &contract.competence {
        Competence::Territory(rows) => {
            let mut by_code: BTreeMap<NisCode, Vec<&Territory>> = BTreeMap::new();
            rows.iter().for_each(|row| by_code.entry(row.nis).or_default().push(row));
            let mut wrong = vec![];
            for (nis, rows) in by_code {
                if !bundle.municipalities.iter().any(|row| row.nis == nis) {
                    wrong.push(format!("{who}: territory names {nis}, which is no municipality"));
                }
                let days = rows.iter().map(|row| (row.from, row.to));
                wrong.extend(periods(days).into_iter().map(|text| format!("{who}: territory {nis}: {text}")));
            }
            wrong
        }
        Competence::Choice { languages, .. } if languages.is_empty() => {
            vec![format!("{who}: can be chosen in no language")]
        }
        Competence::Rest(LanguageArea::Brussels) => {
            vec![format!("{who}: in Brussels the newcomer chooses, nobody has the rest")]
        }
        Competence::BeforeArrival
        | Competence::Participant
        | Competence::VisaSide
        | Competence::Rest(_)
        | Competence::Choice { .. } => {
            vec![]
        }
    }
}

/// What is wrong with a list of periods: turned round, or overlapping.
fn periods(days: impl Iterator<Item = (Day, Option<Day>)>) -> Vec<String> {
    let mut days: Vec<_> = days.map(|(from, to)| (from, to.unwrap_or(Day::MAX))).collect();
    days.sort_unstable();
    let turned = days.iter().filter(|(from, to)| to < from).map(|(from, _)| format!("ends before {from}"));
    let overlap = days.windows(2).filter(|pair| pair[1].0 <= pair[0].1);
    let overlap = overlap.map(|pair| format!("two of them hold on {}", pair[1].0));
    turned.chain(overlap).collect()
}

/// Every code on every day: one recipient, a choice, or nobody by design; and every code that ended
/// leads on to one that exists. Equal causes are told once, with their number and the first place.
fn territory(bundle: &Bundle) -> Vec<String> {
    let mut causes: BTreeMap<String, (BTreeSet<NisCode>, NisCode, Day)> = BTreeMap::new();
    let days = &Turning::of(bundle).territory;
    for row in bundle.municipalities.iter() {
        for &on in days {
            let cause = match bundle.municipalities.lookup(row.nis, on) {
                Lookup::Valid(found) => ambiguity(bundle, found, on),
                Lookup::Unknown => Some("the code ended and no successor exists".to_owned()),
                Lookup::Retired(_) | Lookup::District(_) | Lookup::NotYet => None,
            };
            if let Some(cause) = cause {
                causes.entry(cause).or_insert_with(|| (BTreeSet::new(), row.nis, on)).0.insert(row.nis);
            }
        }
    }
    let tell = |(cause, (codes, nis, on)): (String, (BTreeSet<NisCode>, NisCode, Day))| {
        format!("{cause}: {} codes, the first is {nis} on {on}", codes.len())
    };
    causes.into_iter().map(tell).collect()
}

/// Why a municipality on a day has not exactly one answer.
fn ambiguity(bundle: &Bundle, row: &Municipality, on: Day) -> Option<String> {
    let list = |claims: &[&Contract]| {
        claims.iter().map(|contract| contract.recipient.as_str()).collect::<Vec<_>>().join(" and ")
    };
    let named: Vec<_> = bundle.contracts.iter().filter(|contract| names(contract, row.nis, on)).collect();
    match named.as_slice() {
        [_] => return None,
        [] => {}
        several => return Some(format!("overlap: {} claim the same territory", list(several))),
    }
    let choosable = |contract: &&Contract| matches!(contract.competence, Competence::Choice { .. });
    let rest: Vec<_> = rest(bundle, row.language_area).collect();
    match (row.language_area, rest.as_slice()) {
        (LanguageArea::Brussels, _) if bundle.contracts.iter().any(|contract| choosable(&contract)) => None,
        (LanguageArea::Brussels, _) => Some("gap: nobody can be chosen in Brussels".to_owned()),
        (LanguageArea::Dutch, []) => Some("gap: no recipient for the Dutch language area".to_owned()),
        (_, [] | [_]) => None,
        (_, several) => Some(format!("overlap: {} have the rest of one language area", list(several))),
    }
}

/// Where a code comes to another recipient somebody said what happens to open files; and nowhere else.
fn changes(bundle: &Bundle) -> Vec<String> {
    let mut found = BTreeSet::new();
    let days = Turning::of(bundle).territory;
    for row in bundle.municipalities.iter() {
        for &on in &days {
            let led = |day: Day| route(bundle, row.nis, day, None).recipient;
            // A code that had ended before follows the one that took its place.
            let stood = |day: &Day| matches!(bundle.municipalities.lookup(row.nis, *day), Lookup::Valid(_));
            let before = on.pred_opt().filter(stood).and_then(led);
            if before.is_some() && led(on).is_some() && before != led(on) {
                found.insert((row.nis, on));
            }
        }
    }
    let told: BTreeSet<_> = bundle.changes.iter().map(|change| (change.nis, change.on)).collect();
    let missing = found.difference(&told).map(|(nis, on)| {
        format!("territory: {nis} comes to another recipient on {on}: say what happens to open files")
    });
    // A territory's own row may begin where nobody had the code.
    let own = |(nis, on): &&(NisCode, Day)| bundle.contracts.iter().any(|c| begins(c, *nis, *on));
    let idle = told.difference(&found).filter(|change| !own(change));
    let idle = idle.map(|(nis, on)| format!("territory: nothing changes for {nis} on {on}"));
    let mut wrong: Vec<_> = missing.chain(idle).collect();
    let ways: BTreeSet<_> = bundle.changes.iter().map(|c| (c.nis, c.on, c.open_files)).collect();
    if told.len() < ways.len() {
        wrong.push("territory: two things are said of one change".to_owned());
    }
    wrong
}

/// Whether a contract's territory names this code from this day on.
fn begins(contract: &Contract, nis: NisCode, on: Day) -> bool {
    let Competence::Territory(rows) = &contract.competence else { return false };
    rows.iter().any(|row| row.nis == nis && row.from == on)
}

/// Rules that would make nonsense of the table's answers.
fn rules(bundle: &Bundle) -> Vec<String> {
    let deadlines = &bundle.deadlines;
    let lasting = [
        ("prepared_months", deadlines.prepared_months),
        ("choice_months", deadlines.choice_months),
        ("held_days", deadlines.held_days),
        ("sent_days", deadlines.sent_days),
        ("received_days", deadlines.received_days),
        ("accepted_months", deadlines.accepted_months),
        ("rejected_days", deadlines.rejected_days),
        ("overdue_days", deadlines.overdue_days),
        ("registered_alone_days", deadlines.registered_alone_days),
        ("account_alone_days", deadlines.account_alone_days),
        ("permit_alone_months", deadlines.permit_alone_months),
    ];
    let none = lasting.into_iter().filter(|(_, length)| *length == 0);
    let mut wrong: Vec<_> = none.map(|(name, _)| format!("deadlines: {name} is 0: no time at all")).collect();
    if !(1..=120).contains(&bundle.target_group.minimum_age) {
        wrong.push("target-group: minimum_age is no age".to_owned());
    }
    wrong
}
