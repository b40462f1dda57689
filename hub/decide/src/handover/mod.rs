//! Who is responsible: the handover's life, moved by sources (`follow`) and by agencies (`answer`).
//!
//! The state table is data in [`table`]; this file turns it into events. A handover moves only
//! through a row, and every row says who must move next and until when. Responsibility moves on
//! accept, never before. Source: docs/handovers.md.

mod answer;
mod due;
mod follow;
mod merge;
pub mod table;

pub(crate) use answer::answer;
pub(crate) use due::next_day;
pub(crate) use follow::follow;
pub(crate) use merge::{part, unite};

use schemas::handover::{HoldReason, RejectCode, State};
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::Day;

use crate::draft::Draft;
use crate::person::{Capacity, Event, Handover};
use crate::routing::Route;
use table::{Row, Term};

/// What a row needs beside itself.
#[derive(Clone, Debug, Default)]
struct Cause {
    recipient: Option<Recipient>,
    route: Option<Route>,
    residence: Option<Day>,
    hold: Option<HoldReason>,
    code: Option<RejectCode>,
}

impl Cause {
    /// What the handover has already.
    fn of(handover: &Handover) -> Self {
        Self {
            recipient: handover.recipient.clone(),
            route: handover.route.clone(),
            residence: handover.residence,
            hold: handover.hold,
            code: handover.code,
        }
    }
}

fn open(draft: &mut Draft<'_>, replaces: Option<HandoverId>) -> HandoverId {
    let handover = draft.id(HandoverId::derive);
    draft.record(Event::HandoverOpened { handover, replaces });
    handover
}

/// Fires a row: the move, then the repertory line that the new state calls for.
fn fire(draft: &mut Draft<'_>, handover: HandoverId, row: &Row, cause: Cause) {
    let deadlines = &draft.bundle.deadlines;
    let deadline = match row.clock {
        Term::None => None,
        Term::WorkingDays(days) => {
            Some(draft.bundle.calendar.working_days_after(draft.today, days(deadlines)))
        }
        Term::Months(months) => draft.today.checked_add_months(chrono::Months::new(months(deadlines))),
    };
    draft.record(Event::HandoverMoved {
        handover,
        row: row.id.into(),
        on: draft.today,
        to: row.to,
        recipient: cause.recipient.clone(),
        route: cause.route,
        residence: cause.residence,
        hold: cause.hold,
        code: cause.code,
        owner: row.owner,
        deadline,
    });
    if let Some(recipient) = cause.recipient {
        set_line(draft, recipient, row.to);
    }
}

/// Opens, raises or closes the recipient's line as the state demands: the gate before every delivery.
fn set_line(draft: &mut Draft<'_>, recipient: Recipient, state: State) {
    let wanted = match state {
        State::Sent | State::Received | State::Overdue | State::Bounced => Some(Capacity::Provisional),
        State::Accepted => Some(Capacity::Definitive),
        State::Held => return,
        State::Prepared
        | State::AwaitingChoice
        | State::Closed
        | State::Rejected
        | State::WithdrawPending
        | State::Withdrawn
        | State::Superseded
        | State::RecallPending
        | State::EnteredInError
        | State::NotInScope => None,
    };
    let present = draft.person.state.lines.get(&recipient).map(|line| line.capacity);
    if present == wanted {
        return;
    }
    if present.is_some() {
        draft.record(Event::LineClosed { recipient: recipient.clone(), to: draft.today });
    }
    if let Some(capacity) = wanted {
        draft.record(Event::LineOpened { recipient, capacity, from: draft.today });
    }
}
