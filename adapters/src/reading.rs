//! Reading an item field by field, and collecting what is found on the way.
//!
//! A translation asks for every field it needs before it gives up, so that the sender learns all at
//! once. A field that is absent is `None` in silence: whether it must be there is the schema's word.
//! Refuses to put a value into a finding. Next: [`crate::draft`].

use std::fmt::Display;

use chrono::Datelike;
use schemas::country::{Countries, Country};
use schemas::fact::{Choice, Sex};
use schemas::finding::{Code, Finding};
use schemas::insz::{Environment, Insz};
use schemas::message::Said;
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::place::Destination;
use schemas::recipient::Recipient;
use schemas::reference::{
    ApplicationNumber, DvzNumber, PassportNumber, PermitNumber, PostCode, ReferenceError,
};
use schemas::time::{Day, Instant, day_of, parse_instant};
use serde_json::Value;

use crate::{Context, Translation};

/// A code list: what a source writes, and what it means.
pub(crate) type Codes<'c, T> = &'c [(&'c str, T)];

/// One item being read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    item: &'a Value,
    now: Instant,
    findings: Vec<Finding>,
}

/// No message of any source is older: an earlier time is a programme's empty value.
const FIRST_YEAR: i32 = 2000;
/// How far a sender's clock may be ahead: a day, for zones.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::days(1);

impl<'a> Reading<'a> {
    pub(crate) fn new(item: &'a Value, context: &Context<'_>) -> Self {
        Self { item, now: context.now, findings: vec![] }
    }

    /// What stands at a pointer.
    pub(crate) fn value(&self, at: &str) -> Option<&'a Value> {
        self.item.pointer(at).filter(|value| !value.is_null())
    }

    /// The text at a pointer, of an element with attributes too, without the blanks around it; a blank one is absent.
    pub(crate) fn text(&self, at: &str) -> Option<&'a str> {
        let value = self.value(at)?;
        let text = value.as_str().or_else(|| value.get("#text")?.as_str())?;
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// Says something about a place.
    pub(crate) fn note(&mut self, code: Code, at: &str, detail: impl Display) {
        self.findings.push(Finding::new(code, at, detail));
    }

    /// Ends the reading.
    pub(crate) fn finish(self, said: Option<Said>) -> Translation {
        Translation { said, findings: self.findings }
    }

    /// The text at a pointer in its own form, or a finding with this code.
    pub(crate) fn parsed<T, E: Display>(
        &mut self,
        at: &str,
        code: Code,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(self.text(at)?).map_err(|error| self.note(code, at, error)).ok()
    }

    /// A code of a list.
    pub(crate) fn coded<T: Clone>(&mut self, at: &str, codes: Codes<'_, T>) -> Option<T> {
        let text = self.text(at)?;
        let found = codes.iter().find(|(code, _)| *code == text).map(|(_, meaning)| meaning.clone());
        if found.is_none() {
            let known: Vec<&str> = codes.iter().map(|(code, _)| *code).collect();
            self.note(Code::UnknownCode, at, format_args!("expected one of {}", known.join(", ")));
        }
        found
    }

    /// A whole day.
    pub(crate) fn day(&mut self, at: &str) -> Option<Day> {
        let date = self.date(at, Code::InvalidDate)?;
        if date.day().is_none() {
            self.note(Code::InvalidDate, at, "expected a whole day");
        }
        date.day()
    }

    /// A whole day on which something has happened: none that is to come.
    pub(crate) fn past_day(&mut self, at: &str) -> Option<Day> {
        let day = self.day(at)?;
        if day > self.latest() {
            self.note(Code::StatedAhead, at, "lies after today");
        }
        Some(day)
    }

    /// Today, where the day begins first.
    pub(crate) fn latest(&self) -> Day {
        day_of(self.now + AHEAD)
    }

    /// A date of which a part may be unknown; what cannot be read is told with this code.
    pub(crate) fn date(&mut self, at: &str, code: Code) -> Option<PartialDate> {
        self.parsed(at, code, PartialDate::parse)
    }

    /// The same of a birth: nobody is born tomorrow.
    pub(crate) fn birth(&mut self, at: &str, code: Code) -> Option<PartialDate> {
        let latest = self.latest();
        self.parsed(at, code, |text| {
            let date = PartialDate::parse(text).map_err(|error| error.to_string())?;
            // Nobody has reached no age before they are born, whichever parts are unknown.
            match date.has_reached(0, latest) {
                Some(false) => Err("lies after today".to_owned()),
                _ => Ok(date),
            }
        })
    }

    /// The instant at which something was stated.
    pub(crate) fn instant(&mut self, at: &str) -> Option<Instant> {
        let instant = self.parsed(at, Code::InvalidDate, |text| {
            parse_instant(text).ok_or("expected an instant such as 2025-03-01T09:00:00Z")
        });
        self.stated(at, instant?)
    }

    /// An instant that is stated: neither ahead of the clock nor older than any message.
    pub(crate) fn stated(&mut self, at: &str, instant: Instant) -> Option<Instant> {
        if instant > self.now + AHEAD {
            self.note(Code::StatedAhead, at, "lies more than a day ahead of the hub's clock");
        } else if instant.year() < FIRST_YEAR {
            self.note(Code::InvalidDate, at, format_args!("expected a time after {FIRST_YEAR}"));
        }
        Some(instant)
    }

    /// A reference in its normal form; a text in another form is taken, and the sender told.
    pub(crate) fn reference<T: Reference>(&mut self, at: &str) -> Option<T> {
        let reference: T = self.parsed(at, Code::InvalidReference, T::read)?;
        let text = self.value(at).and_then(Value::as_str);
        if text.is_some_and(|text| text != reference.normal()) {
            self.note(Code::Normalised, at, "was brought to its normal form");
        }
        Some(reference)
    }

    /// A national number that may be seen here.
    pub(crate) fn insz(&mut self, at: &str, environment: Environment) -> Option<Insz> {
        let insz = self.parsed(at, Code::InvalidInsz, Insz::parse)?;
        insz.allowed_in(environment).map_err(|error| self.note(Code::InszNotAllowed, at, error)).ok()
    }

    /// A country by its three letters.
    pub(crate) fn country(&mut self, at: &str, countries: &Countries) -> Option<Country> {
        self.parsed(at, Code::UnknownCode, |code| {
            countries.by_code(code).ok_or("expected an ISO 3166-1 alpha-3 or ICAO 9303 code")
        })
    }

    /// Tells where no municipality can be read from a destination: without one nobody knows whether it concerns us.
    pub(crate) fn destination(&mut self, at: &str, destination: Option<&Destination>, context: &Context<'_>) {
        match destination.map(|destination| context.places.area(destination)) {
            Some(Some(_)) => {}
            Some(None) => self.note(Code::DestinationMissing, at, "names no municipality that is known"),
            None => self.note(Code::DestinationMissing, at, "names no municipality"),
        }
    }

    /// Whom a newcomer in Brussels chose, and in which language. Who offers what is the agencies' config to say, so no
    /// list of choosable stands here.
    pub(crate) fn choice(&mut self, (at, language): (&str, &str), context: &Context<'_>) -> Option<Choice> {
        let recipient = self.parsed(at, Code::UnknownCode, |text| {
            let name = text.to_ascii_lowercase().replace('_', "-");
            let known = Recipient::parse(&name).ok();
            let known = known.filter(|recipient| context.choosable.contains(recipient));
            known.ok_or("expected an agency that can be chosen in Brussels")
        })?;
        Some(Choice { recipient, language: self.text(language).map(str::to_owned) })
    }

    /// A sex, as travel documents state it.
    pub(crate) fn sex(&mut self, at: &str) -> Option<Sex> {
        self.coded(at, &[("F", Sex::Female), ("M", Sex::Male), ("X", Sex::Other)])
    }

    /// A name of two texts.
    pub(crate) fn names(&self, family: &str, given: &str) -> Option<Names> {
        Names::new(self.text(family).unwrap_or_default(), self.text(given).unwrap_or_default())
    }
}

/// The address of a platform in its one form: an empty path is `/`, and case means nothing before it (RFC 3986, 6.2).
pub(crate) fn home_page(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let root = if path.starts_with('/') { "" } else { "/" };
    format!("{}://{}{root}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}

/// A reference with a normal form.
pub(crate) trait Reference: Sized {
    fn read(text: &str) -> Result<Self, ReferenceError>;
    fn normal(&self) -> &str;
}

macro_rules! reference {
    ($($name:ty),*) => {$(
        impl Reference for $name {
            fn read(text: &str) -> Result<Self, ReferenceError> {
                Self::parse(text)
            }
            fn normal(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

reference!(ApplicationNumber, DvzNumber, PassportNumber, PermitNumber, PostCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (text, expect) in [
            ("https://leren.example/", "https://leren.example/"),
            ("https://leren.example", "https://leren.example/"),
            ("HTTPS://Leren.Example", "https://leren.example/"),
            ("https://leren.example/Moodle", "https://leren.example/Moodle"),
            ("https://leren.example?x=Y", "https://leren.example/?x=Y"),
            ("urn:platform:X", "urn:platform:X"),
        ] {
            assert_eq!(home_page(text), expect);
        }
    }
}
