//! An invented human, by what tells them apart: for the heart's tests and for the proofs of the engine, which tell
//! their own.
//!
//! Refuses to say anything: that is [`super::say`]'s.

use schemas::insz::Insz;
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::reference::{ApplicationNumber, PostCode};

#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) family: String,
    pub(crate) given: String,
    pub(crate) birth: String,
    pub(crate) nationality: &'static str,
    pub(crate) passport: String,
    pub(crate) application: String,
    pub(crate) permit: String,
    pub(crate) dvz: String,
    pub(crate) insz: Insz,
}

impl Who {
    /// The `n`th person: different in everything.
    pub(crate) fn number(n: usize) -> Self {
        let letters: String = n.to_string().bytes().map(|b| char::from(b - b'0' + b'a')).collect();
        Self {
            family: format!("Benali{letters}"),
            given: format!("Amina{letters}"),
            birth: format!("19{:02}-0{}-1{}", 60 + n % 35, 2 + n % 7, n % 9),
            nationality: ["MAR", "TUR", "IND"][n % 3],
            passport: format!("P{:06}", n + 1),
            application: (n + 1).to_string(),
            permit: format!("GV-2025-{:06}", n + 1),
            dvz: (8_000_000 + n).to_string(),
            insz: test_insz(n),
        }
    }

    /// The same one at another time: another application and passport, and one name more.
    pub(crate) fn elsewhere(&self) -> Self {
        let number: usize = self.application.parse().unwrap();
        Self {
            given: format!("{} Fatima", self.given),
            application: (number + 900).to_string(),
            passport: format!("Q{number:06}"),
            ..self.clone()
        }
    }

    pub(crate) fn names(&self) -> Names {
        Names::new(&self.family, &self.given).unwrap()
    }

    pub(crate) fn born(&self) -> PartialDate {
        PartialDate::parse(&self.birth).unwrap()
    }

    pub(crate) fn of_application(&self) -> (PostCode, ApplicationNumber) {
        (PostCode::parse("CAS").unwrap(), ApplicationNumber::parse(&self.application).unwrap())
    }
}

/// The `n`th test number: month 61, check digits right.
pub(crate) fn test_insz(n: usize) -> Insz {
    let first9 = 906_101_000 + n as u64 + 1;
    Insz::parse(&format!("{first9:09}{:02}", 97 - first9 % 97)).unwrap()
}
