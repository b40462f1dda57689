//! The machine-readable zone of a passport: a second reading of name, birth date and number.
//!
//! It is used for finding the person, also with a wrong check digit, which is told. Refuses to
//! decide which reading is right: both are kept. Source: docs/domain.md#visas.

use chrono::Datelike;
use mrz::{ParseOptions, encode_name_component, parse_td3_with};
use schemas::finding::Code;
use schemas::name::Names;
use schemas::partial::PartialDate;
use schemas::reference::PassportNumber;
use schemas::time::Day;

use crate::reading::Reading;

const AT: &str = "/travel_document/mrz";

/// What the zone says.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) names: Option<Names>,
    pub(super) birth: Option<PartialDate>,
    /// The document's number, where its check digit is right.
    pub(super) number: Option<PassportNumber>,
}

/// Reads the zone. Its years have two digits: nobody is born after the day they applied.
pub(super) fn read(reading: &mut Reading<'_>, applied_on: Day) -> Option<Zone> {
    let written = reading.value(AT)?.as_array().is_some_and(|lines| !lines.is_empty());
    let lines = reading.text(&format!("{AT}/0")).zip(reading.text(&format!("{AT}/1")));
    let year = applied_on.year().rem_euclid(100).unsigned_abs();
    let zone = lines.and_then(|(first, second)| {
        parse_td3_with(first, second, &ParseOptions::default().with_pivot_yy(year)).ok()
    });
    let Some(zone) = zone else {
        if written {
            reading.note(Code::Ignored, AT, "not two lines of a passport's machine-readable zone");
        }
        return None;
    };
    if !zone.valid() {
        reading.note(Code::MrzCheck, AT, "a check digit is wrong");
    }
    let number = zone.checks.document_number == Some(true);
    Some(Zone {
        names: Names::new(&zone.surname, &zone.given_names),
        birth: birth(&zone.date_of_birth.to_string(), year),
        number: number.then(|| PassportNumber::parse(&zone.document_number).ok()).flatten(),
    })
}

/// A whole date comes as such; one with unknown parts as its six characters, such as `93<<<<`.
fn birth(text: &str, this_year: u32) -> Option<PartialDate> {
    if text.len() == 10 {
        return PartialDate::parse(text).ok();
    }
    let part = |at: std::ops::Range<usize>| match text.get(at)? {
        "<<" => Some(0),
        digits => digits.parse::<u8>().ok().filter(|part| *part > 0),
    };
    let year: u16 = text.get(0..2)?.parse().ok()?;
    let century = if u32::from(year) > this_year { 1900 } else { 2000 };
    PartialDate::new(century + year, part(2..4)?, part(4..6)?).ok()
}

/// Says where the two readings differ.
pub(super) fn compare(
    reading: &mut Reading<'_>,
    zone: &Zone,
    names: Option<&Names>,
    birth: Option<PartialDate>,
) {
    if let (Some(written), Some(zone)) = (names, &zone.names)
        && !same(written, zone)
    {
        reading.note(Code::MrzDiffers, "/person/surname", "the machine-readable zone has another name");
    }
    if let (Some(written), Some(zone)) = (birth, zone.birth)
        && !written.agrees(zone)
    {
        reading.note(Code::MrzDiffers, "/person/birth_date", "the machine-readable zone has another date");
    }
}

/// How many places the zone has for a name.
const PLACES: usize = 39;

/// Letters that a State may write in the zone in several ways (ICAO 9303-3, section 6), each brought to one.
const WAYS: [(&str, &str); 11] = [
    ("NXX", "N"),
    ("UXX", "U"),
    ("OXX", "O"),
    ("AXX", "A"),
    ("UE", "U"),
    ("OE", "O"),
    ("AE", "A"),
    ("AA", "A"),
    ("IJ", "Y"),
    ("TH", "T"),
    ("SS", "S"),
];

/// Whether the written name, put into the zone's alphabet, could be the one in it: the same letters, as far as the
/// places of the name field go.
pub(super) fn same(written: &Names, zone: &Names) -> bool {
    let encoded = |parts: &[String]| parts.iter().map(|part| encode_name_component(part)).collect::<String>();
    let field = |names: &Names| format!("{}<<{}", encoded(&names.family), encoded(&names.given));
    let one_way = |text: &str| WAYS.iter().fold(text.to_owned(), |text, (way, one)| text.replace(way, one));
    let (full, field) = (field(written), field(zone));
    let field = field.trim_end_matches('<');
    let (whole, held) = (one_way(full.trim_end_matches('<')), one_way(field));
    // What does not fit is cut off, in the middle of a letter's two or three too.
    let cut = field.len() >= PLACES - 1 && whole.starts_with(held.trim_end_matches('X'));
    written.tokens() == zone.tokens() || whole == held || cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birth_dates_of_the_zone_keep_what_is_unknown() {
        for (text, expect) in [
            ("1991-11-24", Some("1991-11-24")),
            ("93<<<<", Some("1993-00-00")),
            ("1305<<", Some("2013-05-00")),
            ("<<<<<<", None),
            ("000000", None),
            ("9A0101", None),
        ] {
            let got = birth(text, 25).map(|date| date.to_string());
            assert_eq!(got, expect.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_transliterated_name_is_the_same_name() {
        let names = |family: &str, given: &str| Names::new(family, given).unwrap();
        assert!(same(&names("Müller", "Zoë"), &names("MUELLER", "ZOE")));
        assert!(same(&names("O'Brien", "Anne-Marie"), &names("OBRIEN", "ANNE MARIE")));
        for (written, zone) in [
            ("Muñoztest", "MUNOZTEST"),
            ("Muñoztest", "MUNXXOZTEST"),
            ("Ästest", "AESTEST"),
            ("Ästest", "ASTEST"),
            ("Müller", "MUXXLLER"),
            ("Müller", "MULLER"),
            ("Ørsted", "OERSTED"),
            ("Ångström", "AANGSTROEM"),
            ("Groß", "GROSS"),
            ("Œuvray", "OEUVRAY"),
            ("Þórsdóttir", "THORSDOTTIR"),
            ("D'Hondt-Peña", "DHONDT PENXXA"),
        ] {
            assert!(same(&names(written, "Anna"), &names(zone, "ANNA")), "{written} {zone}");
        }
        for zone in ["WICKRAMASURIYATESTARACHCHIGE DON", "WICKRAMASURIYATESTARACHCHIGE DO"] {
            let given = if zone.ends_with("DON") { "NIROS" } else { "" };
            let same = same(&names("WICKRAMASURIYATESTARACHCHIGE DON", "NIROSHANA"), &names(zone, given));
            assert_eq!(same, zone.ends_with("DON"), "{zone}");
        }
        for (written, zone) in [("BENNAMI", "BENNANI"), ("Muñoztest", "MUNXOZTEST"), ("Muñoz", "MUNXXO")] {
            assert!(!same(&names(written, "LOUBNA"), &names(zone, "LOUBNA")), "{written} {zone}");
        }
    }
}
