//! The door, from the wire to the inbox, on a real store: what is taken, what is refused, what is told.
//!
//! Items come from the project's own story. Next: `intake` for the door itself, `api` for HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod api;
mod checked;
mod compared;
mod connections;
mod feed;
mod forms;
mod intake;
mod open;
mod own;
mod position;
mod served;
mod speaking;

use hub::app::{Hub, Start};
use hub::clock::Clock;
use hub::config::Senders;
use serde_json::Value;
use tempfile::TempDir;

/// The lines of one post of the story.
fn lines(post: &str) -> Vec<String> {
    let post = tests::root().join(format!("hub/demo/story/posts/{post}.ndjson"));
    let text = std::fs::read_to_string(post).unwrap();
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
    let mut config = tests::config();
    hub::app::in_data(folder.path(), &mut config);
    let agencies = ["atlas", "bon", "agii-abroad", "amal"].map(|name| (name, "answer"));
    let senders = [("posts", "visa"), ("dvz", "visa"), ("wewis", "permit")].into_iter().chain(agencies);
    config.senders =
        Senders::made_up(senders.map(|(name, source)| (name.to_owned(), source.to_owned(), name.to_owned())));
    let now = schemas::time::parse_instant("2026-11-20T08:00:00Z").unwrap();
    (Hub::open(config, Start::Migrated(Clock::declared(now))).await.unwrap(), folder)
}
