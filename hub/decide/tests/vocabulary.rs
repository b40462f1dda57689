//! Walks draw everything that the vocabulary can say: what is added to it and not to them is told here.
//!
//! Each list below is a match as well, so that a new word does not compile until somebody has placed it. What must hold of
//! walks is `walks.rs`'s.

use std::collections::BTreeSet;

use crate::support::House;
use crate::support::walk::{Log, walk_in};
use schemas::fact::{
    Decision, FeePayment, Field, LearningStep, PermitRole, Purpose, RegisterStanding, Statement,
};
use schemas::handover::{AnswerKind, AnswerName, OrderName};
use schemas::message::Body;

/// The names of all variants: a match without an arm for one does not compile.
macro_rules! words {
    ($all:ident, $word:ident, $of:ident { $($name:ident $(($($inside:tt)*))? $({$($fields:tt)*})?),* $(,)? }) => {
        fn $word(value: &$of) -> String {
            let word = match value { $($of::$name $(($($inside)*))? $({$($fields)*})? => stringify!($name)),* };
            format!("{} {word}", stringify!($of))
        }
        fn $all() -> Vec<String> {
            vec![$(format!("{} {}", stringify!($of), stringify!($name))),*]
        }
    };
}

words!(
    fields,
    field,
    Field {
        Names,
        Birth,
        Sex,
        Nationalities,
        Insz,
        Replaced,
        Email,
        Phone,
        Language,
        Applied,
        Ground,
        RestsOn,
        EntryOn,
        NeedsVisa,
        Decision,
        Permit,
        Registered,
        ThroughPost,
        PermitDecision,
        Destination,
        Standing,
        Residence,
        AccountOpened,
        LearningPath,
        CourseLanguage,
        CoursePeriod,
        Support,
        Fee,
        Exemption,
        TestElsewhere,
        Hint,
        Choice,
        Objection,
        Progress,
        Voided,
    }
);
words!(bodies, body, Body {
    Record(_), Notice { .. }, Answer { .. }, TaskFailed { .. }, Due(_), Reviewed { .. }, Redeliver { .. },
    Ordered { .. }, Lifted { .. }, Approved { .. }, Split { .. }, Bundle(_),
});
words!(decisions, decision, Decision { Pending, Granted, Refused, Revoked });
words!(purposes, purpose, Purpose { Work, FamilyReunification, FamilyOfWorker, Study, Other });
words!(standings, standing, RegisterStanding { Resident(_), Known, Left, Deceased, Cancelled });
words!(roles, role, PermitRole { Worker, Family(_) });
words!(payments, payment, FeePayment { Paid, Refunded });
words!(steps, step, LearningStep { Begun, Completed, Failed, Passed, Waived });

/// What a message says, in the words of the lists.
fn said(said: &Body, words: &mut BTreeSet<String>) {
    words.insert(body(said));
    match said {
        Body::Record(prepared) => {
            for fact in &prepared.record.facts {
                words.insert(field(&fact.statement.field()));
                match &fact.statement {
                    Statement::Applied(applied) => drop(words.insert(purpose(&applied.purpose))),
                    Statement::Decision(found) | Statement::PermitDecision(found) => {
                        words.insert(decision(found));
                    }
                    Statement::Withdrawn => drop(words.insert("withdrawn".to_owned())),
                    Statement::Permit(permit) => drop(words.insert(role(&permit.role))),
                    Statement::Standing(found) => drop(words.insert(standing(found))),
                    Statement::Fee(found) => drop(words.insert(payment(found))),
                    Statement::Progress(progress) => drop(words.insert(step(&progress.step))),
                    _ => {}
                }
            }
        }
        Body::Answer { answer, .. } => {
            words.insert(format!("answer {}", AnswerName::of(&answer.answer).as_str()));
            if let AnswerKind::Rejected { code } = answer.answer {
                words.insert(format!("{code:?}"));
            }
        }
        Body::Ordered { order, .. } => drop(words.insert(format!("order {}", order.as_str()))),
        _ => {}
    }
}

#[test]
fn walks_draw_everything_that_can_be_said() {
    let mut words = BTreeSet::new();
    for number in 0..1_500 {
        let mut house = House::new();
        house.splits = number % 3 == 0;
        walk_in(house, number, number % 2 == 1, |house: &mut House, _: &Log| {
            house.log.drain(..).for_each(|(message, _)| said(&message.body, &mut words));
        });
    }
    let mut expect: BTreeSet<String> = [fields(), bodies(), decisions(), purposes(), standings(), roles()]
        .into_iter()
        .chain([payments(), steps(), vec!["withdrawn".to_owned()]])
        .flatten()
        .collect();
    expect.extend(AnswerName::ALL.map(|name| format!("answer {}", name.as_str())));
    expect.extend(OrderName::ALL.map(|name| format!("order {}", name.as_str())));
    expect.extend(schemas::handover::RejectCode::ALL.map(|code| format!("{code:?}")));
    let undrawn: Vec<_> = expect.difference(&words).collect();
    assert!(undrawn.is_empty(), "{undrawn:?}");
}
