//! Questions and outcomes, as data.
//!
//! Cases as data; the documents are invented, in the register's shape.

use schemas::time::parse_instant;

use super::*;

fn answer(inner: &str) -> String {
    format!("<p:R xmlns:p=\"urn:r\"><Repliek><Context><Naam>R</Naam></Context>{inner}</Repliek></p:R>")
}

fn exception(code: &str, kind: &str, more: &str) -> String {
    format!(
        "<Uitzonderingen><Uitzondering><Identificatie>{code}</Identificatie><Oorsprong>RR</Oorsprong>\
         <Type>{kind}</Type>{more}</Uitzondering></Uitzonderingen>"
    )
}

#[test]
fn the_type_of_an_exception_decides() {
    let failed = |code: &str| AnswerOutcome::Failed { code: code.to_owned(), replaced_by: None };
    let check = |kind, given: &str, expect: AnswerOutcome| {
        assert_eq!(outcome(kind, answer(given).as_bytes()), expect, "{given}");
    };
    let nested = |inner: &str| format!("<Antwoorden><Antwoord>{inner}</Antwoord></Antwoorden>");
    let person = TaskKind::GivePerson;
    check(person, &nested("<Inhoud><Persoon/></Inhoud>"), AnswerOutcome::Answer);
    check(person, &nested(&exception("30042", "INFORMATIE", "")), AnswerOutcome::Answer);
    check(person, &nested(&exception("30001", "FOUT", "")), failed("30001"));
    check(person, &nested(&exception("40003", "FOUT", "")), failed("40003"));
    check(person, &exception("40001", "FOUT", ""), failed("40001"));
    check(person, &exception("99996", "FOUT", ""), AnswerOutcome::Later);
    check(person, &exception("60013", "FOUT", ""), AnswerOutcome::Later);
    let result = |n: u8| nested(&format!("<Inhoud><Resultaat Beschrijving=\"x\">{n}</Resultaat></Inhoud>"));
    check(TaskKind::Register, &result(1), AnswerOutcome::Answer);
    check(TaskKind::Register, &result(0), failed("not-registered"));
    check(TaskKind::Unregister, &result(1), AnswerOutcome::Answer);
    check(TaskKind::Unregister, &result(0), failed("not-unregistered"));
}

#[test]
fn an_exception_may_name_the_new_number() {
    let annotation = |name: &str, value: &str| {
        format!("<Annotatie><Naam>{name}</Naam><Waarde>{value}</Waarde></Annotatie>")
    };
    let both = annotation("Oud INSZ", "75711503238") + &annotation("Nieuw INSZ", "73651756738");
    let given = answer(&exception("30002", "FOUT", &format!("<Annotaties>{both}</Annotaties>")));
    let replaced_by = Some(Insz::parse("73651756738").unwrap());
    let expect = AnswerOutcome::Failed { code: "30002".to_owned(), replaced_by };
    assert_eq!(outcome(TaskKind::GivePerson, given.as_bytes()), expect);
}

#[test]
fn what_is_no_document_is_asked_again() {
    let fault = "<S:Envelope xmlns:S=\"urn:s\"><S:Body><S:Fault><faultcode>S:Server</faultcode></S:Fault></S:Body></S:Envelope>";
    let page = "<html><head/><body><p>Onderhoud</p></body></html>";
    let (other, empty) =
        (answer("<Antwoorden><Antwoord><Inhoud><Gezin/></Inhoud></Antwoord></Antwoorden>"), answer(""));
    let elsewhere = answer("<Antwoorden><Persoon/></Antwoorden>");
    for given in ["", "<html><body>502", "not xml <", fault, page, &other, &empty, &elsewhere] {
        for kind in [TaskKind::GivePerson, TaskKind::Register, TaskKind::Unregister] {
            assert_eq!(outcome(kind, given.as_bytes()), AnswerOutcome::Later, "{kind:?} {given}");
        }
    }
    let western: Vec<u8> =
        answer("<Inhoud><Persoon>\u{ef}</Persoon></Inhoud>").chars().map(|c| c as u8).collect();
    assert_eq!(outcome(TaskKind::GivePerson, &western), AnswerOutcome::Later);
}

#[test]
fn a_question_names_the_task_the_number_and_who_asks() {
    let asker = Asker { identity: "hub & co".to_owned(), capacity: "9999".to_owned() };
    let task = TaskId::from_bytes([7; 16]);
    let insz = Insz::parse("73651756738").unwrap();
    let now = parse_instant("2026-11-20T08:00:00Z").unwrap();
    for (kind, expect) in [
        (TaskKind::GivePerson, "<INSZ>73651756738</INSZ>"),
        (TaskKind::Register, "<Periode><Begin>2026-11-20</Begin><Einde>2028-11-20</Einde></Periode>"),
        (TaskKind::Unregister, "<Hoedanigheid>9999</Hoedanigheid><INSZ>73651756738</INSZ></Uitschrijving>"),
    ] {
        let question = question(&asker, task, kind, &insz, now);
        assert!(question.contains(expect), "{question}");
        assert!(question.contains("<Referte>07070707-0707-0707-0707-070707070707</Referte>"));
        assert!(question.contains("hub &amp; co") && !question.contains('{'));
    }
}
