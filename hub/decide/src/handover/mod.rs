//! Who is responsible: the handover's life, moved by facts and clocks (`reconcile`), by agencies (`answer`), by the
//! desk (`order`), by merges and by splits (`recall`).
//!
//! The state table is data in [`table`]; this file turns a row into an event. A handover moves only through a row, and
//! every row says who must move next and until when. Responsibility moves on accept, never before.
//! Source: docs/handovers.md.

mod answer;
pub mod check;
mod choice;
mod due;
mod history;
mod merge;
mod order;
mod recall;

mod reconcile;
mod row;
mod situation;
pub mod table;
mod whereabouts;

pub(crate) use answer::answer;
pub(crate) use due::set_due;
pub(crate) use merge::{part, unite};
pub(crate) use order::{lift, order};
pub(crate) use recall::{recall, replace_mixed, unbind};
pub(crate) use reconcile::{follow_facts, reconcile, reconsider};

use schemas::handover::{HoldReason, Owner, RejectCode, State};
use schemas::ids::HandoverId;
use schemas::municipality::NisCode;
use schemas::recipient::Recipient;
use schemas::time::Day;

use crate::draft::Draft;
use crate::person::{Event, Handover, StoppedIn, Stream};
use crate::routing::Route;
use table::{Acts, Also, Row, Term, To};
use whereabouts::Whereabouts;

/// What a handover becomes beside its state.
#[derive(Clone, Debug, Default)]
struct Moving {
    recipient: Option<Recipient>,
    route: Option<Route>,
    residence: Option<Day>,
    nis: Option<NisCode>,
    epoch: u32,
    hold: Option<HoldReason>,
    code: Option<RejectCode>,
    held_in: Option<StoppedIn>,
}

impl Moving {
    /// What the handover has already.
    fn of(handover: &Handover) -> Self {
        Self {
            recipient: handover.recipient.clone(),
            route: handover.route.clone(),
            residence: handover.residence,
            nis: handover.nis,
            epoch: handover.epoch,
            hold: handover.hold,
            code: handover.code,
            held_in: handover.held_in,
        }
    }

    /// The same, for who lives there.
    fn at(self, place: Option<&Whereabouts>) -> Self {
        Self {
            route: place.map(|place| place.route.clone()),
            residence: place.map(|place| place.began),
            nis: place.map(|place| place.nis),
            ..self
        }
    }
}

fn open(draft: &mut Draft<'_>, replaces: Option<HandoverId>) -> HandoverId {
    let handover = draft.id(HandoverId::derive);
    draft.record(Event::HandoverOpened { handover, replaces });
    handover
}

/// Fires a row: what it makes of the handover is recorded, with who must move next until when.
fn fire(draft: &mut Draft<'_>, id: HandoverId, row: &Row, moving: Moving) {
    let Some(handover) = draft.person.handover(id) else { return };
    let to = match row.to {
        To::State(state) => state,
        To::Stay => handover.state,
        To::Back => handover.before.unwrap_or(handover.state),
    };
    let clock = || deadline(draft, handover, to, &moving);
    let (owner, deadline) = match row.owner {
        Acts::Is(owner) => (owner, clock()),
        Acts::Holder => (moving.hold.map_or(Owner::Coordinator, table::holder), clock()),
        Acts::AsBefore if row.to == To::Back => (table::owner(to), clock()),
        // Held for another reason than before, it is with whom that reason says.
        Acts::AsBefore if moving.hold.is_some() && moving.hold != handover.hold => {
            (moving.hold.map_or(handover.owner, table::holder), clock())
        }
        // A choice has its last day by the homes that are known.
        Acts::AsBefore if to == State::AwaitingChoice => (handover.owner, clock()),
        Acts::AsBefore => (handover.owner, handover.deadline),
        Acts::Late => (late(handover), clock()),
    };
    let event = Event::HandoverMoved {
        handover: id,
        row: row.id.into(),
        on: draft.today,
        to,
        recipient: moving.recipient,
        route: moving.route,
        residence: moving.residence,
        nis: moving.nis,
        epoch: moving.epoch,
        hold: moving.hold,
        code: moving.code,
        held_in: moving.held_in,
        owner,
        deadline,
        // With whom its reason says, and with their time anew, it is late no more.
        escalated: row.owner == Acts::Late
            || (row.to == To::Stay && row.owner != Acts::Holder && handover.escalated),
        purged: row.does(Also::KeepPurge),
        done: row.does(Also::Done),
    };
    draft.record(event);
    if row.does(Also::IssueAgain) {
        let own = draft.person.open_streams().filter(|stream| stream.handover == Some(id));
        let own: Vec<Stream> = own.cloned().collect();
        own.iter().for_each(|stream| draft.owe(stream));
    }
}

/// Until when somebody must move: as long from today as this state may last, but for a choice.
fn deadline(draft: &Draft<'_>, handover: &Handover, to: State, moving: &Moving) -> Option<Day> {
    let deadlines = &draft.bundle.deadlines;
    match table::term(to) {
        _ if to == State::AwaitingChoice => {
            choice::last_day(&draft.person, draft.bundle, draft.today, handover, moving.residence)
        }
        Term::None => None,
        Term::WorkingDays(days) => {
            Some(draft.bundle.calendar.working_days_after(draft.today, days(deadlines)))
        }
        Term::Months(months) => draft.today.checked_add_months(chrono::Months::new(months(deadlines))),
    }
}

/// Who has what nobody moved in time.
fn late(handover: &Handover) -> Owner {
    let officer = handover.state == State::RecallPending || handover.hold == Some(HoldReason::Restricted);
    if officer { Owner::Officer } else { Owner::Coordinator }
}
