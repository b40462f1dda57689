//! What people of the desk do in a week: reviews are answered, what stands still is moved, some records are asked for again.
//!
//! Their words come as messages, as from the desk itself; what is not possible is refused by the heart. Next: `agencies`.

use std::collections::{BTreeMap, BTreeSet};

use hub::store::Filter;
use schemas::handover::{OrderName, State};
use schemas::ids::PersonId;
use schemas::message::{Body, ReviewAnswer};

use super::ends::open;
use super::{Dice, Running, Spoken, say};

/// How many streams are issued again in a week.
const AGAIN: usize = 3;

/// What is ordered about a handover in this state, mostly.
fn orders(state: State) -> &'static [OrderName] {
    use OrderName::{EndLine, EndNoBasis, Hold, Lift, Release, SendAgain, Withdraw};
    match state {
        State::Overdue => &[SendAgain, SendAgain, SendAgain, Hold, Withdraw],
        State::Held => &[Release, Release, SendAgain, SendAgain, Withdraw, EndNoBasis, Lift],
        State::Bounced => &[SendAgain, SendAgain, Withdraw],
        State::Accepted => &[EndLine],
        _ => &[],
    }
}

/// Everything that is done by hand at the beginning of a week.
pub(super) async fn week(running: &mut Running<'_>, at: u16) -> Vec<Spoken> {
    let mut said = reviews(running, at).await;
    said.extend(ordered(running, at).await);
    said.extend(again(running, at).await);
    if at == 182 {
        let hash = running.hub.config.bundle.hash.clone();
        said.push(Spoken {
            source: "bundle",
            name: "half a year".to_owned(),
            life: 0,
            body: Body::Bundle(hash),
        });
    }
    said.sort_by(|one, other| (one.life, &one.name).cmp(&(other.life, &other.name)));
    (0..).zip(&mut said).for_each(|(n, one)| one.name = format!("desk/{at}/{n}"));
    said
}

async fn reviews(running: &mut Running<'_>, at: u16) -> Vec<Spoken> {
    let mut said = vec![];
    for review in running.hub.store.open_reviews(100_000).await.unwrap() {
        let life = running.life_of(review.person).await;
        let mut dice = Dice::of(running.seed, life, 2_000 + u64::from(at));
        if !dice.percent(80) {
            continue;
        }
        let mut same = None;
        for candidate in &review.candidates {
            if running.life_of(*candidate).await == life {
                same = Some(*candidate);
            }
        }
        let answer = same.map_or(ReviewAnswer::Different, ReviewAnswer::Same);
        // That two are one is said by two people, where that is needed.
        for by in ["lucas", "nora"].into_iter().take(1 + usize::from(same.is_some())) {
            let body = say::reviewed_by(review.id, answer, by);
            let name = format!("review {:?} {}", same.is_some(), review.reason);
            said.push(Spoken { source: "review", name, life, body });
        }
    }
    said
}

async fn ordered(running: &mut Running<'_>, at: u16) -> Vec<Spoken> {
    let mut said = vec![];
    for state in [State::Overdue, State::Held, State::Bounced, State::Accepted] {
        let filter = Filter { state: Some(state), ..Filter::default() };
        let mut after = None;
        loop {
            let page = running.hub.store.handovers(&filter, after, 500).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.deadline, last.id));
            for row in page {
                let life = running.life_of(row.person).await;
                let mut dice = Dice::of(running.seed, life, 3_000 + u64::from(at));
                // Who has the file is left alone, mostly.
                let share = if state == State::Accepted { 1 } else { 35 };
                if dice.percent(share) {
                    let order = dice.pick(orders(state));
                    let body = say::ordered(row.id, order);
                    // Ids are chance; what tells one handover of a life from another is not.
                    let name = format!("order {:?} {:?} {} {order:?}", row.recipient, row.state, row.epoch);
                    said.push(Spoken { source: "order", name, life, body });
                }
            }
        }
    }
    said
}

/// Some of those whom an agency knows have a record issued again.
async fn again(running: &mut Running<'_>, at: u16) -> Vec<Spoken> {
    let mut known: BTreeMap<u32, Vec<PersonId>> = BTreeMap::new();
    for (person, life) in &running.persons {
        known.entry(*life).or_default().push(*person);
    }
    let lives: Vec<u32> = known.keys().copied().collect();
    let mut said = vec![];
    let mut dice = Dice::of(running.seed, 0, 4_000 + u64::from(at));
    for _ in 0..AGAIN.min(lives.len()) {
        let life = dice.pick(&lives);
        let mut now = BTreeSet::new();
        for person in &known[&life] {
            now.insert(running.hub.store.survivor(*person).await.unwrap());
        }
        // Of two whom nobody has joined yet it is chance which is meant.
        let (Some(id), 1) = (now.first().copied(), now.len()) else { continue };
        let Some(person) = open(running.hub, id).await else { continue };
        let streams = person.open_streams().map(|stream| (&stream.recipient, stream.id));
        let Some(stream) = streams.min_by_key(|(recipient, _)| *recipient) else { continue };
        let body = say::redeliver(stream.1);
        let name = format!("redeliver {}", stream.0);
        said.push(Spoken { source: "redeliver", name, life, body });
    }
    said
}
