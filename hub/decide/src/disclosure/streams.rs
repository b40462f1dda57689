//! Streams: which are open, and what each lets its recipient see now.
//!
//! Three kinds exist: the provider's before arrival and the participant's own, which belong to the person, and
//! one for each offer of a handover. An `Ended` always passes; an offer or a file passes only with an open line
//! and a legal basis that is valid on the day (invariant I5).

use std::cell::OnceCell;

use schemas::canonical::Canonical;
use schemas::handover::{EndReason, HoldReason, State};
use schemas::ids::{DeliveryId, HandoverId, Pseudonym, StreamId};
use schemas::recipient::Recipient;

use crate::bundle::{Competence, Contract};
use crate::change::{Delivery, View};
use crate::disclosure::allowed;
use crate::draft::Draft;
use crate::journey::canonical::canonical;
use crate::journey::scope::{OutReason, Scope, scope};
use crate::person::{Capacity, Event, Handover, Line, Person, Stage, Stream, ViewKind};
use crate::world::Refusal;

/// What may be shown: whether the person belongs to the target group, and the canonical form, made when it is first
/// needed. Nothing that is released changes either.
#[derive(Debug)]
struct Showable {
    scope: Scope,
    form: OnceCell<Canonical>,
}

impl Showable {
    fn new(scope: Scope) -> Self {
        Self { scope, form: OnceCell::new() }
    }

    fn form(&self, draft: &Draft<'_>) -> &Canonical {
        let group = match self.scope {
            Scope::In(group) => Some(group),
            Scope::Out(_) | Scope::Review | Scope::Unknown => None,
        };
        self.form.get_or_init(|| canonical(&draft.person, draft.bundle, group, draft.today))
    }
}

/// Issues every view that changed. `awaited`: somebody may still become competent for them.
pub(crate) fn release(draft: &mut Draft<'_>, scope: Scope, awaited: bool) {
    let shown = &Showable::new(scope);
    provider(draft, shown, awaited);
    participant(draft, shown);
    let ids: Vec<HandoverId> = draft.person.state.handovers.iter().map(|handover| handover.id).collect();
    for id in ids {
        if let Some(handover) = draft.person.handover(id).cloned() {
            of_handover(draft, &handover, shown);
        }
    }
}

/// In the absorbed person's name: a stream ends where the survivor has a name of their own at its recipient, and the
/// recipient is told which.
pub(crate) fn part(draft: &mut Draft<'_>, survivor: &Person) {
    let streams: Vec<Stream> = draft.person.open_streams().cloned().collect();
    for stream in streams {
        if let Some(successor) = survivor.state.pseudonyms.get(&stream.recipient) {
            last(draft, &stream, View::merged(*successor));
        }
    }
}

/// Tells who was told of two persons as if they were one to purge it: the last record of the stream, once more where it
/// has ended already.
pub(crate) fn recall(draft: &mut Draft<'_>, id: StreamId) {
    let Some(stream) = draft.person.state.streams.iter().find(|stream| stream.id == id).cloned() else {
        return;
    };
    match stream.ended {
        Some(EndReason::Recalled) => {}
        Some(_) => issue(draft, &stream, View::end(EndReason::Recalled)),
        None => end(draft, &stream, EndReason::Recalled),
    }
}

/// Closes the line of a stream on which nothing was ever told.
pub(crate) fn close(draft: &mut Draft<'_>, id: StreamId) {
    let line = |stream: &&Stream| stream.id == id && stream.line.is_some();
    if let Some(stream) = draft.person.state.streams.iter().find(line).cloned() {
        close_line(draft, &stream);
    }
}

/// Issues one stream's last view again, by name; where nothing may be shown now, as soon as it may.
pub(crate) fn redeliver(draft: &mut Draft<'_>, id: StreamId) -> Result<(), Refusal> {
    let open = |stream: &&Stream| stream.id == id && stream.ended.is_none();
    let stream = draft.person.state.streams.iter().find(open).cloned().ok_or(Refusal::UnknownStream)?;
    let scope = scope(draft.journey(), draft.bundle, draft.today);
    let kind = stream.last.map_or(ViewKind::File, |(kind, _)| kind);
    match view(draft, &stream, kind, &Showable::new(scope)) {
        Some(view) => issue(draft, &stream, view),
        None => draft.owe(&stream),
    }
    Ok(())
}

/// Before arrival: AgII sees whoever is in scope, while somebody may still become competent and no local agency has the
/// file.
fn provider(draft: &mut Draft<'_>, shown: &Showable, awaited: bool) {
    let Some(contract) = draft.bundle.provider().map(|contract| contract.recipient.clone()) else { return };
    let open = draft.person.open_streams().find(|stream| stream.recipient == contract).cloned();
    let taken = draft.person.held_handover().is_some();
    let moved = taken || draft.person.state.handovers.iter().any(Handover::is_done);
    match (open, shown.scope) {
        (Some(stream), Scope::Out(_)) => end(draft, &stream, EndReason::Withdrawn),
        (Some(stream), _) if taken || !awaited => {
            end(draft, &stream, if moved { EndReason::Moved } else { EndReason::Withdrawn });
        }
        (Some(stream), Scope::Review | Scope::Unknown) => end(draft, &stream, EndReason::Withdrawn),
        (Some(stream), Scope::In(_)) => show(draft, &stream, ViewKind::File, shown),
        (None, Scope::In(_)) if !taken && awaited && may_begin(draft, &contract) => {
            let stream = start(draft, contract, None, 1, Capacity::Provider);
            show(draft, &stream, ViewKind::File, shown);
        }
        (_, _) => {}
    }
}

/// From the first account on: the participant sees where they stand, whatever became of their entries.
fn participant(draft: &mut Draft<'_>, shown: &Showable) {
    let Some(contract) = draft.bundle.participant().map(|contract| contract.recipient.clone()) else {
        return;
    };
    let open = draft.person.open_streams().find(|stream| stream.recipient == contract).cloned();
    // An account that is linked late is linked all the same: the order of messages opens nothing and closes nothing.
    let belonged = matches!(
        shown.scope,
        Scope::In(_) | Scope::Out(OutReason::Ended | OutReason::Left | OutReason::Deceased)
    );
    match open {
        Some(stream) => show(draft, &stream, ViewKind::File, shown),
        None if belonged && may_begin(draft, &contract) && !draft.journey().portal_accounts().is_empty() => {
            let stream = start(draft, contract, None, 1, Capacity::Participant);
            show(draft, &stream, ViewKind::File, shown);
        }
        None => {}
    }
}

/// Whether anything may leave to a recipient that has nothing yet.
fn may_begin(draft: &Draft<'_>, recipient: &Recipient) -> bool {
    basis(draft, recipient).is_some() && !draft.journey().objects()
}

/// After registration: an offer, a file once it was accepted, and an end.
fn of_handover(draft: &mut Draft<'_>, handover: &Handover, shown: &Showable) {
    let of = |stream: &&Stream| stream.handover == Some(handover.id);
    let open: Vec<Stream> = draft.person.open_streams().filter(of).cloned().collect();
    let stage = handover.stage();
    let (own, others): (Vec<Stream>, Vec<Stream>) = open.into_iter().partition(|stream| {
        Some(&stream.recipient) == handover.recipient.as_ref() && (stage.has_offer() || stage.has_file())
    });
    for stream in others {
        end(draft, &stream, ending(handover));
    }
    let capacity = if stage.has_file() { Capacity::Definitive } else { Capacity::Provisional };
    let had = |stream: &Stream| stream.handover == Some(handover.id) && stream.epoch == handover.epoch;
    let stream = match (own.into_iter().next(), &handover.recipient) {
        (Some(stream), _) if stream.epoch == handover.epoch => stream,
        (Some(stream), _) => go_on(draft, stream, handover.epoch),
        (None, Some(recipient))
            if matches!(stage, Stage::Sent | Stage::Accepted)
                && !draft.person.state.streams.iter().any(had) =>
        {
            start(draft, recipient.clone(), Some(handover.id), handover.epoch, capacity)
        }
        (None, _) => return,
    };
    if stream.line.is_some_and(|line| line.capacity != capacity) {
        close_line(draft, &stream);
        open_line(draft, stream.id, &stream.recipient, capacity);
    }
    let kind = match stage {
        Stage::HeldOffer | Stage::HeldFile => return,
        stage if stage.has_file() => ViewKind::File,
        _ => ViewKind::Offer,
    };
    show(draft, &stream, kind, shown);
}

/// Why the stream of a handover ends that has neither offer nor file.
fn ending(handover: &Handover) -> EndReason {
    match handover.state {
        State::Rejected | State::Held => EndReason::Rejected,
        State::Closed if handover.is_done() => EndReason::Closed,
        State::WithdrawPending | State::Withdrawn if handover.hold == Some(HoldReason::NoBasis) => {
            EndReason::NoBasis
        }
        State::WithdrawPending | State::Withdrawn => EndReason::Withdrawn,
        State::RecallPending | State::EnteredInError => EndReason::Recalled,
        _ => EndReason::Moved,
    }
}

/// A new stream, with its line.
fn start(
    draft: &mut Draft<'_>,
    recipient: Recipient,
    handover: Option<HandoverId>,
    epoch: u32,
    capacity: Capacity,
) -> Stream {
    if !draft.person.state.pseudonyms.contains_key(&recipient) {
        let pseudonym = draft.id(Pseudonym::derive);
        draft.record(Event::Named { recipient: recipient.clone(), pseudonym });
    }
    let id = draft.id(StreamId::derive);
    draft.record(Event::StreamOpened { stream: id, recipient: recipient.clone(), handover, epoch });
    let line = Some(open_line(draft, id, &recipient, capacity));
    Stream { id, recipient, handover, epoch, line, issues: 0, last: None, ended: None }
}

/// The same stream, under a new epoch.
fn go_on(draft: &mut Draft<'_>, stream: Stream, epoch: u32) -> Stream {
    draft.record(Event::StreamWentOn { stream: stream.id, epoch });
    Stream { epoch, last: None, ..stream }
}

fn open_line(draft: &mut Draft<'_>, stream: StreamId, recipient: &Recipient, capacity: Capacity) -> Line {
    let from = draft.today;
    draft.record(Event::LineOpened { stream, recipient: recipient.clone(), capacity, from });
    Line { capacity, from }
}

fn close_line(draft: &mut Draft<'_>, stream: &Stream) {
    let (stream, recipient, to) = (stream.id, stream.recipient.clone(), draft.today);
    draft.record(Event::LineClosed { stream, recipient, to });
}

/// Issues a view where it differs from the last one.
fn show(draft: &mut Draft<'_>, stream: &Stream, kind: ViewKind, shown: &Showable) {
    if let Some(view) = view(draft, stream, kind, shown) {
        let digest = view.digest();
        if stream.last != Some((kind, digest)) {
            issue_digested(draft, stream, view, digest);
        }
    }
}

/// What the recipient may see now: nothing without an open line, a valid basis, under an objection, or while a
/// human must say whether the person belongs to the target group. The participant goes on seeing their own status
/// whatever becomes of it, for as long as they live: it is theirs.
fn view(draft: &Draft<'_>, stream: &Stream, kind: ViewKind, shown: &Showable) -> Option<View> {
    stream.line?;
    let contract = basis(draft, &stream.recipient)?;
    let participant = contract.competence == Competence::Participant;
    match shown.scope {
        Scope::In(_) => {}
        Scope::Out(OutReason::Deceased) => return None,
        _ if participant => {}
        Scope::Out(_) | Scope::Review | Scope::Unknown => return None,
    }
    // An agency is told of who has arrived; while no home of theirs is known nothing is said. Where the register
    // forbids to tell the address of the next one, who holds the file gets one that tells none.
    let early = matches!(contract.competence, Competence::BeforeArrival | Competence::Participant);
    let journey = draft.journey();
    let forbidden = kind == ViewKind::File && journey.restricted();
    if (journey.objects() && !participant) || (!early && !forbidden && journey.home(draft.today).is_none()) {
        return None;
    }
    let form = shown.form(draft);
    let allowed = allowed(contract, kind, draft.today);
    match kind {
        ViewKind::Offer => Some(View::offer(form, allowed)),
        ViewKind::File => Some(View::file(form, allowed)),
        ViewKind::Ended => None,
    }
}

fn basis<'a>(draft: &Draft<'a>, recipient: &Recipient) -> Option<&'a Contract> {
    draft.bundle.contract(recipient).filter(|contract| contract.basis(draft.today).is_some())
}

/// Ends a stream: the last record of it, which always passes, and its line.
fn end(draft: &mut Draft<'_>, stream: &Stream, reason: EndReason) {
    last(draft, stream, View::end(reason));
}

fn last(draft: &mut Draft<'_>, stream: &Stream, view: View) {
    issue(draft, stream, view);
    close_line(draft, stream);
}

fn issue(draft: &mut Draft<'_>, stream: &Stream, view: View) {
    let digest = view.digest();
    issue_digested(draft, stream, view, digest);
}

fn issue_digested(draft: &mut Draft<'_>, stream: &Stream, view: View, digest: [u8; 32]) {
    let Some(pseudonym) = draft.person.state.pseudonyms.get(&stream.recipient).copied() else { return };
    let issue = stream.issues + 1;
    let delivery = Delivery {
        id: draft.id(DeliveryId::derive),
        person: draft.person.id,
        recipient: stream.recipient.clone(),
        pseudonym,
        stream: stream.id,
        handover: stream.handover,
        epoch: stream.epoch,
        issue,
        at: draft.at,
        salt: draft.salt(),
        view,
    };
    draft.record(Event::Issued {
        stream: stream.id,
        delivery: delivery.id,
        issue,
        kind: delivery.view.kind(),
        digest,
        ended: delivery.view.ended().map(|(reason, _)| reason),
    });
    draft.change.deliveries.push(delivery);
}
