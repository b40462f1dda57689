//! The console as a browser without a screen sees it: signing in, and asking for pages with the session's cookie.
//! Refuses to follow where it is sent. Next: `tests/browser.rs`, which has a real one.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::time::Duration;

use hub::config::dev_token;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

/// Somebody at the console of a hub.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client,
    base: String,
    /// The cookies that were set, as they are sent back.
    pub cookies: String,
}

impl Visitor {
    /// A stranger.
    ///
    /// # Panics
    /// Where no client can be built.
    #[must_use]
    pub fn stranger(base: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(30)).build();
        Self { client: client.unwrap(), base: base.to_owned(), cookies: String::new() }
    }

    /// One of the invented people, signed in.
    ///
    /// # Panics
    /// Where they are not let in.
    pub async fn signed_in(base: &str, name: &str) -> Self {
        let mut visitor = Self::stranger(base);
        let answer = visitor.sign_in(name, &dev_token(name)).await;
        assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
        visitor
    }

    /// Fills in the form and sends it.
    ///
    /// # Panics
    /// Where there is no form.
    pub async fn sign_in(&mut self, name: &str, credential: &str) -> Response {
        let form = self.get("/sign-in").await;
        self.keep(&form);
        let token = token(&form.text().await.unwrap());
        let answer = self
            .post("/sign-in", &format!("name={name}&credential={credential}&token={token}&to=%2Fhandovers"))
            .await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Response) {
        let set = answer.headers().get_all("set-cookie").into_iter().filter_map(|value| value.to_str().ok());
        let new: Vec<&str> = set.filter_map(|line| line.split(';').next()).collect();
        let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
        let stays = |pair: &&str| !pair.is_empty() && new.iter().all(|one| name(one) != name(pair));
        let kept = self.cookies.split("; ").filter(stays);
        let all: Vec<_> = kept.chain(new.iter().copied()).filter(|pair| !pair.ends_with('=')).collect();
        self.cookies = all.join("; ");
    }

    /// A page.
    ///
    /// # Panics
    /// Where nothing answers.
    pub async fn get(&self, path: &str) -> Response {
        let ask = self.client.get(format!("{}{path}", self.base)).header("cookie", &self.cookies);
        ask.send().await.unwrap()
    }

    /// Sends a form.
    ///
    /// # Panics
    /// Where nothing answers.
    pub async fn post(&self, path: &str, form: &str) -> Response {
        let ask = self.client.post(format!("{}{path}", self.base)).header("cookie", &self.cookies);
        let ask = ask.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        ask.send().await.unwrap()
    }

    /// What the forms of a page carry.
    ///
    /// # Panics
    /// Where the page has none.
    pub async fn token(&self, path: &str) -> String {
        token(&self.get(path).await.text().await.unwrap())
    }
}

/// What the forms of a page carry.
fn token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"token\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}
