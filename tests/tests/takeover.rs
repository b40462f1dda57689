//! How long nobody decides and nobody delivers after `kill -9`: of the only instance, which is started again, and of
//! one of two, from whom the other takes over.
//!
//! Real processes on PostgreSQL and Kafka. What is measured is printed. That nothing is lost or doubled meanwhile is
//! `faults.rs`'s.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![expect(clippy::print_stderr, reason = "what was measured is told")]

use std::time::{Duration, Instant};

use hub::store::Store;
use tests::people::visa_lines;
use tests::process::{Process, push};

/// How often each is measured: the lease may be new or old when its holder dies.
const ROUNDS: usize = 3;

/// How many decisions are stored.
async fn decided(store: &Store) -> u64 {
    let counts = store.counts().await.unwrap();
    counts.iter().find(|(name, _)| *name == "decided").unwrap().1
}

/// How many records an instance has sent and committed; none where it does not answer.
async fn sent(base: &str) -> u64 {
    let page = async { reqwest::get(format!("{base}/metrics")).await.ok()?.text().await.ok() }.await;
    let value = |line: &str| line.strip_prefix("hub_deliver_sent_total ")?.parse::<u64>().ok();
    page.iter().flat_map(|page| page.lines()).filter_map(value).sum()
}

async fn listens(base: &str) -> bool {
    reqwest::get(format!("{base}/livez")).await.is_ok()
}

/// Waits until something holds, and says how long that took from a moment on.
async fn took(from: Instant, what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    tests::process::until(what, async || holds().await).await.unwrap();
    from.elapsed()
}

/// The application of the `n`th person: one decision, and one record for the agency abroad.
async fn apply(base: &str, n: usize) {
    let body = visa_lines(n).swap_remove(0).to_string().into_bytes();
    push(base, "visa", "post-cas", "application/x-ndjson", &body).await.unwrap();
}

fn parts() -> Option<(String, String)> {
    Some((tests::server("HUB_TEST_POSTGRES", "PostgreSQL")?, tests::server("HUB_TEST_KAFKA", "Kafka")?))
}

/// A lease lasts three seconds and the relay reads the log back first, so a quiet machine needs three and four; a busy
/// one more. That it happens is what fails here, how fast is told.
fn tell(what: &str, measured: &[Duration]) {
    let seconds: Vec<String> = measured.iter().map(|took| format!("{:.2}", took.as_secs_f64())).collect();
    eprintln!("{what}: {} s", seconds.join(", "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_died_alone_decides_and_delivers_soon_after_it_listens() {
    let Some((server, brokers)) = parts() else { return };
    let mut process = Process::start(&server, &brokers).await.unwrap();
    let (_, store) = process.inside().await.unwrap();
    let (mut decisions, mut records) = (vec![], vec![]);
    for round in 0..=ROUNDS {
        let base = process.base.clone();
        took(Instant::now(), "it listens", async || listens(&base).await).await;
        let (begun, before) = (Instant::now(), decided(&store).await);
        apply(&base, round).await;
        let first = took(begun, "the first decision", async || decided(&store).await > before).await;
        let told = took(begun, "the first record", async || sent(&base).await > 0).await;
        // The first start is no restart: its topics are made then.
        if round > 0 {
            decisions.push(first);
            records.push(told);
        }
        // Some die right after a commit, some long after.
        let rest = Instant::now() + Duration::from_millis(400) * u32::try_from(round).unwrap();
        took(Instant::now(), "time passes", async || Instant::now() >= rest).await;
        process.kill().unwrap();
        process.go().unwrap();
    }
    tell("alone: from listening to the first decision", &decisions);
    tell("alone: from listening to the first record", &records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_takes_over_soon_after_the_holder_died() {
    let Some((server, brokers)) = parts() else { return };
    let mut one = Process::start(&server, &brokers).await.unwrap();
    let mut other = one.beside().unwrap();
    let (_, store) = one.inside().await.unwrap();
    apply(&one.base, 0).await;
    took(Instant::now(), "the first delivers", async || sent(&one.base).await > 0).await;
    let (mut decisions, mut records) = (vec![], vec![]);
    for round in 1..=ROUNDS {
        // `one` holds both leases here.
        other.go().unwrap();
        let base = other.base.clone();
        took(Instant::now(), "the other listens", async || listens(&base).await).await;
        assert_eq!(sent(&base).await, 0, "it stands by");
        let before = decided(&store).await;
        one.kill().unwrap();
        let died = Instant::now();
        apply(&base, round).await;
        decisions.push(took(died, "the first decision", async || decided(&store).await > before).await);
        records.push(took(died, "the first record", async || sent(&base).await > 0).await);
        std::mem::swap(&mut one, &mut other);
    }
    tell("two: from the holder's death to the first decision", &decisions);
    tell("two: from the holder's death to the first record", &records);
}
