//! Sentences: texts with a number, a name or a reason in them, singular and plural.
//!
//! Each gets its parts as words already; none looks anything up. Refuses markup and names of persons. Next:
//! [`super::lists`].

use decide::person::{Capacity, Mandate, ViewKind};
use schemas::handover::State;

use super::lists::{self, row, view};
use crate::deliver::halt::HaltCode;

/// The sentence above everything else. `to` is the recipient, `because` and `since` why and since when.
pub(crate) fn sentence(state: State, to: Option<&str>, because: Option<&str>, since: Option<&str>) -> String {
    let to = to.unwrap_or("een bureau");
    let why = because.map(|why| format!(", omdat {why}")).unwrap_or_default();
    let since = since.map(|day| format!(", sinds {day}")).unwrap_or_default();
    match state {
        State::Prepared => {
            "Nog niet aangeboden: het visum is toegekend en de inschrijving in een gemeente wordt verwacht."
                .to_owned()
        }
        State::AwaitingChoice => format!("Nog geen bureau{}{why}.", since.trim_start_matches(',')),
        State::Held => format!("Opgeschort{why}."),
        State::Sent => format!("Naar {to}{why}{since}; het aanbod wacht op ontvangst."),
        State::Received => format!("Naar {to}{why}{since}; het bureau moet nog ja of nee zeggen."),
        State::Accepted => format!("Bij {to}{why}{since}; het bureau heeft de verantwoordelijkheid."),
        State::Closed => format!("Bij {to}{why}; het gewone traject is begonnen of het doel is bereikt."),
        State::Rejected => format!("{to} zei nee{why}."),
        State::Bounced => format!("{to} kon het aanbod niet lezen{why}."),
        State::Overdue => format!("Naar {to}{why}{since}; de termijn verstreek zonder antwoord."),
        State::WithdrawPending => {
            format!("Ingetrokken bij {to}; het bureau moet nog bevestigen dat het gewist heeft.")
        }
        State::Withdrawn => "Ingetrokken: niemand heeft nog gegevens uit deze overdracht.".to_owned(),
        State::Superseded => format!("Niet meer naar {to}: een andere overdracht kwam in de plaats."),
        State::RecallPending => format!("Teruggeroepen bij {to}: de gegevens waren van iemand anders."),
        State::EnteredInError => {
            "Ten onrechte begonnen en teruggeroepen; het wissen is bevestigd.".to_owned()
        }
        State::NotInScope => format!("Geen ontvanger{why}."),
    }
}

/// What has to happen next, for the last line of the timeline.
pub(crate) fn next(state: State) -> Option<&'static str> {
    match state {
        State::Prepared => Some("Wacht op de inschrijving in een gemeente"),
        State::AwaitingChoice => Some("Wacht op de keuze van de nieuwkomer"),
        State::Held => Some("Wacht op wie de opschorting kan opheffen"),
        State::Sent => Some("Wacht op ontvangst door het bureau"),
        State::Received => Some("Wacht op aanvaarding door het bureau"),
        State::Accepted => Some("Loopt bij het bureau, tot het gewone traject begint"),
        State::Rejected => Some("Wacht op de volgende stap na een nee"),
        State::Bounced => Some("Wacht op herstel van de levering"),
        State::Overdue => Some("Wacht op een antwoord dat te laat is"),
        State::WithdrawPending | State::RecallPending => Some("Wacht op bevestiging dat er gewist is"),
        State::Closed | State::Withdrawn | State::Superseded | State::EnteredInError | State::NotInScope => {
            None
        }
    }
}

/// A number with the word that fits it.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { more })
}

/// `since`: the day of the oldest point.
pub(crate) fn lead(points: usize, since: &str, messages: u64, records: u64, recipients: usize) -> String {
    let traffic = format!(
        "De hub kreeg {} en besliste {} voor {}.",
        many(messages, "bericht", "berichten"),
        many(records, "levering", "leveringen"),
        many(recipients as u64, "ontvanger", "ontvangers"),
    );
    match points {
        0 => format!("Niets vraagt aandacht. {traffic}"),
        1 => format!("1 punt vraagt aandacht, sinds {since}. {traffic}"),
        _ => format!("{points} punten vragen aandacht, het oudste sinds {since}. {traffic}"),
    }
}

pub(crate) fn late(count: u64) -> String {
    many(count, "overdracht is over haar termijn", "overdrachten zijn over hun termijn")
}

pub(crate) fn late_detail(today: u64) -> String {
    match today {
        0 => "Vandaag verloopt er geen enkele.".to_owned(),
        1 => "Vandaag verloopt er nog één.".to_owned(),
        _ => format!("Vandaag verlopen er nog {}.", number(today)),
    }
}

pub(crate) fn held(count: u64) -> String {
    many(count, "overdracht is opgeschort", "overdrachten zijn opgeschort")
}

pub(crate) fn quarantined(count: u64) -> String {
    many(count, "bericht staat in quarantaine", "berichten staan in quarantaine")
}

/// Why messages lie aside, by code, and what to do about it.
pub(crate) fn quarantine_detail(causes: impl Iterator<Item = (&'static str, u64)>) -> String {
    let causes =
        causes.map(|(code, count)| format!("{code} ({})", number(count))).collect::<Vec<_>>().join(", ");
    format!(
        "Ze konden niet verwerkt worden: {causes}. Ze houden niets anders tegen. \
         Bekijken en opnieuw laten beslissen: hub quarantine list."
    )
}

pub(crate) fn reviews(count: u64) -> String {
    many(count, "koppeling wacht op een mens", "koppelingen wachten op een mens")
}

pub(crate) fn unapproved(count: u64) -> String {
    many(
        count,
        "persoon wacht op de goedkeuring van de eerste lading",
        "personen wachten op de goedkeuring van de eerste lading",
    )
}

pub(crate) fn waiting(count: u64) -> String {
    many(count, "bericht wacht op zijn persoon", "berichten wachten op hun persoon")
}

pub(crate) fn turned_away(count: u64) -> String {
    many(count, "bericht geweigerd bij inname", "berichten geweigerd bij inname")
}

pub(crate) fn undecided(count: u64) -> String {
    many(count, "bericht wacht op zijn beslissing", "berichten wachten op hun beslissing")
}

pub(crate) fn undelivered(recipient: &str, count: u64) -> String {
    format!("{recipient} haalt niets af: {}", many(count, "levering open", "leveringen open"))
}

pub(crate) fn halted(recipient: &str) -> String {
    format!("Er gaat niets meer naar {recipient}")
}

/// What stops a topic; what was found stands in `hub doctor`.
pub(crate) fn halt(code: HaltCode) -> &'static str {
    match code {
        HaltCode::TopicRemade => {
            "Het topic is weg of opnieuw gemaakt. Wie verwijderde het, en wat miste de ontvanger?"
        }
        HaltCode::TopicPartitions => "Het topic heeft niet precies één partitie. Maak het opnieuw met één.",
        HaltCode::TopicCompacted => "Het topic bewaart niet elk record. Zet cleanup.policy op delete.",
        HaltCode::TopicRefused => "De broker geeft de hub geen recht op het topic.",
        HaltCode::TopicStuck => {
            "De broker neemt niets aan voor het topic. Kijk naar zijn leider en replica's."
        }
        HaltCode::RecordRefused => {
            "De broker neemt een record niet aan. Kijk naar max.message.bytes van het topic."
        }
        HaltCode::RecordDamaged => "Een rij die moet vertrekken, is beschadigd.",
        HaltCode::DatabaseRegressed => {
            "De databank is ouder dan wat verstuurd is. Zet de nieuwste kopie terug."
        }
        HaltCode::KafkaRegressed => "Kafka verloor wat al teruggelezen was.",
        HaltCode::TopicBroken => "Wat teruggelezen wordt, is niet wat verstuurd werd. Wie schrijft er nog?",
    }
}

pub(crate) fn basis_ends(recipient: &str, day: &str) -> String {
    format!("De rechtsgrond van {recipient} eindigt op {day}")
}

pub(crate) fn caption(messages: u64, decided: u64, records: u64) -> String {
    format!(
        "Links {}, rechts {} uit {}, op een schaal van hun eigen. Wat de stroom verlaat, gaat naar beneden.",
        many(messages, "bericht", "berichten"),
        many(records, "levering", "leveringen"),
        many(decided, "beslissing", "beslissingen"),
    )
}

pub(crate) fn band(from: &str, to: &str, count: u64) -> String {
    format!("{from} → {to}: {}", number(count))
}

pub(crate) fn days_left(days: i64) -> String {
    match days {
        0 => super::TODAY.to_owned(),
        1 => "1 dag".to_owned(),
        2..=99 => format!("{days} dagen"),
        _ => format!("{} maanden", days / 30),
    }
}

pub(crate) fn found(count: u64, up_to: u32) -> String {
    if count >= u64::from(up_to) {
        return format!("Meer dan {} overdrachten", number(count - 1));
    }
    many(count, "overdracht", "overdrachten")
}

/// How long nothing happened between two steps.
pub(crate) fn nothing(span: &str) -> String {
    format!("{span} niets")
}

pub(crate) fn opened(replaces: bool) -> &'static str {
    if replaces { "Overdracht geopend, in de plaats van een vorige" } else { "Overdracht geopend" }
}

pub(crate) fn moved(state: State, to: Option<&str>) -> String {
    let (word, ..) = lists::state(state);
    match (state, to) {
        (State::Sent, Some(to)) => format!("Aangeboden aan {to}"),
        (State::Received, Some(to)) => format!("Ontvangen door {to}"),
        (State::Accepted, Some(to)) => format!("Aanvaard door {to}"),
        (State::Rejected, Some(to)) => format!("Geweigerd door {to}"),
        (_, _) => word.to_owned(),
    }
}

pub(crate) fn row_fired(id: &str) -> String {
    format!("Rij {id}: {}", row(id))
}

pub(crate) fn came_from(source: &str, sender: &str) -> String {
    format!("Bericht van {source} ({sender})")
}

pub(crate) fn line_opened(to: &str, capacity: Capacity) -> String {
    format!("Repertorium: {to} houdt dit dossier, {}", lists::capacity(capacity))
}

pub(crate) fn line_closed(to: &str) -> String {
    format!("Repertorium: regel van {to} gesloten")
}

pub(crate) fn stream_opened(to: &str, epoch: u32) -> String {
    format!("Stroom naar {to} geopend, epoche {epoch}")
}

pub(crate) fn issued(kind: ViewKind, issue: u32) -> String {
    format!("{}, uitgave {issue}", view(kind))
}

pub(crate) fn number_on(sequence: u64, topic: &str) -> String {
    format!("Nummer {} op {topic}", number(sequence))
}

/// Who is responsible, since when, and until when where that is known.
pub(crate) fn responsible(why: Mandate, whom: Option<&str>, since: Option<&str>) -> String {
    let whom = whom.unwrap_or_default();
    let since = since.map(|day| format!(", sinds {day}")).unwrap_or_default();
    match why {
        Mandate::Accepted(_) => format!("{whom}{since}"),
        Mandate::Provider(_) => format!("{whom}{since}, tot een bureau aanvaardt"),
        Mandate::Purging(_) => format!("{whom}{since}, tot het wissen bevestigd is"),
        Mandate::Open(_) | Mandate::Nothing => "nog niemand".to_owned(),
        Mandate::Over(..) => "niemand meer".to_owned(),
    }
}

/// By which decision and which message a step came.
pub(crate) fn decision(order: u64, message: &str) -> String {
    format!("Beslissing {}, bericht {message}", number(order))
}

/// A word at the beginning of a line.
pub(crate) fn sentence_of(word: &str) -> String {
    let mut letters = word.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// A number with a narrow space between its thousands.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}
