//! A file is read by `hub dry-run` as a door reads it, in every form; and every sample has its outcome.
//!
//! Reads the repository's own fixtures and story; no server and no store. Next: `tests::samples`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::io::Write;

use hub::commands::dry_run::object;
use hub::intake::LookupTables;
use schemas::time::{Instant, parse_instant};
use serde_json::{Value, json};
use tests::samples::{items, outcome, own};

fn now() -> Instant {
    parse_instant("2030-01-01T00:00:00Z").unwrap()
}

fn tables() -> LookupTables {
    LookupTables::of(&tests::config())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut zipped = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    zipped.write_all(bytes).unwrap();
    zipped.finish().unwrap()
}

/// What `--json` prints of some bytes, without the file's name.
fn printed(source: &str, bytes: &[u8]) -> Vec<Value> {
    let tables = tables();
    let outcomes =
        items(source, bytes.to_vec(), &tables.context(&adapters::Speaker::for_all("bon"), now())).unwrap();
    outcomes.iter().enumerate().map(|(index, one)| object("f", index, one)).collect()
}

#[test]
fn an_item_is_an_object_with_five_members() {
    let root = tests::root();
    let statements = std::fs::read(root.join("adapters/src/xapi/fixtures/statements.ndjson")).unwrap();
    let printed = printed("xapi", &statements);
    for (index, one) in printed.iter().enumerate() {
        let names: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["codes", "facts", "file", "index", "outcome"]);
        assert_eq!((&one["file"], &one["index"]), (&json!("f"), &json!(index)));
        let some = !one["facts"].as_array().unwrap().is_empty();
        assert_eq!(some, one["outcome"] == "facts", "{one}");
        assert!(["facts", "ignored"].contains(&one["outcome"].as_str().unwrap()), "{one}");
    }
    assert!(printed.iter().any(|one| one["outcome"] == "ignored"));
}

#[test]
fn every_form_that_a_door_takes_comes_to_the_same() {
    let root = tests::root();
    for source in adapters::SOURCES {
        for (name, bytes) in [
            ("visa", "post.ndjson"),
            ("visa", "dvz.ndjson"),
            ("portal", "events.ndjson"),
            ("xapi", "statements.ndjson"),
            ("tracking", "chosen.ndjson"),
            ("answer", "answers.ndjson"),
            ("register", "hints.ndjson"),
            ("permit", "rows.csv"),
            ("register", "resident.xml"),
        ] {
            if name != source.name() {
                continue;
            }
            let path = root.join("adapters/src").join(name).join("fixtures").join(bytes);
            let whole = std::fs::read(&path).unwrap();
            let expect = printed(name, &whole);
            assert!(!expect.is_empty(), "{}", path.display());
            assert_eq!(printed(name, &gzip(&whole)), expect, "{}: gzip", path.display());
            let marked =
                [b"\xef\xbb\xbf".as_slice(), whole.strip_prefix(b"\xef\xbb\xbf").unwrap_or(whole.as_slice())];
            assert_eq!(printed(name, &marked.concat()), expect, "{}: a mark", path.display());
            // The items themselves as JSON: each alone, as a list, and one a line.
            let items: Vec<Value> = adapters::read(*source, &whole).into_iter().flatten().collect();
            if items.len() != expect.len()
                || source.format() == adapters::Format::Xml && bytes.ends_with("xml")
            {
                continue;
            }
            let lines: Vec<String> = items.iter().map(Value::to_string).collect();
            for text in [lines.join("\n"), format!("[{}]", lines.join(",")), Value::Array(items).to_string()]
            {
                assert_eq!(printed(name, text.as_bytes()), expect, "{}: as JSON", path.display());
            }
            let (first, one) = (&printed(name, lines[0].as_bytes()), &expect[..1]);
            assert_eq!(first, one, "{}: one alone", path.display());
        }
    }
}

#[test]
fn what_nobody_can_read_is_an_outcome_too() {
    for source in adapters::SOURCES {
        for bytes in [
            b"\0\x01\x02".as_slice(),
            b"{\"a\":",
            b"[{\"a\":1},",
            b"[[[[[[[[[[",
            b"<a><b></a>",
            b"\x1f\x8b",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff",
            b"\xff\xfe\x00",
            b"a;b\n1;2\n",
            b"7",
            &gzip(b"{\"a\":1,\"a\":2}"),
        ] {
            let printed = printed(source.name(), bytes);
            // An element of a list that was cut off stands for itself, and the end is told behind it.
            let expect = if bytes.starts_with(b"[{") { 2 } else { 1 };
            assert_eq!(printed.len(), expect, "{}: {bytes:?}", source.name());
            for one in &printed {
                assert_eq!(one["outcome"], "refused", "{}: {bytes:?}", source.name());
                assert!(!one["codes"].as_array().unwrap().is_empty());
            }
        }
    }
    // What comes out of a compressed file has a limit.
    let bomb = gzip(&vec![b' '; 65 << 20]);
    assert_eq!(printed("visa", &bomb)[0]["codes"], json!(["unreadable"]));
}

#[test]
fn every_sample_of_the_repository_has_its_outcome() {
    let tables = tables();
    let mut items = 0;
    for set in own(&tests::root()).unwrap() {
        let told = outcome(&set, &tables.context(&adapters::Speaker::for_all("bon"), now())).unwrap();
        assert!(told.panics.is_empty() && told.unexplained.is_empty(), "{}: {told:?}", set.name);
        assert!(told.items >= told.files, "{}: a file of which nothing is told", set.name);
        items += told.items;
    }
    assert!(items > 1500, "{items}");
}
