//! Answers of the register in other clothes, in other letters, and at hours that exist twice.
//!
//! Cases are one good answer, changed in one place. Next: `register`.

use schemas::fact::{RegisterStanding, Statement};
use schemas::finding::Code;
use schemas::message::Said;

use super::{ANSWER, DoorTold, XSI, at_the_door, check, facts, told};

/// What an answer says, without its time.
fn said(document: &[u8]) -> Vec<Statement> {
    let outcomes = at_the_door("register", document);
    let [outcome] = outcomes.as_slice() else { panic!("{} items", outcomes.len()) };
    facts(outcome.as_ref().unwrap_or_else(|refused| panic!("{:?}", refused.findings)))
}

#[test]
fn an_answer_says_the_same_in_other_clothes() {
    let expect = said(ANSWER.as_bytes());
    let put = |from: &str, to: &str| {
        assert!(ANSWER.contains(from), "{from}");
        ANSWER.replace(from, to)
    };
    let before = |what: &str| put("<Adressen>", &format!("{what}<Adressen>"));
    let body = ANSWER.split_once("?>").unwrap().1;
    let envelope = |version: &str| {
        format!(
            "<s:Envelope xmlns:s=\"{version}\"><s:Header><x/></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
    };
    let prefixed = ANSWER.replace("</p:", "</").replace("<p:", "<").replace("xmlns:p", "xmlns");
    let tags = prefixed.split('<').map(|part| match part.chars().next() {
        Some('/') => format!("</m:{}", &part[1..]),
        Some('A'..='Z') => format!("<m:{part}"),
        Some(_) => format!("<{part}"),
        None => String::new(),
    });
    let every = tags.collect::<String>().replace("xmlns=", "xmlns:m=");
    let typed = |from: &str, name: &str| {
        put(&format!("<{name}>{from}"), &format!("<{name} {XSI} xsi:type=\"xs:string\">{from}"))
    };
    for document in [
        // What is there and says nothing.
        before(&format!("<Overlijden {XSI} xsi:nil=\"true\"/>")),
        before("<Overlijden/>"),
        before("<Overlijden></Overlijden>"),
        before("<Overlijden><Datum/></Overlijden>"),
        before(&format!("<GeannuleerdDossier {XSI} xsi:nil=\"true\"/>")),
        before("<Statussen><Status/></Statussen>"),
        put("<Adressen>", "<Adressen><VerblijfplaatsBuitenland/><NietMededeelbaarAdres/>"),
        put("<Voornaam>Salma</Voornaam>", "<Voornaam>Salma</Voornaam><Voornaam Volgnummer=\"2\"/>"),
        // Attributes on plain values.
        typed("1991-05-17", "Datum"),
        typed("2<", "Code"),
        typed("91651700211", "INSZ"),
        typed("12025", "NISCodeGemeente"),
        put("<Code>354", "<Code Omschrijving=\"x\">354"),
        put("<INSZ>", "<INSZ Bron=\"RR\">"),
        put("<Datum>2026-09-07", "<Datum Bron=\"x\">2026-09-07"),
        // Other clothes.
        put("91651700211", "916517<!-- x -->00211"),
        put("Testaoui", "<![CDATA[Testaoui]]>"),
        put("Salma", "&#83;alma"),
        put("Salma", "\r\n\t Salma \t\n"),
        prefixed.clone(),
        every,
        envelope("http://schemas.xmlsoap.org/soap/envelope/"),
        envelope("http://www.w3.org/2003/05/soap-envelope"),
        format!("\u{feff}{ANSWER}"),
        // Zones change no day.
        put("<Datum>1991-05-17", "<Datum>1991-05-17+02:00"),
        put("<Datum>2026-09-07", "<Datum>2026-09-07Z"),
        put("DatumBegin=\"2026-09-01\"", "DatumBegin=\"2026-09-01+02:00\""),
        put("<Tijd>05:30:00.125", "<Tijd>03:30:00.125Z"),
    ] {
        assert_eq!(said(document.as_bytes()), expect, "{document}");
    }
    let wide: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(said(&wide), expect);
    for missing in ["<Geboorte><Datum>1991-05-17</Datum></Geboorte>", "<Geslacht><Code>2</Code></Geslacht>"] {
        let name = &missing[1..9];
        let empty = ANSWER.replace(missing, &format!("<{name}/>"));
        assert_eq!(said(empty.as_bytes()), said(ANSWER.replace(missing, "").as_bytes()));
        assert_eq!(said(empty.as_bytes()).len(), expect.len() - 1);
    }
    let nameless = "<Naam><Achternamen><Achternaam>Testaoui</Achternaam></Achternamen><Voornamen><Voornaam>Salma</Voornaam></Voornamen></Naam>";
    assert_eq!(said(ANSWER.replace(nameless, "<Naam/>").as_bytes()).len(), expect.len() - 1);
    let entity =
        ANSWER.replace("?>\n", "?><!DOCTYPE x [<!ENTITY e \"Salma\">]>\n").replace(">Salma<", ">&e;<");
    check("register", entity, false, &[(Code::Unreadable, "")]);
}

#[test]
fn an_answer_is_read_in_its_own_letters() {
    let western = ANSWER.replace("UTF-8", "ISO-8859-1").replace("Testaoui", "Testaouï");
    let bytes: Vec<u8> = western.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(said(&bytes), said(ANSWER.replace("Testaoui", "Testaouï").as_bytes()));
    // Said to be Western, and written in UTF-8: a name that neither side wrote is no name.
    check("register", western, false, &[(Code::Unreadable, "")]);
    check("register", ANSWER.replace("UTF-8", "EBCDIC-BE"), false, &[(Code::Unreadable, "")]);
}

#[test]
fn in_the_hour_that_exists_twice_the_later_home_is_the_newer() {
    let answer = |time: &str, nis: &str, begin: &str| {
        let document = ANSWER.replace("2026-09-07", "2026-10-25").replace("05:30:00.125", time);
        let document = document.replace("12025", nis).replace("\"2026-09-01\"", &format!("\"{begin}\""));
        let outcomes = at_the_door("register", document.as_bytes());
        let Said::Record(record) = outcomes[0].as_ref().unwrap().said().clone() else { panic!("no record") };
        record.facts[0].version.stated_at
    };
    let mechelen = answer("02:50:00", "12025", "2026-09-01");
    let antwerp = answer("02:10:00", "11002", "2026-10-24");
    assert!(mechelen < antwerp);
    assert!(
        answer("01:59:59", "12025", "2026-10-24") < mechelen
            && antwerp < answer("03:00:00", "12025", "2026-09-01")
    );
    // With a zone there is nothing to guess.
    assert!(
        answer("02:10:00+02:00", "11002", "2026-10-24") < answer("02:10:00+01:00", "12025", "2026-09-01")
    );
}

#[test]
fn who_is_gone_is_gone_wherever_that_is_written() {
    let standing = |document: &str| {
        let said = said(document.as_bytes());
        said.into_iter()
            .find_map(|fact| if let Statement::Standing(standing) = fact { Some(standing) } else { None })
    };
    for code in ["99993", "99991", "00992"] {
        let managed = ANSWER.replace("<NISCode>12025", &format!("<NISCode>{code}"));
        let home = ANSWER.replace("<NISCodeGemeente>12025", &format!("<NISCodeGemeente>{code}"));
        for document in [&managed, &home] {
            assert_eq!(standing(document), Some(RegisterStanding::Left), "{code}");
        }
    }
    let dead = ANSWER.replace("<NISCode>12025", "<NISCode>99990");
    assert_eq!(standing(&dead), Some(RegisterStanding::Deceased));
    let placed = ANSWER.replace("<Adressen>", "<Overlijden><Plaats>Gent</Plaats></Overlijden><Adressen>");
    assert_eq!(standing(&placed), Some(RegisterStanding::Deceased));
}

#[test]
fn an_end_that_is_to_come_has_not_come() {
    let restricted = |document: &str| {
        let home = |fact| if let Statement::Residence(home) = fact { Some(home.restricted) } else { None };
        said(document.as_bytes()).into_iter().find_map(home)
    };
    // The answer is of 7 September 2026.
    for (end, still) in [
        ("", true),
        ("DatumEinde=\"\"", true),
        ("DatumEinde=\"2027-06-01\"", true),
        ("DatumEinde=\"2026-09-08\"", true),
        ("DatumEinde=\"2026-09-07\"", false),
        ("DatumEinde=\"2026-01-31\"", false),
    ] {
        let flag = format!("<Adressen><NietMededeelbaarAdres DatumBegin=\"2026-01-01\" {end}/>");
        assert_eq!(restricted(&ANSWER.replace("<Adressen>", &flag)), Some(still), "{end}");
        let status = format!("<Statussen><Status {end}><Code>99991</Code></Status></Statussen><Adressen>");
        let said = said(ANSWER.replace("<Adressen>", &status).as_bytes());
        let left = said.contains(&Statement::Standing(RegisterStanding::Left));
        assert_eq!(left, still, "status {end}");
    }
}

#[test]
fn a_nationality_that_is_not_known_is_looked_at() {
    let nationalities = |codes: &[&str]| {
        let list: String =
            codes.iter().map(|code| format!("<Nationaliteit><Code>{code}</Code></Nationaliteit>")).collect();
        let document = ANSWER.replace("<Nationaliteit><Code>354</Code></Nationaliteit>", &list);
        let said = said(document.as_bytes());
        let found = said.iter().find_map(|fact| match fact {
            Statement::Nationalities(list) => {
                Some(list.iter().map(|one| one.code().to_owned()).collect::<Vec<_>>())
            }
            _ => None,
        });
        found.unwrap_or_default().join(" ")
    };
    for (codes, expect) in [
        (["354", "123"].as_slice(), "MAR PRT"),
        (&["145"], "RUS"),
        (&["822"], "XXB"),
        (&["711"], "XXX"),
        (&["354", "998"], "UNK"),
        (&["RR"], "UNK"),
        (&[], ""),
    ] {
        assert_eq!(nationalities(codes), expect, "{codes:?}");
    }
    let street = ANSWER.replace("Dorpsstraat<", "Dorpsstraat (Oude Markt)<");
    assert_eq!(said(street.as_bytes()), said(ANSWER.as_bytes()));
}

#[test]
fn a_document_of_which_nothing_is_known_says_so() {
    let page = |inside: &str| {
        let head = ANSWER
            .split_once("<Inhoud>")
            .unwrap()
            .0
            .replace("<Naam>GeefPersoon<", "<Naam>GeefPersoonMutatiesNotificaties<");
        format!("{head}<Inhoud>{inside}</Inhoud></Antwoord></Antwoorden></Repliek></p:GeefPersoonResponse>")
    };
    for inside in
        ["<PersoonMutatieNotificaties/>", "<PersoonMutatieNotificaties></PersoonMutatieNotificaties>"]
    {
        assert_eq!(at_the_door("register", page(inside).as_bytes()).len(), 0, "{inside}");
    }
    for inside in [
        "",
        "<Notificaties><Notificatie/></Notificaties>",
        "<PersoonMutatieNotificaties><X>1</X></PersoonMutatieNotificaties>",
    ] {
        let outcomes = at_the_door("register", page(inside).as_bytes());
        assert!(matches!(outcomes.as_slice(), [Err(_)]), "{inside}");
    }
    let other = ANSWER
        .replace("<Naam>GeefPersoon<", "<Naam>GeefGezin<")
        .replace("Persoon>", "Gezin>")
        .replace("<Persoon ", "<Gezin ");
    let outcomes = at_the_door("register", other.as_bytes());
    let codes = outcomes.iter().map(told).flat_map(|DoorTold(_, codes)| codes);
    assert!(codes.into_iter().any(|(code, at)| code == Code::UnknownCode && at == "/Dienst"));
    for other in ["<html><body>Onderhoud</body></html>", "{\"a\":1}"] {
        assert!(matches!(at_the_door("register", other.as_bytes()).as_slice(), [Err(_)]), "{other}");
    }
}

/// What would be lost, or close a life for nothing: refused at its place, and never half of it taken.
#[test]
fn what_an_answer_cannot_say_is_refused_at_its_place() {
    let put = |from: &str, to: &str| {
        assert!(ANSWER.contains(from), "{from}");
        ANSWER.replacen(from, to, 1)
    };
    let before = |what: &str| put("<Adressen>", &format!("{what}<Adressen>"));
    let twice = |part: &str| put(part, &format!("{part}{part}"));
    let died = |on: &str| before(&format!("<Overlijden><Datum>{on}</Datum></Overlijden>"));
    let home = "<Hoofdverblijfplaats DatumBegin=\"2026-09-01\">";
    let second = format!("{home}<Huisnummer>1</Huisnummer></Hoofdverblijfplaats>{home}");
    let (form, date, ahead) = (Code::Schema, Code::InvalidDate, Code::StatedAhead);
    for (document, code, at) in [
        // The hub's day is 20 November 2026.
        (died("0000-00-00"), date, "/Persoon/Overlijden/Datum"),
        (died("soon"), date, "/Persoon/Overlijden/Datum"),
        (died("2026-11-22"), ahead, "/Persoon/Overlijden/Datum"),
        (died("2027-00-00"), ahead, "/Persoon/Overlijden/Datum"),
        (before("<Overlijden>1</Overlijden>"), form, "/Persoon/Overlijden"),
        (
            before("<Statussen><Status DatumBegin=\"2026-12-01\"><Code>99990</Code></Status></Statussen>"),
            ahead,
            "/Persoon/Statussen",
        ),
        (
            before("<Statussen><Status DatumBegin=\"2026-12-01\"><Code>99994</Code></Status></Statussen>"),
            ahead,
            "/Persoon/Statussen",
        ),
        (before("<Statussen>gone</Statussen>"), form, "/Persoon/Statussen"),
        (before("<GeannuleerdDossier>0</GeannuleerdDossier>"), form, "/Persoon/GeannuleerdDossier"),
        (before("<GeannuleerdDossier DatumBegin=\"2026-12-01\"/>"), ahead, "/Persoon/GeannuleerdDossier"),
        (twice("<Datum>1991-05-17</Datum>"), form, "/Persoon/Geboorte/Datum"),
        (
            put("<Datum>1991", "<Datum><Datum>1991-05-17</Datum></Datum><Datum>1991"),
            form,
            "/Persoon/Geboorte/Datum",
        ),
        (put(">1991-05-17<", "><Datum>1991-05-17</Datum><"), form, "/Persoon/Geboorte/Datum"),
        (twice("<Code>2</Code>"), form, "/Persoon/Geslacht/Code"),
        (twice("<Code>1</Code>"), form, "/Persoon/Register/Code"),
        (twice("<INSZ>91651700211</INSZ>"), form, "/Persoon/INSZ"),
        (put(home, &second), form, "/Persoon/Adressen/Hoofdverblijfplaats"),
        (put("Salma", "Sal<b>ma</b>"), form, "/Persoon/Naam/Voornamen/Voornaam"),
        (put("Testaoui", "<b>Testaoui</b>"), form, "/Persoon/Naam/Achternamen/Achternaam"),
        (put("<Nationaliteit><Code>354</Code></Nationaliteit>", "354"), form, "/Persoon/Nationaliteiten"),
    ] {
        check("register", document, false, &[(code, at)]);
    }
    // In part known, and past: that is a death.
    for on in ["2026-11-19", "2026-00-00", "1999-05-00"] {
        let said = said(died(on).as_bytes());
        assert!(said.contains(&Statement::Standing(RegisterStanding::Deceased)), "{on}");
    }
}

/// What is left away of a home is told: the day that is not whole, the code that is none.
#[test]
fn what_is_not_read_of_a_home_is_told() {
    const AT: &str = "/Persoon/Adressen/Hoofdverblijfplaats";
    let begun = "<Hoofdverblijfplaats DatumBegin=\"2026-09-01\">";
    for (from, to, place) in [
        (begun, "<Hoofdverblijfplaats DatumBegin=\"2026-09-00\">", "@DatumBegin"),
        (begun, "<Hoofdverblijfplaats>", "@DatumBegin"),
        ("<NISCodeGemeente>12025", "<NISCodeGemeente>1202", "NISCodeGemeente"),
    ] {
        assert!(ANSWER.contains(from));
        let place = format!("{AT}/{place}");
        check("register", ANSWER.replace(from, to), true, &[(Code::Ignored, &place)]).unwrap();
    }
}
