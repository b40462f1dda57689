//! What today's facts say: of the person once, and to each of their handovers.
//!
//! Facts, choice, legal bases, objection and doubts come down to one of a few values, which the state table reads. The
//! same facts in any order give the same values (invariant I8). Next: [`super::table`].

use schemas::fact::RegisterStanding;
use schemas::handover::{RejectCode, State};
use schemas::recipient::Recipient;
use schemas::time::Day;

use super::whereabouts::Whereabouts;
use super::{choice, history};
use crate::bundle::{Bundle, OpenFiles, TerritoryChange};
use crate::journey::Journey;
use crate::journey::scope::{OutReason, Scope};
use crate::person::facing::Facing::{
    self, Arrived, Barred, Choosing, Competent, Doubtful, Elsewhere, Expected, Gone, Lapsed, Nowhere,
    Objecting, Out, Rival, Served, Settled, Stopped, Unchanged, Unclear, Unplaced,
};
use crate::person::{Handover, Person, Stage, StoppedIn};
use crate::routing::{RouteReason, route};

#[derive(Clone, PartialEq, Eq, Debug)]
enum Base {
    Unclear,
    Expected,
    Doubtful,
    Out,
    /// Out, because every entry that counted was refused, revoked or withdrawn.
    Ended,
    Gone,
    At(Whereabouts),
}

/// What today's facts say of a person.
#[derive(Clone, Debug)]
pub(crate) struct Situation<'a> {
    bundle: &'a Bundle,
    today: Day,
    base: Base,
    objects: bool,
    granted: bool,
}

impl<'a> Situation<'a> {
    pub(crate) fn of(journey: Journey<'_>, scope: Scope, bundle: &'a Bundle, today: Day) -> Self {
        let granted = journey.granted(today);
        let base = base(journey, scope, granted, bundle, today);
        Self { bundle, today, base, objects: journey.objects(), granted }
    }

    /// Where they live, if they are in the target group and a home is known.
    pub(crate) fn place(&self) -> Option<&Whereabouts> {
        match &self.base {
            Base::At(place) => Some(place),
            _ => None,
        }
    }

    /// Whether somebody may still become competent, by where they live.
    pub(crate) fn may_be_served(&self) -> bool {
        self.place().is_none_or(|place| self.facing_place(place) != Nowhere)
    }

    /// What it says to the handover that would be opened now.
    pub(crate) fn facing_none(&self, person: &Person) -> Facing {
        let held = person.held_handover();
        let facing = match &self.base {
            Base::Unclear => return Unclear,
            Base::Expected if held.is_none() => Expected,
            Base::Doubtful if held.is_none() => Doubtful,
            Base::Expected | Base::Doubtful => return Unclear,
            // Who was waited for and comes no more: it is written down once, and time counts from there.
            Base::Ended if person.state.handovers.is_empty() => return Out,
            Base::Out | Base::Ended | Base::Gone => return Unclear,
            Base::At(_) if held.is_some_and(|held| self.is_competent(held)) => return Served,
            Base::At(place) => self.facing_new(person, place),
        };
        let ended = || held.is_none() && history::settled(person, self.bundle, facing, self.place());
        if history::withdrawn(person, facing, self.place()) || ended() {
            return Settled;
        }
        match facing {
            Nowhere => Nowhere,
            _ if self.objects && held.is_some() => Unclear,
            _ if self.objects => Objecting,
            _ if stopped(person.state.handovers.last()).is_some() => Stopped,
            Competent if !self.granted && person.state.handovers.is_empty() => Arrived,
            facing => facing,
        }
    }

    /// The same, whoever has the file, whether they object and whatever has ended.
    pub(crate) fn facing_anew(&self, person: &Person) -> Facing {
        match &self.base {
            Base::Unclear => Unclear,
            Base::Expected => Expected,
            Base::Doubtful => Doubtful,
            Base::Out | Base::Ended => Out,
            Base::Gone => Gone,
            Base::At(place) => self.facing_new(person, place),
        }
    }

    /// What it says to a handover of theirs.
    pub(crate) fn facing(&self, person: &Person, handover: &Handover) -> Facing {
        let facing = self.facing_free(person, handover);
        let stage = handover.stage();
        let before = stage == Stage::HeldBefore;
        let by_facts = facing.hold().is_some() && facing.hold() == handover.hold;
        let lasts = match handover.held_in {
            _ if facing == Objecting => by_facts,
            // The desk stopped it: it stays so until somebody releases it, or nobody is to be told anything any more.
            Some(_) if handover.is_stopped_by_desk() => match facing {
                Out | Gone | Nowhere | Served => false,
                Elsewhere | Choosing | Barred | Rival => before,
                _ => true,
            },
            // Its agency said no: it stays so in the situation that it judged. Who chose it since, chose it anew.
            Some(judged) => {
                let another_home =
                    matches!(handover.code, Some(RejectCode::NotArrived | RejectCode::NotCompetent))
                        && self.moved(handover);
                let anew = self.place().is_some_and(|place| place.is_chosen_since(judged.at));
                judged.facing == facing && !another_home && !anew
            }
            None => by_facts && (before || matches!(facing, Doubtful | Lapsed)),
        };
        if handover.state == State::Held && lasts { Unchanged } else { facing }
    }

    /// The same, whatever it is held for.
    pub(crate) fn facing_free(&self, person: &Person, handover: &Handover) -> Facing {
        self.facing_now(person, handover, handover.stage())
    }

    fn facing_now(&self, person: &Person, handover: &Handover, stage: Stage) -> Facing {
        let facing = match &self.base {
            Base::Out | Base::Ended => return Out,
            Base::Gone => return Gone,
            Base::Unclear => Unclear,
            Base::Expected => Expected,
            Base::Doubtful => Doubtful,
            Base::At(place) => self.at(person, handover, stage, place),
        };
        let bound = stage.has_offer() || stage.has_file();
        match facing {
            Nowhere => Nowhere,
            _ if self.objects => Objecting,
            Unclear | Expected | Competent if bound && !self.has_basis(handover.recipient.as_ref()) => Lapsed,
            facing => facing,
        }
    }

    fn at(&self, person: &Person, handover: &Handover, stage: Stage, place: &Whereabouts) -> Facing {
        let served = |h: &&Handover| h.id != handover.id && h.holds_file() && self.is_competent(h);
        let held = person.held_handover();
        // A trajectory that started is final, whether the home or the start was known first.
        let started =
            || held.is_none() && history::started(person, self.bundle, self.facing_new(person, place), place);
        if !stage.has_file() && (person.state.handovers.iter().any(|h| served(&h)) || started()) {
            return Served;
        }
        if stage.has_file() {
            return match self.facing_place(place) {
                _ if self.is_competent(handover) => Competent,
                Competent => Elsewhere,
                other => other,
            };
        }
        if !stage.has_offer() && stage != Stage::HeldRefused {
            return self.facing_new(person, place);
        }
        match self.facing_new(person, place) {
            Rival => Rival,
            _ if self.is_competent(handover) && stage.has_offer() => Competent,
            // Its agency said no; whether it has a basis today says nothing of that.
            Competent | Barred if self.is_competent(handover) => {
                if self.has_basis(handover.recipient.as_ref()) { Competent } else { Lapsed }
            }
            Competent => Elsewhere,
            other => other,
        }
    }

    /// Where this place leads, whoever holds what.
    fn facing_place(&self, place: &Whereabouts) -> Facing {
        match (&place.route.recipient, place.route.reason) {
            (Some(_), _) => Competent,
            (None, RouteReason::AwaitingChoice) => Choosing,
            (None, RouteReason::CodeNotYetValid | RouteReason::NotAMunicipality) => Unplaced,
            (None, _) => Nowhere,
        }
    }

    /// The same to a handover without an agency: it may go where there is a legal basis, and no rival has the file.
    fn facing_new(&self, person: &Person, place: &Whereabouts) -> Facing {
        match &place.route.recipient {
            Some(recipient) if rival(person, self.bundle, recipient) => Rival,
            Some(recipient) if !self.has_basis(Some(recipient)) => Barred,
            _ => self.facing_place(place),
        }
    }

    /// Whether its agency is competent: where they live leads there, or the territory changed and not the home, and
    /// such files stay where they are (row 23b).
    fn is_competent(&self, handover: &Handover) -> bool {
        let Some(place) = self.place() else { return false };
        let leads_there = place.route.recipient.is_some() && place.route.recipient == handover.recipient;
        leads_there || (place.route.recipient.is_some() && self.stays(handover, place))
    }

    fn stays(&self, handover: &Handover, place: &Whereabouts) -> bool {
        let Some(nis) = handover.nis else { return false };
        let code = |nis, on| self.bundle.municipalities.present(nis, on);
        // A merger begins a new residence on its own day, under the code that took the other's place, and a begin may be
        // corrected: who lived under that code on the day has not moved since.
        let same_home = |on: Day| place.began <= on && code(place.nis, on) == code(nis, on);
        let before = |change: &&TerritoryChange| change.on.pred_opt().unwrap_or(change.on);
        let of_home = |change: &&TerritoryChange| {
            change.on <= self.today && code(nis, before(change)) == Some(change.nis) && same_home(change.on)
        };
        let others = |change: &&TerritoryChange| {
            route(self.bundle, nis, before(change), None).recipient != handover.recipient
        };
        let mut changes = self.bundle.changes.iter().filter(of_home).skip_while(others).peekable();
        // From the one that took it from its agency on, each must leave such files where they are.
        changes.peek().is_some()
            && changes.all(|change| match change.open_files {
                OpenFiles::Keep => handover.epoch > 0,
                OpenFiles::MoveNotAccepted => handover.holds_file(),
                OpenFiles::MoveAll => false,
            })
    }

    /// Whether they live elsewhere than when the handover was last looked at.
    pub(crate) fn moved(&self, handover: &Handover) -> bool {
        // The home that decided is kept where the rules keep the file.
        self.place().is_some_and(|place| {
            let kept = place.route.recipient != handover.recipient && self.stays(handover, place);
            handover.residence != Some(place.began) && !kept
        })
    }

    /// Whether the homes that are known give them another last day for a choice.
    pub(crate) fn counts_anew(&self, person: &Person, handover: &Handover) -> bool {
        choice::is_another(person, self.bundle, self.today, handover)
    }

    fn has_basis(&self, recipient: Option<&Recipient>) -> bool {
        let contract = recipient.and_then(|recipient| self.bundle.contract(recipient));
        contract.is_some_and(|contract| contract.basis(self.today).is_some())
    }
}

fn base(journey: Journey<'_>, scope: Scope, granted: bool, bundle: &Bundle, today: Day) -> Base {
    let resident = matches!(journey.standing(), Some(RegisterStanding::Resident(_)));
    match scope {
        Scope::Out(OutReason::Left | OutReason::Deceased) => return Base::Gone,
        Scope::Out(OutReason::Ended) => return Base::Ended,
        Scope::Out(_) => return Base::Out,
        Scope::Review if granted || resident => return Base::Doubtful,
        Scope::Review | Scope::Unknown => return Base::Unclear,
        Scope::In(_) => {}
    }
    match journey.home(today) {
        Some(home) => {
            let nis = home.residence.nis;
            let chosen = journey.chosen(bundle);
            let route = route(bundle, nis, today, chosen.map(|(_, choice)| choice));
            let chosen = chosen.filter(|_| route.reason == RouteReason::Choice).map(|(at, _)| at);
            Base::At(Whereabouts { route, nis, began: home.began, chosen })
        }
        None if granted => Base::Expected,
        None => Base::Unclear,
    }
}

/// In what the desk stopped the offer that ended last because the person went on: what comes after it is stopped as well.
pub(super) fn stopped(last: Option<&Handover>) -> Option<StoppedIn> {
    let last = last.filter(|h| h.state == State::Superseded && h.is_stopped_by_desk());
    last.and_then(|last| last.held_in)
}

/// Whether another office that they chose has the file: who changes their choice after a yes is asked by a human first,
/// and two offices are never responsible at once.
fn rival(person: &Person, bundle: &Bundle, recipient: &Recipient) -> bool {
    let is_chosen = |office: &Recipient| bundle.network(office).is_some();
    let holds = |h: &&Handover| h.holds_file();
    let mut holders = person.state.handovers.iter().filter(holds).filter_map(|h| h.recipient.as_ref());
    is_chosen(recipient) && holders.any(|holder| holder != recipient && is_chosen(holder))
}
