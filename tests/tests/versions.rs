//! A contract that changes: under the same schema id nothing starts; under a new one everything goes on, and what was
//! sent before is read by its own schema.
//!
//! `hub::contract::versions` has the table of changes; here the commands and the store are held to it.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use hub::app::{Hub, OpenError, Start, in_data};
use hub::clock::Clock;
use hub::config::Config;
use hub::store::StoreError;
use serde_json::Value;
use tests::people::visa_lines;
use tests::process::{binary, copy};
use tests::saying::send;

const FILE: &str = "agencies/agii-abroad.toml";

fn command(words: &[&str], config: &Path) -> Output {
    let mut command = Command::new(binary().unwrap());
    command.env_remove("HUB_CREDENTIAL_FILE").env("HUB_CREDENTIAL", "dev-elif");
    command.args(words).arg("--config").arg(config).output().unwrap()
}

/// A command's words, and whether it went well.
fn run(words: &[&str], config: &Path) -> (bool, String) {
    let output = command(words, config);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn change(config: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(config.join(FILE)).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(config.join(FILE), text.replacen(from, to, 1)).unwrap();
}

async fn open(config: &Path, data: &Path) -> Result<Hub, OpenError> {
    let mut config = Config::load(config).unwrap();
    in_data(data, &mut config);
    let now = schemas::time::parse_instant("2025-11-20T08:00:00Z").unwrap();
    loop {
        match Hub::open(config.clone(), Start::Migrated(Clock::declared(now))).await {
            // The one before still closes its file.
            Err(OpenError::Store(StoreError::InUse)) => tokio::time::sleep(Duration::from_millis(5)).await,
            opened => return opened,
        }
    }
}

#[tokio::test]
async fn what_was_sent_stands_for_its_id_and_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let (config, data) = (folder.path().join("config"), folder.path());
    copy(&tests::root().join("config"), &config).unwrap();
    let hub = open(&config, data).await.unwrap();
    assert_eq!(hub.store.sent_schemas().await.unwrap(), []);
    send(&hub, &visa_lines(0)[..1]).await;
    let sent = hub.store.sent_schemas().await.unwrap();
    assert_eq!(
        sent.iter().map(|row| (row.id, row.recipient.as_str())).collect::<Vec<_>>(),
        [(1, "agii-abroad")]
    );
    drop(hub);

    // The same id: refused by the folder alone, and by what was sent where the frozen file is gone as well.
    change(&config, "\"birth_date\", ", "");
    let (right, told) = run(&["check"], &config);
    let found = "agencies/agii-abroad.toml: the contract is not what schema id 1 stands for \
                 (agencies/agii-abroad.1.avsc): field of file \"birth_date\" is gone. Due: ";
    assert!(!right && told.contains(found) && told.contains("`schema_id = 10`"), "{told}");
    let (right, told) = run(&["freeze"], &config);
    assert!(!right && told.contains("birth_date"), "{told}");
    let refused = open(&config, data).await.err().unwrap().to_string();
    assert!(refused.contains("contract of agii-abroad: ") && refused.contains("birth_date"), "{refused}");
    let frozen = config.join("agencies/agii-abroad.1.avsc");
    let text = fs::read_to_string(&frozen).unwrap();
    fs::remove_file(&frozen).unwrap();
    assert!(run(&["check"], &config).0, "the folder alone knows nothing more");
    let refused = open(&config, data).await.err().unwrap().to_string();
    assert!(refused.contains("schema id 1 stands for (as it was sent)"), "{refused}");
    fs::write(&frozen, text).unwrap();

    // A new id, and its own frozen file.
    change(&config, "schema_id = 1 ", "schema_id = 10 ");
    let (right, told) = run(&["check"], &config);
    assert!(!right && told.contains("schema id 10 is not frozen") && told.contains("`hub freeze`"), "{told}");
    assert!(open(&config, data).await.is_err(), "it is not frozen yet");
    assert_eq!(run(&["freeze"], &config), (true, "agencies/agii-abroad.10.avsc\n".to_owned()));
    assert!(run(&["check"], &config).0);
    let hub = open(&config, data).await.unwrap();
    send(&hub, &visa_lines(1)[..1]).await;
    let ids: Vec<u32> = hub.store.sent_schemas().await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 10]);
    drop(hub);

    // `tap` reads each by its own schema, also where the folder has forgotten the first.
    fs::remove_file(&frozen).unwrap();
    let tap = command(&["tap", "--json", "--data", data.to_str().unwrap()], &config);
    let lines = String::from_utf8(tap.stdout).unwrap();
    let read: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| {
        read.iter()
            .map(|record| record["value"]["file"].get(name).is_some_and(|value| !value.is_null()))
            .collect()
    };
    let (dated, named): (Vec<bool>, Vec<bool>) = (of("birth_date"), of("family_names"));
    assert_eq!((dated, named), (vec![true, false], vec![true, true]), "{lines}");
}
