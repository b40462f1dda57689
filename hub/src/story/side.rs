//! One side of a review: a person with the names, dates and numbers that the answer rests on.
//!
//! The only part of a story that shows personal values unasked, because a review is about them. Pure.

use std::collections::BTreeSet;

use decide::Person;
use decide::journey::Journey;
use schemas::key::Key;
use schemas::view::NameView;
use serde::Serialize;

/// One person, as a reviewer sees them.
#[derive(Debug, Serialize)]
pub struct Side {
    pub person: String,
    /// Every form of every name, as it is compared.
    pub names: Vec<String>,
    pub births: Vec<String>,
    /// Nationalities, by country code.
    pub nationalities: Vec<String>,
    /// Numbers and accounts that are theirs.
    pub numbers: Vec<String>,
    /// Their handovers, oldest first: state and recipient.
    pub handovers: Vec<String>,
}

impl Side {
    /// A person as they are now.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let journey = Journey::of(&person.state);
        let name = |name: &NameView| name.texts().collect::<Vec<_>>().join(" ");
        let each = |all: Vec<String>| all.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        Self {
            person: person.id.to_string(),
            names: each(person.matching.names().map(name).collect()),
            births: each(person.matching.births().map(ToString::to_string).collect()),
            nationalities: journey.nationalities().iter().map(|c| c.code().to_owned()).collect(),
            numbers: person.matching.keys.iter().map(Key::text).collect(),
            handovers: person
                .state
                .handovers
                .iter()
                .map(|h| match &h.recipient {
                    Some(recipient) => format!("{} {recipient}", h.state.as_str()),
                    None => h.state.as_str().to_owned(),
                })
                .collect(),
        }
    }

    /// The same as lines: what each is, and what it says.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, String); 6] {
        let all = |list: &[String]| list.join(", ");
        [
            ("person", self.person.clone()),
            ("names", all(&self.names)),
            ("births", all(&self.births)),
            ("nationalities", all(&self.nationalities)),
            ("numbers", all(&self.numbers)),
            ("handovers", all(&self.handovers)),
        ]
    }
}
