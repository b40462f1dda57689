//! The console in a real browser: 0 axe violations, nothing sideways, nothing from outside, nothing that needs
//! JavaScript, on every page, wide and narrow, light and dark.
//!
//! A hub is told the story, then `tests/browser/console.mjs` looks at it with Chromium. Refuses to judge beauty.
//! Needs Node, Chromium and `npm ci` in `tests/browser`; says so and is skipped where they are missing, fails in CI.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use demo::Stage;
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
    let mut stage = Stage::set(tests::config(), &story, data.path(), listen).await.unwrap();
    stage.play().await.unwrap();
    let mut look = Command::new("node");
    look.arg("console.mjs").arg(format!("http://{}", stage.address)).arg("dev-console");
    look.current_dir(script).env("HUB_TEST_CHROMIUM", chromium).kill_on_drop(true);
    let looked = tokio::time::timeout(PATIENCE, look.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&looked.stdout) + String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{said}");
    assert!(said.contains(" 0 faults"), "{said}");
    stage.leave().await.unwrap();
}

#[tokio::test]
async fn the_console_opens_to_its_token_only_and_keeps_nothing() {
    let data = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let story = tests::root().join("hub/demo/story");
    let stage = Stage::set(tests::config(), &story, data.path(), listen).await.unwrap();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let base = format!("http://{}", stage.address);
    for address in ["/", "/handovers", "/handovers/00000000000000000000000000000000"] {
        let closed = client.get(format!("{base}{address}")).send().await.unwrap();
        assert_eq!(closed.status(), 401, "{address}");
        assert!(closed.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "), "{address}");
        let other = client.get(format!("{base}{address}")).basic_auth("ops", Some("dev-dvz"));
        assert_eq!(other.send().await.unwrap().status(), 401, "{address}");
    }
    let open = client.get(&base).basic_auth("anybody", Some("dev-console")).send().await.unwrap();
    assert_eq!(open.status(), 200);
    assert_eq!(open.headers()["cache-control"], "no-store");
    let policy = open.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'")
    );
    let page = open.text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("style="), "neither scripts nor inline style");
    let bearer = client.get(format!("{base}/handovers?state=held&after=nonsense")).bearer_auth("dev-console");
    assert_eq!(bearer.send().await.unwrap().status(), 200);
    let style = client.get(format!("{base}/console.css")).send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    assert!(style.text().await.unwrap().len() <= 14 * 1024, "the stylesheet stays light");
    stage.leave().await.unwrap();
}

#[tokio::test]
async fn without_a_token_there_is_no_console() {
    let data = tempfile::tempdir().unwrap();
    let mut config = tests::config();
    hub::app::in_data(data.path(), &mut config);
    config.hub.console = None;
    let start = hub::app::Start::Migrated(hub::clock::Clock::system());
    let hub = hub::app::Hub::open(config, start).await.unwrap();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let server = tokio::spawn(hub::app::serve(listener, hub.router(), stop.clone()));
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    for address in ["/", "/handovers", "/console.css"] {
        assert_eq!(client.get(format!("{base}{address}")).send().await.unwrap().status(), 404, "{address}");
    }
    drop(client);
    stop.cancel();
    server.await.unwrap();
}
