//! A stand-in for the register: on the story's day it answers what the register would.
//!
//! `GeefPersoon` gives the newest document of a number that is available on that day, or the exception
//! of the story for who is not known; an enrolment succeeds, and so does its end. Refuses nothing: who may ask is the
//! real register's affair.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use schemas::time::{Day, day_of};
use serde::Deserialize;

use hub::clock::Clock;

/// The register of a story.
#[derive(Clone, Debug)]
pub struct StandInRegister(Arc<RegisterState>);

#[derive(Debug)]
struct RegisterState {
    clock: Clock,
    folder: PathBuf,
    /// For each number, its documents by the day from which they are available.
    documents: BTreeMap<String, BTreeMap<Day, String>>,
}

#[derive(Deserialize)]
struct RegisterRow {
    insz: String,
    available_from: Day,
    file: String,
}

impl StandInRegister {
    /// Reads the index of a story's `register/` folder.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(story: &Path, clock: Clock) -> anyhow::Result<Self> {
        let folder = story.join("register");
        let index = folder.join("index.csv");
        let mut documents: BTreeMap<String, BTreeMap<Day, String>> = BTreeMap::new();
        // A story without register files has a register that knows nobody.
        let text = if index.exists() { std::fs::read(&index)? } else { vec![] };
        for row in csv::Reader::from_reader(text.as_slice()).deserialize() {
            let RegisterRow { insz, available_from, file } =
                row.with_context(|| index.display().to_string())?;
            documents.entry(insz).or_default().insert(available_from, file);
        }
        Ok(Self(Arc::new(RegisterState { clock, folder, documents })))
    }

    /// Its address space: one.
    pub fn router(self) -> Router {
        Router::new().route("/", post(answer)).with_state(self)
    }

    /// The newest document of a number on a day.
    fn newest(&self, insz: &str, on: Day) -> Option<&str> {
        let documents = self.0.documents.get(insz)?;
        documents.range(..=on).next_back().map(|(_, file)| file.as_str())
    }
}

async fn answer(State(register): State<StandInRegister>, question: String) -> Response {
    let now = register.0.clock.now();
    let done = [
        ("<RegistreerInschrijving ", include_str!("RegistreerInschrijving.xml")),
        ("<RegistreerUitschrijving ", include_str!("RegistreerUitschrijving.xml")),
    ];
    let done = done.into_iter().find(|(service, _)| question.contains(service));
    if let Some(((_, answer), reference)) = done.zip(within(&question, "<Referte>")) {
        let answer = answer
            .replace("{reference}", reference)
            .replace("{date}", &day_of(now).to_string())
            .replace("{time}", &now.format("%H:%M:%S%.3f").to_string());
        return xml(answer);
    }
    let Some(insz) = within(&question, "<INSZ>") else { return StatusCode::BAD_REQUEST.into_response() };
    let file = register.newest(insz, day_of(now)).unwrap_or("exceptions/30001.xml");
    match tokio::fs::read_to_string(register.0.folder.join(file)).await {
        Ok(document) => xml(document),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn xml(document: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response()
}

/// The text from a mark to the next tag.
fn within<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark)?.1.split('<').next()
}

#[cfg(test)]
mod tests {
    use schemas::time::{parse_day, start_of};

    use super::*;

    #[test]
    fn the_newest_document_available_on_the_day_is_given() {
        let day = |text| parse_day(text).unwrap();
        let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("story");
        let register = StandInRegister::read(&story, Clock::declared(start_of(day("2024-12-01")))).unwrap();
        for (on, expect) in [
            ("2024-12-07", None),
            ("2024-12-08", Some("GeefPersoon/73651756738_20241208_arrival.xml")),
            ("2025-01-01", Some("GeefPersoon/73651756738_20250101_merger.xml")),
            ("2026-11-20", Some("GeefPersoon/73651756738_20250101_merger.xml")),
        ] {
            assert_eq!(register.newest("73651756738", day(on)), expect, "{on}");
        }
    }
}
