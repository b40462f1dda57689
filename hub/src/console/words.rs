//! Every text of the console, in Dutch: labels, the words of closed lists, sentences.
//!
//! Templates and pages take theirs from here, so another language is another file with these names. Words of
//! the closed lists are matched one by one: a new state or reason has no page until it has a word here. Refuses
//! markup.

use decide::change::{Capacity, ViewKind};
use decide::identity::Reason;
use decide::routing::RouteReason;
use schemas::handover::{EndReason, HoldReason, Owner, RejectCode, State};

macro_rules! texts {
    ($($name:ident = $text:literal;)*) => { $(pub(super) const $name: &str = $text;)* };
}

texts! {
    LANGUAGE = "nl";
    HUB = "Voortraject-hub";
    SKIP = "Naar de inhoud";
    MENU = "Menu";
    MAIN_MENU = "Hoofdmenu";
    OVERVIEW = "Overzicht";
    HANDOVERS = "Overdrachten";
    HANDOVER = "Overdracht";
    OPEN_ONES = " open";
    FIND_LABEL = "Zoek op kenmerk van een overdracht";
    FIND_HINT = "kenmerk, of het begin ervan";
    FIND = "Zoek";
    VERSION = "Versie";
    RULES = "Regels";
    AS_OF = "Stand";
    LEGEND_DONE = "leidt tot een beslissing";
    // attention
    ATTENTION = "Aandacht nodig";
    OLDEST_FIRST = "Oudste eerst";
    ALL_WELL = "Niets vraagt aandacht: er is niets te laat, niets in quarantaine en niets dat op een mens wacht.";
    WHAT = "Wat";
    KIND = "Soort";
    SINCE = "Sinds";
    OWNER = "Aan zet";
    BY = "Tegen";
    // flow
    FLOW = "Stroom";
    FLOW_TABLE = "Dezelfde cijfers als tabel";
    FLOW_PICTURE = "Stroomdiagram";
    SOURCES = "Bronnen";
    SOURCE = "Bron";
    ACCEPTED = "Aanvaard";
    LAST_HOUR = "Laatste uur";
    LAST_DAY = "Laatste dag";
    LAST = "Laatste bericht";
    DECIDED = "Beslist";
    UNDECIDED = "Te beslissen";
    WAITING = "Wacht op persoon";
    QUARANTINE = "Quarantaine";
    REFUSED = "Geweigerd";
    TOTAL = "Samen";
    STAGES = "Stappen";
    STAGE = "Stap";
    DEPTH = "Nu in de rij";
    OLDEST = "Langst wachtend";
    INTAKE = "Inname";
    DECIDE = "Beslissen";
    DELIVER = "Leveren";
    HUMANS = "Nakijken door een mens";
    RECIPIENTS = "Ontvangers";
    RECIPIENT = "Ontvanger";
    DELIVERED = "Afgeleverd";
    SHARE = "Aandeel afgeleverd";
    OPEN = "Open";
    OLDEST_OPEN = "Oudste open";
    OPEN_HANDOVERS = "Overdrachten";
    LATE_HANDOVERS = "Te laat";
    RECORDS_NOTE = "Afgeleverd: teruggelezen van het topic, of bewezen door de volgende vraag van de ontvanger.";
    NONE = "–";
    // list
    VIEWS = "Weergaven";
    FILTERS = "Filters";
    STATE = "Toestand";
    ALL_OPEN = "Alle open";
    ALL = "Alle";
    ALSO_FINAL = "Ook afgeronde";
    ONLY_LATE = "Alleen te laat";
    DEADLINE = "Termijn";
    LEFT = "Nog";
    FILTER = "Filter";
    CLEAR = "Wis filters";
    NEXT = "Volgende";
    FIRST = "Naar het begin";
    PAGES = "Bladeren";
    NOTHING_FOUND = "Geen overdracht voldoet aan deze filters.";
    NOT_FOUND_BY_ID = "Geen enkele overdracht heeft precies dit begin van een kenmerk.";
    // one handover
    BACK = "Terug naar de lijst";
    RESPONSIBLE = "Verantwoordelijk";
    EPOCH = "epoche";
    WHY_HERE = "Waarom hier?";
    WHAT_DECIDED = "Wat de beslissing droeg";
    ROW = "Rij van de toestandstabel";
    ROUTE = "Bevoegdheid";
    FLAG = "Vermelding";
    BASIS = "Rechtsgrond op die dag";
    NO_BASIS = "geen geldige rechtsgrond";
    HELD_BECAUSE = "Opgeschort omdat";
    REJECTED_BECAUSE = "Geweigerd omdat";
    DECIDED_ON = "Beslist op";
    RESIDENCE = "Verblijf vanaf";
    TIMELINE = "Tijdlijn";
    TIMELINE_NOTE = "Wat deze overdracht en haar leveringen aangaat";
    NOW = "Nu";
    RELATED = "Verwant";
    PERSON = "Persoon";
    OTHERS = "Andere overdrachten van de persoon";
    REPLACES = "Komt in de plaats van";
    REPLACED_BY = "Vervangen door";
    ORDER = "Volgorde van de beslissing";
    HEART = "Versie van de beslisregels";
    UNREADABLE = "De geschiedenis is niet meer leesbaar: de sleutel van de persoon is vernietigd.";
    // notices
    MISSING = "Deze pagina bestaat niet";
    MISSING_TEXT = "Er is niets onder dit adres. Ga terug naar het overzicht.";
    AWAY = "De databank antwoordt niet";
    AWAY_TEXT = "Berichten kunnen nu niet worden opgeslagen. Probeer opnieuw over een minuut.";
    FAILED = "Deze pagina kon niet gemaakt worden";
    FAILED_TEXT = "De fout staat in het logboek van de hub. Er is niets gewijzigd.";
    CLOSED = "Alleen voor wie toegang heeft";
    CLOSED_TEXT = "Meld aan met het token van de console als wachtwoord; de naam is vrij te kiezen.";
}

pub(super) const WEEKDAYS: [&str; 7] = ["ma", "di", "wo", "do", "vr", "za", "zo"];
pub(super) const MONTHS: [&str; 12] =
    ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"];
pub(super) const LONG_MONTHS: [&str; 12] = [
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
    "november", "december",
];

/// Every state, in the order of a handover's life.
pub(super) const STATES: [State; 16] = [
    State::Prepared,
    State::AwaitingChoice,
    State::Held,
    State::Sent,
    State::Received,
    State::Accepted,
    State::Closed,
    State::Rejected,
    State::Bounced,
    State::Overdue,
    State::WithdrawPending,
    State::Withdrawn,
    State::Superseded,
    State::RecallPending,
    State::EnteredInError,
    State::NotInScope,
];

/// Every party that can be asked to move.
pub(super) const OWNERS: [Owner; 7] = [
    Owner::Hub,
    Owner::Person,
    Owner::Agency,
    Owner::Coordinator,
    Owner::Steward,
    Owner::Operations,
    Owner::Officer,
];

/// A state: its word, its tone and its icon.
pub(super) fn state(state: State) -> (&'static str, &'static str, &'static str) {
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

pub(super) fn environment(production: bool) -> &'static str {
    if production { "Productie" } else { "Test" }
}

pub(super) fn owner(owner: Owner) -> &'static str {
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

/// A source as people call it; one that is new is called by its own name.
pub(super) fn source(source: &str) -> &str {
    match source {
        "visa" => "Posten en DVZ",
        "permit" => "WEWIS",
        "register" => "Rijksregister",
        "classroom" => "Classroom",
        "xapi" => "E-leren (xAPI)",
        "portal" => "Portaal",
        "tracking" => "Cliëntvolging",
        "answer" => "Antwoorden van bureaus",
        "task" => "Antwoorden op vragen van de hub",
        "bundle" => "Regels",
        other => other,
    }
}

pub(super) fn hold(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::IdentityDoubt => "iemand moet zeggen wie dit is",
        HoldReason::DataIncomplete => "er ontbreekt iets om de bevoegdheid te bepalen",
        HoldReason::NoBasis => "er is geen geldige rechtsgrond voor de ontvanger",
        HoldReason::Restricted => "de verwerking is beperkt of er is bezwaar gemaakt",
        HoldReason::Manual => "een mens moet beslissen",
    }
}

pub(super) fn reject(code: RejectCode) -> &'static str {
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

pub(super) fn end(reason: EndReason) -> &'static str {
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
pub(super) fn because(reason: RouteReason) -> &'static str {
    match reason {
        RouteReason::Territory => "de gemeente van inschrijving tot zijn gebied hoort",
        RouteReason::Choice => "de nieuwkomer dit bureau koos",
        RouteReason::AwaitingChoice => "in Brussel de nieuwkomer een bureau kiest en die keuze nog niet volledig is",
        RouteReason::NoReceiver => "de gemeente in het Franse of Duitse taalgebied ligt",
        RouteReason::CodeRetired => "de opvolger van de gemeentecode tot zijn gebied hoort",
        RouteReason::District => "het district tot Antwerpen hoort",
        RouteReason::CodeNotYetValid => "de gemeentecode pas later begint",
        RouteReason::NotAMunicipality => "de code geen gemeente is",
    }
}

pub(super) fn view(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::Offer => "Aanbod",
        ViewKind::File => "Dossier",
        ViewKind::Ended => "Einde",
    }
}

pub(super) fn capacity(capacity: Capacity) -> &'static str {
    match capacity {
        Capacity::Provider => "aanbieder vóór aankomst",
        Capacity::Provisional => "voorlopig",
        Capacity::Definitive => "definitief",
    }
}

pub(super) fn linked(reason: Reason) -> &'static str {
    match reason {
        Reason::New => "nieuwe persoon",
        Reason::Key => "gekoppeld door een nummer",
        Reason::NameAndBirth => "gekoppeld door naam en geboortedatum",
        Reason::Released => "had gewacht op een bericht met dit nummer",
    }
}

/// A row of the state table by its number: what made it fire.
pub(super) fn row(id: &str) -> &'static str {
    match id {
        "1" => "het visum is toegekend; de verwachte ontvanger weet nog niets",
        "2" => "geweigerd, ingetrokken of niet in de doelgroep, vóór er iets geleverd was",
        "3" => "ingeschreven in een gemeente met één ontvanger: het aanbod vertrekt",
        "3b" => "ingeschreven zonder dat het visum bekend was: de inschrijving bewijst het",
        "4" => "ingeschreven in Brussel zonder volledige keuze",
        "5" => "ingeschreven waar er geen ontvanger is",
        "6" => "een voorwaarde is niet vervuld",
        "7" => "de keuze is gemaakt",
        "9" => "de opschorting is opgeheven",
        "10" => "het bureau heeft het aanbod opgeslagen",
        "14" => "het bureau neemt over: de verantwoordelijkheid gaat mee",
        "15" => "het bureau zegt nee",
        "19" => "na een nee is een ander bureau bevoegd",
        "20" => "een ander bureau is bevoegd vóór dit ja zei",
        "21" => "het andere bureau zei ja: hier eindigt de verantwoordelijkheid",
        "21c" => "aanvaard, en er is geen ontvanger meer",
        "24" => "overlijden, vertrek, intrekking of bezwaar, nadat er geleverd was",
        "24b" => "overlijden, vertrek, intrekking of bezwaar, vóór er geleverd was",
        "25" => "het bureau wiste wat het had",
        "28" => "de terugroeping is bevestigd",
        "30" => "het gewone traject is begonnen",
        _ => "zie de toestandstabel",
    }
}

/// The sentence above everything else. `to` is the recipient, `because` and `since` why and since when.
pub(super) fn sentence(state: State, to: Option<&str>, because: Option<&str>, since: Option<&str>) -> String {
    let to = to.unwrap_or("een bureau");
    let why = because.map(|why| format!(", omdat {why}")).unwrap_or_default();
    let since = since.map(|day| format!(", sinds {day}")).unwrap_or_default();
    match state {
        State::Prepared => "Nog niet aangeboden: het visum is toegekend en de inschrijving in een gemeente wordt verwacht.".to_owned(),
        State::AwaitingChoice => format!("Nog geen bureau{why}{since}."),
        State::Held => format!("Opgeschort{why}."),
        State::Sent => format!("Naar {to}{why}{since}; het aanbod wacht op ontvangst."),
        State::Received => format!("Naar {to}{why}{since}; het bureau moet nog ja of nee zeggen."),
        State::Accepted => format!("Bij {to}{why}{since}; het bureau heeft de verantwoordelijkheid."),
        State::Closed => format!("Bij {to}{why}; het gewone traject is begonnen of het doel is bereikt."),
        State::Rejected => format!("{to} zei nee{why}."),
        State::Bounced => format!("{to} kon het aanbod niet lezen{why}."),
        State::Overdue => format!("Naar {to}{why}{since}; de termijn verstreek zonder antwoord."),
        State::WithdrawPending => format!("Ingetrokken bij {to}; het bureau moet nog bevestigen dat het gewist heeft."),
        State::Withdrawn => "Ingetrokken: niemand heeft nog gegevens uit deze overdracht.".to_owned(),
        State::Superseded => format!("Niet meer naar {to}: een andere overdracht kwam in de plaats."),
        State::RecallPending => format!("Teruggeroepen bij {to}: de gegevens waren van iemand anders."),
        State::EnteredInError => "Ten onrechte begonnen en teruggeroepen; het wissen is bevestigd.".to_owned(),
        State::NotInScope => format!("Geen ontvanger{why}."),
    }
}

/// What has to happen next, for the last line of the timeline.
pub(super) fn next(state: State) -> Option<&'static str> {
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
        State::Closed
        | State::Withdrawn
        | State::Superseded
        | State::EnteredInError
        | State::NotInScope => None,
    }
}

/// A number with the word that fits it.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", super::times::number(count), if count == 1 { one } else { more })
}

pub(super) fn lead(points: usize, messages: u64, records: u64, recipients: usize) -> String {
    let traffic = format!(
        "De hub kreeg {} en besliste {} voor {}.",
        many(messages, "bericht", "berichten"),
        many(records, "levering", "leveringen"),
        many(recipients as u64, "ontvanger", "ontvangers"),
    );
    match points {
        0 => format!("Niets vraagt aandacht. {traffic}"),
        1 => format!("1 punt vraagt aandacht. {traffic}"),
        _ => format!("{points} punten vragen aandacht, het oudste eerst. {traffic}"),
    }
}

pub(super) fn late(count: u64) -> String {
    many(count, "overdracht is over haar termijn", "overdrachten zijn over hun termijn")
}

pub(super) fn late_detail(today: u64) -> String {
    match today {
        0 => "Vandaag verloopt er geen enkele.".to_owned(),
        1 => "Vandaag verloopt er nog één.".to_owned(),
        _ => format!("Vandaag verlopen er nog {}.", super::times::number(today)),
    }
}

pub(super) fn held(count: u64) -> String {
    many(count, "overdracht is opgeschort", "overdrachten zijn opgeschort")
}

pub(super) fn quarantined(count: u64) -> String {
    many(count, "bericht staat in quarantaine", "berichten staan in quarantaine")
}

pub(super) fn reviews(count: u64) -> String {
    many(count, "koppeling wacht op een mens", "koppelingen wachten op een mens")
}

pub(super) fn waiting(count: u64) -> String {
    many(count, "bericht wacht op zijn persoon", "berichten wachten op hun persoon")
}

pub(super) fn turned_away(count: u64) -> String {
    many(count, "bericht geweigerd bij inname", "berichten geweigerd bij inname")
}

pub(super) fn undecided(count: u64) -> String {
    many(count, "bericht wacht op zijn beslissing", "berichten wachten op hun beslissing")
}

pub(super) fn undelivered(recipient: &str, count: u64) -> String {
    format!("{recipient} haalt niets af: {}", many(count, "levering open", "leveringen open"))
}

pub(super) fn basis_ends(recipient: &str, day: &str) -> String {
    format!("De rechtsgrond van {recipient} eindigt op {day}")
}

texts! {
    HELD_DETAIL = "Iemand moet de reden wegnemen of beslissen.";
    QUARANTINE_DETAIL = "Ze konden niet verwerkt worden; ze houden niets anders tegen.";
    REVIEWS_DETAIL = "Elk bericht in twijfel heeft intussen een persoon van zichzelf.";
    WAITING_DETAIL = "Nog geen bericht bracht een nummer dat naar iemand leidt.";
    TURNED_AWAY_DETAIL = "De verzender kreeg alle bevindingen ineens. Bewaard: 30 dagen.";
    UNDECIDED_DETAIL = "De beslisser loopt achter of staat stil.";
    UNDELIVERED_DETAIL = "Beslist, en nog niet bewezen aangekomen.";
    BASIS_DETAIL = "Daarna wordt er niets meer geleverd en worden overdrachten opgeschort.";
    LATE_KIND = "Te laat";
    HELD_KIND = "Opgeschort";
    REVIEW_KIND = "Nakijken";
    WAITING_KIND = "Wacht";
    REFUSED_KIND = "Geweigerd";
    SILENT_KIND = "Stil";
    ENDS_KIND = "Verloopt";
    PASSED = "verstreken";
    TODAY = "vandaag";
}

pub(super) fn caption(messages: u64, decided: u64, records: u64) -> String {
    format!(
        "Links {}, rechts {} uit {}, op een schaal van hun eigen. Wat de stroom verlaat, gaat naar beneden.",
        many(messages, "bericht", "berichten"),
        many(records, "levering", "leveringen"),
        many(decided, "beslissing", "beslissingen"),
    )
}

pub(super) fn band(from: &str, to: &str, count: u64) -> String {
    format!("{from} → {to}: {}", super::times::number(count))
}

pub(super) fn days_left(days: i64) -> String {
    match days {
        0 => TODAY.to_owned(),
        1 => "1 dag".to_owned(),
        2..=99 => format!("{days} dagen"),
        _ => format!("{} maanden", days / 30),
    }
}

pub(super) fn found(count: u64, up_to: u32) -> String {
    if count >= u64::from(up_to) {
        return format!("Meer dan {} overdrachten", super::times::number(count - 1));
    }
    many(count, "overdracht", "overdrachten")
}

texts! {
    ORDERED = ", kortste termijn eerst.";
}

/// How long nothing happened between two steps.
pub(super) fn nothing(span: &str) -> String {
    format!("{span} niets")
}

pub(super) fn opened(replaces: bool) -> &'static str {
    if replaces { "Overdracht geopend, in de plaats van een vorige" } else { "Overdracht geopend" }
}

pub(super) fn moved(state: State, to: Option<&str>) -> String {
    let (word, ..) = self::state(state);
    match (state, to) {
        (State::Sent, Some(to)) => format!("Aangeboden aan {to}"),
        (State::Received, Some(to)) => format!("Ontvangen door {to}"),
        (State::Accepted, Some(to)) => format!("Aanvaard door {to}"),
        (State::Rejected, Some(to)) => format!("Geweigerd door {to}"),
        (_, _) => word.to_owned(),
    }
}

pub(super) fn row_fired(id: &str) -> String {
    format!("Rij {id}: {}.", row(id))
}

pub(super) fn came_from(source: &str, sender: &str) -> String {
    format!("Bericht van {} ({sender})", self::source(source))
}

pub(super) fn line_opened(to: &str, capacity: Capacity) -> String {
    format!("Repertorium: {to} houdt dit dossier, {}.", self::capacity(capacity))
}

pub(super) fn line_closed(to: &str) -> String {
    format!("Repertorium: regel van {to} gesloten.")
}

pub(super) fn stream_opened(to: &str, epoch: u32) -> String {
    format!("Stroom naar {to} geopend, epoche {epoch}.")
}

pub(super) fn issued(kind: ViewKind, issue: u32, sequence: Option<u64>, topic: &str) -> String {
    let number = sequence.map(|sequence| format!(", nummer {} op {topic}", super::times::number(sequence)));
    format!("{}, uitgave {issue}{}", view(kind), number.unwrap_or_default())
}

texts! {
    PROVED = "afgeleverd";
    NOT_PROVED = "nog niet bewezen afgeleverd";
    FROM_EPOCH = "epoche";
    UNTIL_ACCEPTED = "AgII, tot een bureau aanvaardt";
    NOBODY = "niemand meer";
}

/// A word as a sentence.
pub(super) fn sentence_of(word: &str) -> String {
    let mut letters = word.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
