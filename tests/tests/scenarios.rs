//! Scenario files: each in `tests/scenarios/` ends as it says, and a mistake in one is told where it is.
//!
//! What they look like: `tests/scenarios/README.md`. Refuses to expect anything itself: that stands in the files.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hub::scenario::{Played, files, play};

fn folder() -> PathBuf {
    tests::root().join("tests/scenarios")
}

/// A file in a folder of its own, beside the people and items of all the others.
fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let own = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder().join("items"), own.path().join("items")).unwrap();
    fs::copy(folder().join("people.toml"), own.path().join("people.toml")).unwrap();
    let path = own.path().join("one.toml");
    fs::write(&path, text).unwrap();
    (own, path)
}

const ARRIVED: &str = r#"
[[say]]
on = 2025-01-09
who = "amina"
source = "visa"
item = "application"

[[say]]
on = 2025-02-10
who = "amina"
source = "visa"
item = "number"

[[say]]
on = 2025-03-05
who = "amina"
source = "register"
item = "home"
with = { nis = "44021", since = "2025-03-04" }
"#;

#[test]
fn every_scenario_ends_as_it_says() {
    let config = tests::config();
    let mut wrong = vec![];
    let all = files(&[folder()]).unwrap();
    assert!(!all.is_empty());
    for file in all {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        match play(&file, &config) {
            Ok(Played { differences, .. }) if differences.is_empty() => {}
            Ok(Played { told, differences, .. }) => {
                wrong.push(format!("{name}: {differences:#?}\n{}", told.join("\n")));
            }
            Err(mistakes) => wrong.push(mistakes.to_string()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_differs_is_told_with_what_was_found() {
    let expected = "[expect]\nhandovers = [\"accepted amal\"]\nlines = 1\nwork = []\n";
    let (_own, path) = written(&format!("{ARRIVED}{expected}"));
    let Played { differences, .. } = play(&path, &tests::config()).unwrap();
    let told: Vec<_> = differences.iter().map(|d| (d.line, d.part.as_str(), d.found.join(" | "))).collect();
    let lines = "agii-abroad provider (amina) | amal provisional (amina)".to_owned();
    assert_eq!(told, [(Some(20), "handovers", "sent amal (amina)".to_owned()), (Some(20), "lines", lines)]);
}

#[test]
fn every_form_says_the_same() {
    let answers =
        |kind: &str| format!("{ARRIVED}[[answer]]\non = 2025-03-05\nrecipient = \"amal\"\n{kind}\n");
    for said in [
        "kind = \"rejected\"\ncode = \"NOT_ARRIVED\"",
        "kind = \"rejected NOT_ARRIVED\"\nof = 1",
        "kind = { rejected = { code = \"NOT_ARRIVED\" } }\nof = \"amina\"",
        "kind = \"rejected\"\nof = \"CAS 60245\"\ncode = \"not_arrived\"",
    ] {
        for expected in [
            "handovers = [\"held amal manual\"]",
            "handovers = [{ state = \"held\", recipient = \"amal\", hold = \"manual\", code = \"NOT_ARRIVED\" }]",
            "handovers = [\"held (refused) for amal: not_arrived (amina)\"]\nlines = [\"agii-abroad\"]",
            "deliveries = [\"agii-abroad file\", \"amal offer\", \"amal ended rejected\"]",
            "deliveries = { amal = 2 }\nwork = [\"coordinator: amal\"]\nreviews = 0",
        ] {
            let (_own, path) = written(&format!("{}[expect]\n{expected}\n", answers(said)));
            let played = play(&path, &tests::config()).unwrap_or_else(|wrong| panic!("{wrong}"));
            assert_eq!(played.differences, [], "{said} {expected}");
        }
    }
}

#[test]
fn a_mistake_is_told_with_its_line_and_the_nearest_word() {
    let check = |text: &str, line: usize, expect: &str| {
        let (_own, path) = written(text);
        let told = play(&path, &tests::config()).unwrap_err().to_string();
        assert_eq!(told, format!("{}:{line}: {expect}", path.display()));
    };
    let arrived = |more: &str| format!("{ARRIVED}{more}");
    check(&arrived("[[anser]]\non = 2025-03-06\n"), 20, "unknown key `anser`; the nearest one is `answer`");
    check(
        &arrived("[expect]\nlines = []\nhandovers = [\"acepted amal\"]"),
        22,
        "unknown word `acepted`; the nearest one is `accepted`",
    );
    check(
        &arrived("[[answer]]\non = 2025-03-06\nrecipient = \"amel\"\nkind = \"received\""),
        20,
        "unknown recipient `amel`; the nearest one is `amal`",
    );
    check(
        &ARRIVED.replace("\"number\"", "\"numbr\""),
        8,
        "unknown item `numbr`; the nearest one is `number`",
    );
    check(
        &ARRIVED.replace("since =", "sinse ="),
        14,
        "unknown word in the item `since`; the nearest one is `sinse`",
    );
    check(
        &ARRIVED.replace("on = 2025-02-10", "on = \"10 February\""),
        9,
        "expected a day like 2025-03-05, or a time like 2025-03-05T09:00:00",
    );
    let (_own, path) = written(&ARRIVED.replace(
        "who = \"amina\"\nsource = \"visa\"\nitem = \"number\"",
        "who = \"amina\"\nsource = \"visa\"\nitem = \"number\"\nwith = { insz = \"1\" }",
    ));
    let told = play(&path, &tests::config()).unwrap_err().to_string();
    assert!(told.contains(":8: the door refuses it: invalid-insz /insz"), "{told}");
}

/// The command, with its exit code and what it writes.
fn scenario(arguments: &[&Path]) -> (Option<i32>, String) {
    let mut command = Command::new(tests::process::binary().unwrap());
    command.current_dir(tests::root()).arg("scenario").args(arguments);
    let done = command.output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn the_command_says_by_its_exit_code_whether_all_is_as_expected() {
    let (code, told) = scenario(&[&folder().join("golden-01-ghent.toml")]);
    assert_eq!(code, Some(0), "{told}");
    let (_own, path) = written(&format!("{ARRIVED}[expect]\nhandovers = []\n"));
    let (code, told) = scenario(&[&path]);
    assert_eq!(code, Some(1));
    assert!(told.contains("expected: nothing") && told.contains("found:    sent amal (amina)"), "{told}");
}
