//! Every text of the console, in Dutch: labels here, beside them the words of closed lists and sentences.
//!
//! Templates and pages take theirs from here, so another language is another folder with these names. Words of
//! the closed lists are matched one by one: a new state or reason has no page until it has a word here. Refuses
//! markup. Files: `lists` (closed lists), `sentences` (what needs a number or a name), `golden` and `review` (their pages have three languages).

macro_rules! in_three {
    ($($name:ident = $nl:literal, $fr:literal, $en:literal;)*) => {
        $(pub(crate) const $name: [&str; 3] = [$nl, $fr, $en];)*
    };
}

pub(super) mod golden;
mod lists;
pub(super) mod review;
mod sentences;

pub(super) use lists::*;
pub(super) use sentences::*;

macro_rules! texts {
    ($($name:ident = $text:literal;)*) => { $(pub(crate) const $name: &str = $text;)* };
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
    REVIEWS = "Koppelingen nakijken";
    OPEN_ONES = " open";
    FIND_LABEL = "Zoek op kenmerk van een overdracht";
    FIND_HINT = "kenmerk, of het begin ervan";
    FIND = "Zoek";
    VERSION = "Versie";
    RULES = "Regels";
    AS_OF = "Stand";
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
    FLOW_PICTURE = "Stroomdiagram";
    SOURCES = "Bronnen";
    SOURCE = "Bron";
    ACCEPTED = "Aanvaard";
    LAST_HOUR = "Laatste uur";
    LAST_DAY = "Laatste dag";
    LAST = "laatste";
    TABLE = "Tabel";
    DECIDED = "Beslist";
    UNDECIDED = "Te beslissen";
    WAITING = "Wacht";
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
    UNAPPROVED = "Goedkeuren van de eerste lading";
    UNAPPROVED_KIND = "Eerste lading";
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
    OF_TABLE = "van de toestandstabel";
    ROW = "Rij";
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
    WHOLE_ID = "Volledig kenmerk";
    PERSON = "Persoon";
    OTHERS = "Andere van deze persoon";
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
    CLOSED = "Alleen voor wie aangemeld is";
    CLOSED_TEXT = "Er is niets gedaan. Meld opnieuw aan.";
    // signing in
    SIGN_IN = "Aanmelden";
    SIGN_IN_TEXT = "Met uw naam en uw eigen toegangscode. Wat u hier doet, wordt onder uw naam bewaard.";
    SIGN_OUT = "Afmelden";
    NAME = "Naam";
    CREDENTIAL = "Toegangscode";
    WRONG = "Deze naam en deze toegangscode horen niet bij elkaar.";
    TOO_MANY = "Te veel pogingen tegelijk. Probeer opnieuw over een minuut.";
    FORM_OLD = "Dit formulier is niet meer geldig. Open de pagina opnieuw en probeer nog eens.";
    // what is done
    DONE = "Gedaan";
    NOT_DONE = "Niet gedaan";
    NOT_YOURS = "Uw rol laat dit niet toe. De poging is onder uw naam bewaard.";
    SAID = "Aanvaard";
    SAID_TEXT = "Het staat in de hub en wordt beslist zodra dat kan.";
    REDELIVER = "Opnieuw uitgeven";
    REDELIVER_TEXT = "De ontvanger krijgt opnieuw wat hij nu mag zien, onder het volgende nummer.";
    REDELIVERED = "De ontvanger krijgt opnieuw wat hij nu mag zien.";
    NOT_REDELIVERED = "Er is nu niets dat aan deze ontvanger mag worden uitgegeven.";
    // details of what needs attention, and of the timeline
    HELD_DETAIL = "Iemand moet de reden wegnemen of beslissen.";
    REVIEWS_DETAIL = "Elk bericht in twijfel heeft intussen een persoon van zichzelf.";
    UNAPPROVED_DETAIL = "Niets wordt geopend vóór iemand het verslag goedkeurt: `hub baseline report`.";
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
    HALTED_KIND = "Gestopt";
    ENDS_KIND = "Verloopt";
    PASSED = "verstreken";
    TODAY = "vandaag";
    ORDERED = ", kortste termijn eerst.";
    PROVED = "afgeleverd";
    NOT_PROVED = "nog niet bewezen afgeleverd";
}

pub(crate) const WEEKDAYS: [[&str; 3]; 7] = [
    ["ma", "lu", "Mon"],
    ["di", "ma", "Tue"],
    ["wo", "me", "Wed"],
    ["do", "je", "Thu"],
    ["vr", "ve", "Fri"],
    ["za", "sa", "Sat"],
    ["zo", "di", "Sun"],
];
pub(crate) const MONTHS: [[&str; 3]; 12] = [
    ["jan", "janv.", "Jan"],
    ["feb", "févr.", "Feb"],
    ["mrt", "mars", "Mar"],
    ["apr", "avr.", "Apr"],
    ["mei", "mai", "May"],
    ["jun", "juin", "Jun"],
    ["jul", "juil.", "Jul"],
    ["aug", "août", "Aug"],
    ["sep", "sept.", "Sep"],
    ["okt", "oct.", "Oct"],
    ["nov", "nov.", "Nov"],
    ["dec", "déc.", "Dec"],
];
pub(crate) const LONG_MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
