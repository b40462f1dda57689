//! The words of the page that tells who somebody is, in Dutch, French and English: fields, sources and rules.
//!
//! The names that are looked up are those of the heart ([`decide::journey::golden`]). Refuses markup.

use schemas::fact::Authority;

use super::review::DeskLanguage;

in_three! {
    TITLE = "Wie is het", "Qui est-ce", "Who is it";
    LEAD = "Van elk veld de verklaring die beslist, met haar bron, haar datum en de regel; wat er nog over gezegd werd staat ernaast.", "Pour chaque champ la déclaration qui décide, avec sa source, sa date et la règle ; ce qui en a encore été dit se trouve à côté.", "Of each field the statement that decides, with its source, its date and the rule; what else was said of it stands beside it.";
    CLOSED = "Wie koppelingen nakijkt ziet ook de vorm van de waarden.", "Les personnes qui vérifient les liens voient aussi la forme des valeurs.", "Whoever reviews links sees the shape of the values as well.";
    NOTHING = "Niemand zei iets over wie deze persoon is.", "Personne n'a rien dit de qui est cette personne.", "Nobody has said anything of who this person is.";
    VALUE = "Waarde", "Valeur", "Value";
    SOURCE = "Bron", "Source", "Source";
    STATED = "Verklaard op", "Déclaré le", "Stated on";
    RULE = "Regel", "Règle", "Rule";
    OTHERS = "Ook gezegd", "Aussi dit", "Also said";
    AGREES = "hetzelfde", "la même chose", "the same";
    DIFFERS = "iets anders", "autre chose", "something else";
}

/// The fields of the golden record.
pub(crate) const FIELDS: &[(&str, [&str; 3])] = &[
    ("Names", ["Naam", "Nom", "Name"]),
    ("Birth", ["Geboortedatum", "Date de naissance", "Date of birth"]),
    ("Sex", ["Geslacht", "Sexe", "Sex"]),
    ("Nationalities", ["Nationaliteiten", "Nationalités", "Nationalities"]),
    ("Insz", ["Rijksregisternummer", "Numéro national", "National number"]),
    ("Email", ["E-mailadres", "Adresse e-mail", "Mail address"]),
    ("Phone", ["Telefoonnummer", "Numéro de téléphone", "Telephone number"]),
    ("Language", ["Contacttaal", "Langue de contact", "Language of contact"]),
];

/// Who said it, as the page calls them.
pub(crate) fn authority(language: DeskLanguage, who: Authority) -> &'static str {
    language.say(match who {
        Authority::Learning => ["Leerplatform", "Plateforme d'apprentissage", "Learning platform"],
        Authority::Portal => ["Portaal", "Portail", "Portal"],
        Authority::Permits => ["WEWIS", "WEWIS", "WEWIS"],
        Authority::Post => ["Diplomatieke post", "Poste diplomatique", "Diplomatic post"],
        Authority::Aliens => ["DVZ", "Office des étrangers", "Aliens office"],
        Authority::Register => ["Rijksregister", "Registre national", "National register"],
    })
}

/// By which rule one statement decides.
pub(crate) const RULES: &[(&str, [&str; 3])] = &[
    (
        "highest_authority",
        [
            "de hoogste bron; daarvan het nieuwste",
            "la plus haute source ; d'elle le plus récent",
            "the highest source; of it the newest",
        ],
    ),
    (
        "whole_date",
        [
            "de hoogste bron; een volledige datum voor een onvolledige",
            "la plus haute source ; une date entière avant une date partielle",
            "the highest source; a whole date before a partial one",
        ],
    ),
    (
        "more_of_the_same",
        [
            "de hoogste bron; een lagere die hetzelfde en meer zegt vult aan",
            "la plus haute source ; une plus basse qui dit la même chose et plus la complète",
            "the highest source; a lower one that says the same and more adds to it",
        ],
    ),
    (
        "not_replaced",
        [
            "de hoogste bron, zonder vervangen nummers",
            "la plus haute source, sans numéros remplacés",
            "the highest source, without numbers that were replaced",
        ],
    ),
    (
        "nearest",
        [
            "de bron het dichtst bij de persoon",
            "la source la plus proche de la personne",
            "the source nearest to the person",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use decide::journey::golden::GoldenRule;

    use super::*;

    #[test]
    fn every_rule_has_its_words() {
        for rule in GoldenRule::ALL {
            assert!(RULES.iter().any(|(name, _)| *name == rule.as_str()), "{}", rule.as_str());
        }
    }
}
