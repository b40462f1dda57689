//! The register's documents about canaries: answers with a home here and abroad, notices, an exception, and what a
//! register that is asked answers when it is unwell.
//!
//! Made of the story's answer and of the door's own fixtures, so that their form is the register's. Parents, partners
//! and household, which never enter, hold canaries as well. Refuses to answer like a register: whoever asks gets these.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use super::Canaries;

/// How many persons the register answers about.
const ANSWERED: usize = 5;

fn text(path: &str) -> std::io::Result<String> {
    std::fs::read_to_string(crate::root().join(path))
}

fn replaced(document: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(document.to_owned(), |text, (own, canary)| text.replace(own, canary))
}

impl Canaries {
    /// Everything that comes from the register.
    pub(super) fn documents(&mut self) -> std::io::Result<Vec<String>> {
        let answer = text("hub/demo/story/register/GeefPersoon/97622583711_20241216_arrival.xml")?;
        let mut all: Vec<String> = (0..ANSWERED).map(|n| self.answer(n, &answer)).collect();
        all.push(self.abroad()?);
        all.push(self.notices()?);
        all.push(self.exception()?);
        Ok(all)
    }

    /// The answer about somebody of whom a hint came.
    fn answer(&mut self, n: usize, document: &str) -> String {
        let kin = format!(
            "<Ouders><Ouder><INSZ>{}</INSZ><Naam>{}</Naam></Ouder></Ouders>\
             <BurgerlijkeStaten><BurgerlijkeStaat><Partner><INSZ>{}</INSZ></Partner></BurgerlijkeStaat></BurgerlijkeStaten>\
             <Gezinsleden><Gezinslid><INSZ>{}</INSZ></Gezinslid></Gezinsleden></Persoon>",
            self.insz(700 + n),
            self.word("parent", n),
            self.insz(710 + n),
            self.insz(720 + n),
        );
        let values = [
            ("97622583711", self.insz(n + 1)),
            ("Krishnamurthy", self.word("official", n)),
            ("Ravi Kumar", self.word("first", n)),
            ("1997-02-25", self.birth(n + 1)),
            ("Hyderabad", self.word("born", n)),
            ("Zavelstraat", self.word("street", 500 + n)),
            ("B287872870", self.passport(20_000 + n)),
            ("8732002", self.dvz_number(n + 1)),
            ("b75379a4-48f7-4b1e-b146-96bb2600e2df", self.uuid(2, n)),
            ("</Persoon>", kin),
        ];
        replaced(document, &values)
    }

    /// The answer about somebody who went to live abroad.
    fn abroad(&mut self) -> std::io::Result<String> {
        let document = text("adapters/src/register/fixtures/home-abroad.xml")?;
        let values = [
            ("Trabelsi", self.word("official", 50)),
            ("Ben Ali", self.word("second", 50)),
            ("Amira", self.word("first", 50)),
            ("1988-01-21", self.birth(320)),
            ("Dorpsstraat", self.word("street", 550)),
            ("ref-1", self.word("reference", 2)),
        ];
        Ok(self.with_numbers(&replaced(&document, &values), 730))
    }

    /// A notice about somebody known, one about a replaced number, one about nobody.
    fn notices(&mut self) -> std::io::Result<String> {
        let document = text("adapters/src/register/fixtures/notices.xml")?;
        let known = ("<INSZ>88611200369</INSZ>", format!("<INSZ>{}</INSZ>", self.insz(7)));
        let short = ("<INSZ>8861120036</INSZ>", format!("<INSZ>{}</INSZ>", self.insz(740)));
        let document = replaced(&document, &[known, short, ("ref-9", self.word("reference", 0))]);
        Ok(self.with_numbers(&document, 750))
    }

    /// A number that was replaced, told as an exception.
    fn exception(&mut self) -> std::io::Result<String> {
        let document = text("adapters/src/register/fixtures/exception-named.xml")?;
        let values = [("vrije tekst", self.word("diagnosis", 0)), ("ref-1", self.word("reference", 1))];
        Ok(self.with_numbers(&replaced(&document, &values), 760))
    }

    /// A document whose test numbers are canaries from here on.
    fn with_numbers(&mut self, document: &str, from: usize) -> String {
        let numbers = ["88611200369", "88611210564", "91631100577"];
        let values: Vec<_> = (from..).zip(numbers).map(|(n, own)| (own, self.insz(n))).collect();
        replaced(document, &values)
    }
}

/// A register that is unwell: it repeats the number it is asked about in every wrong place.
#[derive(Debug)]
pub struct Unwell {
    pub at: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Unwell {
    /// Starts it. What it says beside the number is a canary too.
    ///
    /// # Errors
    /// Where it cannot listen.
    pub async fn start(canaries: &mut Canaries) -> std::io::Result<Self> {
        let word = canaries.word("unwell", 0);
        let asked = Arc::new(AtomicUsize::new(0));
        let turns = Arc::clone(&asked);
        let answer = move |question: String| async move {
            let number = between(&question, "<INSZ>", "</INSZ>");
            unwell(turns.fetch_add(1, Ordering::SeqCst), number, &word)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let at = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
        Ok(Self { at, asked })
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(inner, _)| inner)
}

/// What it answers in which turn.
fn unwell(turn: usize, number: &str, word: &str) -> Response {
    let exception = |code: &str| {
        format!(
            "<R><Repliek><Antwoorden><Antwoord><Uitzonderingen><Uitzondering><Identificatie>{code}</Identificatie>\
             <Type>FOUT</Type><Diagnose>{word} {number}</Diagnose><Annotaties><Annotatie><Naam>Oud INSZ</Naam>\
             <Waarde>{number}</Waarde></Annotatie></Annotaties></Uitzondering></Uitzonderingen></Antwoord></Antwoorden>\
             </Repliek></R>"
        )
    };
    match turn % 6 {
        0 => (StatusCode::INTERNAL_SERVER_ERROR, format!("{word} {number}")).into_response(),
        1 => (StatusCode::FOUND, [(header::LOCATION, format!("/{word}?insz={number}"))]).into_response(),
        2 => format!("<html><body>{word}<b>{number}</b></body></html>").into_response(),
        3 => format!("<{word}{number}").into_response(),
        4 => exception("30001").into_response(),
        _ => exception(&format!("{word} {number}")).into_response(),
    }
}
