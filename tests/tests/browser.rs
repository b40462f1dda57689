//! The console in a real browser: 0 axe violations, nothing sideways, nothing from outside, nothing that needs
//! JavaScript, on every page, wide and narrow, light and dark.
//!
//! A hub is told the story, then `tests/browser/console.mjs` looks at it with Chromium. Refuses to judge beauty.
//! Needs Node, Chromium and `npm ci` in `tests/browser`; says so and is skipped where they are missing, fails in CI.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use demo::DemoHub;
use tests::console::Visitor;
use tests::saying::{lines, put};
use tokio::process::Command;

/// How long looking at everything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(900);

/// The browser and the folder of the script, where there are both.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn browser() -> Option<(PathBuf, PathBuf)> {
    let chromium = tests::setting("HUB_TEST_CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".to_owned());
    let script = tests::root().join("tests/browser");
    let missing = if !Path::new(&chromium).exists() {
        "no chromium"
    } else if !script.join("node_modules/playwright-core").exists() {
        "no playwright-core: run `npm ci` in tests/browser"
    } else {
        return Some((chromium.into(), script));
    };
    assert!(tests::setting("CI").as_deref() != Some("true"), "{missing}");
    eprintln!("skipped: {missing}");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_holds_in_a_real_browser() {
    let Some((chromium, script)) = browser() else { return };
    let data = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let story = tests::root().join("hub/demo/story");
    let mut stage = DemoHub::set(tests::config(), &story, data.path(), listen).await.unwrap();
    stage.play().await.unwrap();
    let mut look = Command::new("node");
    look.arg("console.mjs").arg(format!("http://{}", stage.address)).arg("noor").arg("lucas");
    look.current_dir(script).env("HUB_TEST_CHROMIUM", chromium).kill_on_drop(true);
    let looked = tokio::time::timeout(PATIENCE, look.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&looked.stdout) + String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{said}");
    assert!(said.contains(" 0 faults"), "{said}");
    // Who did what stands in the audit: the one who may, and the one who may not.
    let audit = tests::saying::trail(&stage.hub.store).await;
    let tried = |actor: &str| {
        let own = audit.iter().filter(|row| row.actor.as_str() == actor && row.action == "redeliver");
        own.map(|row| row.allowed).collect::<Vec<_>>()
    };
    assert_eq!((tried("noor"), tried("lucas")), (vec![true], vec![false]));
    stage.leave().await.unwrap();
}

/// A hub with its console, and no story told.
async fn stage(data: &Path) -> (DemoHub, String) {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let story = tests::root().join("hub/demo/story");
    let stage = DemoHub::set(tests::config(), &story, data, listen).await.unwrap();
    // Behind everything that is said here.
    stage.hub.clock.advance(schemas::time::parse_instant("2025-06-01T08:00:00Z").unwrap());
    let base = format!("http://{}", stage.address);
    (stage, base)
}

#[tokio::test]
async fn the_console_opens_to_who_is_signed_in_and_keeps_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (stage, base) = stage(data.path()).await;
    let stranger = Visitor::stranger(&base);
    for address in ["/", "/handovers?state=held", "/handovers/00000000000000000000000000000000"] {
        let closed = stranger.get(address).await;
        assert_eq!(closed.status(), 303, "{address}");
        assert!(closed.headers()["location"].to_str().unwrap().starts_with("/sign-in?to=%2f"), "{address}");
    }
    for address in ["/sign-out", "/streams/00000000000000000000000000000000/redeliver"] {
        assert_eq!(stranger.post(address, "token=1").await.status(), 401, "{address}");
    }
    let mut visitor = Visitor::stranger(&base);
    for (name, credential) in
        [("noor", "dev-lucas"), ("noor", ""), ("nobody", "dev-nobody"), ("", "dev-noor")]
    {
        assert_eq!(visitor.sign_in(name, credential).await.status(), 403, "{name} {credential}");
        assert_eq!(visitor.get("/").await.status(), 303);
    }
    let there = visitor.sign_in("noor", "dev-noor").await;
    assert_eq!(
        (there.status().as_u16(), &there.headers()["location"]),
        (303, &"/handovers".parse().unwrap())
    );
    let cookies: Vec<_> = there.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(cookies.iter().all(|c| c.contains("; HttpOnly; SameSite=Strict;")), "{cookies:?}");
    let open = visitor.get("/").await;
    assert_eq!(
        (open.status().as_u16(), &open.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let policy = open.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'")
    );
    let page = open.text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("style="), "neither scripts nor inline style");
    assert!(page.contains("<b>noor</b>Operaties"), "who is signed in stands on the page");
    assert_eq!(visitor.get("/handovers?state=held&after=nonsense").await.status(), 200);
    let style = stranger.get("/console.css").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    assert!(style.text().await.unwrap().len() <= 14 * 1024, "the stylesheet stays light");
    // Signed in anew, also as somebody else, the session before is over.
    let before = visitor.clone();
    for name in ["noor", "lucas"] {
        assert_eq!(visitor.sign_in(name, &format!("dev-{name}")).await.status(), 303);
        assert_eq!(
            (before.get("/").await.status(), visitor.get("/").await.status()),
            (303.try_into().unwrap(), 200.try_into().unwrap())
        );
    }
    // Signed out, the same cookie opens nothing more.
    let token = visitor.token("/").await;
    assert_eq!(visitor.post("/sign-out", "token=another").await.status(), 403);
    assert_eq!(visitor.post("/sign-out", &format!("token={token}")).await.status(), 303);
    assert_eq!(visitor.get("/").await.status(), 303);
    stage.leave().await.unwrap();
}

#[tokio::test]
async fn a_form_of_another_page_does_nothing_and_one_without_the_role_is_recorded() {
    let data = tempfile::tempdir().unwrap();
    let (stage, base) = stage(data.path()).await;
    let (noor, lucas) = (Visitor::signed_in(&base, "noor").await, Visitor::signed_in(&base, "lucas").await);
    let stream = format!("/streams/{}/redeliver", "07".repeat(16));
    let (own, others) = (noor.token("/").await, lucas.token("/").await);
    for forged in ["", "token=", "token=another", &format!("token={others}")] {
        let status = noor.post(&stream, forged).await.status();
        assert!(status == 403 || status == 422, "{forged}: {status}");
    }
    assert_eq!(noor.post(&stream, &format!("token={own}")).await.status(), 409, "there is no such stream");
    assert_eq!(lucas.post(&stream, &format!("token={others}")).await.status(), 403, "lucas has no such role");
    let large = format!("token={}", "a".repeat(9_000));
    assert_eq!(noor.post(&stream, &large).await.status(), 413);
    let audit = tests::saying::trail(&stage.hub.store).await;
    let told: Vec<_> =
        audit.iter().map(|row| format!("{} {} {}", row.actor, row.action, row.allowed)).collect();
    let expect = ["noor sign-in true", "lucas sign-in true", "noor redeliver true", "lucas redeliver false"];
    assert_eq!(told, expect);
    stage.leave().await.unwrap();
}

/// Who reviews sees how two persons resemble each other, and neither a name nor a number; who does not sees the list alone.
#[tokio::test]
async fn links_are_reviewed_without_a_value_and_answered_by_who_may() {
    let data = tempfile::tempdir().unwrap();
    let (stage, base) = stage(data.path()).await;
    let store = &stage.hub.store;
    let told = lines(0, 0).remove(0);
    put(&stage.hub, "visa", &[told.clone(), lines(1, 0).remove(0)]).await;
    let open = async || !store.open_reviews(1).await.unwrap().is_empty();
    tests::process::until("a review", open).await.unwrap();
    let review = store.open_reviews(1).await.unwrap().remove(0);
    let address = format!("/nakijken/{}", review.id);
    let (noor, lucas) = (Visitor::signed_in(&base, "noor").await, Visitor::signed_in(&base, "lucas").await);
    for (code, question) in [
        ("nl", "Is dit dezelfde persoon?"),
        ("fr", "Est-ce la même personne ?"),
        ("en", "Is this the same person?"),
    ] {
        let page = lucas.get(&format!("{address}?lang={code}")).await.text().await.unwrap();
        assert!(page.contains(question) && page.contains("<table") && page.contains("value=\"cannot_tell\""));
        assert!(!page.contains(" checked"), "no answer is chosen beforehand");
        let person = &told["person"];
        for value in [&person["surname"], &person["given_names"], &told["travel_document"]["number"]] {
            assert!(!page.contains(value.as_str().unwrap()), "{value} stands on the page");
        }
        assert!(!page.contains("1990-01-01") && page.contains("9999-99-99"), "a date by its shape");
        let closed = noor.get(&format!("{address}?lang={code}")).await.text().await.unwrap();
        assert!(closed.contains(question) && !closed.contains("<table") && !closed.contains("cannot_tell"));
    }
    // Who they are, field by field: source, date and rule for everybody, the shape of a value for who reviews.
    let whose = format!("/persons/{}", review.person);
    for (code, source, rule, field) in [
        ("nl", "Diplomatieke post", "de hoogste bron; daarvan het nieuwste", "Geboortedatum"),
        ("fr", "Poste diplomatique", "la plus haute source ; d&#39;elle le plus récent", "Date de naissance"),
        ("en", "Diplomatic post", "the highest source; of it the newest", "Date of birth"),
    ] {
        let seen = async |visitor: &Visitor| {
            visitor.get(&format!("{whose}?lang={code}")).await.text().await.unwrap()
        };
        let (open, closed) = (seen(&lucas).await, seen(&noor).await);
        assert!(
            [&open, &closed].iter().all(|page| [source, rule, field].iter().all(|text| page.contains(text))),
            "{open}"
        );
        assert!(
            open.contains("9999-99-99") && !closed.contains("9999-99-99"),
            "by its shape, for who reviews"
        );
        assert!(!open.contains(told["person"]["surname"].as_str().unwrap()) && !open.contains("1990-01-01"));
    }
    assert_eq!(lucas.get(&format!("/persons/{}", "07".repeat(16))).await.status(), 404);
    assert_eq!(lucas.get("/persons/00").await.status(), 404);
    assert_eq!(lucas.get("/nakijken/00").await.status(), 404);
    let (own, others) = (lucas.token("/nakijken").await, noor.token("/nakijken").await);
    let say = async |visitor: &Visitor, token: &str, answer: &str, reason: &str| {
        let form = format!("token={token}&answer={answer}&reason={reason}");
        visitor.post(&address, &form).await.status().as_u16()
    };
    assert_eq!(say(&lucas, &others, "different", "seen").await, 403, "another's form");
    assert_eq!(say(&noor, &others, "different", "seen").await, 403, "noor does not review");
    assert_eq!(say(&lucas, &own, "different", "+").await, 422, "an answer has a reason");
    assert_eq!(say(&lucas, &own, "perhaps", "seen").await, 422, "an answer is one of three");
    assert_eq!(say(&lucas, &own, &"07".repeat(16), "seen").await, 409, "somebody who was not asked about");
    assert_eq!(say(&lucas, &own, "cannot_tell", "seen").await, 303);
    assert_eq!(say(&lucas, &own, &review.candidates[0].to_string(), "seen").await, 303);
    assert_eq!(say(&lucas, &own, "different", "seen").await, 409, "it was answered");
    assert_eq!(lucas.get(&address).await.status(), 404);
    let trail = tests::saying::trail(store).await;
    let answers =
        trail.iter().filter(|row| row.action == "answer-review" && row.about == review.id.to_string());
    let told: Vec<_> = answers.map(|row| format!("{} {}", row.actor, row.allowed)).collect();
    let lucas = "lucas true";
    assert_eq!(told, ["noor false", lucas, lucas, lucas, lucas]);
    stage.leave().await.unwrap();
}

/// What one reviewer says is kept and shown until a second says the same; what would follow stands on the page before.
#[tokio::test]
async fn where_a_national_number_is_involved_a_second_reviewer_says_the_same() {
    let data = tempfile::tempdir().unwrap();
    let (stage, base) = stage(data.path()).await;
    let store = &stage.hub.store;
    put(&stage.hub, "visa", &[lines(0, 0), lines(1, 0)].concat()).await;
    let open = async || {
        !store.open_reviews(1).await.unwrap().is_empty() && store.pending(1).await.unwrap().is_empty()
    };
    tests::process::until("a review", open).await.unwrap();
    let review = store.open_reviews(1).await.unwrap().remove(0);
    let (address, same) = (format!("/nakijken/{}", review.id), review.candidates[0].to_string());
    let (lucas, nora) = (Visitor::signed_in(&base, "lucas").await, Visitor::signed_in(&base, "nora").await);
    let page = async |visitor: &Visitor| visitor.get(&address).await.text().await.unwrap();
    let say = async |visitor: &Visitor, answer: &str| {
        let form = format!("token={}&answer={answer}&reason=seen", visitor.token("/nakijken").await);
        visitor.post(&address, &form).await.status().as_u16()
    };
    let offers = |page: &str| page.contains(&format!("value=\"{same}\""));
    let mine = "U zei dit al.";
    let before = page(&lucas).await;
    assert!(before.contains("Wat er gebeurt als dit dezelfde persoon is") && before.contains("Overdracht ("));
    assert!(before.contains("een tweede persoon hetzelfde zegt"), "a national number is involved");
    for answer in [&same, &same] {
        assert_eq!(say(&lucas, answer).await, 303);
        assert!(
            store.open_review(review.id).await.unwrap().unwrap().proposed.is_some(),
            "nobody is their own second"
        );
        let (own, others) = (page(&lucas).await, page(&nora).await);
        assert!(own.contains(mine) && !offers(&own), "{own}");
        assert!(
            others.contains("<b>lucas</b> zegt") && !others.contains(mine) && offers(&others),
            "{others}"
        );
    }
    assert_eq!(say(&lucas, "cannot_tell").await, 303);
    assert!(!page(&nora).await.contains("<b>lucas</b>"), "who takes it back has said nothing");
    assert_eq!((say(&nora, &same).await, say(&lucas, &same).await), (303, 303));
    assert_eq!(lucas.get(&address).await.status(), 404, "it is answered");
    assert_eq!(
        store.survivor(review.person).await.unwrap(),
        store.survivor(review.candidates[0]).await.unwrap()
    );
    stage.leave().await.unwrap();
}

#[tokio::test]
async fn wrong_credentials_wait_and_right_ones_do_not() {
    let data = tempfile::tempdir().unwrap();
    let (stage, base) = stage(data.path()).await;
    let guessing: Vec<_> = (0..24)
        .map(|_| {
            let mut visitor = Visitor::stranger(&base);
            tokio::spawn(async move { visitor.sign_in("noor", "guessed").await.status().as_u16() })
        })
        .collect();
    // Whoever has the right one is let in meanwhile.
    Visitor::signed_in(&base, "noor").await;
    let mut told = vec![];
    for one in guessing {
        told.push(one.await.unwrap());
    }
    assert!(told.iter().all(|status| [403, 429].contains(status)), "{told:?}");
    assert!(told.contains(&403), "{told:?}");
    stage.leave().await.unwrap();
}

#[tokio::test]
async fn without_its_settings_there_is_no_console() {
    let data = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(data.path(), &mut config);
    config.hub.console = None;
    let start = hub::app::Start::Migrated(hub::clock::Clock::system());
    let hub = hub::app::Hub::open(config, start).await.unwrap();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let server = tokio::spawn(hub::app::serve(listener, hub.router(), hub.config.hub.limits, stop.clone()));
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    for address in ["/", "/handovers", "/sign-in", "/console.css"] {
        assert_eq!(client.get(format!("{base}{address}")).send().await.unwrap().status(), 404, "{address}");
    }
    drop(client);
    stop.cancel();
    server.await.unwrap();
}
