//! One human whom the hub knows as two persons, and what makes them one.
//!
//! For the stories of merges; refuses to expect anything of them.

use schemas::fact::{Decision, Purpose};
use schemas::ids::{PersonId, ReviewId};
use schemas::key::Key;
use schemas::message::Body;
use schemas::reference::DvzNumber;

use super::house::person_of;
use super::{
    Home, House, Who, application, application_key, named, number_given, register, status, test_insz,
};

pub(crate) const FAMILY: Purpose = Purpose::FamilyReunification;

/// Two names of messages; the person whom the first makes has the lower id.
pub(crate) fn first_and_second() -> (String, String) {
    let above = |name: &String| person_of(name) > person_of("first");
    let second = (0..).map(|n| format!("second {n}")).find(above).unwrap();
    ("first".to_owned(), second)
}

/// One human whom the hub knows as two persons: the second has other papers and one name more. Both have a visa.
pub(crate) fn two(house: &mut House) -> ((Who, PersonId), (Who, PersonId)) {
    let first = Who::number(1);
    let second = Who { insz: test_insz(901), dvz: "8000901".to_owned(), ..first.elsewhere() };
    let names = first_and_second();
    house.say(&names.0, application(&first, FAMILY, "2025-01-02"));
    house.say(&names.1, application(&second, FAMILY, "2025-01-03"));
    house.tell(status(&first, Decision::Granted, 2, "2025-02-01"));
    house.tell(status(&second, Decision::Granted, 2, "2025-02-01"));
    assert_eq!(house.people().len(), 2);
    ((first, person_of(&names.0)), (second, person_of(&names.1)))
}

/// One record with a number of both.
pub(crate) fn bridge(a: &Who, b: &Who) -> Body {
    named(b, vec![application_key(a), application_key(b)])
}

pub(crate) fn dvz(who: &Who) -> Key {
    Key::Dvz(DvzNumber::parse(&who.dvz).unwrap())
}

/// One record with every number of both.
pub(crate) fn whole_bridge(a: &Who, b: &Who) -> Body {
    let of = |who: &Who| vec![application_key(who), Key::Insz(who.insz), dvz(who)];
    named(b, [of(a), of(b)].concat())
}

/// Both at home, each with an offer of their own; the later answer of the register counts.
pub(crate) fn two_at_home(house: &mut House, first: (&str, &str), second: (&str, &str)) -> (Who, Who) {
    let ((a, _), (b, _)) = two(house);
    house.tell(number_given(&a, "2025-03-01"));
    house.tell(number_given(&b, "2025-03-01"));
    house.today("2025-03-10");
    house.tell(register(&a, Home::In(first.0, "2025-03-04"), first.1));
    house.tell(register(&b, Home::In(second.0, "2025-03-05"), second.1));
    house.left();
    house.fired();
    (a, b)
}

/// An application with the first one's whole name and date, another passport, and the second's DVZ number: the
/// second is asked whether they are the first.
pub(crate) fn asked(house: &mut House, second: &Who) -> ReviewId {
    let namesake = Who {
        given: Who::number(1).given,
        passport: "R700700".to_owned(),
        application: "700".to_owned(),
        ..second.clone()
    };
    let change = house.change(application(&namesake, FAMILY, "2025-01-05"));
    assert_eq!(change.reviews.len(), 1);
    let keys = vec![application_key(&namesake), application_key(second)];
    house.change(named(&namesake, keys));
    change.reviews[0].id
}
