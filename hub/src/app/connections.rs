//! How many connections there are at once, and which one ends where a new one comes.
//!
//! A connection on which nothing is asked holds no place: where all are taken, the one that asked nothing for the longest
//! time ends. Where every one is at work, a few more are taken that are told how this process is and nothing else, so that
//! whoever watches over it is never shut out. Refuses to read a byte: see [`super::server`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So many more are taken where all are at work.
const SPARE: usize = 32;
/// How often the log tells that connections had to end, at most.
const TELL: Duration = Duration::from_secs(10);

/// Every connection there is. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    most: usize,
    open: Arc<Mutex<OpenConnections>>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    next: u64,
    seats: BTreeMap<u64, Held>,
    /// How many were ended since the log last told, and when that was.
    untold: (u64, Option<Instant>),
}

#[derive(Debug)]
struct Held {
    /// Whether it is one of those that are told only how the process is.
    spare: bool,
    /// What is asked on it at the moment.
    asked: usize,
    /// Since when that is so.
    since: Instant,
    end: CancellationToken,
}

/// One connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    connections: Connections,
    id: u64,
    /// Whether only probes are answered on it.
    pub(super) spare: bool,
    /// Where it must end, because another one needs its place.
    pub(super) end: CancellationToken,
}

/// Something that is asked on a connection, until it is answered.
#[derive(Debug)]
pub(super) struct Asking(Connections, u64);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for a new connection: another one that asks nothing may end for it.
    pub(super) fn take(&self, now: Instant) -> Seat {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = open.count(false) >= self.most && !open.end_one(now, false, true);
        if spare && open.count(true) >= SPARE && !open.end_one(now, true, true) {
            open.end_one(now, true, false);
        }
        let (id, end) = (open.next, CancellationToken::new());
        open.next += 1;
        open.seats.insert(id, Held { spare, asked: 0, since: now, end: end.clone() });
        Seat { connections: self.clone(), id, spare, end }
    }

    /// Ends one that asks nothing, because something else than places is short.
    pub(super) fn make_room(&self, now: Instant) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.end_one(now, false, true);
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Held)) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = open.seats.get_mut(&id) {
            change(held);
        }
    }
}

impl OpenConnections {
    fn count(&self, spare: bool) -> usize {
        self.seats.values().filter(|held| held.spare == spare).count()
    }

    /// Ends the one that has been as it is for the longest time; false where there is none that may end.
    fn end_one(&mut self, now: Instant, spare: bool, only_idle: bool) -> bool {
        let may = |held: &Held| held.spare == spare && (held.asked == 0 || !only_idle);
        let oldest = self.seats.iter().filter(|(_, held)| may(held)).min_by_key(|(_, held)| held.since);
        let Some(id) = oldest.map(|(id, _)| *id) else { return false };
        if let Some(held) = self.seats.remove(&id) {
            held.end.cancel();
        }
        self.untold.0 += 1;
        if self.untold.1.is_none_or(|told| now - told >= TELL) {
            tracing::warn!(count = self.untold.0, "connections were ended: every place was taken");
            self.untold = (0, Some(now));
        }
        true
    }
}

impl Seat {
    /// Notes that something is asked on it, until what comes back is dropped.
    pub(super) fn asks(&self) -> Asking {
        self.connections.change(self.id, |held| {
            held.asked += 1;
            held.since = Instant::now();
        });
        Asking(self.connections.clone(), self.id)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.change(self.1, |held| {
            held.asked -= 1;
            held.since = Instant::now();
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.seats.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(seats: &[Seat]) -> Vec<usize> {
        let ended = seats.iter().enumerate().filter(|(_, seat)| seat.end.is_cancelled());
        ended.map(|(at, _)| at).collect()
    }

    #[tokio::test]
    async fn the_one_that_asked_nothing_for_the_longest_time_ends() {
        let (connections, start) = (Connections::new(3), Instant::now());
        let mut seats: Vec<_> = (0..3).map(|_| connections.take(start)).collect();
        let at_work = seats[0].asks();
        seats.push(connections.take(start));
        assert_eq!(ended(&seats), [1], "the first is at work");
        drop(at_work);
        seats.push(connections.take(start));
        assert_eq!(ended(&seats), [1, 2], "the first has only now asked nothing");
        drop(seats);
        let seats: Vec<_> = (0..3).map(|_| connections.take(start)).collect();
        assert_eq!(ended(&seats), [0; 0], "who left holds no place");
    }

    #[tokio::test]
    async fn where_all_are_at_work_a_few_more_are_only_told_how_it_is() {
        let (connections, start) = (Connections::new(2), Instant::now());
        let seats: Vec<_> = (0..2).map(|_| connections.take(start)).collect();
        let at_work: Vec<_> = seats.iter().map(Seat::asks).collect();
        let spare: Vec<_> = (0..SPARE).map(|_| connections.take(start)).collect();
        assert!(spare.iter().all(|seat| seat.spare) && seats.iter().all(|seat| !seat.spare));
        let probes: Vec<_> = spare[1..].iter().map(Seat::asks).collect();
        let one = connections.take(start);
        assert_eq!((ended(&spare), one.spare), (vec![0], true), "the one that asks nothing");
        let last = one.asks();
        let another = connections.take(start);
        assert!(another.spare && ended(&spare) == [0, 1], "or the oldest: no watcher is shut out");
        assert_eq!(ended(&seats), [0; 0], "none at work ends");
        drop((at_work, probes, last));
        assert!(!connections.take(start).spare);
    }
}
