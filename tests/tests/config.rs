//! The config folder: every mistake is told at once, a new agency is one file, tokens are checked.
//!
//! Next: `hub::config`.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs;
use std::path::Path;

use decide::routing::route;
use hub::config::{Config, SenderError, dev_token};
use schemas::municipality::NisCode;
use schemas::recipient::Recipient;
use schemas::time::parse_day;
use sha2::Digest as _;

/// A copy of the config folder that a test may change.
fn copy() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    tests::process::copy(&tests::root().join("config"), dir.path()).unwrap();
    dir
}

fn replace(dir: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.join(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(dir.join(file), text.replacen(from, to, 1)).unwrap();
}

fn told(dir: &Path) -> Vec<String> {
    Config::load(dir).map_or_else(|wrong| wrong.0.iter().map(ToString::to_string).collect(), |_| vec![])
}

const LEUVEN: &str = r#"
name = { nl = "Leuven", en = "Leuven" }
schema_id = 10
competence = { territory = [{ nis = "24062", from = 2026-01-01 }] }
[[basis]]
reference = "protocol VT-2026-01"
kind = "protocol"
articles = ["decree of 7 June 2013"]
controllers = ["ABB", "Leuven"]
status = "planned"
from = 2026-01-01
[offer]
fields = ["municipality"]
[file]
fields = ["municipality", "family_names"]
"#;

#[test]
fn a_new_agency_is_one_file() {
    let dir = copy();
    let before = Config::load(dir.path()).unwrap();
    fs::write(dir.path().join("agencies/leuven.toml"), LEUVEN).unwrap();
    let after = Config::load(dir.path()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let leuven = NisCode::parse("24062").unwrap();
    let who =
        |config: &Config, on| route(&config.bundle, leuven, parse_day(on).unwrap(), None).recipient.unwrap();
    assert_eq!(who(&before, "2026-01-01").as_str(), "agii");
    assert_eq!(who(&after, "2025-12-31").as_str(), "agii");
    assert_eq!(who(&after, "2026-01-01").as_str(), "leuven");
    assert_ne!(before.bundle.hash, after.bundle.hash);
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let dir = copy();
    replace(dir.path(), "agencies/atlas.toml", "[offer]", "[ofer]");
    replace(dir.path(), "agencies/amal.toml", "rritory =", "ritory =");
    replace(dir.path(), "hub.toml", "listen =", "listens =");
    replace(dir.path(), "rules/deadlines.toml", "choice_months = 6", "choice_months = \"six\"");
    replace(dir.path(), "sources/permit.toml", "from = 2024-01-01", "from = \"2024-01-01\"");
    fs::write(dir.path().join("agencies/README"), "").unwrap();
    let told = told(dir.path());
    let expect = [
        "agencies/README: is not read: files of this folder end in .toml",
        "agencies/amal.toml:5: unknown word `teritory`; the nearest one is `territory`",
        "agencies/atlas.toml:15: unknown key `ofer`; the nearest one is `offer`",
        "hub.toml:4: unknown key `listens`; the nearest one is `listen`",
        "rules/deadlines.toml:4: invalid type: string \"six\", expected u32",
    ];
    assert_eq!(told[..5], expect, "{told:#?}");
    assert!(told[5].starts_with("sources/permit.toml:"), "{told:#?}");
    assert_eq!(told.len(), 6, "{told:#?}");
}

#[test]
fn holidays_are_the_lists_that_are_kept_and_a_rule_that_no_year_has_is_told() {
    let works =
        |dir: &Path, on: &str| Config::load(dir).unwrap().bundle.calendar.works(parse_day(on).unwrap());
    let law =
        ["2026-01-01", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25", "2026-07-21", "2029-08-15"];
    let more = ["2027-11-01", "2026-11-11", "2026-12-25"];
    let dir = copy();
    for on in law.into_iter().chain(more) {
        assert!(!works(dir.path(), on), "{on}");
    }
    let flemish = ["2028-07-11", "2026-11-02", "2028-12-26"];
    assert_eq!(flemish.map(|on| works(dir.path(), on)), [true; 3]);
    replace(dir.path(), "rules/holidays.toml", "kept = [\"law\"]", "kept = [\"law\", \"flemish\"]");
    assert_eq!(flemish.map(|on| works(dir.path(), on)), [false; 3]);
    assert!(works(dir.path(), "2027-11-15"));

    replace(dir.path(), "rules/holidays.toml", "\"flemish\"]", "\"flemisch\"]");
    replace(dir.path(), "rules/holidays.toml", "every = \"05-01\"", "every = \"05-32\"");
    replace(dir.path(), "rules/holidays.toml", "after_easter = 50", "after_easter = 500");
    let expect = [
        "rules/holidays.toml: kept: no holiday is of list flemisch",
        "rules/holidays.toml: Dag van de Arbeid: is no date of every year, like \"05-01\"",
        "rules/holidays.toml: Pinkstermaandag: lies outside the year of its Easter",
    ];
    assert_eq!(told(dir.path()), expect);
}

#[test]
fn what_only_two_files_together_get_wrong_is_told() {
    let check = |change: &dyn Fn(&Path), expect: &str| {
        let dir = copy();
        change(dir.path());
        assert_eq!(told(dir.path()).join("\n"), expect);
    };
    check(
        &|dir| replace(dir, "agencies/bon.toml", "schema_id = 5", "schema_id = 4"),
        "agencies/bon.toml: schema_id 4 is that of agencies/amal.toml too",
    );
    check(
        &|dir| replace(dir, "agencies/amal.toml", "44021", "11002"),
        "bundle: overlap: amal and atlas claim the same territory: 1 codes, the first is 11002 on 1970-01-01",
    );
    check(
        &|dir| replace(dir, "sources/visa.toml", "name = \"dvz\"", "name = \"post-mow\""),
        "sources: sender post-mow: is named twice for one source",
    );
}

#[test]
fn what_delivery_rests_on_is_not_a_files_to_set() {
    let dir = copy();
    let file = dir.path().join("hub.toml");
    let text = fs::read_to_string(&file).unwrap();
    let kafka = |properties: &str| {
        fs::write(&file, format!("{text}\n[kafka]\nbrokers = \"b:9092\"\nproperties = {{ {properties} }}\n"))
            .unwrap();
        Config::load(dir.path()).err().map(|wrong| wrong.to_string())
    };
    assert_eq!(kafka("\"security.protocol\" = \"ssl\""), None);
    let told = "hub.toml: kafka.properties: compression.type is the hub's own to set; take it out";
    assert_eq!(kafka("\"compression.type\" = \"zstd\"").as_deref(), Some(told));
    let told = kafka("acks = \"1\", \"isolation.level\" = \"read_uncommitted\"").unwrap();
    assert_eq!(told.lines().count(), 2, "{told}");
}

#[test]
fn production_refuses_development_tokens() {
    let dir = copy();
    replace(dir.path(), "hub.toml", "environment = \"test\"", "environment = \"production\"");
    let told = told(dir.path());
    let refused = told.iter().filter(|text| text.ends_with("a development token is refused in production"));
    let config = Config::load(copy().path()).unwrap();
    let everybody = config.senders.iter().count() + config.people.iter().count();
    assert_eq!(refused.count(), everybody, "{told:#?}");
    assert!(told.iter().any(|text| text.starts_with("hub.toml: console: secure_cookie")), "{told:#?}");
}

#[test]
fn production_refuses_what_is_guessed_at_once() {
    let hash = |token: &str| hex::encode(sha2::Sha256::digest(token));
    let own = [hash("dev-post-add"), hash("dev-noor")];
    for guess in
        ["", "1", "0000", "9999", "secret", "password", "post-add", "dev-dvz", "dev-noor", "dev-post-add"]
    {
        let dir = copy();
        replace(dir.path(), "hub.toml", "environment = \"test\"", "environment = \"production\"");
        replace(dir.path(), "sources/visa.toml", &own[0], &hash(guess));
        let told = told(dir.path()).into_iter().filter(|text| text.contains("post-add:")).collect::<Vec<_>>();
        let dev = guess == "dev-dvz" || guess == "dev-post-add";
        let one = if dev { "a development token is refused" } else { "this token is guessed at once" };
        assert_eq!(told.iter().any(|text| text.contains(one)), guess != "dev-noor", "{guess}: {told:?}");
    }
    for guess in ["", "7", "noor", "letmein", "dev-lucas"] {
        let dir = copy();
        replace(dir.path(), "hub.toml", "environment = \"test\"", "environment = \"production\"");
        replace(dir.path(), "people.toml", &own[1], &hash(guess));
        let told = told(dir.path()).into_iter().filter(|text| text.contains(": noor: ")).collect::<Vec<_>>();
        let one = if guess == "dev-lucas" { "a development token is refused" } else { "guessed at once" };
        assert!(told.iter().any(|text| text.contains(one)), "{guess}: {told:?}");
    }
}

#[test]
fn production_lets_nothing_flow_on_a_basis_that_is_not_published() {
    let dir = copy();
    let config = Config::load(dir.path()).unwrap();
    let told = |config: &Config| config.refused.iter().map(ToString::to_string).collect::<Vec<_>>();
    let amal = "agencies/amal.toml: protocol VT-2024-04 (regular trajectory) is only a planned protocol: nothing flows on it in production";
    assert!(told(&config).contains(&amal.to_owned()), "{:#?}", told(&config));
    assert_eq!(
        told(&config).iter().filter(|text| text.starts_with("agencies/")).count(),
        // The contract that is off is named once more, and so is its basis.
        config.agencies.len() + 2
    );
    let in_force = "status = \"in_force\"\npublication = \"Belgian Official Gazette, 31 July 2013\"";
    replace(dir.path(), "agencies/amal.toml", "status = \"planned\"", in_force);
    replace(
        dir.path(),
        "sources/permit.toml",
        "status = \"planned\"",
        "status = \"in_force\", publication = \"Belgian Official Gazette, 31 July 2013\"",
    );
    for production in [false, true] {
        if production {
            in_production(dir.path());
        }
        let config = Config::load(dir.path()).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(!told(&config).contains(&amal.to_owned()));
        for contract in &config.bundle.contracts {
            let flows = !production || contract.recipient.as_str() == "amal";
            assert_eq!(
                contract.basis(parse_day("2026-01-01").unwrap()).is_some(),
                flows,
                "{}",
                contract.recipient
            );
        }
        for sender in config.senders.iter() {
            let flows = !production || sender.name == "amal" || sender.source == "permit";
            assert_eq!(!sender.bases.is_empty(), flows, "{} {}", sender.name, sender.source);
        }
    }
}

/// The folder as production has it: no development token, nothing in clear.
fn in_production(dir: &Path) {
    replace(dir, "hub.toml", "environment = \"test\"", "environment = \"production\"");
    replace(dir, "hub.toml", "secure_cookie = false", "secure_cookie = true");
    let files = ["agencies", "sources"].map(|folder| fs::read_dir(dir.join(folder)).unwrap());
    let files = files.into_iter().flatten().map(|file| file.unwrap().path());
    let mut people = vec![dir.join("people.toml")];
    people.extend(files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")));
    for path in people {
        let text = fs::read_to_string(&path).unwrap();
        // Another token of the same organisation: the digits of its hash, backwards.
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for line in lines.iter_mut().filter(|line| line.starts_with("token_sha256")) {
            let digits: String = line.split('"').nth(1).unwrap().chars().rev().collect();
            *line = format!("token_sha256 = \"{digits}\"");
        }
        fs::write(&path, lines.join("\n")).unwrap();
    }
}

#[test]
fn what_a_basis_lacks_is_told() {
    let check = |from: &str, to: &str, expect: &str| {
        let dir = copy();
        replace(dir.path(), "agencies/amal.toml", from, to);
        assert_eq!(
            told(dir.path()),
            [format!("agencies/amal.toml: protocol VT-2024-04 (regular trajectory): {expect}")]
        );
    };
    check("[\"decree of 7 June 2013\"]", "[]", "a basis names its articles");
    check("[\"ABB\", \"Amal\"]", "[\"ABB\"]", "a basis names its controllers, on both sides");
    check("\"planned\"", "\"in_force\"", "a basis in force names its publication");
    check("\"planned\"", "\"planned\"\npublication = \"x\"", "a planned basis has no publication yet");
}

#[test]
fn a_mistake_about_a_person_has_its_line() {
    let hash = |credential: &str| {
        let hash: [u8; 32] = sha2::Sha256::digest(credential).into();
        format!("token_sha256 = \"{}\"", hex::encode(hash))
    };
    let check = |from: &str, to: &str, expect: &str| {
        let dir = copy();
        replace(dir.path(), "people.toml", from, to);
        assert_eq!(told(dir.path()).join("\n"), expect);
    };
    check("roles", "rolls", "people.toml:6: unknown key `rolls`; the nearest one is `roles`");
    check("\"dpo\"", "\"dpoo\"", "people.toml:21: unknown word `dpoo`; the nearest one is `dpo`");
    check("[\"dpo\"]", "[]", "people.toml:21: elif: has no role");
    check("name = \"elif\"", "name = \"amina\"", "people.toml:20: amina: is named twice");
    check(&hash("dev-elif"), &hash("dev-amina"), "people.toml:22: elif: has the credential of amina");
    check(&hash("dev-elif"), &hash("dev-dvz"), "people.toml:22: elif: has the token of the sender dvz");
    check(&hash("dev-elif"), &hash("elif"), "people.toml:22: elif: this credential is guessed at once");
    check(&hash("dev-elif"), &hash(""), "people.toml:22: elif: this credential is guessed at once");
    let dir = copy();
    replace(dir.path(), "people.toml", "\"elif\"", "\"elif@dpo.example\"");
    assert!(told(dir.path())[0].starts_with("people.toml:20: a colleague's name here is 2 to 32"));
    fs::remove_file(dir.path().join("people.toml")).unwrap();
    assert!(told(dir.path())[0].starts_with("people.toml: "), "{:?}", told(dir.path()));
}

#[test]
fn production_refuses_another_clock_than_the_systems() {
    let dir = copy();
    replace(dir.path(), "hub.toml", "# days_ahead", "days_ahead");
    assert_eq!(told(dir.path()), [""; 0]);
    replace(dir.path(), "hub.toml", "environment = \"test\"", "environment = \"production\"");
    let told = told(dir.path());
    assert!(told.iter().any(|text| text.starts_with("hub.toml: days_ahead is for rehearsals")), "{told:#?}");
}

#[test]
fn a_token_opens_what_it_is_for_on_days_with_a_basis() {
    let senders = tests::config().senders;
    let ask = |token: &str, source: &str, on: &str| {
        senders.authenticate(token, source, parse_day(on).unwrap()).map(|sender| sender.name.clone())
    };
    assert_eq!(ask(&dev_token("post-mow"), "visa", "2025-01-01"), Ok("post-mow".to_owned()));
    assert_eq!(ask(&dev_token("post-mow"), "permit", "2025-01-01"), Err(SenderError::NotAllowed));
    assert_eq!(ask(&dev_token("post-mow"), "visa", "2023-12-31"), Err(SenderError::NoBasis));
    assert_eq!(ask("", "visa", "2025-01-01"), Err(SenderError::Unknown));
    assert_eq!(ask(&dev_token("atlas"), "answer", "2025-01-01"), Ok("atlas".to_owned()));

    let own = |token: &str, recipient: &str| {
        let recipient = Recipient::parse(recipient).unwrap();
        senders.authenticate_recipient(token, &recipient, parse_day("2025-01-01").unwrap()).map(|_| ())
    };
    assert_eq!(own(&dev_token("atlas"), "atlas"), Ok(()));
    assert_eq!(own(&dev_token("atlas"), "amal"), Err(SenderError::NotAllowed));
    assert_eq!(own(&dev_token("dvz"), "atlas"), Err(SenderError::NotAllowed));
}

#[test]
fn a_token_changes_no_bundle_and_a_field_does() {
    let hash = |dir: &Path| Config::load(dir).unwrap().bundle.hash;
    let dir = copy();
    let first = hash(dir.path());
    replace(dir.path(), "agencies/atlas.toml", "token_sha256 = \"c", "token_sha256 = \"d");
    replace(dir.path(), "people.toml", "\"dpo\"", "\"rules\"");
    assert_eq!(hash(dir.path()), first);
    replace(dir.path(), "agencies/atlas.toml", "\"email\", ", "");
    assert_ne!(hash(dir.path()), first);
}

#[test]
fn keys_are_made_once_and_only_outside_production() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = tests::config().hub;
    hub.keys = dir.path().join("new/keys");
    let first = hub.load_keys().unwrap().mac("test", b"text");
    assert_eq!(hub.load_keys().unwrap().mac("test", b"text"), first);
    hub.environment = schemas::insz::Environment::Production;
    hub.keys = dir.path().join("none");
    assert!(hub.load_keys().is_err());
    assert!(!hub.keys.exists());
    fs::write(&hub.keys, "kek=12\nindex=34\n").unwrap();
    assert!(hub.load_keys().unwrap_err().to_string().contains("64 hexadecimal digits"));
}

#[test]
fn what_the_rules_of_the_package_and_the_fee_get_wrong_is_told() {
    let dir = copy();
    let modules = "rules/modules.toml";
    replace(dir.path(), modules, "en = \"How society is organised\", ", "");
    replace(
        dir.path(),
        modules,
        "part = \"base\"\nnames = { nl = \"Normen",
        "part = \"focus\"\nnames = { nl = \"Normen",
    );
    replace(dir.path(), modules, "code = \"B3\"", "code = \"B2\"");
    let later = "versions = [{ name = \"1\", from = 2026-01-01 }, { name = \"2\", from = 2025-01-01 }]";
    replace(dir.path(), modules, "versions = [{ name = \"1\", from = 2024-01-01 }]", later);
    for (file, from) in [("rules/obligation.toml", "exempt_from_age"), ("rules/fee.toml", "euro")] {
        let path = dir.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let rule = text[text.find("[[rule]]").unwrap()..].to_owned();
        assert!(rule.contains(from));
        fs::write(path, format!("{text}{rule}")).unwrap();
    }
    let expect = [
        "rules/modules.toml: B1: a module has a name in nl, en and fr",
        "rules/modules.toml: B1: versions stand in the order in which they begin, one a day",
        "rules/modules.toml: B2: a focus module names its groups, and no other does",
        "rules/modules.toml: B2: stands there twice",
        "rules/obligation.toml: rules stand in the order in which they begin, one a day",
        "rules/fee.toml: rules stand in the order in which they begin, one a day",
    ];
    assert_eq!(told(dir.path()), expect);
}

#[test]
fn a_planned_contract_is_read_and_proved_and_nothing_of_it_is_on() {
    let dir = copy();
    let config = Config::load(dir.path()).unwrap();
    let effort = Recipient::parse("effort-statement").unwrap();
    let off = "agencies/effort-statement.toml: the contract is planned: it is off, and nothing of it is decided, \
               encoded or sent anywhere";
    assert!(config.refused.iter().any(|told| told.to_string() == off), "{:?}", config.refused);
    assert_eq!(
        config.bundle.planned.iter().map(|contract| &contract.recipient).collect::<Vec<_>>(),
        [&effort]
    );
    assert!(config.bundle.contract(&effort).is_none() && !config.agencies.contains_key(&effort));
    let file = "agencies/effort-statement.toml";
    replace(dir.path(), file, "\"effort\"]", "\"effort\", \"insz\"]");
    assert_eq!(
        told(dir.path()),
        ["bundle: effort-statement: file names `insz`, for which the visa side has no purpose"]
    );
    replace(dir.path(), file, ", \"insz\"]", "]");
    replace(dir.path(), file, "planned = true", "planned = false");
    assert_eq!(
        told(dir.path()),
        ["bundle: effort-statement: nothing may leave to the visa side yet: the contract stays planned"]
    );
}

/// In a source whose items name whose word they are each sender is bound to some of them, and in no other.
#[test]
fn each_sender_says_for_whom_it_speaks_where_that_is_asked() {
    let check = |file: &str, old: &str, new: &str, expect: &str| {
        let dir = copy();
        replace(dir.path(), file, old, new);
        let told = told(dir.path());
        assert!(told.iter().any(|text| text.contains(expect)), "{file}: {told:#?}");
    };
    let missing = "speaks_for is missing: in this source each item names whose word it is";
    check("sources/visa.toml", "speaks_for = [\"dvz\"]\n", "", &format!("sender dvz: {missing}"));
    for (file, own, never) in [
        ("visa", "MOW", "mow"),
        ("visa", "MOW", "MOW "),
        ("visa", "dvz", "DVZ"),
        ("register", "answers", "answer"),
        ("xapi", "https://leren.voortraject.example/", "https://leren.voortraject.example"),
    ] {
        let (own, new) = (format!("[\"{own}\"]"), format!("[\"{never}\"]"));
        check(&format!("sources/{file}.toml"), &own, &new, &format!("speaks_for names {never:?}"));
    }
    check(
        "sources/visa.toml",
        "speaks_for = [\"MOW\"]",
        "speaks_for = []",
        &format!("sender post-mow: {missing}"),
    );
    check(
        "sources/permit.toml",
        "name = \"wewis\"",
        "name = \"wewis\"\nspeaks_for = [\"*\"]",
        "sender wewis: speaks_for is not asked",
    );
}
