//! What the engine stores comes back the same: bodies, events, and both halves of a person, as MessagePack.
//! A store keeps bytes only. Next: `lives.rs` for what happens to them.

use crate::support::pair::{bridge, two};
use crate::support::{House, Who, learned, platform_linked, voided};
use decide::Person;
use decide::person::{Event, Matching, PersonState};
use decide::round::Verdict;
use schemas::fact::LearningStep;
use schemas::message::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[test]
fn a_story_comes_back_from_what_is_stored_of_it() {
    fn back<T: Serialize + DeserializeOwned>(value: &T) -> (T, usize) {
        let bytes = rmp_serde::to_vec_named(value).unwrap();
        (rmp_serde::from_slice(&bytes).unwrap(), bytes.len())
    }
    let mut house = House::new();
    let ((a, _), (b, _)) = two(&mut house);
    house.tell(bridge(&a, &b));
    let who = Who::number(7);
    house.granted_with_account(&who);
    house.tell(platform_linked(&who, "2025-03-03"));
    for n in 0..3 {
        house.tell(learned(&who, n, "B1", LearningStep::Begun, &format!("2025-03-1{n}")));
    }
    house.tell(voided(2, "2025-03-20"));
    house.today("2025-03-21");
    house.home(&who, "44021", "2025-03-20");
    house.accepted("amal");
    for (message, verdict) in &house.log {
        let (body, _): (Body, _) = back(&message.body);
        assert_eq!(body, message.body);
        let Verdict::Decided(change) = verdict else { continue };
        for (_, event) in &change.events {
            let (same, size): (Event, _) = back(event);
            assert_eq!(same, *event);
            let links = matches!(event, Event::Linked { .. });
            assert!(!links || size < 360, "a link repeats no record, and names few: {size} bytes");
        }
    }
    for person in house.persons().into_values() {
        let (matching, _): (Matching, _) = back(&*person.matching);
        let (state, _): (PersonState, _) = back(&person.state);
        let again = Person { id: person.id, version: person.version, matching: matching.into(), state };
        assert_eq!(again, person);
        let filed = |person: &Person| person.state.claims.filed().cloned().collect::<Vec<_>>();
        assert_eq!(filed(&again), filed(&person), "what is derived is made again");
    }
}
