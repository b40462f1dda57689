//! The words of closed lists: states, parties, sources, reasons, rows of the state table.
//!
//! Each list is matched one by one, so that a new member does not compile until it has a word. Refuses to know
//! where a word is shown.

use crate::config::DeskRole;
use crate::story::rows;
use decide::person::{Capacity, Reason, ViewKind};
use decide::routing::RouteReason;
use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};

/// A state: its word, its tone and its icon.
pub(crate) fn state(state: State) -> (&'static str, &'static str, &'static str) {
    match state {
        State::Prepared => ("Voorbereid", "wait", "ring"),
        State::AwaitingChoice => ("Wacht op keuze", "wait", "glass"),
        State::Held => ("Opgeschort", "warn", "pause"),
        State::Sent => ("Aangeboden", "move", "send"),
        State::Received => ("Ontvangen", "move", "tray"),
        State::Accepted => ("Aanvaard", "ok", "check"),
        State::Closed => ("Afgesloten", "ok", "flag"),
        State::Rejected => ("Geweigerd", "warn", "x"),
        State::Bounced => ("Onbestelbaar", "bad", "back"),
        State::Overdue => ("Te laat", "bad", "clock"),
        State::WithdrawPending => ("Intrekking loopt", "warn", "undo"),
        State::Withdrawn => ("Ingetrokken", "off", "undo"),
        State::Superseded => ("Vervangen", "off", "swap"),
        State::RecallPending => ("Terugroeping loopt", "bad", "alert"),
        State::EnteredInError => ("Ten onrechte", "off", "slash"),
        State::NotInScope => ("Geen ontvanger", "off", "minus"),
    }
}

pub(crate) fn environment(production: bool) -> &'static str {
    if production { "Productie" } else { "Test" }
}

pub(crate) fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::Hub => "Hub",
        Owner::Person => "Nieuwkomer",
        Owner::Agency => "Bureau",
        Owner::Coordinator => "Coördinator",
        Owner::Steward => "Datasteward",
        Owner::Operations => "Operaties",
        Owner::Officer => "DPO",
    }
}

/// What happens inside, in the order of the flow, as people call it.
pub(crate) const INSIDE: [(&str, &str); 7] = [
    ("task", "Taken"),
    ("due", "Termijnen"),
    ("review", "Nakijken"),
    ("redeliver", "Herleveringen"),
    ("order", "Opdrachten"),
    ("approval", "Goedkeuringen"),
    ("bundle", "Regels"),
];

pub(crate) fn hold(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::IdentityDoubt => "iemand moet zeggen wie dit is",
        HoldReason::DataIncomplete => "er ontbreekt iets om de bevoegdheid te bepalen",
        HoldReason::NoBasis => "er is geen geldige rechtsgrond voor de ontvanger",
        HoldReason::Restricted => "de verwerking is beperkt of er is bezwaar gemaakt",
        HoldReason::Manual => "een mens moet beslissen",
    }
}

pub(crate) fn reject(code: RejectCode) -> &'static str {
    match code {
        RejectCode::NotCompetent => "de persoon woont elders",
        RejectCode::NotTargetGroup => "de persoon hoort niet tot de doelgroep",
        RejectCode::AlreadyKnown => "het bureau heeft al een dossier",
        RejectCode::IdentityDoubt => "het is niet dezelfde persoon",
        RejectCode::InsufficientData => "het aanbod kan niet beoordeeld worden",
        RejectCode::NoBasis => "het bureau mag het niet verwerken",
        RejectCode::NotArrived => "er is niemand gevonden op het adres",
        RejectCode::DuplicateOffer => "dezelfde persoon is twee keer aangeboden",
        RejectCode::PersonDeclines => "de persoon wil niet of koos een ander bureau",
    }
}

pub(crate) fn end(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Moved => "een andere ontvanger is verantwoordelijk",
        EndReason::Closed => "het doel is bereikt",
        EndReason::Rejected => "de ontvanger zei nee",
        EndReason::Withdrawn => "ingetrokken",
        EndReason::NotInScope => "niet in de doelgroep",
        EndReason::NoBasis => "geen rechtsgrond meer",
        EndReason::Recalled => "teruggeroepen: de gegevens waren van iemand anders",
        EndReason::Merged => "twee personen bleken er een te zijn",
        EndReason::Erased => "gewist",
    }
}

/// Why a route leads where it leads, as what follows "omdat".
pub(crate) fn because(reason: RouteReason) -> &'static str {
    match reason {
        RouteReason::Territory => "de gemeente van inschrijving tot zijn gebied hoort",
        RouteReason::Choice => "de nieuwkomer dit bureau koos",
        RouteReason::AwaitingChoice => {
            "in Brussel de nieuwkomer een bureau kiest en die keuze nog niet volledig is"
        }
        RouteReason::NoReceiver => "de gemeente in het Franse of Duitse taalgebied ligt",
        RouteReason::CodeRetired => "de opvolger van de gemeentecode tot zijn gebied hoort",
        RouteReason::District => "het district tot Antwerpen hoort",
        RouteReason::CodeNotYetValid => "de gemeentecode pas later begint",
        RouteReason::NotAMunicipality => "de code geen gemeente is",
    }
}

pub(crate) fn view(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::Offer => "Aanbod",
        ViewKind::File => "Dossier",
        ViewKind::Ended => "Einde",
    }
}

pub(crate) fn capacity(capacity: Capacity) -> &'static str {
    match capacity {
        Capacity::Provider => "aanbieder vóór aankomst",
        Capacity::Participant => "de deelnemer zelf",
        Capacity::Provisional => "voorlopig",
        Capacity::Definitive => "definitief",
    }
}

pub(crate) fn linked(reason: Reason) -> &'static str {
    match reason {
        Reason::New => "nieuwe persoon",
        Reason::Key => "gekoppeld door een nummer",
        Reason::NameAndBirth => "gekoppeld door naam en geboortedatum",
        Reason::Alike => "gekoppeld door een gelijkende naam en geboortedatum",
        Reason::Released => "had gewacht op een bericht met dit nummer",
    }
}

/// A row of the state table by its number: what made it fire.
pub(crate) fn row(id: &str) -> &'static str {
    rows::words(id).map_or("zie de toestandstabel", |words| words.nl.as_str())
}

pub(crate) fn role(role: DeskRole) -> &'static str {
    match role {
        DeskRole::Operations => "Operaties",
        DeskRole::Review => "Koppelingen",
        DeskRole::Coordinator => "Coördinator",
        DeskRole::Dpo => "Gegevensbescherming (DPO)",
        DeskRole::Rules => "Beslisregels",
    }
}
