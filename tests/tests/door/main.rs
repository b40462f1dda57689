//! The door, from the wire to the inbox, on a real store: what is taken, what is refused, what is told.
//!
//! Items come from the project's own story. Next: `intake` for the door itself, `api` for HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod api;
mod intake;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hub::api::Denied;
use hub::app::{Hub, Settings};
use hub::clock::Clock;
use hub::request::soap::Asker;
use hub::seal::Keys;
use schemas::country::Countries;
use schemas::insz::Environment;
use schemas::municipality::Municipalities;
use serde_json::Value;
use tempfile::TempDir;

/// The project's folder of configuration.
fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

/// The lines of one post of the story.
fn lines(post: &str) -> Vec<String> {
    let text = std::fs::read_to_string(config().join(format!("story/posts/{post}.ndjson"))).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The one line of a post that has this in it.
fn line_with(post: &str, mark: &str) -> Value {
    let line = lines(post).into_iter().find(|line| line.contains(mark)).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// An open hub on a store of its own. Tokens are senders' names; `posts` sends visa, `wewis` permits, recipients answers.
async fn hub() -> (Hub, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str| std::fs::read_to_string(config().join("tables").join(name)).unwrap();
    let bundle = decide::Bundle {
        municipalities: Municipalities::from_csv(&table("municipalities.csv")).unwrap(),
        countries: Countries::from_csv(&table("countries.csv")).unwrap(),
        ..decide::Bundle::default()
    };
    let settings = Settings {
        database: hub::app::database_of(folder.path()),
        keys: hub::app::keys_of(folder.path()),
        listen: "127.0.0.1:0".parse().unwrap(),
        register: "http://127.0.0.1:9/".to_owned(),
        asker: Asker { identity: "voortraject.example/hub".to_owned(), capacity: "9999".to_owned() },
        environment: Environment::Test,
        bundle: Arc::new(bundle),
        senders: Arc::new(|token, source, _| match (token, source) {
            ("posts" | "dvz", "visa") | ("wewis", "permit") | ("atlas" | "bon", "answer") => {
                Ok(token.to_owned())
            }
            ("posts" | "dvz" | "wewis" | "atlas" | "bon", _) => Err(Denied::NotAllowed),
            _ => Err(Denied::Unknown),
        }),
    };
    let keys = Keys::new([1; 32], [2; 32]).unwrap();
    let now = schemas::time::parse_instant("2026-11-20T08:00:00Z").unwrap();
    (Hub::open(settings, keys, Clock::declared(now), true).await.unwrap(), folder)
}
