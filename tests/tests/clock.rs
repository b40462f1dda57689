//! A clock that is wrong: nothing is decided by it, and what it did is mended by a documented command.
//!
//! On both engines. A clock is wrong here as a process sees it; nobody's machine is touched. Next: `docs/clock.md`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::process::{Command, Output};
use std::time::Duration;

use chrono::TimeDelta;
use hub::app::{Hub, OpenError, Start};
use hub::clock::{Clock, WrongClock};
use hub::config::dev_token;
use hub::decider::replay::verify;
use hub::decider::{DeciderError, Holding, Turn};
use hub::store::StoreError;
use hub::store::lease::LEASE_SECONDS;
use tests::people::visa_lines;
use tests::process::{binary, copy, database};
use tests::saying::{decide, put, send};

const YEAR: TimeDelta = TimeDelta::days(365);

/// A deployment: its config folder, and its database.
struct Place {
    folder: tempfile::TempDir,
    postgres: bool,
}

impl Place {
    async fn new(server: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&tests::root().join("config"), &folder.path().join("config")).unwrap();
        let url = match server {
            Some(server) => {
                let name = format!("hub_clock_{}", hex::encode(&Clock::system().seed().0[..5]));
                database(server, &name).await.unwrap()
            }
            None => format!("sqlite:{}", folder.path().join("hub.db").display()),
        };
        let settings = format!(
            "environment = \"test\"\ndatabase = \"{url}\"\nlisten = \"127.0.0.1:0\"\nkeys = \"{}\"\n\
             [limits]\nmessage_bytes = 1048576\nbatch_bytes = 67108864\nbatch_items = 100000\nconnections = 512\nidle_milliseconds = 75000\n",
            folder.path().join("keys").display()
        );
        std::fs::write(folder.path().join("config/hub.toml"), settings).unwrap();
        Self { folder, postgres: server.is_some() }
    }

    async fn open(&self, clock: Clock) -> Hub {
        let config = hub::config::Config::load(&self.folder.path().join("config")).unwrap();
        loop {
            match Hub::open(config.clone(), Start::Migrated(clock.clone())).await {
                // The one before still closes its file.
                Err(OpenError::Store(StoreError::InUse)) => {
                    tokio::time::sleep(Duration::from_millis(5)).await
                }
                opened => return opened.unwrap(),
            }
        }
    }

    /// `hub clock` as somebody, once the file is free.
    async fn run(&self, who: &str, words: &[&str]) -> (bool, String) {
        loop {
            let mut command = Command::new(binary().unwrap());
            command.args(["clock", "--config"]).arg(self.folder.path().join("config")).args(words);
            command.env_remove("HUB_CREDENTIAL_FILE").env("HUB_CREDENTIAL", dev_token(who));
            let Output { status, stdout, stderr } = command.output().unwrap();
            let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
            if !text.contains("in use by another process") {
                return (status.success(), text);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn on_each(check: impl AsyncFn(Place)) {
    check(Place::new(None).await).await;
    let Some(server) = tests::server("HUB_TEST_POSTGRES", "PostgreSQL") else { return };
    check(Place::new(Some(&server)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_decided_by_a_clock_that_cannot_be_right() {
    on_each(async |place| {
        let clock = Clock::system();
        let hub = place.open(clock.clone()).await;
        send(&hub, &visa_lines(0)[..1]).await;
        let known = hub.store.health().await.unwrap().last_known_at;
        for by in [YEAR, -YEAR] {
            let mut holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
            put(&hub, "visa", &visa_lines(if by == YEAR { 1 } else { 2 })[..1]).await;
            clock.set_by(by);
            let wrong = |error: DeciderError| match error {
                DeciderError::Clock(wrong) => wrong,
                other => panic!("{other}"),
            };
            let told = wrong(holding.turn(500).await.unwrap_err());
            let again = wrong(Holding::take(&hub.decider()).await.unwrap_err());
            assert_eq!(matches!(told, WrongClock::Differs(_)), place.postgres, "{told}");
            assert_eq!(matches!(again, WrongClock::Differs(_)), place.postgres, "{again}");
            assert_eq!(hub.store.pending(10).await.unwrap().len(), 1, "nothing was decided");
            clock.set_by(-by);
            drop(holding);
            let mut holding = Holding::take(&hub.decider()).await.unwrap().unwrap();
            while holding.turn(500).await.unwrap() == Turn::Decided {}
            assert_eq!(hub.store.pending(10).await.unwrap().len(), 0);
        }
        let later = hub.store.health().await.unwrap().last_known_at;
        assert!(known <= later && later <= Some(Clock::system().now()), "{later:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_ahead_is_mended_by_a_command() {
    on_each(async |place| {
        // What a hub of before, or a machine that was started so, would have stored.
        let now = Clock::system().now();
        let hub = place.open(Clock::declared(now)).await;
        send(&hub, &visa_lines(0)[..1]).await;
        drop(hub);
        let hub = place.open(Clock::declared(now + YEAR)).await;
        let wrong = send(&hub, &visa_lines(1)[..1]).await[0];
        drop(hub);
        let hub = place.open(Clock::system()).await;
        let still = send(&hub, &visa_lines(2)[..1]).await[0];
        let known = async |hub: &Hub, message| {
            hub.store.message(message).await.unwrap().unwrap().decision.unwrap().known_at
        };
        assert!(known(&hub, still).await >= now + YEAR, "it stands still");

        drop(hub);
        let (right, told) = place.run("noor", &[]).await;
        assert!(!right && told.contains("; 2 have times that have not come yet"), "{told}");
        let (right, told) = place.run("lucas", &["--set-back"]).await;
        assert!(!right && told.contains("set-back-clock needs one of the roles operations"), "{told}");
        let hub = place.open(Clock::system()).await;
        let lease = hub.store.claim("decider", "somebody", 600).await.unwrap().unwrap();
        if place.postgres {
            let (right, told) = place.run("noor", &["--set-back"]).await;
            assert!(!right && told.contains("somebody decides: stop every instance"), "{told}");
        }
        assert!(hub.store.renew(&lease, 0).await.unwrap(), "{LEASE_SECONDS}");
        drop(hub);
        let (right, told) = place.run("noor", &["--set-back"]).await;
        assert!(right && told.contains("2 decisions keep the times they were made at"), "{told}");
        let (right, told) = place.run("noor", &["--set-back"]).await;
        assert!(!right && told.contains("there is nothing to set back"), "{told}");

        assert!(place.run("noor", &[]).await.0);

        let hub = place.open(Clock::system()).await;
        let next = send(&hub, &visa_lines(3)[..1]).await[0];
        let at = known(&hub, next).await;
        assert!(now <= at && at <= Clock::system().now(), "{at}");
        assert_eq!(known(&hub, wrong).await, now + YEAR, "what was decided keeps its time");
        // Whoever was decided at a wrong time is decided again today.
        assert!(hub.intake.bring_due().await.unwrap() >= 2);
        decide(&hub).await;
        for batch in [1, 64] {
            let report =
                verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
            assert_eq!(report.differences, Vec::<String>::new());
        }
        let trail = tests::saying::trail(&hub.store).await;
        let orders: Vec<_> = trail.iter().map(|row| (row.action.as_str(), row.allowed)).collect();
        assert!(orders.contains(&("set-back-clock", true)) && orders.contains(&("set-back-clock", false)));
    })
    .await;
}
