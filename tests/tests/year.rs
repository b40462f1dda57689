//! A year of a small country: on either engine the same seed ends alike, and no invariant breaks on the way.
//!
//! In this profile every decision is looked at (I4 to I7, I14); after each week a sample and at the end everybody (I5, I6, I7, I12,
//! I13). The whole country is `cargo run --release -p tests --bin year` (docs/year.md). Next: `tests::year`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;

use futures::future::OptionFuture;
use hub::app::{Hub, Start, in_data};
use hub::clock::Clock;
use schemas::time::start_of;
use tests::year::{Ends, begins, config, live};

const LIVES: u32 = 3_000;
const SEED: u64 = 1;

async fn year(server: Option<&str>) -> Ends {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    in_data(folder.path(), &mut config);
    if let Some(server) = server {
        let name = format!("hub_year_{}", std::process::id());
        config.hub.database = tests::process::database(server, &name).await.unwrap();
    }
    let hub = Hub::open(config, Start::Migrated(Clock::repeatable(start_of(begins()), SEED))).await.unwrap();
    let year = live(&hub, LIVES, SEED, |_| {}).await;
    assert_eq!(year.broken, Vec::<String>::new());
    year.ends
}

/// The sum of all counts whose name begins so.
fn sum(ends: &Ends, begins: &str) -> u64 {
    ends.0.iter().filter(|(what, _)| what.starts_with(begins)).map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_ends_alike_on_either_engine() {
    let server = tests::server("HUB_TEST_POSTGRES", "PostgreSQL");
    let served = async { OptionFuture::from(server.as_deref().map(|server| year(Some(server)))).await };
    let (embedded, served) = tokio::join!(Box::pin(year(None)), Box::pin(served));
    assert!(sum(&embedded, "messages") >= u64::from(LIVES) * 20, "{embedded}");
    assert_eq!(sum(&embedded, "stored: quarantined") + sum(&embedded, "stored: undecided"), 0, "{embedded}");
    for source in ["visa", "permit", "register", "portal", "xapi", "answer", "due", "order", "redeliver"] {
        assert!(sum(&embedded, &format!("messages: {source}")) > 0, "nothing of {source}: {embedded}");
    }
    for to in ["agii", "atlas", "amal", "bon", "bapa", "agii-abroad", "portal"] {
        assert!(sum(&embedded, &format!("records: {to}")) > 0, "nothing to {to}: {embedded}");
    }
    let Some(served) = served else { return };
    let differs: BTreeMap<_, _> = embedded
        .0
        .iter()
        .chain(&served.0)
        .filter(|(what, _)| embedded.0.get(*what) != served.0.get(*what))
        .map(|(what, _)| (what, (embedded.0.get(what), served.0.get(what))))
        .collect();
    assert!(differs.is_empty(), "SQLite and PostgreSQL: {differs:#?}");
}
