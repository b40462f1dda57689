//! Names across scripts, on the tables that the hub ships, and what a text must be to be a table.
//! All people are invented.

use decide::transliteration::{Forms, Odds, Table, TableError, Transliteration};
use proptest::prelude::*;
use schemas::name::{Names, Script};

fn shipped() -> Transliteration {
    let mut tables = Transliteration::default();
    for script in Script::ALL {
        tables.add(&text(script)).expect("a table of the config");
    }
    tables
}

fn text(script: Script) -> String {
    let file = format!("../../config/models/transliteration-{}.tsv", script.as_str());
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the file")
}

fn odds(tables: &Transliteration, a: &str, b: &str) -> Odds {
    let forms = |text: &str| Forms::of(&Names::new(text, "").expect("a name"));
    tables.alike(&forms(a), &forms(b))
}

/// A name, the same name, another one that is near.
const TABLE: &[(&str, &str, &str)] = &[
    // Arabic, Persian, Urdu: unvowelled, with marks, with the article, with "servant of" in one word and in two.
    ("Fatima Azizi", "فاطمة عزيزي", "فاطمة عمراني"),
    ("Nabil Saidi", "نَبيل سعيدي", "نديم سعيدي"),
    ("Abdul Rahman Karimi", "عبد الرحمن كريمي", "عبد الرحيم كريمي"),
    ("Maryam Mohammadi", "مریم محمدی", "مريم احمدي"),
    ("Youssef El Amrani", "يوسف العمراني", "يونس العمراني"),
    // Cyrillic in several languages.
    ("Olena Kovalenko", "олена коваленко", "олена кравченко"),
    ("Sergei Marchenko", "Сергей Марченко", "Андрей Марченко"),
    ("Aizhan Nurlanova", "Айжан Нурланова", "Айгуль Нурланова"),
    // Hebrew, with and without final forms.
    ("Yochai Shalom", "יוחאי שלום", "יוסף שלום"),
    ("Rivka Goldstein", "רבקה גולדשטיין", "רבקה גולדברג"),
    // Korean and Chinese: without a space as well.
    ("Kim Minsu", "김민수", "김영희"),
    ("Corneille Kemal", "코르네유 케말", "코르네유 토마스"),
    ("Evans Howson", "埃文斯 豪森", "埃文斯 史密斯"),
    // One script, two.
    ("Katherine O'Brien", "OBRIEN KATHARINE", "OBRIEN MARGARET"),
    ("Ünal Şahin", "SAHIN UENAL", "SAHIN EMRE"),
    ("ተስፋዬ ገብረመድህን", "Tesfaye Gebremedhn", "Tesfaye Woldemichael"),
    ("Παπαδοπούλου Ελένη", "Papadopoulou Eleni", "Papadopoulou Maria"),
    ("фатима азизи", "فاطمة عزيزي", "كريم حداد"),
];

#[test]
fn a_name_is_known_in_another_script_and_a_near_one_is_another() {
    let tables = shipped();
    for (name, same, other) in TABLE {
        let (same_odds, other_odds) = (odds(&tables, name, same), odds(&tables, name, other));
        assert!(same_odds > 0, "{name} is {same}: {same_odds}");
        assert!(other_odds < 0, "{name} is not {other}: {other_odds}");
    }
}

#[test]
fn neither_the_order_of_words_nor_of_names_matters() {
    let tables = shipped();
    for (name, same, other) in TABLE {
        for other in [same, other] {
            let backwards: Vec<&str> = other.split(' ').rev().collect();
            let plain = odds(&tables, name, other);
            assert_eq!(plain, odds(&tables, other, name), "{name} | {other}");
            // "Servant of" belongs to what follows it.
            if !other.contains("عبد") {
                assert_eq!(plain, odds(&tables, name, &backwards.join(" ")), "{name} | {other}");
            }
        }
    }
}

#[test]
fn a_line_that_is_none_is_told_with_its_number() {
    let good = text(Script::Hebrew);
    assert!(Table::parse(&good).is_ok());
    let line = |text: &str, n: usize| text.lines().nth(n).unwrap().to_owned();
    let first = good.lines().position(|line| line.starts_with("row")).unwrap();
    for (what, bad) in [
        ("another keyword", "rows א * 0"),
        ("a letter that is not listed", "row Я * 0 a 0"),
        ("a letter beside another before it stands alone", "row א ב 0 a 0"),
        ("a piece without a score", "row א * 0 a"),
        ("a score that is no number", "row א * 0 a x"),
        ("a score out of all bounds", "row א * 0 a 2000000000"),
        ("a piece that is too long", "row א * 0 abcd 0"),
        ("another script", "script klingon"),
        ("more than the line has", "script hebrew too"),
        ("letters out of order", "letters בא"),
        ("too few weights", "weights 1 2"),
    ] {
        let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
        lines[first] = bad.to_owned();
        assert_eq!(
            Table::parse(&lines.join("\n")),
            Err(TableError::Line(first + 1)),
            "{what}: {}",
            line(&good, first)
        );
    }
    for keyword in ["script", "weights", "row", "pair"] {
        let kept: Vec<&str> = good.lines().filter(|line| line.split(' ').next() != Some(keyword)).collect();
        assert_eq!(Table::parse(&kept.join("\n")), Err(TableError::Missing(keyword)));
    }
    let mut tables = shipped();
    assert_eq!(tables.add(&good), Err(TableError::Twice));
}

/// A word of a script or of several, with what people type beside it.
fn anything() -> impl Strategy<Value = String> {
    let script = prop_oneof![
        "[a-zé]{1,9}",
        "[ابتجدرسعلمنهويى]{1,7}",
        "[а-яіїё]{1,8}",
        "[א-ת]{1,6}",
        "[가-힣]{1,3}",
        "[一-龥]{1,4}",
        "\\PC{0,6}"
    ];
    proptest::collection::vec(script, 1..5).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn odds_are_symmetric_bounded_and_highest_for_the_same(a in anything(), b in anything()) {
        let tables = TABLES.with(|tables| tables.clone());
        let forms = |text: &str| Names::new(text, "").map(|names| Forms::of(&names));
        if let (Some(one), Some(other)) = (forms(&a), forms(&b)) {
            let odds = tables.alike(&one, &other);
            prop_assert_eq!(odds, tables.alike(&other, &one));
            prop_assert!((-2_000..=2_000).contains(&odds));
            prop_assert_eq!(tables.alike(&one, &one), 2_000);
        }
    }
}

thread_local! {
    static TABLES: std::rc::Rc<Transliteration> = std::rc::Rc::new(shipped());
}

#[test]
fn hostile_names_cost_no_more_than_long_ones() {
    let tables = shipped();
    let all = ["a", "a ", "ا", "ا ", "я", "я ", "א ", "가", "王", "עבד ", "ab<", "\u{301}", "عبد "];
    for one in all {
        for other in all {
            let (one, other) = (one.repeat(50_000), other.repeat(50_000));
            let forms = |text: &str| Names::new(text, "").map(|names| Forms::of(&names));
            if let (Some(one), Some(other)) = (forms(&one), forms(&other)) {
                assert!((-2_000..=2_000).contains(&tables.alike(&one, &other)));
            }
        }
    }
}
