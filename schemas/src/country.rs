//! Countries as passports, registers and the target-group rule know them.
//!
//! Owns the table of ISO and ICAO codes and the numeric register codes; refuses to call a stateless
//! or refugee code a third country in silence. Data: `config/tables/countries.csv`, docs/domain.md#nationality.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A three-letter code that the table knows: ISO 3166-1 alpha-3 or ICAO 9303.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Country(Arc<str>);

impl Country {
    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }
}

/// What a nationality means for the target group (docs/domain.md#nationality).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NationalityStanding {
    /// A third country.
    Third,
    /// European Union, European Economic Area or Switzerland.
    European,
    /// Stateless, refugee, unspecified, of a territory whose people are European citizens: a human decides.
    Review,
}

/// One row of the table.
#[derive(Debug, Deserialize)]
struct CountryRow {
    code3: String,
    third_country: String,
    nis_country_code_seen_in_magda_mock: String,
}

/// The table of countries, by code.
#[derive(Clone, Debug, Default)]
pub struct Countries {
    standing: BTreeMap<Country, NationalityStanding>,
    register: BTreeMap<String, Country>,
}

/// Register codes that the public samples lack (data note, "Assumptions in the story").
const REGISTER_CODES: [(&str, &str); 12] = [
    ("207", "IND"),
    ("262", "TUR"),
    ("311", "ETH"),
    ("261", "SYR"),
    ("259", "PAK"),
    ("258", "LBN"),
    ("145", "RUS"),
    ("123", "PRT"),
    ("141", "SVK"),
    ("122", "POL"),
    ("109", "ESP"),
    // Not determined.
    ("711", "XXX"),
];

impl Countries {
    /// Reads the table.
    ///
    /// # Errors
    /// The reader's error, with its line.
    pub fn from_csv(text: &str) -> Result<Self, csv::Error> {
        let mut countries = Self::default();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let row: CountryRow = row?;
            let country = Country(row.code3.into());
            let standing = match row.third_country.as_str() {
                "yes" => NationalityStanding::Third,
                "no" => NationalityStanding::European,
                "review" => NationalityStanding::Review,
                // The specimen state: a document of it is no document.
                _ => continue,
            };
            for code in row.nis_country_code_seen_in_magda_mock.split([' ', '/', ';', ',']) {
                if !code.is_empty() {
                    countries.register.insert(code.to_owned(), country.clone());
                }
            }
            countries.standing.insert(country, standing);
        }
        for (code, iso) in REGISTER_CODES {
            countries.register.entry(code.to_owned()).or_insert_with(|| Country(iso.into()));
        }
        Ok(countries)
    }

    /// The country of a three-letter code; `D` is Germany in machine-readable zones.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<Country> {
        let code = if code == "D" { "DEU" } else { code };
        let country = Country(code.into());
        self.standing.contains_key(&country).then_some(country)
    }

    /// The country of a three-digit register code, such as 354 for Morocco. The codes `8xx` mean
    /// "refugee of": whichever country that is, they are no citizens of it here.
    #[must_use]
    pub fn by_register_code(&self, code: &str) -> Option<Country> {
        let refugee = code.len() == 3 && code.starts_with('8') && code.bytes().all(|b| b.is_ascii_digit());
        self.register.get(code).cloned().or_else(|| refugee.then(|| Country("XXB".into())))
    }

    /// What stands for a nationality that is stated and not known: a human decides.
    #[must_use]
    pub fn unknown() -> Country {
        Country("UNK".into())
    }

    /// What this nationality means for the target group; a code out of the table needs a human.
    #[must_use]
    pub fn standing(&self, country: &Country) -> NationalityStanding {
        self.standing.get(country).copied().unwrap_or(NationalityStanding::Review)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nationalities_have_their_standing() {
        let table = Countries::from_csv(include_str!("../../config/tables/countries.csv")).unwrap();
        let standing = |code: &str| table.by_code(code).map(|country| table.standing(&country));
        for code in ["MAR", "TUR", "GBR", "USA", "RKS", "GBD", "COD"] {
            assert_eq!(standing(code), Some(NationalityStanding::Third), "{code}");
        }
        for code in ["BEL", "FRA", "D", "DEU", "ISL", "LIE", "NOR", "CHE", "HRV"] {
            assert_eq!(standing(code), Some(NationalityStanding::European), "{code}");
        }
        for code in ["XXA", "XXB", "XXC", "XXX", "UNK", "REU", "ABW", "GRL"] {
            assert_eq!(standing(code), Some(NationalityStanding::Review), "{code}");
        }
        for code in ["QQQ", "", "bel", "BE", "UTO"] {
            assert_eq!(standing(code), None, "{code}");
        }
    }

    #[test]
    fn register_codes_name_countries() {
        let table = Countries::from_csv(include_str!("../../config/tables/countries.csv")).unwrap();
        let code = |code: &str| table.by_register_code(code).map(|c| c.code().to_owned());
        assert_eq!(code("354").as_deref(), Some("MAR"));
        assert_eq!(code("150").as_deref(), Some("BEL"));
        assert_eq!(code("207").as_deref(), Some("IND"));
        for (known, country) in
            [("145", "RUS"), ("123", "PRT"), ("141", "SVK"), ("122", "POL"), ("109", "ESP")]
        {
            assert_eq!(code(known).as_deref(), Some(country));
        }
        assert_eq!([code("822").as_deref(), code("711").as_deref()], [Some("XXB"), Some("XXX")]);
        for unknown in ["999", "RR", "", "8", "8x2", "82"] {
            assert_eq!(code(unknown), None, "{unknown}");
        }
        let standing = |country: Country| table.standing(&country);
        assert_eq!(standing(Countries::unknown()), NationalityStanding::Review);
    }
}
