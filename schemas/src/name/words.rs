//! The words that name nobody or only lean on another word, each list with its reason.
//!
//! Lower-case ASCII, as [`super::fold`] leaves a word. A word that many people bear as a name of their own stands on
//! no list that loses it: "An", "Le" and "Do" are articles to some and families to others.

/// Whole fields that say that there is no name.
pub(super) const NOBODY: &[&str] = &[
    "no name",
    "no given name",
    "no first name",
    "no surname",
    "no last name",
    "no family name",
    "not known",
    "not applicable",
    "name unknown",
    "sans nom",
    "sans prenom",
    "non connu",
    "nom inconnu",
    "prenom inconnu",
    "sans objet",
    "geen naam",
    "geen voornaam",
    "geen familienaam",
    "geen achternaam",
    "zonder naam",
    "zonder voornaam",
    "niet gekend",
    "niet bekend",
    "naam onbekend",
    "voornaam onbekend",
];

/// Words for "unknown" in a name's place: first, middle or last name unknown, as passports and visas write it, and
/// the word in the languages of the posts. "Nil", "Null" and "Na" are names.
const FILLERS: &[&str] = &[
    "fnu",
    "lnu",
    "mnu",
    "nfn",
    "nln",
    "nmn",
    "nn",
    "xx",
    "unk",
    "unknown",
    "onbekend",
    "inconnu",
    "inconnue",
    "unbekannt",
    "desconocido",
    "desconocida",
    "sconosciuto",
    "bilinmiyor",
    "noname",
    "nogivenname",
    "nosurname",
    "unnamed",
];

/// Words that are left out wherever something else is left: the Arabic article as it is transcribed, "son of" and
/// "daughter of". Sources write them or do not, for one and the same person.
const ARTICLES: &[&str] =
    &["al", "el", "ul", "bin", "ibn", "ibnu", "bint", "bent", "binti", "ould", "wuld", "oulad"];

/// Particles and titles that are left out only where two other words are left, because some bear them as a name
/// ("Ben Carter") or because without them too little would tell people apart.
const LEANING: &[&str] = &[
    "ben", "van", "von", "vande", "vanden", "vander", "der", "den", "ter", "ten", "de", "da", "das", "dos",
    "di", "del", "della", "dela", "delos", "af", "av", "zu", "zur", "y", "e", "ogly", "oglu", "ogli", "ugli",
    "qizi", "kizi", "gizi", "uulu", "kyzy", "mr", "mrs", "ms", "miss", "dr", "prof", "ir", "ing", "mme",
    "mlle", "madame", "monsieur", "mevr", "mevrouw", "dhr", "mvr", "hadj", "hajj", "hadji", "haji", "hajji",
    "sheikh", "cheikh", "shaikh", "eng", "rev",
];

/// What stands between a person and their father or husband in South Asian papers, and "not applicable".
pub(super) const ASIDE: &[&str] = &["s/o", "d/o", "w/o", "h/o", "a/l", "a/p", "n/a"];

/// "Servant of", which is no name without the word that follows.
const SERVANT: &[&str] =
    &["abd", "abdal", "abdel", "abdul", "abdol", "abdool", "abdoul", "abdur", "abder", "abdus"];

/// "Father of", which is one word with the next in half of the papers.
const FATHER: &[&str] = &["abu", "abou", "aboo"];

/// "Of the faith" and "of God", which are one word with the one before in half of the papers.
const FAITH: &[&str] =
    &["din", "deen", "eddin", "eddine", "eldin", "eldine", "uddin", "aldin", "addin", "aldeen", "uddeen"];
const GOD: &[&str] = &["ullah", "allah", "ollah", "olah"];

/// Whether it says "unknown". A letter written three times or more is the filler of a machine-readable zone, misread.
pub(super) fn is_filler(word: &str) -> bool {
    let letters = word.as_bytes();
    FILLERS.contains(&word) || letters.len() >= 3 && letters.iter().all(|letter| *letter == letters[0])
}

/// How many other words must be left for it to be left out; `None` for a word that stays.
pub(super) fn leans(word: &str) -> Option<usize> {
    match word {
        word if ARTICLES.contains(&word) => Some(1),
        word if LEANING.contains(&word) => Some(2),
        _ => None,
    }
}

/// What a word does to the words beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Joins {
    /// It stands by itself.
    No,
    /// It is the beginning of the next.
    Next,
    /// It is the end of the one before.
    Before,
}

pub(super) fn joins(word: &str) -> Joins {
    if SERVANT.contains(&word) || FATHER.contains(&word) || word == "mc" {
        Joins::Next
    } else if FAITH.contains(&word) || GOD.contains(&word) {
        Joins::Before
    } else {
        Joins::No
    }
}

/// One spelling for what is joined: "abdulrahman", "abdelrahman" and "abdurrahman" are "abdrahman", "aboubakar" is
/// "abubakar", "salaheddine" is "salahdin", "rahmatollah" is "rahmatullah".
pub(super) fn one_spelling(word: String) -> String {
    let word = ending(word);
    if let Some(rest) = word.strip_prefix("abd") {
        return servant(rest).unwrap_or(word);
    }
    match word.strip_prefix("abou").or_else(|| word.strip_prefix("aboo")) {
        Some(rest) if rest.len() >= 3 => format!("abu{rest}"),
        _ => word,
    }
}

/// What follows "abd", without the vowel and the article, which takes the sound of the next consonant.
fn servant(rest: &str) -> Option<String> {
    let vowels = rest.bytes().take_while(|letter| b"aeiou".contains(letter)).count();
    let named = &rest[vowels.min(2)..];
    let letters = named.as_bytes();
    if matches!(named, "llah" | "lah" | "lla" | "la") {
        return Some("abdullah".to_owned());
    }
    let article = match letters {
        [b'l', _, _, ..] if vowels > 0 || !b"aeiou".contains(&letters[1]) => 1,
        [one, two, ..] if one == two && vowels > 0 => 1,
        _ => 0,
    };
    let named = &named[article..];
    (named.len() >= 3).then(|| format!("abd{named}"))
}

fn ending(word: String) -> String {
    let cut = |ends: &[&str], least: usize| {
        ends.iter().find_map(|end| word.strip_suffix(end).filter(|rest| rest.len() >= least))
    };
    if let Some(rest) = cut(
        &[
            "eddine", "uddine", "eldine", "eddin", "uddin", "aldin", "eldin", "addin", "aldeen", "uddeen",
            "eldeen",
        ],
        3,
    ) {
        return format!("{rest}din");
    }
    match cut(&["ollah", "allah", "oullah"], 3) {
        Some(rest) => format!("{rest}ullah"),
        None => word,
    }
}
