//! What a draft of the config would do, told beforehand: each way in which a territory may come to another agency.
//!
//! On the story as the demo leaves it. How rows move a handover: `hub/decide/tests`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use tests::process::{binary, copy};

fn told(folder: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(binary().unwrap());
    let done = command.args(words).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let done = done.unwrap();
    (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

/// A copy of the config in which Ghent comes to Atlas on a day.
fn draft(folder: &Path, open_files: &str) -> String {
    let draft = folder.join(open_files);
    copy(&tests::root().join("config"), &draft).unwrap();
    let change = |agency: &str, from: &str, to: &str| {
        let file = draft.join(format!("agencies/{agency}.toml"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{agency}");
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    };
    change("amal", "from = 1970-01-01 }", "from = 1970-01-01, to = 2027-02-28 }");
    let row =
        format!("territory = [{{ nis = \"44021\", from = 2027-03-01, open_files = \"{open_files}\" }}, ");
    change("atlas", "territory = [", &row);
    draft.display().to_string()
}

/// How many handovers at Amal are in a state, as the tables of lists have it.
async fn at_amal(data: &Path, state: &str) -> u64 {
    let address = format!("sqlite:{}?mode=ro", data.join("hub.db").display());
    let mut database = SqliteConnection::connect(&address).await.unwrap();
    let sql = "select count(*) from handover where recipient = 'amal' and state = $1";
    let (count,): (i64,) = sqlx::query_as(sql).bind(state).fetch_one(&mut database).await.unwrap();
    count.try_into().unwrap()
}

#[tokio::test]
async fn a_draft_is_told_before_it_counts() {
    let folder = tempfile::tempdir().unwrap();
    let config = tests::root().join("config").display().to_string();
    let story = tests::root().join("hub/demo/story").display().to_string();
    let (done, text) =
        told(folder.path(), &["demo", "--once", "--config", &config, "--data", "d", "--story", &story]);
    assert!(done, "{text}");
    let what_if = |draft: &str, on: &str| {
        let words = ["what-if", "--config", &config, "--data", "d", "--draft", draft, "--on", on, "--json"];
        told(folder.path(), &words)
    };
    let moves = |draft: &str| -> Vec<(String, u64)> {
        let (done, text) = what_if(draft, "2027-03-01");
        assert!(done, "{text}");
        let told: Value = serde_json::from_str(&text).unwrap();
        assert!(told["persons"].as_u64() > Some(100) && told["failed"] == 0, "{told}");
        let line = |moved: &Value| {
            assert_eq!(
                moved["who"].as_array().unwrap().len() as u64,
                moved["persons"].as_u64().unwrap().min(20)
            );
            let [now, draft] = ["now", "draft"].map(|side| {
                let text = |name: &str| moved[side][name].as_str().unwrap_or("-").to_owned();
                format!("{} {} {}", text("responsible"), text("handover"), text("to"))
            });
            (format!("{now} -> {draft}"), moved["persons"].as_u64().unwrap())
        };
        told["moved"].as_array().unwrap().iter().map(line).collect()
    };
    // The config as it is moves nobody, and neither do files that stay, or that were accepted already.
    assert_eq!(moves(&config), []);
    assert_eq!(moves(&draft(folder.path(), "keep")), []);
    assert_eq!(
        at_amal(&folder.path().join("d"), "sent").await + at_amal(&folder.path().join("d"), "received").await,
        0
    );
    assert_eq!(moves(&draft(folder.path(), "move_not_accepted")), []);
    // Amal stays responsible for whom it has accepted until Atlas has said yes; whose trajectory has started stays.
    let accepted = at_amal(&folder.path().join("d"), "accepted").await;
    assert!(accepted > 0);
    let all = draft(folder.path(), "move_all");
    assert_eq!(moves(&all), [("amal accepted amal -> amal sent atlas".to_owned(), accepted)]);

    // Another match model is told by its links: who would be one person, who no longer.
    let higher = folder.path().join("higher").display().to_string();
    copy(&tests::root().join("config"), Path::new(&higher)).unwrap();
    let file = Path::new(&higher).join("models/newcomers.toml");
    let model = std::fs::read_to_string(&file).unwrap();
    assert!(model.contains("auto = 400"));
    std::fs::write(&file, model.replacen("auto = 400", "auto = 9000", 1)).unwrap();
    for (now, draft, joins, parts) in [(&config, &higher, false, true), (&higher, &config, true, false)] {
        let words =
            ["what-if", "--config", now, "--data", "d", "--draft", draft, "--on", "2027-03-01", "--json"];
        let (done, text) = told(folder.path(), &words);
        assert!(done, "{text}");
        let links = serde_json::from_str::<Value>(&text).unwrap()["links"].take();
        assert!(links["records"].as_u64() > Some(300), "{links}");
        let count = |name: &str| links[name].as_u64().unwrap() > 0;
        assert_eq!([count("gained"), count("lost")], [joins, parts], "{links}");
        assert_eq!(!links["parted"].as_array().unwrap().is_empty(), parts, "{links}");
        let (done, text) = told(folder.path(), &words[..words.len() - 1]);
        assert!(done && text.contains("another match model: of "), "{text}");
    }

    // What was decided already cannot be told of a day before it; a draft that cannot be used is told as `hub check` does.
    let (done, text) = what_if(&config, "2026-06-01");
    assert!(!done && text.contains("a day before that cannot be told"), "{text}");
    std::fs::write(Path::new(&all).join("rules/deadlines.toml"), "answer = 1\n").unwrap();
    let (done, text) = what_if(&all, "2027-03-01");
    assert!(!done && text.contains("rules/deadlines.toml:1"), "{text}");
}
