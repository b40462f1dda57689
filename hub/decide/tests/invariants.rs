//! Each invariant, fed a state that is broken by hand, says what is broken; whole, it says nothing.
//!
//! That the hub never comes into such a state is `lives.rs`'s and `walks.rs`'s.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use crate::support::{Home, House, at_street, day, objection, recipient, register};
use decide::change::Delivery;
use decide::invariant::{i3, i4, i5, i6, i7, i12, i14};
use decide::person::{Person, ViewKind};
use decide::{Bundle, bundle::LegalBasis};
use schemas::handover::State;
use schemas::time::{Day, day_of};

/// Something that left, the person whom it is about, and what was so then.
#[derive(Clone)]
struct Whole {
    delivery: Delivery,
    person: Person,
    bundle: Bundle,
    on: Day,
}

impl Whole {
    fn of(house: &House, to: &str, kind: ViewKind) -> Self {
        let last = |d: &&Delivery| d.recipient == recipient(to) && d.view.kind() == kind;
        let delivery = house.deliveries.iter().rev().find(last).unwrap().clone();
        let person = house.now(delivery.person).clone();
        Self { delivery, person, bundle: Bundle::clone(&house.bundle), on: day_of(house.at) }
    }

    fn broken(&self, by: impl FnOnce(&mut Self)) -> Self {
        let mut broken = self.clone();
        by(&mut broken);
        broken
    }

    fn bases(&mut self, of: &str) -> &mut Vec<LegalBasis> {
        let own = |contract: &&mut decide::bundle::Contract| contract.recipient == recipient(of);
        &mut self.bundle.contracts.iter_mut().find(own).unwrap().bases
    }

    fn i4(&self) -> Result<(), String> {
        i4(&self.delivery, &self.bundle)
    }

    fn i5(&self) -> Result<(), String> {
        i5(&self.delivery, &self.person, &self.bundle, self.on)
    }

    fn i6(&self) -> Result<(), String> {
        i6(&self.person, &self.bundle, self.on)
    }

    fn i14(&self) -> Result<(), String> {
        i14(&self.delivery, &self.person, &self.bundle, self.on)
    }
}

/// At home in Ghent: Amal has an offer.
fn offered() -> Whole {
    Whole::of(&House::arrived("44021").0, "amal", ViewKind::Offer)
}

/// The same, and Amal has the file, with a street in it.
fn filed() -> Whole {
    let (mut house, who) = House::arrived("44021");
    house.accepted("amal");
    house.tell(at_street(register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"), "Teststraat", false));
    Whole::of(&house, "amal", ViewKind::File)
}

fn says(told: Result<(), String>, what: &str) {
    assert_eq!(told, Err(what.to_owned()));
}

#[test]
fn i3_tells_a_gap_a_repeat_and_a_late_begin() {
    let of = |all: &[(&str, u64)]| i3(all.iter().map(|(name, n)| (recipient(name), *n)));
    assert_eq!(of(&[("amal", 1), ("atlas", 1), ("amal", 2), ("atlas", 2), ("amal", 3)]), Ok(()));
    says(of(&[("amal", 1), ("atlas", 1), ("amal", 3)]), "I3: amal goes from 1 to 3");
    says(of(&[("amal", 1), ("amal", 2), ("amal", 2)]), "I3: amal goes from 2 to 2");
    says(of(&[("amal", 2)]), "I3: amal goes from 0 to 2");
}

#[test]
fn i4_tells_a_field_that_no_contract_names() {
    let (offer, file) = (offered(), filed());
    assert_eq!((offer.i4(), file.i4()), (Ok(()), Ok(())));
    let without = |whole: &Whole| {
        let named = |whole: &mut Whole| {
            for contract in &mut whole.bundle.contracts {
                contract.offer.retain(|name| name != "target_group");
                contract.file.retain(|name| name != "street");
            }
        };
        whole.broken(named).i4()
    };
    says(without(&offer), "I4: field target_group is not in the contract of amal");
    says(without(&file), "I4: field street is not in the contract of amal");
    says(file.broken(|it| it.bundle.contracts.clear()).i4(), "I4: no contract of amal");
}

#[test]
fn i5_tells_what_an_offer_or_a_file_does_not_rest_on() {
    let (offer, file) = (offered(), filed());
    assert_eq!((offer.i5(), file.i5()), (Ok(()), Ok(())));
    for whole in [&offer, &file] {
        let unlined = |it: &mut Whole| it.person.state.streams.iter_mut().for_each(|s| s.line = None);
        says(whole.broken(unlined).i5(), "I5: no open line of amal");
        says(whole.broken(|it| it.bases("amal").clear()).i5(), "I5: no legal basis of amal");
        says(whole.broken(|it| it.bundle.contracts.clear()).i5(), "I5: no contract of amal");
    }
    let unarrived = |it: &mut Whole| {
        it.on = day("2025-03-01");
        it.person.state.handovers[0].residence = None;
    };
    says(offer.broken(unarrived).i5(), "I5: amal before arrival");
    let since = |it: &mut Whole| it.on = day("2025-03-01");
    assert_eq!(offer.broken(since).i5(), Ok(()), "a home that the register lost sight of was one");
    let early = Whole::of(&House::arrived("44021").0, "agii-abroad", ViewKind::File);
    assert_eq!(early.broken(unarrived).i5(), Ok(()), "the provider is told before arrival");
}

#[test]
fn i5_tells_an_objection_an_end_that_is_none_and_two_networks() {
    let (mut house, who) = House::with_amal();
    house.home(&who, "44021", "2025-03-04");
    let file = filed();
    house.tell(objection(&who, "2025-03-05"));
    let objected = file.broken(|it| it.person.state.claims = house.only().state.claims.clone());
    says(objected.i5(), "I5: amal in spite of an objection");

    let (mut house, who) = House::with_amal();
    house.tell(register(&who, Home::In("62063", "2025-03-05"), "2025-03-05"));
    let ended = Whole::of(&house, "amal", ViewKind::Ended);
    let own = ended.delivery.stream;
    assert_eq!(ended.i5(), Ok(()));
    let line = file.person.state.streams.iter().find_map(|stream| stream.line);
    let open = |it: &mut Whole| {
        it.person.state.streams.iter_mut().filter(|s| s.id == own).for_each(|s| s.line = line);
    };
    says(ended.broken(open).i5(), "I5: the line of amal outlives its end");

    let office = |it: &mut Whole, name: &str| {
        let mut stream = it.person.state.streams.iter().find(|s| s.line.is_some()).unwrap().clone();
        stream.recipient = recipient(name);
        it.person.state.streams.push(stream);
    };
    let both = |second: &str| {
        file.broken(|it| {
            office(it, "bapa-bxl");
            office(it, second);
        })
    };
    says(both("bon").i5(), "I5: lines are open to offices of two networks");
    assert_eq!(both("bapa-via").i5(), Ok(()), "two offices of one network");
}

#[test]
fn i6_tells_who_is_responsible_where_nobody_may_be_and_the_other_way_round() {
    let (file, offer) = (filed(), offered());
    assert_eq!((file.i6(), offer.i6()), (Ok(()), Ok(())));
    let (mut house, who) = House::with_amal();
    house.tell(register(&who, Home::In("62063", "2025-03-05"), "2025-03-05"));
    let moved = file.broken(|it| it.person.state.claims = house.only().state.claims.clone());
    says(moved.i6(), "I6: amal is responsible where nobody is competent");
    let unstreamed = "I6: amal is responsible without an open stream";
    let other = |it: &mut Whole| {
        for stream in it.person.state.streams.iter_mut().filter(|s| s.recipient == recipient("amal")) {
            stream.handover = None;
        }
    };
    says(file.broken(other).i6(), unstreamed);
    let anothers = |it: &mut Whole| {
        for stream in it.person.state.streams.iter_mut().filter(|s| s.recipient == recipient("amal")) {
            stream.recipient = recipient("atlas");
        }
    };
    says(file.broken(anothers).i6(), unstreamed);
    let alone = offer.broken(|it| it.person.state.streams.clear());
    says(alone.i6(), "I6: a handover is open, and nobody is responsible");
    assert_eq!(alone.broken(|it| it.bases("agii-abroad").clear()).i6(), Ok(()), "nobody may provide");
    let elsewhere = alone.broken(|it| it.person.state.claims = house.only().state.claims.clone());
    assert_eq!(elsewhere.i6(), Ok(()), "nobody is competent, and nobody is responsible");
    let ended = |it: &mut Whole| it.person.state.handovers[0].state = State::Withdrawn;
    assert_eq!(alone.broken(ended).i6(), Ok(()), "nothing is open");
}

#[test]
fn i7_tells_a_handover_that_nobody_looks_at() {
    let whole = offered();
    let of = |by: &dyn Fn(&mut Whole)| i7(&whole.broken(by).person);
    let deadline = whole.person.state.handovers[0].deadline.unwrap();
    let after = |days| deadline + chrono::Days::new(days);
    assert_eq!(of(&|it| it.person.state.due = Some(after(1))), Ok(()));
    assert_eq!(of(&|it| it.person.state.due = Some(deadline)), Ok(()));
    says(
        of(&|it| it.person.state.due = Some(after(2))),
        &format!("I7: {} is due, after the deadline of a handover in sent", after(2)),
    );
    says(of(&|it| it.person.state.due = None), "I7: nothing is due for a handover in sent");
    let endless = |it: &mut Whole| it.person.state.handovers[0].deadline = None;
    says(of(&endless), "I7: a handover in sent has no deadline");
    let over = |it: &mut Whole| {
        endless(it);
        it.person.state.handovers[0].state = State::Superseded;
    };
    assert_eq!(of(&over), Ok(()));
}

#[test]
fn i12_tells_two_recipients_with_one_name() {
    let whole = offered();
    assert_eq!(i12([&whole.person]), Ok(()));
    let one = whole.broken(|it| {
        let name = it.person.state.pseudonyms[&recipient("amal")];
        it.person.state.pseudonyms.insert(recipient("atlas"), name);
    });
    assert!(i12([&one.person]).unwrap_err().starts_with("I12: atlas and amal"));
}

#[test]
fn i14_tells_a_file_that_may_not_be() {
    let file = filed();
    assert_eq!(file.i14(), Ok(()));
    let unasked = |it: &mut Whole| {
        it.person.state.handovers[0].state = State::Received;
        it.person.state.handovers[0].accepted = None;
    };
    says(file.broken(unasked).i14(), "I14: amal gets a file without a yes");
    assert_eq!(offered().i14(), Ok(()), "an offer is no file");

    let (mut house, who) = House::with_amal();
    house.tell(register(&who, Home::Left, "2025-03-05"));
    let left = |it: &mut Whole| it.person.state.claims = house.only().state.claims.clone();
    says(file.broken(left).i14(), "I14: amal gets a file about somebody who has left");
    let portal = Whole::of(&House::arrived("44021").0, "portal", ViewKind::File);
    assert_eq!(portal.broken(left).i14(), Ok(()), "the participant goes on");

    let (mut house, who) = House::with_amal();
    house.tell(at_street(register(&who, Home::In("44021", "2025-03-04"), "2025-03-05"), "Teststraat", true));
    let hidden = |it: &mut Whole| it.person.state.claims = house.only().state.claims.clone();
    says(file.broken(hidden).i14(), "I14: amal is told street, which may not be told");
}
