//! Where somebody means to live: from what a source writes to a language area.
//!
//! Owns names in Dutch, French and German, in any case, with and without accents, and postal codes; refuses to guess:
//! what is unknown, or means places in several areas, has no area. Says nothing of who is competent: that is a code's
//! on a day ([`crate::municipality`]). Data: `config/tables/`, docs/domain.md#where-somebody-means-to-live.

use std::collections::{BTreeMap, BTreeSet};

use any_ascii::any_ascii;
use serde::{Deserialize, Serialize};

use crate::municipality::{LanguageArea, Municipalities, NisCode};

/// Where somebody means to live, as a source writes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Destination {
    /// The code of a municipality: where it stands, nothing else counts.
    pub nis: Option<NisCode>,
    /// A municipality in words.
    pub municipality: Option<String>,
    /// A postal code.
    pub postal_code: Option<String>,
}

impl Destination {
    /// The destination, where anything of it is named.
    #[must_use]
    pub fn stated(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// The areas of everything that names a place.
#[derive(Clone, Debug, Default)]
pub struct Places {
    codes: BTreeMap<NisCode, LanguageArea>,
    /// By folded name: of several municipalities of one name, every area.
    names: BTreeMap<String, BTreeSet<LanguageArea>>,
    postal_codes: BTreeMap<String, BTreeSet<LanguageArea>>,
}

#[derive(Deserialize)]
struct NameRow {
    nis_code: NisCode,
    name: String,
}

#[derive(Deserialize)]
struct PostalRow {
    postal_code: String,
    nis_code: NisCode,
}

impl Places {
    /// The places of a table of municipalities, with the other names they have and with their postal codes.
    ///
    /// # Errors
    /// The reader's error, with its line.
    pub fn new(municipalities: &Municipalities, names: &str, postal_codes: &str) -> Result<Self, csv::Error> {
        let mut places = Self::default();
        for row in municipalities.iter() {
            places.codes.insert(row.nis, row.language_area);
            places.name(&row.name_nl, row.language_area);
            places.name(&row.name_fr, row.language_area);
        }
        for row in csv::Reader::from_reader(names.as_bytes()).deserialize() {
            let row: NameRow = row?;
            if let Some(area) = places.of_code(row.nis_code) {
                places.name(&row.name, area);
            }
        }
        for row in csv::Reader::from_reader(postal_codes.as_bytes()).deserialize() {
            let row: PostalRow = row?;
            if let Some(area) = places.of_code(row.nis_code) {
                places.postal_codes.entry(row.postal_code).or_default().insert(area);
            }
        }
        Ok(places)
    }

    fn name(&mut self, name: &str, area: LanguageArea) {
        for folded in [folded(name), folded(&without_umlauts(name))] {
            self.names.entry(folded).or_default().insert(area);
        }
    }

    /// The language area of a code, whatever its days.
    #[must_use]
    pub fn of_code(&self, nis: NisCode) -> Option<LanguageArea> {
        // Districts are Antwerp's.
        if nis.is_district() { Some(LanguageArea::Dutch) } else { self.codes.get(&nis).copied() }
    }

    /// The language area of a destination; none where it is unknown, or where what is written means several.
    #[must_use]
    pub fn area(&self, destination: &Destination) -> Option<LanguageArea> {
        if let Some(nis) = destination.nis {
            return self.of_code(nis);
        }
        let named = destination.municipality.as_deref().map(|name| self.named(name)).unwrap_or_default();
        let code = destination.postal_code.as_deref().map(str::trim);
        let posted = code.and_then(|code| self.postal_codes.get(code)).cloned().unwrap_or_default();
        // A name that several places have is told apart by its postal code; where the two contradict, nothing is known.
        let areas = match (named.is_empty(), posted.is_empty()) {
            (true, _) => posted,
            (_, true) => named,
            (false, false) => &named & &posted,
        };
        let mut areas = areas.into_iter();
        areas.next().filter(|_| areas.next().is_none())
    }

    /// The areas of the municipalities that a text can mean: the whole of it, else every part of `Liège (Luik)`.
    fn named(&self, text: &str) -> BTreeSet<LanguageArea> {
        if let Some(areas) = self.names.get(&folded(text)) {
            return areas.clone();
        }
        let parts = text.split(['/', '(', ')', ',', ';']).flat_map(|part| part.split(" - ")).map(folded);
        let parts: Option<Vec<_>> =
            parts.filter(|part| !part.is_empty()).map(|part| self.names.get(&part)).collect();
        let mut parts = parts.unwrap_or_default().into_iter();
        let first = parts.next().cloned().unwrap_or_default();
        parts.fold(first, |areas, part| &areas & part)
    }
}

/// A name as it is compared: without case, accents, blanks and marks, with one word for every saint, and without a
/// postal code before it.
fn folded(name: &str) -> String {
    let ascii = any_ascii(name).to_lowercase();
    let words = ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.filter(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    words.map(|word| if matches!(word, "saint" | "sint" | "sankt") { "st" } else { word }).collect()
}

/// `Lüttich` as `Luettich`.
fn without_umlauts(name: &str) -> String {
    let mut text = name.to_owned();
    for (umlaut, letters) in [('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('Ü', "Ue"), ('Ö', "Oe"), ('Ä', "Ae")]
    {
        text = text.replace(umlaut, letters);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let table = Municipalities::from_csv(include_str!("../../config/tables/municipalities.csv")).unwrap();
        let names = include_str!("../../config/tables/municipality_names.csv");
        Places::new(&table, names, include_str!("../../config/tables/postal_codes.csv")).unwrap()
    }

    fn area(nis: &str, municipality: &str, postal_code: &str) -> Option<LanguageArea> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (municipality, postal_code) = (text(municipality), text(postal_code));
        places().area(&Destination { nis: NisCode::parse(nis).ok(), municipality, postal_code })
    }

    #[test]
    fn a_name_in_any_spelling_has_the_area_of_its_municipality() {
        use LanguageArea::{Brussels, Dutch, French, German};
        for (area_of, names) in [
            (
                Dutch,
                "Gent|GAND|ghent|Sint-Niklaas|Löwen|Loewen|Brügge|bruges|Voeren|Fourons|Tongern|9000 Gent",
            ),
            (Dutch, "Sint Pieters Leeuw|St.-Pieters-Leeuw|Kraainem|Borsbeek|Rhode-Saint-Genese"),
            (
                French,
                "Liège|LIEGE|Luik|Lüttich|Luettich|Luttich|Liège (Luik)|Braine-l'Alleud|Tournai/Doornik",
            ),
            (
                Brussels,
                "Bruxelles|Brussel|Brüssel|Saint-Gilles|Sint-Gillis|St Gilles|Bruxelles (Ixelles)|Uccle",
            ),
            (
                German,
                "Eupen|Sankt Vith|St. Vith|Saint-Vith|Bütgenbach|Buetgenbach|Kelmis|La Calamine|Amblève",
            ),
        ] {
            for name in names.split('|') {
                assert_eq!(area("", name, ""), Some(area_of), "{name}");
            }
        }
    }

    #[test]
    fn what_is_unknown_or_means_several_areas_is_never_guessed() {
        for name in ["", "Paris", "Vlaanderen", "Gent of Luik", "Gent, Luik", "Halle, Deutschland", "Ge", "-"]
        {
            assert_eq!(area("", name, ""), None, "{name}");
        }
        // Sint-Niklaas in French, and a municipality near Liège; the province and a municipality.
        assert_eq!(area("", "Saint-Nicolas", ""), None);
        assert_eq!(area("", "Saint-Nicolas", "9100"), Some(LanguageArea::Dutch));
        assert_eq!(area("", "Saint-Nicolas", "4420"), Some(LanguageArea::French));
        assert_eq!(area("", "Limburg", ""), None);
        assert_eq!(area("", "Gent", "4000"), None, "the two contradict");
    }

    #[test]
    fn a_code_counts_before_words_and_a_postal_code_where_no_name_is_known() {
        assert_eq!(area("62063", "Gent", "9000"), Some(LanguageArea::French));
        assert_eq!(area("11201", "", ""), Some(LanguageArea::Dutch));
        assert_eq!(area("99999", "Gent", "9000"), None, "a code that is none");
        assert_eq!(area("", "", "4030"), Some(LanguageArea::French));
        assert_eq!(area("", "Deurne", "2100"), Some(LanguageArea::Dutch));
        // In two municipalities of one area.
        assert_eq!(area("", "", "1040"), Some(LanguageArea::Brussels));
        assert_eq!(area("", "", "1234"), None);
    }
}
