//! A municipality is merged into one of another agency: what happens to open files is the rules' to say, under whichever
//! code the register goes on naming the home and whatever is done to the file since.
//!
//! Which day is due is `due.rs`'s proof, that somebody who really moves does so `corners.rs`'s.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support::{
    Home, House, Who, account, application, day, number_given, objection, register, status,
};
use decide::bundle::{Competence, OpenFiles, Territory, TerritoryChange};
use schemas::fact::{Decision, Purpose};
use schemas::handover::{AnswerKind, OrderName, RejectCode};
use schemas::message::Body;
use schemas::municipality::NisCode;

/// At home in Borsbeek, which becomes part of Antwerp on 1 January: from AgII to Atlas.
fn in_borsbeek(open_files: OpenFiles) -> (House, Who) {
    let (mut house, who) = (House::new(), Who::number(1));
    house.today("2024-12-30");
    house.tell(application(&who, Purpose::FamilyReunification, "2024-06-03"));
    house.tell(status(&who, Decision::Granted, 2, "2024-08-01"));
    house.tell(number_given(&who, "2024-09-02"));
    house.tell(account(&who, "2024-09-03"));
    house.home(&who, "11007", "2024-12-27");
    let nis = NisCode::parse("11007").unwrap();
    house.bundle.changes = vec![TerritoryChange { nis, on: day("2025-01-01"), open_files }];
    (house, who)
}

/// How the register names the same home after the merger: by the old code, by the new one, and as managed there since
/// the day of the merger.
const NAMED: [(&str, &str); 3] = [("11007", "2024-12-27"), ("11002", "2024-12-27"), ("11002", "2025-01-01")];

/// What is done to a file, and what it is then.
type Done = (&'static str, fn(&mut House, &Who), &'static str);

const DONE: [Done; 6] = [
    ("nothing", |_, _| (), "received agii"),
    (
        "it is sent again",
        |house, _| {
            house.until("2025-01-10");
            house.order(OrderName::SendAgain);
        },
        "sent agii",
    ),
    (
        "it is held, sent again and received",
        |house, _| {
            house.order(OrderName::Hold);
            house.order(OrderName::SendAgain);
            house.received("agii");
        },
        "received agii",
    ),
    (
        "it is held and released",
        |house, _| {
            house.order(OrderName::Hold);
            house.order(OrderName::Release);
        },
        "received agii",
    ),
    (
        "they object, and that is lifted",
        |house, who| {
            house.tell(objection(who, "2025-01-04"));
            house.today("2025-01-05");
            house.order(OrderName::Lift);
        },
        "received agii",
    ),
    (
        "it is accepted",
        |house, _| {
            house.answer("agii", AnswerKind::Accepted);
        },
        "accepted agii",
    ),
];

#[test]
fn a_file_that_is_kept_stays_whatever_is_done_to_it_and_whichever_code_the_home_has() {
    for (nis, since) in NAMED {
        for (what, done, expect) in DONE {
            let (mut house, who) = in_borsbeek(OpenFiles::Keep);
            house.received("agii");
            house.until("2025-01-03");
            house.tell(register(&who, Home::In(nis, since), "2025-01-03"));
            done(&mut house, &who);
            assert_eq!(house.handovers(), [expect], "{nis} since {since}: {what}");
            // Nothing follows by itself either.
            let person = house.only().id;
            house.tell(Body::Due(person));
            assert_eq!(house.handovers(), [expect], "{nis} since {since}: {what}, looked at again");
        }
    }
}

#[test]
fn what_is_not_kept_goes_to_the_agency_of_today_whichever_code_the_home_has() {
    for (nis, since) in NAMED {
        for (open_files, accepted, expect) in [
            (OpenFiles::MoveNotAccepted, false, "superseded agii, sent atlas"),
            (OpenFiles::MoveNotAccepted, true, "accepted agii"),
            (OpenFiles::MoveAll, false, "superseded agii, sent atlas"),
            (OpenFiles::MoveAll, true, "accepted agii, sent atlas"),
        ] {
            let (mut house, who) = in_borsbeek(open_files);
            house.received("agii");
            if accepted {
                house.answer("agii", AnswerKind::Accepted);
            }
            // Told before the day is due, or after.
            for late in [false, true] {
                let mut house = house.clone();
                house.today("2025-01-01");
                if late {
                    house.tell(Body::Due(house.only().id));
                }
                house.tell(register(&who, Home::In(nis, since), "2025-01-01"));
                assert_eq!(house.handovers().join(", "), expect, "{nis} since {since}, {open_files:?}");
            }
        }
    }
}

/// Whoever comes to be known after the merger is the new agency's.
#[test]
fn who_registers_under_a_code_that_has_ended_is_offered_to_its_successors_agency() {
    for open_files in [OpenFiles::Keep, OpenFiles::MoveNotAccepted, OpenFiles::MoveAll] {
        let (mut house, who) = House::arrived("11007");
        let nis = NisCode::parse("11007").unwrap();
        house.bundle.changes = vec![TerritoryChange { nis, on: day("2025-01-01"), open_files }];
        assert_eq!(
            (house.handovers(), house.seen("atlas", "municipality")),
            (vec!["sent atlas".to_owned()], Some("11002".to_owned()))
        );
        house.accepted("atlas");
        house.left();
        house.today("2025-04-02");
        house.home(&who, "11002", "2025-03-04");
        assert_eq!(
            (house.handovers(), house.left()),
            (vec!["accepted atlas".to_owned()], vec![]),
            "the same home"
        );
        house.answer("atlas", AnswerKind::Rejected { code: RejectCode::NotCompetent });
        assert_eq!(house.handovers(), ["accepted atlas"], "a yes is a yes");
    }
}

#[test]
fn where_a_territory_changes_twice_each_change_is_asked_that_concerns_the_file() {
    use OpenFiles::{Keep, MoveAll, MoveNotAccepted};
    for (first, second, offered, accepted) in [
        (Keep, Keep, "received amal", "accepted amal"),
        (Keep, MoveNotAccepted, "superseded amal, sent atlas", "accepted amal"),
        (Keep, MoveAll, "superseded amal, sent atlas", "accepted amal, sent atlas"),
        (MoveNotAccepted, Keep, "superseded amal, received agii", "accepted amal"),
        (
            MoveNotAccepted,
            MoveAll,
            "superseded amal, superseded agii, sent atlas",
            "accepted amal, sent atlas",
        ),
    ] {
        for (yes, expect) in [(false, offered), (true, accepted)] {
            let (mut house, _) = House::arrived("44021");
            house.received("amal");
            if yes {
                house.answer("amal", AnswerKind::Accepted);
            }
            let nis = NisCode::parse("44021").unwrap();
            for (on, to, open_files) in [("2025-03-06", "agii", first), ("2025-03-07", "atlas", second)] {
                house.until(on);
                comes_to(&mut house, nis, on, to);
                house.bundle.changes.push(TerritoryChange { nis, on: day(on), open_files });
                house.tell(Body::Due(house.only().id));
                if house.handovers().last().unwrap() == "sent agii" {
                    house.received("agii");
                }
            }
            assert_eq!(house.handovers().join(", "), expect, "{first:?}, then {second:?}");
        }
    }
}

#[test]
fn a_change_before_a_file_came_to_its_agency_does_not_concern_it() {
    for (before, since, expect) in [
        (OpenFiles::Keep, OpenFiles::MoveAll, "superseded agii, sent atlas"),
        (OpenFiles::MoveAll, OpenFiles::Keep, "received agii"),
    ] {
        let mut house = House::new();
        let (who, nis) = (Who::number(1), NisCode::parse("44021").unwrap());
        house.granted_with_account(&who);
        for (on, to, open_files) in [("2025-03-06", "agii", before), ("2025-03-10", "atlas", since)] {
            house.until(on);
            comes_to(&mut house, nis, on, to);
            house.bundle.changes.push(TerritoryChange { nis, on: day(on), open_files });
            if to == "agii" {
                // They lived there already when the territory changed, and that is told since.
                house.today("2025-03-07");
                house.home(&who, "44021", "2025-03-04");
                house.received("agii");
            }
        }
        house.tell(Body::Due(house.only().id));
        assert_eq!(house.handovers().join(", "), expect, "{before:?}, then {since:?}");
    }
}

/// From that day on the code is in the territory of this agency.
fn comes_to(house: &mut House, nis: NisCode, on: &str, to: &str) {
    let from = day(on);
    for contract in &mut house.bundle.contracts {
        if let Competence::Territory(rows) = &mut contract.competence {
            rows.retain(|row| row.nis != nis || row.from < from);
            let had = rows.iter_mut().filter(|row| row.nis == nis && row.to.is_none());
            had.for_each(|row| row.to = from.pred_opt());
        }
    }
    let taking =
        house.bundle.contracts.iter_mut().find(|contract| contract.recipient.as_str() == to).unwrap();
    if let Competence::Territory(rows) = &mut taking.competence {
        rows.push(Territory { nis, from, to: None });
    }
}
