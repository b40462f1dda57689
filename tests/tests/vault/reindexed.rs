//! The secret of the index changes while the hub works: whoever was known is found, whoever waited as well, and a cover that
//! was taken away too early is told before anybody is missed.
//!
//! Real processes, on both engines. Next: `hub::vault::reindex`.

use serde_json::Value;
use tests::people::visa_lines;
use tests::process::{Process, until};

use super::rotated::{A, B, INDEX, answers, body, file, told};

const C: &str = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

/// Writes the file of keys; what runs reads it at its next start.
fn covers(process: &Process, covers: &[&str]) {
    let lines: String = covers.iter().map(|cover| format!("cover={cover}\n")).collect();
    std::fs::write(file(process), format!("kek={A}\nindex={INDEX}\n{lines}")).unwrap();
}

async fn changed(server: Option<&str>) {
    let mut process = Process::prepare(server, None).await.unwrap();
    let says = async |process: &Process, lines: &[Value], persons: u64| {
        process.push("visa", "post-cas", "application/x-ndjson", &body(lines)).await.unwrap();
        let (_, store) = process.inside_beside().await.unwrap();
        let decided = async || store.pending(1).await.is_ok_and(|rows| rows.is_empty());
        until("all is decided", decided).await.unwrap();
        let counts = store.counts().await.unwrap();
        assert!(counts.contains(&("persons", persons)), "{counts:?}");
        counts
    };
    let again = async |process: &mut Process, now: &[&str]| {
        process.stop().unwrap();
        covers(process, now);
        process.go().unwrap();
        answers(process).await;
    };
    // A SQLite file has one process at a time.
    let keys = async |process: &mut Process, words: &[&str]| {
        if server.is_none() {
            process.stop().unwrap();
        }
        let told = told(process, &[&["keys"], words].concat());
        if server.is_none() {
            process.go().unwrap();
            answers(process).await;
        }
        told
    };
    covers(&process, &[]);
    process.go().unwrap();
    answers(&process).await;
    let of = |n: usize, line: usize| visa_lines(n)[line..=line].to_vec();
    let first: Vec<Value> = (0..4).flat_map(|n| of(n, 0)).collect();
    says(&process, &first, 4).await;
    let counts = says(&process, &of(7, 1), 4).await;
    assert!(counts.contains(&("waiting", 1)), "{counts:?}");

    // A new cover beside none, then in front of it: who is known is found under either.
    again(&mut process, &["none", B]).await;
    says(&process, &of(0, 1), 4).await;
    again(&mut process, &[B, "none"]).await;
    says(&process, &of(1, 1), 4).await;
    says(&process, &of(5, 0), 5).await;
    let (said, code) = keys(&mut process, &[]).await;
    assert!(code == 1 && !said.contains(" 0 under others"), "{said}");
    let (said, code) = keys(&mut process, &["--reindex"]).await;
    assert!(code == 0 && said.contains(" 0 under others") && !said.contains(" 0 covered anew"), "{said}");
    says(&process, &[of(2, 1), of(5, 1)].concat(), 5).await;

    // Only the new one is left, then a second one follows it.
    again(&mut process, &[B]).await;
    let counts = says(&process, &[of(3, 1), of(7, 0)].concat(), 6).await;
    assert!(counts.contains(&("waiting", 0)), "who waited is found by what brings their number: {counts:?}");
    again(&mut process, &[C, B]).await;
    says(&process, &of(6, 0), 7).await;

    // Taken away before everything was covered anew, it is told and nothing is decided.
    process.stop().unwrap();
    covers(&process, &[C]);
    let (said, code) = told(&process, &["run"]);
    assert!(code != 0 && said.contains("records stand in the index under the cover"), "{code}: {said}");
    covers(&process, &[C, B]);
    process.go().unwrap();
    answers(&process).await;
    let (said, code) = keys(&mut process, &["--reindex"]).await;
    assert_eq!(code, 0, "{said}");
    again(&mut process, &[C]).await;
    // Everybody once more: nobody is a second person.
    let all: Vec<Value> = [0, 1, 2, 3, 5, 6, 7].into_iter().flat_map(visa_lines).collect();
    says(&process, &all, 7).await;
    process.stop().unwrap();
    let (said, code) = told(&process, &["replay", "--verify"]);
    assert_eq!(code, 0, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_stands_under_a_new_secret_on_sqlite() {
    changed(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_stands_under_a_new_secret_on_postgresql() {
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    changed(Some(&server)).await;
}
