//! Twins, sisters, people of one name and people of none, with documents and without: who becomes one person, who is asked
//! about and who is left alone.
//!
//! Records of one human in every order, and two humans whose numbers are mistyped: `linking.rs`.

use std::sync::Arc;

use crate::support;
use crate::support::{House, Who, account, application, letters, patched, permit, reviewed};
use decide::round::Verdict;
use decide::{Person, Refusal};
use schemas::fact::{Decision, Purpose, Statement};
use schemas::ids::{PersonId, ReviewId};
use schemas::key::Key;
use schemas::message::{Body, ReviewAnswer};
use schemas::name::Names;

const FAMILY: Purpose = Purpose::FamilyReunification;

/// What becomes of the second of two records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Comes {
    /// It is the same person's.
    Joined,
    /// Of somebody else, and a human is asked.
    Asked,
    /// Of somebody else, in silence.
    Apart,
}
use Comes::{Apart, Asked, Joined};

/// Family name, given names, birth, nationality.
type Said = (&'static str, &'static str, &'static str, &'static str);

/// Who says so of themselves, with numbers of their own.
fn who(n: usize, (family, given, birth, nationality): Said) -> Who {
    let (family, given, birth) = (family.into(), given.into(), birth.into());
    Who { family, given, birth, nationality, ..Who::number(n) }
}

/// A record in which all names may stand for nobody, as no travel document or with one.
fn says(told: &dyn Fn(&Who) -> Body, who: &Who, documents: bool) -> Body {
    let plain = Who { family: "Plain".into(), given: "Plain".into(), ..who.clone() };
    let names = Names::new(&who.family, &who.given);
    patched(told(&plain), |record| {
        record.names = names.iter().cloned().collect();
        record.facts.retain(|fact| !matches!(fact.statement, Statement::Names(_)));
        record.keys.retain(|key| documents || !matches!(key, Key::Passport(..)));
    })
}

fn comes(house: &House) -> Comes {
    let people = house.people();
    match (people.len(), people.iter().any(|person| !person.state.open_reviews.is_empty())) {
        (1, false) => Joined,
        (2, true) => Asked,
        (2, false) => Apart,
        other => panic!("{other:?}"),
    }
}

/// What they are called, and what becomes of two applications without documents, of two with their own, and of an application
/// beside a row of the permits.
#[test]
fn people_of_one_name_or_of_none_are_told_apart_by_a_human() {
    const DAY: &str = "2005-03-05";
    let cases: [(&str, Said, Said, [Comes; 3]); 21] = [
        (
            "nested names",
            ("Bentest", "Fatima", DAY, "MAR"),
            ("Bentest", "Fatima Zahra", DAY, "MAR"),
            [Asked, Asked, Joined],
        ),
        (
            "other given names",
            ("Bentest", "Fatima", DAY, "MAR"),
            ("Bentest", "Khadija", DAY, "MAR"),
            [Asked, Asked, Asked],
        ),
        (
            "a letter",
            ("Bentest", "Hassan", DAY, "MAR"),
            ("Bentest", "Hussan", DAY, "MAR"),
            [Asked, Asked, Joined],
        ),
        (
            "one name, one day",
            ("Bentest", "Salma", DAY, "MAR"),
            ("Bentest", "Salma", DAY, "MAR"),
            [Asked, Asked, Joined],
        ),
        (
            "sisters, years apart",
            ("Bentest", "Fatima", DAY, "MAR"),
            ("Bentest", "Khadija", "2007-11-21", "MAR"),
            [Apart, Apart, Apart],
        ),
        (
            "namesakes of 1 January",
            ("Ahmadi", "Ahmad", "1990-01-01", "AFG"),
            ("Ahmadi", "Ahmad", "1990-01-01", "AFG"),
            [Asked, Asked, Asked],
        ),
        (
            "unknown, of two countries",
            ("UNKNOWN", "UNKNOWN", "1999-09-09", "SYR"),
            ("UNKNOWN", "UNKNOWN", "1999-09-09", "AFG"),
            [Asked, Asked, Asked],
        ),
        (
            "unknown, of one country",
            ("XXX", "FNU", "1999-09-09", "SYR"),
            ("-", "Onbekend", "1999-09-09", "SYR"),
            [Asked, Asked, Asked],
        ),
        (
            "unknown, of other days",
            ("UNKNOWN", "UNKNOWN", "1999-09-09", "SYR"),
            ("UNKNOWN", "UNKNOWN", "1971-02-27", "SYR"),
            [Apart, Apart, Apart],
        ),
        (
            "unknown, and somebody of that day",
            ("UNKNOWN", "UNKNOWN", "1999-09-09", "SYR"),
            ("Bentest", "Salma", "1999-09-09", "MAR"),
            [Asked, Asked, Asked],
        ),
        (
            "a family name that is unknown",
            ("UNKNOWN", "Salma", DAY, "MAR"),
            ("Bentest", "Salma", DAY, "MAR"),
            [Asked, Asked, Joined],
        ),
        (
            "a given name that is unknown",
            ("Bentest", "FNU", DAY, "IND"),
            ("Bentest", "Ravi", DAY, "IND"),
            [Asked, Asked, Joined],
        ),
        (
            "an unknown given name, another family",
            ("Bentest", "XXX", DAY, "IND"),
            ("Testova", "XXX", DAY, "IND"),
            [Apart, Apart, Apart],
        ),
        (
            "one name, in either field",
            ("Jawid", "FNU", DAY, "AFG"),
            ("LNU", "Jawid", DAY, "AFG"),
            [Asked, Asked, Joined],
        ),
        (
            "one name, other days",
            ("Jawid", "", DAY, "AFG"),
            ("Jawid", "", "1988-09-20", "AFG"),
            [Apart, Apart, Apart],
        ),
        (
            "parts in another order",
            ("Testova", "Irina Olga", DAY, "UKR"),
            ("Olga", "Irina Testova", DAY, "UKR"),
            [Asked, Asked, Joined],
        ),
        (
            "Cyrillic",
            ("Коваленко", "Олена", DAY, "UKR"),
            ("Kovalenko", "Olena", DAY, "UKR"),
            [Asked, Asked, Joined],
        ),
        (
            "Greek",
            ("Παπαδοπούλου", "Ελένη", DAY, "GRC"),
            ("Papadopoulou", "Eleni", DAY, "GRC"),
            [Asked, Asked, Joined],
        ),
        (
            "Ethiopic",
            ("ገብረመድህን", "ተስፋዬ", DAY, "ETH"),
            ("Gebremedhin", "Tesfaye", DAY, "ETH"),
            [Asked, Asked, Joined],
        ),
        ("accents", ("Ünal", "Şahin", DAY, "TUR"), ("UENAL", "SAHIN", DAY, "TUR"), [Asked, Asked, Joined]),
        (
            "other alphabet, other people",
            ("Коваленко", "Олена", DAY, "UKR"),
            ("Marchenko", "Sergei", "1960-11-21", "UKR"),
            [Apart, Apart, Apart],
        ),
    ];
    let mut wrong = vec![];
    for (what, one, other, expected) in cases {
        let (a, b) = (who(1, one), who(2, other));
        let filed = |who: &Who| application(who, FAMILY, "2025-01-02");
        let row = |who: &Who| permit(who, Decision::Pending, "2025-01-03");
        for (first, second) in [(&a, &b), (&b, &a)] {
            let after = |second: Body, documents| {
                let mut house = House::new();
                house.tell(says(&filed, first, documents));
                house.tell(second);
                comes(&house)
            };
            let found = [
                after(says(&filed, second, false), false),
                after(says(&filed, second, true), true),
                after(says(&row, second, false), false),
            ];
            if found != expected {
                wrong.push((what, found, expected));
            }
        }
    }
    assert!(wrong.is_empty(), "two applications, two with documents, one and a permit: {wrong:#?}");
}

/// Who has the records of the account: one person at every moment.
fn owner_of_account<'a>(house: &'a House, who: &Who) -> &'a Person {
    let key = account_key(who);
    let owners: Vec<_> =
        house.people().into_iter().filter(|person| person.matching.keys.contains(&key)).collect();
    assert_eq!(owners.len(), 1, "the account has one owner");
    owners[0]
}

fn account_key(who: &Who) -> Key {
    let Body::Record(prepared) = account(who, "2025-01-10") else { panic!("a record") };
    prepared.record.keys.iter().find(|key| matches!(key, Key::Account(_))).expect("its key").clone()
}

/// One account fits two applications of one name and day: whatever is answered in turn, it is one person's at every moment,
/// and what was answered is not asked again.
#[test]
fn a_record_with_two_candidates_is_one_persons_whatever_is_answered() {
    let one = Who { dvz: "8790011".into(), ..who(1, ("Testaoui", "Salma", "1991-05-17", "MAR")) };
    let other = Who { dvz: "8790012".into(), ..who(2, ("Testaoui", "Salma", "1991-05-17", "MAR")) };
    let filed = |who: &Who| {
        patched(application(who, FAMILY, "2025-01-02"), |record| {
            record.keys.push(support::pair::dvz(who));
        })
    };
    let claims_nothing = patched(account(&one, "2025-01-10"), |record| {
        record.keys.retain(|key| matches!(key, Key::Account(_)));
    });
    let start = || {
        let mut house = House::new();
        house.say("one", filed(&one));
        house.say("other", filed(&other));
        let change = house.change(claims_nothing.clone());
        let [review] = &change.reviews[..] else { panic!("one question: {:?}", change.reviews) };
        let candidates: [PersonId; 2] = review.candidates.clone().try_into().expect("two candidates");
        assert_eq!(house.people().len(), 3);
        (house, review.id, candidates)
    };
    let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused(Refusal::UnknownReview));
    for second in [
        ReviewAnswer::Same as fn(PersonId) -> ReviewAnswer,
        |_| ReviewAnswer::Different,
        |_| ReviewAnswer::CannotTell,
    ] {
        for turned in [false, true] {
            let (mut house, review, mut candidates) = start();
            if turned {
                candidates.reverse();
            }
            let [first, rest] = candidates;
            house.change(reviewed(review, ReviewAnswer::Same(first)));
            assert_eq!(owner_of_account(&house, &one).id, house.now(first).id);
            assert!(refused(&house.tell(reviewed(review, second(rest)))), "it is answered");
            assert_eq!((owner_of_account(&house, &one).id, house.people().len()), (house.now(first).id, 2));
            // What is still asked is whether the two who applied are one.
            let asked: Vec<(PersonId, ReviewId)> = house
                .people()
                .iter()
                .flat_map(|person| person.state.open_reviews.keys().map(|review| (person.id, *review)))
                .collect();
            let [(_, between)] = asked[..] else { panic!("{asked:?}") };
            assert!(matches!(house.tell(reviewed(between, ReviewAnswer::Different)), Verdict::Decided(_)));
            assert_eq!(owner_of_account(&house, &one).id, house.now(first).id);
            assert_eq!(house.folded(), house.persons());
        }
    }
    let (mut house, review, [first, rest]) = start();
    house.change(reviewed(review, ReviewAnswer::Different));
    assert!(refused(&house.tell(reviewed(review, ReviewAnswer::Same(first)))));
    let owner = owner_of_account(&house, &one);
    assert!([first, rest].iter().all(|id| *id != owner.id), "a person of their own");
}

/// A name in its own script and one in Latin letters alone: a human is asked, and of others who were born that day nobody is.
#[test]
fn a_name_in_another_script_is_asked_about_and_links_nobody() {
    const DAY: &str = "1988-04-17";
    let mut wrong = vec![];
    // In Latin letters, the same in its own script, somebody else's in that script.
    for (family, given, same, other) in [
        ("Azizi", "Fatima", "فاطمة عزيزي", "نبيل العمراني"),
        ("El Amrani", "Youssef", "يوسف العمراني", "خديجة سعيدي"),
        ("Marchenko", "Sergei", "Сергей Марченко", "Айгуль Нурланова"),
        ("Shalom", "Yochai", "יוחאי שלום", "רבקה גולדברג"),
        ("Kim", "Minsu", "김민수", "박영희"),
        ("Howson", "Evans", "埃文斯 豪森", "王小明"),
    ] {
        let latin = who(1, (family, given, DAY, "MAR"));
        let typed = |native: &'static str| who(2, (native, "", DAY, "MAR"));
        // Written beside a Latin name that the sources spell in their own way.
        let beside = |native: &str| {
            patched(account(&who(2, ("Zzyx", "Qwpt", DAY, "MAR")), "2025-01-03"), |record| {
                record.names.iter_mut().for_each(|names| names.native = Some(native.to_owned()));
                record.keys.retain(|key| matches!(key, Key::Account(_)));
            })
        };
        let claims_nothing = |native| {
            patched(account(&typed(native), "2025-01-03"), |record| {
                record.keys.retain(|key| matches!(key, Key::Account(_)));
            })
        };
        let visa = application(&latin, FAMILY, "2025-01-02");
        for (what, second, expected) in [
            ("typed", claims_nothing(same), &[Asked, Joined][..]),
            ("beside another spelling", beside(same), &[Asked]),
            ("somebody else's, typed", claims_nothing(other), &[Apart]),
            ("somebody else's, beside", beside(other), &[Apart]),
        ] {
            for (first, then) in [(&visa, &second), (&second, &visa)] {
                let mut house = House::new();
                Arc::make_mut(&mut house.bundle.model).letters = letters();
                house.tell(first.clone());
                house.tell(then.clone());
                if !expected.contains(&comes(&house)) {
                    wrong.push(format!("{family} {given}, {what}: {:?}", comes(&house)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
