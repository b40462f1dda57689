//! The words of the desk where links are reviewed, in Dutch, French and English.
//!
//! Each text stands in the three languages beside each other; the closed lists of the heart (fields, fits, guards, reasons)
//! are looked up by their names there. Refuses markup.

/// A language of the desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum DeskLanguage {
    #[default]
    Nl,
    Fr,
    En,
}

impl DeskLanguage {
    pub(crate) const ALL: [Self; 3] = [Self::Nl, Self::Fr, Self::En];

    /// Its code in addresses and on pages.
    pub(crate) fn code(self) -> &'static str {
        self.say(["nl", "fr", "en"])
    }

    /// The language of a code; Dutch where it is another.
    pub(crate) fn of(code: &str) -> Self {
        Self::ALL.into_iter().find(|language| language.code() == code).unwrap_or_default()
    }

    /// All of them as a choice: code, own name, whether it is this one.
    pub(crate) fn choices(self) -> [(&'static str, &'static str, bool); 3] {
        let named = |language: Self| language.say(["Nederlands", "Français", "English"]);
        Self::ALL.map(|language| (language.code(), named(language), language == self))
    }

    /// One of three texts.
    pub(crate) fn say(self, texts: [&'static str; 3]) -> &'static str {
        let [nl, fr, en] = texts;
        match self {
            Self::Nl => nl,
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// The text of a name in a list; the name itself where it is not there.
    pub(crate) fn named(self, list: &[(&'static str, [&'static str; 3])], name: &str) -> String {
        let found = list.iter().find(|(own, _)| *own == name);
        found.map_or_else(|| name.replace(['_', '-'], " "), |(_, texts)| self.say(*texts).to_owned())
    }

    /// A weight in bits, with the mark of decimals of the language.
    pub(crate) fn bits(self, weight: f64) -> String {
        let text = format!("{}{:.1}", if weight < 0.0 { "\u{2212}" } else { "+" }, weight.abs());
        if self == Self::En { text } else { text.replace('.', ",") }
    }
}

in_three! {
    LANGUAGES = "Taal van deze pagina", "Langue de cette page", "Language of this page";
    TITLE = "Koppelingen nakijken", "Vérifier des liens", "Review links";
    LIST = "Mogelijke koppelingen", "Liens possibles", "Possible links";
    URGENT = "Waar het meest op wacht eerst", "Ce qui est le plus attendu d'abord", "What is waited for most comes first";
    NONE = "Niets wacht op een mens.", "Rien n'attend une personne.", "Nothing waits for a human.";
    CHOOSE = "Kies links een koppeling.", "Choisissez un lien à gauche.", "Choose a link on the left.";
    NOT_YOURS = "Wie koppelingen nakijkt ziet hier de vergelijking.", "Les personnes qui vérifient les liens voient la comparaison ici.", "Whoever reviews links sees the comparison here.";
    QUESTION = "Is dit dezelfde persoon?", "Est-ce la même personne ?", "Is this the same person?";
    SINCE = "Open sinds", "Ouvert depuis", "Open since";
    LOOKED = "al bekeken", "déjà vu", "looked at already";
    NOBODY = "Niemand lijkt genoeg op deze persoon. Zoek zelf, of zeg dat het een nieuwe persoon is.", "Personne ne ressemble assez à cette personne. Cherchez vous-même, ou dites que c'est une nouvelle personne.", "Nobody resembles this person enough. Look for them yourself, or say that this is a new person.";
    MASKED = "Waarden staan er alleen als vorm: X en x zijn letters, 9 is een cijfer.", "Les valeurs ne sont montrées que par leur forme : X et x sont des lettres, 9 est un chiffre.", "Values are shown by their shape only: X and x are letters, 9 is a digit.";
    PERSON = "Persoon", "Personne", "Person";
    CANDIDATE = "Kandidaat", "Candidat", "Candidate";
    GUARDS = "Wat een automatische koppeling tegenhoudt", "Ce qui empêche un lien automatique", "What stops an automatic link";
    NO_GUARD = "niets", "rien", "nothing";
    FIELD_BY_FIELD = "Veld per veld", "Champ par champ", "Field by field";
    SCALE = "Score op de schaal", "Score sur l'échelle", "Score on its scale";
    FIELD = "Veld", "Champ", "Field";
    VERDICT = "Oordeel", "Jugement", "Fit";
    WEIGHT = "Gewicht", "Poids", "Weight";
    PRIOR = "Voorkennis", "A priori", "Start";
    SCORE = "Score", "Score", "Score";
    APART = "nieuwe persoon", "nouvelle personne", "new person";
    ASKS = "nakijken", "vérifier", "review";
    LINKS = "automatisch", "automatique", "automatic";
    BITS = "bits", "bits", "bits";
    DECISION = "Uw beslissing", "Votre décision", "Your decision";
    SAME = "Zelfde persoon als", "La même personne que", "The same person as";
    SAME_HINT = "Beide worden één persoon; de andere kandidaten zijn daarmee ook beantwoord.", "Les deux deviennent une personne ; les autres candidats ont ainsi leur réponse.", "Both become one person; the other candidates are answered with it.";
    DIFFERENT = "Niet dezelfde", "Pas la même", "Not the same";
    DIFFERENT_HINT = "Geen van de kandidaten is deze persoon; ze worden nooit gekoppeld.", "Aucun candidat n'est cette personne ; ils ne seront jamais liés.", "None of the candidates is this person; they are never linked.";
    UNCLEAR = "Weet niet", "Je ne sais pas", "Cannot tell";
    UNCLEAR_HINT = "De vraag blijft open, achter wat nog niemand bekeek.", "La question reste ouverte, derrière ce que personne n'a encore vu.", "The question stays open, behind what nobody has looked at.";
    SAME_MINE = "U zei dit al. Iemand anders moet hetzelfde zeggen; met \"weet niet\" neemt u het terug.", "Vous l'avez déjà dit. Quelqu'un d'autre doit dire la même chose ; avec « je ne sais pas » vous le retirez.", "You said so already. Somebody else must say the same; with \"cannot tell\" you take it back.";
    SAYS = "zegt: zelfde persoon als", "dit : la même personne que", "says: the same person as";
    SECOND = "Er is een rijksregisternummer bij: het gebeurt als een tweede persoon hetzelfde zegt.", "Un numéro national est en jeu : c'est fait lorsqu'une deuxième personne dit la même chose.", "A national number is involved: it is done when a second person says the same.";
    AWAITS = "wacht op een tweede", "attend une deuxième personne", "waits for a second person";
    TOUCHED = "Wat er gebeurt als dit dezelfde persoon is", "Ce qui se passe si c'est la même personne", "What happens if this is the same person";
    UNTOUCHED = "Geen overdracht verandert en niets vertrekt.", "Aucun transfert ne change et rien ne part.", "No handover changes and nothing leaves.";
    HANDOVER_AT = "Overdracht", "Transfert", "Handover";
    NOBODY_YET = "nog niemand", "encore personne", "nobody yet";
    ENDS = "Einde van wat er ging naar", "Fin de ce qui allait vers", "End of what went to";
    TOLD = "berichten tot nu", "messages jusqu'ici", "records until now";
    LEAVES = "Er vertrekt naar", "Part vers", "Leaves for";
    ASKED = "Vragen aan het Rijksregister", "Questions au Registre national", "Questions to the register";
    REASON = "Reden (verplicht)", "Motif (obligatoire)", "Reason (required)";
    SAVE = "Bewaar en volgende", "Enregistrer et suivant", "Save and next";
    NO_REASON = "Kies een antwoord en schrijf een reden.", "Choisissez une réponse et écrivez un motif.", "Choose an answer and write a reason.";
    ANSWERED = "Deze vraag is al beantwoord of vervallen.", "Cette question a déjà une réponse ou n'a plus d'objet.", "This question was answered already, or is void.";
    TWO_FILES = "Twee bureaus hebben elk een van hen overgenomen: de coördinator beslist eerst.", "Deux bureaux ont chacun repris l'un d'eux : le coordinateur décide d'abord.", "Two agencies each took one of them over: the coordinator decides first.";
    REFUSED = "Het antwoord is niet mogelijk.", "La réponse n'est pas possible.", "The answer is not possible.";
}

/// The fields that are compared, by their names in the heart.
pub(crate) const FIELDS: &[(&str, [&str; 3])] = &[
    ("name", ["Naam", "Nom", "Name"]),
    ("birth", ["Geboortedatum", "Date de naissance", "Date of birth"]),
    ("sex", ["Geslacht", "Sexe", "Sex"]),
    ("nationality", ["Nationaliteit", "Nationalité", "Nationality"]),
    ("insz", ["Rijksregisternummer", "Numéro national", "National number"]),
    ("dvz", ["DVZ-nummer", "Numéro OE", "Aliens office number"]),
    ("application", ["Visumaanvraag", "Demande de visa", "Visa application"]),
    ("passport", ["Paspoort", "Passeport", "Passport"]),
    ("permit", ["Vergunning", "Permis", "Permit"]),
    ("account", ["Account", "Compte", "Account"]),
    ("group", ["Gedeeld dossier", "Dossier partagé", "Shared file"]),
];

/// How a field fits: its word, its tone, its icon.
pub(crate) fn level(language: DeskLanguage, level: &str) -> (&'static str, &'static str, &'static str) {
    match level {
        "equal" => (language.say(["gelijk", "égal", "equal"]), "ok", "eq"),
        "near" => (language.say(["lijkt", "proche", "near"]), "warn", "near"),
        "different" => (language.say(["verschilt", "différent", "different"]), "bad", "ne"),
        _ => (language.say(["ontbreekt", "manque", "missing"]), "off", "minus"),
    }
}

/// Which kind of fit it is.
pub(crate) const KINDS: &[(&str, [&str; 3])] = &[
    ("spelling", ["andere schrijfwijze", "autre orthographe", "another spelling"]),
    ("script", ["ander schrift", "autre écriture", "another script"]),
    ("part_left_out", ["een deel ontbreekt", "une partie manque", "a part is left out"]),
    (
        "part_remains",
        [
            "een deel verschilt aan beide kanten",
            "une partie diffère des deux côtés",
            "a part remains on both sides",
        ],
    ),
    ("exchanged", ["dag en maand verwisseld", "jour et mois inversés", "day and month exchanged"]),
    ("day_unknown", ["dag onbekend", "jour inconnu", "day unknown"]),
    ("month_unknown", ["maand onbekend", "mois inconnu", "month unknown"]),
    ("first_of_january", ["1 januari bij beide", "1er janvier chez les deux", "1 January on both"]),
    ("day_apart", ["één dag verschil", "un jour d'écart", "a day apart"]),
    ("one_digit", ["één cijfer verschilt", "un chiffre diffère", "one digit differs"]),
    ("calendar", ["andere kalender", "autre calendrier", "another calendar"]),
    (
        "year_or_month_alone",
        ["alleen een jaar of maand", "une année ou un mois seul", "a year or month alone"],
    ),
    ("two_parts", ["twee delen gelijk", "deux parties égales", "two parts equal"]),
    (
        "default_year",
        [
            "zelfde jaar, 1 januari bij één",
            "même année, 1er janvier chez l'un",
            "same year, 1 January on one",
        ],
    ),
    (
        "two_default_dates",
        ["1 januari van een ander jaar", "1er janvier d'une autre année", "1 January of another year"],
    ),
    ("known_part_differs", ["wat bekend is verschilt", "ce qui est connu diffère", "what is known differs"]),
];

/// What stops a link.
pub(crate) const STOPS: &[(&str, [&str; 3])] = &[
    (
        "name-unexplained",
        [
            "de naam verschilt aan beide kanten",
            "le nom diffère des deux côtés",
            "the name differs on both sides",
        ],
    ),
    (
        "no-date",
        [
            "er is geen volledige geboortedatum",
            "il n'y a pas de date de naissance entière",
            "there is no whole date of birth",
        ],
    ),
    (
        "date-differs",
        ["de geboortedatum verschilt", "la date de naissance diffère", "the date of birth differs"],
    ),
    (
        "number-differs",
        [
            "een documentnummer verschilt en geen is gedeeld",
            "un numéro de document diffère et aucun n'est partagé",
            "a document number differs and none is shared",
        ],
    ),
    ("two-numbers-differ", ["twee nummers verschillen", "deux numéros diffèrent", "two numbers differ"]),
    (
        "two-holders",
        [
            "twee rijksregister- of DVZ-nummers",
            "deux numéros nationaux ou OE",
            "two national or aliens office numbers",
        ],
    ),
    (
        "number-contradicts",
        [
            "een nummer is gelijk, naam en datum niet",
            "un numéro est égal, le nom et la date non",
            "a number is equal, name and date are not",
        ],
    ),
    (
        "told-apart",
        [
            "een mens zei dat het er twee zijn",
            "une personne a dit qu'ils sont deux",
            "a human said that they are two",
        ],
    ),
];

/// Why a human is asked.
pub(crate) const REASONS: &[(&str, [&str; 3])] = &[
    (
        "key_contradicts",
        [
            "Een nummer is gelijk; naam en geboortedatum zijn het niet.",
            "Un numéro est égal ; le nom et la date de naissance ne le sont pas.",
            "A number is equal; name and date of birth are not.",
        ],
    ),
    (
        "claim_contradicts",
        [
            "Een account noemt een nummer van iemand met een andere naam of geboortedatum.",
            "Un compte cite un numéro de quelqu'un d'un autre nom ou d'une autre date de naissance.",
            "An account claims a number of somebody of another name or date of birth.",
        ],
    ),
    (
        "several_persons",
        [
            "De nummers horen bij verschillende personen.",
            "Les numéros appartiennent à plusieurs personnes.",
            "The numbers belong to several persons.",
        ],
    ),
    (
        "several_candidates",
        [
            "Naam en geboortedatum passen bij verschillende personen.",
            "Le nom et la date de naissance vont à plusieurs personnes.",
            "Name and date of birth fit several persons.",
        ],
    ),
    (
        "number_differs",
        [
            "Naam en geboortedatum passen; een nummer verschilt.",
            "Le nom et la date de naissance vont ; un numéro diffère.",
            "Name and date of birth fit; a number differs.",
        ],
    ),
    (
        "default_date",
        [
            "De naam past; de geboortedatum is er een die ingevuld wordt als niemand hem kent.",
            "Le nom va ; la date de naissance est de celles qu'on met quand on ne sait pas.",
            "The name fits; the date of birth is one that is filled in when nobody knows.",
        ],
    ),
    ("name_in_part", ["De naam past voor een deel.", "Le nom va en partie.", "The name fits in part."]),
    (
        "date_differs",
        [
            "De naam past; de geboortedatum niet helemaal.",
            "Le nom va ; la date de naissance pas tout à fait.",
            "The name fits; the date of birth not quite.",
        ],
    ),
    (
        "alike",
        [
            "Naam en geboortedatum lijken op elkaar, te weinig om te koppelen.",
            "Le nom et la date de naissance se ressemblent, trop peu pour lier.",
            "Name and date of birth resemble each other, too little to link.",
        ],
    ),
    (
        "duplicate_offer",
        [
            "Een bureau zegt dat het deze persoon twee keer kreeg.",
            "Un bureau dit qu'il a reçu cette personne deux fois.",
            "An agency says that it was offered this person twice.",
        ],
    ),
    (
        "registered_alone",
        [
            "Ingeschreven in een gemeente, en niemand kende deze persoon ervoor.",
            "Inscrite dans une commune, et personne ne connaissait cette personne avant.",
            "Registered in a municipality, and nobody knew this person before.",
        ],
    ),
    (
        "account_alone",
        [
            "Een account dat bij niemand past.",
            "Un compte qui ne va à personne.",
            "An account that fits nobody.",
        ],
    ),
    (
        "permit_alone",
        [
            "Een toegekende vergunning waar geen visum en geen inschrijving op volgde.",
            "Un permis accordé que ni visa ni inscription n'a suivi.",
            "A granted permit that no visa and no registration followed.",
        ],
    ),
];

/// What leaves for a recipient, by its kind.
pub(crate) const LEAVING: &[(&str, [&str; 3])] =
    &[("offer", ["aanbod", "offre", "offer"]), ("file", ["dossier", "dossier", "file"])];

/// What waits for the answer.
pub(crate) const WAITS: &[(&str, [&str; 3])] = &[
    ("number", ["een nummer wacht", "un numéro attend", "a number waits"]),
    ("handover", ["een overdracht wacht", "un transfert attend", "a handover waits"]),
    (
        "registration",
        ["een ingeschrevene wacht", "une personne inscrite attend", "somebody registered waits"],
    ),
    ("account", ["een account wacht", "un compte attend", "an account waits"]),
    ("nothing", ["houdt niets tegen", "ne retient rien", "holds nothing up"]),
];

#[cfg(test)]
mod tests {
    use decide::model::Guard;
    use decide::person::ReviewReason;

    use super::*;

    #[test]
    fn every_reason_and_every_guard_has_its_words() {
        for reason in ReviewReason::ALL {
            assert!(REASONS.iter().any(|(name, _)| *name == reason.as_str()), "{}", reason.as_str());
        }
        for guard in Guard::ALL {
            assert!(STOPS.iter().any(|(name, _)| *name == guard.as_str()), "{}", guard.as_str());
        }
    }

    #[test]
    fn a_weight_is_written_as_the_language_does() {
        assert_eq!(
            [DeskLanguage::Nl, DeskLanguage::Fr, DeskLanguage::En].map(|l| l.bits(6.25)),
            ["+6,2", "+6,2", "+6.2"]
        );
        assert_eq!(DeskLanguage::En.bits(-3.0), "\u{2212}3.0");
        assert_eq!(DeskLanguage::of("de"), DeskLanguage::Nl);
    }
}
