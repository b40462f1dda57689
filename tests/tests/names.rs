//! `hub names` on a file, and the command that learns its tables.
//! All names are invented, and the language whose words are learned is too.

use std::process::Command;
use std::sync::Arc;

use decide::transliteration::{Forms, Transliteration};
use hub::commands::names::rows;
use schemas::name::{Names, Script};
use tests::transliteration::{Provenance, read, table};

fn scores(file: &str) -> anyhow::Result<String> {
    let tables = Arc::clone(&tests::config().bundle.model.letters);
    let mut out = vec![];
    rows(&tables, file.as_bytes(), &mut out)?;
    Ok(String::from_utf8(out)?)
}

#[test]
fn a_row_is_answered_whatever_its_scripts() {
    let file = "\u{feff}pair_id,script,name_a,name_b,kind\n\
        same,latin,Lina Haddad,HADDAD LINA,\n\
        arabic,arabic,Fatima Azizi,فاطمة عزيزي,\n\
        another,arabic,Fatima Azizi,نبيل عمراني,\n\
        \"a, b\",none,\"Haddad, Lina\",Lina Haddad,\n\
        nobody,latin,FNU,Lina Haddad,\n\
        empty,latin,,,\n";
    let scores = scores(file).unwrap();
    let rows: Vec<(&str, f64)> = scores
        .lines()
        .skip(1)
        .map(|line| line.rsplit_once(',').map(|(id, score)| (id, score.parse().unwrap())).unwrap())
        .collect();
    assert_eq!(scores.lines().next(), Some("pair_id,score"));
    let expect = [
        ("same", 1.0),
        ("arabic", 0.9),
        ("another", 0.0),
        ("\"a, b\"", 1.0),
        ("nobody", 0.0),
        ("empty", 0.0),
    ];
    assert_eq!(rows.len(), expect.len());
    for ((id, score), (expected, about)) in rows.into_iter().zip(expect) {
        assert_eq!(id, expected);
        assert!((score - about).abs() <= 0.1, "{id}: {score}");
    }
}

#[test]
fn a_column_that_is_missing_is_named() {
    for missing in ["pair_id", "name_a", "name_b"] {
        let columns: Vec<&str> =
            ["pair_id", "name_a", "name_b"].into_iter().filter(|own| *own != missing).collect();
        let error = scores(&format!("{}\n1,2\n", columns.join(","))).unwrap_err();
        assert!(error.to_string().contains(&format!("no column {missing}")), "{error}");
    }
    assert!(scores("pair_id,name_a,name_b\n1,2\n").is_err(), "a row that lacks a field");
}

#[test]
fn the_command_ends_with_a_code() {
    let hub = tests::process::binary().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    let config = tests::root().join("config");
    for (text, code, out) in [
        ("pair_id,name_a,name_b\n1,Lina,LINA\n", 0, "pair_id,score\n1,1.000000\n"),
        ("pair_id,name_a\n1,Lina\n", 1, ""),
    ] {
        std::fs::write(&path, text).unwrap();
        let done = Command::new(&hub).arg("names").arg(&path).arg("--config").arg(&config).output().unwrap();
        assert_eq!(done.status.code(), Some(code));
        assert_eq!(String::from_utf8(done.stdout).unwrap(), out);
    }
}

/// Words of an invented language, in Latin letters and in Cyrillic ones.
fn words() -> String {
    let syllables = [("ka", "ка"), ("ro", "ро"), ("mi", "ми"), ("shu", "шу"), ("de", "де"), ("lo", "ло")];
    let words =
        syllables.into_iter().flat_map(|(a, x)| syllables.map(|(b, y)| format!("{a}{b}\t{x}{y}\t2\n")));
    words.collect()
}

#[test]
fn the_same_words_give_the_same_table_and_it_knows_words_that_it_never_saw() {
    let pairs = read(&words(), Script::Cyrillic);
    let told = Provenance { lines: vec!["Invented.".to_owned()] };
    let text = table(Script::Cyrillic, &pairs, &told).unwrap();
    let backwards: Vec<_> =
        pairs.iter().rev().map(|pair| format!("{}\t{}\t2", pair.latin, pair.native)).collect();
    let again = table(Script::Cyrillic, &read(&backwards.join("\n"), Script::Cyrillic), &told).unwrap();
    assert_eq!(text, again);
    let mut tables = Transliteration::default();
    tables.add(&text).unwrap();
    let forms = |name: &str| Forms::of(&Names::new(name, "").unwrap());
    for (latin, same, other) in [("mikashuro", "микашуро", "микашука"), ("rokamishu", "рокамишу", "шукамиро")]
    {
        let odds = |native: &str| tables.alike(&forms(latin), &forms(native));
        assert!(odds(same) > 0 && odds(other) < odds(same), "{latin}: {} {}", odds(same), odds(other));
    }
}
