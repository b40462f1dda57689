//! A record in the making: what an item says, before it is known about which entry and by whom.
//!
//! Owns the step from statements to facts, alike for every source. Next: [`schemas::fact`].

use schemas::country::Country;
use schemas::fact::{Authority, Choice, Entry, Fact, Record, Sex, Statement};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::time::{Day, Version};

/// What an item says about one person.
#[derive(Debug, Default)]
pub(crate) struct ItemDraft {
    pub(crate) keys: Vec<Key>,
    pub(crate) names: Vec<Names>,
    pub(crate) births: Vec<PartialDate>,
    said: Vec<(Option<Entry>, Option<Day>, Statement)>,
}

impl ItemDraft {
    /// States something about the record's own entry.
    pub(crate) fn say(&mut self, valid_from: Option<Day>, statement: Statement) {
        self.said.push((None, valid_from, statement));
    }

    /// States something about another entry.
    pub(crate) fn say_of(&mut self, entry: Entry, valid_from: Option<Day>, statement: Statement) {
        self.said.push((Some(entry), valid_from, statement));
    }

    /// Whom they chose in Brussels: each choice stands for itself, so that a later one that is not complete hides none.
    pub(crate) fn choose(&mut self, on: Option<Day>, choice: Choice) {
        self.say_of(Entry::Choice(choice.clone()), on, Statement::Choice(choice));
    }

    /// Who it is: each part is found by and stated, where there is one.
    pub(crate) fn identity(&mut self, names: Option<Names>, birth: Option<PartialDate>, sex: Option<Sex>) {
        if let Some(names) = names {
            self.names.push(names.clone());
            self.say(None, Statement::Names(names));
        }
        if let Some(birth) = birth {
            self.births.push(birth);
            self.say(None, Statement::Birth(birth));
        }
        if let Some(sex) = sex {
            self.say(None, Statement::Sex(sex));
        }
    }

    /// Nationalities, sorted; none are no statement.
    pub(crate) fn nationalities(&mut self, mut countries: Vec<Country>) {
        countries.sort();
        countries.dedup();
        if !countries.is_empty() {
            self.say(None, Statement::Nationalities(countries));
        }
    }

    /// How to reach them, where anything is known.
    pub(crate) fn contact(&mut self, email: Option<&str>, phone: Option<&str>) {
        let email = email.map(|email| Statement::Email(email.to_owned()));
        let phone = phone.map(|phone| Statement::Phone(phone.to_owned()));
        email.into_iter().chain(phone).for_each(|statement| self.say(None, statement));
    }

    /// Their national number: it is theirs, whatever the record is about.
    pub(crate) fn insz(&mut self, insz: Option<Insz>) {
        if let Some(insz) = insz {
            self.keys.push(Key::Insz(insz));
            self.say_of(Entry::Person, None, Statement::Insz(insz));
        }
    }

    /// The record, now that it is known about what and by whom.
    pub(crate) fn record(mut self, entry: &Entry, authority: Authority, version: &Version) -> Record {
        self.keys.sort();
        self.keys.dedup();
        let fact = |(of, valid_from, statement): (Option<Entry>, _, _)| Fact {
            entry: of.unwrap_or_else(|| entry.clone()),
            statement,
            authority,
            valid_from,
            version: version.clone(),
        };
        Record {
            keys: self.keys,
            names: self.names,
            births: self.births,
            facts: self.said.into_iter().map(fact).collect(),
        }
    }
}
