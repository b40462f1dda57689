//! Names as people write them, and what is compared of each. All invented.

use super::*;

fn names(family: &str, given: &str) -> Option<Names> {
    Names::new(family, given)
}

fn tokens(family: &str, given: &str) -> String {
    names(family, given).map_or(String::new(), |n| words(&n.tokens()))
}

fn words(tokens: &Tokens) -> String {
    tokens.iter().collect::<Vec<_>>().join(" ")
}

/// Family name, given name, what is compared.
const TABLE: &[(&str, &str, &str)] = &[
    // Order, accents, case, punctuation.
    ("Përmeti", "Arta Besa", "arta besa permeti"),
    ("O'Brien", "Katherine", "katherine obrien"),
    ("OBRIEN", "KATHERINE", "katherine obrien"),
    ("KATHERINE", "OBRIEN", "katherine obrien"),
    ("Smith-Jones", "Christopher", "christopher jones smith"),
    ("Şahin", "İsmail", "ismail sahin"),
    ("", "  ", ""),
    ("-", ".", ""),
    // Composed, decomposed, wide, stylised.
    ("Nu\u{301}n\u{303}ez", "Jose\u{301}", "jose nunez"),
    ("Ｎúñez", "𝐉osé", "jose nunez"),
    // Nobody sees these marks.
    ("\u{202B}Ha\u{200D}ddad\u{202C}", "Li\u{AD}na\u{FEFF}", "haddad lina"),
    ("Had\u{0}dad\u{7}", "Li\tna", "haddad li na"),
    ("Haddad 😀", "🇧🇪 Lina❤️", "haddad lina"),
    // What stands for nobody.
    ("Benali", "FNU", "benali"),
    ("LNU", "Amina", "amina"),
    ("UNKNOWN", "Amina", "amina"),
    ("Onbekend", "Inconnu", ""),
    ("XXXXX", "N.N.", ""),
    ("Haddad", "N/A", "haddad"),
    ("Haddad", "Sans prénom", "haddad"),
    ("Haddad", "Geen voornaam", "haddad"),
    ("Nil", "Na", "na nil"),
    // A machine-readable zone.
    ("HADDAD<<LINA<MARIA<<<<<<<", "", "haddad lina maria"),
    ("MUNXXOZ", "IBANXXEZ", "ibanez munoz"),
    ("MUXXLLER", "JOXXRG", "joxxrg muller"),
    ("STRASSE", "Straße", "strasse"),
    ("Þórsdóttir", "Ægir", "aegir thorsdottir"),
    ("Маринова", "Ольга", "marinova olga"),
    // Particles and titles.
    ("El Amrani", "Youssef", "amrani youssef"),
    ("AL-AMRANI", "Yusuf bin Said", "amrani said yusuf"),
    ("van den Berg", "Jan", "berg jan"),
    ("van den Berg", "", "berg den van"),
    ("Ben", "Carter", "ben carter"),
    ("Ben Salah", "Ali", "ali salah"),
    ("El", "Al", "al el"),
    ("de Souza dos Santos", "Ana", "ana santos souza"),
    ("Le", "Thi Hoa", "hoa le thi"),
    ("Peeters", "An", "an peeters"),
    ("Dr. Haddad", "Mrs Lina", "haddad lina"),
    ("Khan S/O Karim", "Imran", "imran karim khan"),
    ("Aliyev", "Vali Anvar oʻgʻli", "aliyev anvar vali"),
    // Words that are no name by themselves.
    ("Khan", "Abdul Rahman", "abdrahman khan"),
    ("Khan", "Abdulrahman", "abdrahman khan"),
    ("Khan", "Abd al-Rahman", "abdrahman khan"),
    ("Khan", "ABDEL RAHMAN", "abdrahman khan"),
    ("Khan", "Abdurrahman", "abdrahman khan"),
    ("Rahman Khan", "Abdul", "abdrahman khan"),
    ("Abdi", "Abdirahman", "abdi abdrahman"),
    ("Abdullah", "Abdallah", "abdullah"),
    ("Abd Allah", "Abdellah", "abdullah"),
    ("Abu Bakr", "Aboubakr", "abubakr"),
    ("Nur al-Din", "Nuruddin", "nurdin"),
    ("Uddin", "Nur", "nurdin"),
    ("Rahmat Ullah", "Rahmatollah", "rahmatullah"),
    ("Mc Donald", "McDonald", "mcdonald"),
    ("Abdul", "", "abdul"),
    ("Uddin", "", "uddin"),
    ("Abdul", "Abdul", "abdul"),
];

#[test]
fn what_is_compared() {
    for (family, given, expect) in TABLE {
        assert_eq!(tokens(family, given), *expect, "{family} | {given}");
    }
}

#[test]
fn a_ring_of_words_may_begin_anywhere_and_the_parts_may_change_places() {
    for (family, given, expect) in TABLE {
        assert_eq!(tokens(given, family), *expect, "{given} | {family}");
    }
}

#[test]
fn what_was_compared_once_is_compared_the_same_again() {
    for (family, given, expect) in TABLE {
        let again = tokens(expect, "");
        assert_eq!(tokens(&again, ""), again, "{family} | {given}");
    }
}

#[test]
fn a_letter_that_is_written_in_two_ways_is_met_in_both() {
    for (family, expect) in [
        ("Müller", &["muller", "mueller"][..]),
        ("MUXXLLER", &["muller", "mueller"]),
        ("MUELLER", &["mueller"]),
        ("Åse", &["ase", "aase"]),
        ("Østergård", &["ostergard", "oestergaard"]),
        ("Muñoz", &["munoz"]),
    ] {
        let forms = names(family, "").unwrap().forms();
        assert_eq!(forms.iter().map(words).collect::<Vec<_>>(), expect, "{family}");
    }
}

#[test]
fn a_native_name_is_a_form_in_latin_or_a_name_in_its_own_script() {
    use Script::{Arabic, Cyrillic, Han, Hangul, Hebrew};
    for (native, form, own) in [
        ("ተስፋዬ ገብረመድህን", Some("gebremedhn tesfaye"), None),
        ("Παπαδόπουλος Νίκος", Some("nikos papadopoylos"), None),
        ("დავით ბერიძე", Some("beridze davit"), None),
        ("Հակոբյան Անի", Some("ani hakobyan"), None),
        ("दीपिका श्रेष्ठ", Some("dipika sresth"), None),
        ("Nguyễn Văn Nam", Some("nam nguyen"), None),
        ("سَعيد السعيدي", None, Some((Arabic, "السعيدي سعيد"))),
        ("سـعـيـد السعيدى", None, Some((Arabic, "السعيدي سعيد"))),
        ("عبد الرحمن خان", None, Some((Arabic, "خان عبدرحمن"))),
        ("عبدالرحمان خان", None, Some((Arabic, "خان عبدرحمان"))),
        ("أحمد بن علي", None, Some((Arabic, "احمد علي"))),
        ("نور الدين", None, Some((Arabic, "نوردين"))),
        ("שָׁלוֹם כהן", None, Some((Hebrew, "כהנ שלומ"))),
        ("Алёна Иванова", None, Some((Cyrillic, "алена иванова"))),
        ("김민수", None, Some((Hangul, "\u{1100}\u{1175}\u{11B7}\u{1106}\u{1175}\u{11AB}\u{1109}\u{116E}"))),
        ("王小明", None, Some((Han, "王小明"))),
        ("王小明 Xiaoming", Some("wangxiaoming xiaoming"), None),
    ] {
        let names = Names { native: Some(native.to_owned()), ..names("Tst", "").unwrap() };
        let form_of = names.forms().get(1).map(words);
        assert_eq!(form_of.as_deref(), form, "{native}");
        let own_of = names.own_script();
        let own_of = own_of.as_ref().map(|own| (own.script, words(&own.words)));
        assert_eq!(own_of.as_ref().map(|(script, words)| (*script, words.as_str())), own, "{native}");
    }
}

#[test]
fn whatever_is_written_costs_bounded_work() {
    for letter in ["a", "a ", "é", "e\u{301}\u{301}", "\u{FDFA}", "abd ", "uddin ", "<", "王", "אל ", "عبد "]
    {
        let text = letter.repeat(100_000);
        let names = Names {
            native: Some(text.clone()),
            ..Names::new(&text, &text).unwrap_or(Names {
                family: vec![text.clone(); 3],
                given: vec![],
                native: None,
            })
        };
        let forms = names.forms();
        let own = names.own_script().map(|own| own.words);
        for tokens in forms.iter().chain(&own) {
            assert!(tokens.len() <= 12 && tokens.iter().all(|word| word.chars().count() <= 400), "{letter}");
        }
        assert!(forms.iter().flat_map(Tokens::iter).all(|word| word.len() <= 40), "{letter}");
    }
}
