//! The state table where it is not asked about facts: every answer, order, deadline and merge, in every stage.
//!
//! What facts fire is proved whole by `decide::handover::check`; what a row does is told in the other files.

use std::collections::BTreeMap;

use decide::handover::table::{Cause, ROWS, by, is_answer};
use decide::person::Stage;
use schemas::handover::{AnswerName, OrderName};

const EXPECTED: &str = "\
received | 10 | sent, overdue, bounced
accepted | 14 | received, overdue
rejected | 15 | sent, received, overdue
purge_confirmed | 25 | withdraw_pending
purge_confirmed | 25b | held (refused), (final)
purge_confirmed | 28 | recall_pending
trajectory_started | 30 | accepted
order send_again | 13 | bounced
order send_again | 18 | overdue, held (offer), held (refused)
order hold | 18b | prepared, awaiting_choice, overdue (choice), sent, received, overdue, bounced
order release | 18e | held, held (offer), held (refused)
order withdraw | 18c | sent, received, overdue, bounced, held (offer), held (file)
order withdraw | 18d | prepared, awaiting_choice, overdue (choice), held, held (refused)
order end_no_basis | 18f | held (offer), held (file)
order end_line | 21d | accepted, held (file)
order lift | 33b | prepared, awaiting_choice, overdue (choice), held, sent, received, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file), withdraw_pending, recall_pending, (final)
already_known | 15k | sent, received, overdue
differs | 11 | sent, overdue
deadline | 12 | sent
deadline | 16 | received
deadline | 16b | prepared, overdue (choice), held, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file), withdraw_pending, recall_pending
deadline | 8 | awaiting_choice
successor | 21 | accepted, held (file)
merge | 29 | prepared, awaiting_choice, overdue (choice), held, sent, received, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file)
taken_over | 29b | (none), sent, received, overdue, bounced, held (offer), held (refused)
exposed | 27 | sent, received, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file), withdraw_pending, (final)
exposed_answered | 27b | sent, received, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file), withdraw_pending, (final)
split | 27c | prepared, awaiting_choice, overdue (choice), held, sent, received, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file)
unbound | 27d | prepared, awaiting_choice, overdue (choice), held, sent, received, overdue, bounced, held (offer), rejected, held (refused), accepted, held (file)
";

/// Which row anything but facts fires, in each place where it fires one: read it beside docs/handovers.md.
#[test]
fn what_is_no_fact_fires_these_rows() {
    let causes = AnswerName::ALL.map(|name| (name.as_str().to_owned(), Cause::Answer(name)));
    let orders = OrderName::ALL.map(|name| (format!("order {}", name.as_str()), Cause::Order(name)));
    let others = [
        ("already_known", Cause::AlreadyKnown),
        ("differs", Cause::Differs),
        ("deadline", Cause::Deadline),
        ("successor", Cause::Successor),
        ("merge", Cause::Merge),
        ("taken_over", Cause::TakenOver),
        ("exposed", Cause::Exposed),
        ("exposed_answered", Cause::ExposedAnswered),
        ("split", Cause::Split),
        ("unbound", Cause::Unbound),
    ];
    let others = others.map(|(name, cause)| (name.to_owned(), cause));
    let mut found = String::new();
    for (name, cause) in causes.into_iter().chain(orders).chain(others) {
        let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for stage in Stage::ALL {
            by(cause, stage).into_iter().for_each(|row| rows.entry(row.id).or_default().push(stage.as_str()));
        }
        for (row, stages) in rows {
            found += &format!("{name} | {row} | {}\n", stages.join(", "));
        }
    }
    assert_eq!(found, EXPECTED, "\n{found}");
}

#[test]
fn the_rows_of_answers_are_those_that_an_agency_fires() {
    let answers: Vec<&str> = ROWS.iter().map(|row| row.id).filter(|id| is_answer(id)).collect();
    for id in ["10", "11", "14", "15k", "25"] {
        assert!(answers.contains(&id), "{id}: {answers:?}");
    }
    for id in ["3", "12", "20", "21d", "36"] {
        assert!(!answers.contains(&id), "{id}");
    }
}
