//! Who is signed in: sessions that live in this process, each with the token that its forms carry.
//!
//! A browser has a random id in a cookie; here is only its SHA-256. A session ends by sign-out, after a pause, at its
//! longest after a day's work, and with the process; there are so many and no more. Refuses to know a credential:
//! [`super::sign`] does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use ring::digest::{SHA256, digest};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::desk::Actor;

/// A session that nobody used for so long has ended.
const PAUSE: Duration = Duration::from_secs(15 * 60);
/// No session lasts longer.
const LONGEST: Duration = Duration::from_secs(8 * 3600);
/// So many at once; one more ends the one that was not used for the longest time.
const MOST: usize = 256;

/// Everybody who is signed in. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Sessions(Arc<Mutex<BTreeMap<[u8; 32], Open>>>);

#[derive(Clone, Debug)]
struct Open {
    session: Session,
    begun: Instant,
    used: Instant,
}

/// One person who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) actor: Actor,
    /// What each of their forms carries, so that no other page can send one in their name.
    pub(super) token: String,
}

impl Session {
    /// Whether a form was made for this session.
    pub(super) fn made(&self, token: &str) -> bool {
        hash(token) == hash(&self.token)
    }
}

fn hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

impl Sessions {
    /// Begins a session; its id goes to the browser and is kept nowhere else.
    pub(super) fn begin(&self, actor: Actor, clock: &Clock, now: Instant) -> String {
        let id = hex::encode(clock.seed().0);
        let session = Session { actor, token: hex::encode(clock.seed().0) };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, one| one.holds(now));
        while open.len() >= MOST {
            let Some(oldest) = open.iter().min_by_key(|(_, one)| one.used).map(|(id, _)| *id) else { break };
            open.remove(&oldest);
        }
        open.insert(hash(&id), Open { session, begun: now, used: now });
        id
    }

    /// Whose session this is, which is used by that.
    pub(super) fn of(&self, id: &str, now: Instant) -> Option<Session> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = open.get_mut(&hash(id)).filter(|one| one.holds(now))?;
        one.used = now;
        Some(one.session.clone())
    }

    pub(super) fn end(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(id));
    }
}

impl Open {
    fn holds(&self, now: Instant) -> bool {
        now - self.used < PAUSE && now - self.begun < LONGEST
    }
}

/// The cookies of the console: their names, and how they are set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies {
    /// Whether they are sent over TLS only.
    pub(super) secure: bool,
}

impl Cookies {
    /// The cookie of a session.
    pub(super) const SESSION: &'static str = "hub-session";
    /// The cookie that the sign-in form must agree with.
    pub(super) const FORM: &'static str = "hub-form";

    /// The name as the browser knows it: with this prefix it takes the cookie over TLS and for this host only.
    fn name(self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// The header that sets one; an empty value takes it away.
    pub(super) fn set(self, name: &str, value: &str) -> String {
        let (name, secure) = (self.name(name), if self.secure { "; Secure" } else { "" });
        let age = if value.is_empty() { 0 } else { LONGEST.as_secs() };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
    }

    /// The value that a browser sends.
    pub(super) fn read(self, name: &str, headers: &HeaderMap) -> Option<String> {
        let name = self.name(name);
        let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::{DeskRole, People, dev_token};

    fn actor() -> Actor {
        Actor::of(&People::made_up(&[("noor", &[DeskRole::Operations])]), &dev_token("noor")).unwrap()
    }

    #[test]
    fn a_session_ends_by_itself_and_by_its_owner() {
        let (sessions, clock, start) = (Sessions::default(), Clock::system(), Instant::now());
        let id = sessions.begin(actor(), &clock, start);
        assert!(sessions.of(&id, start).is_some_and(|one| one.made(&one.token) && !one.made("another")));
        assert!(sessions.of("another", start).is_none() && sessions.of("", start).is_none());
        let soon = start + PAUSE - Duration::from_secs(1);
        assert!(sessions.of(&id, soon).is_some(), "used in time");
        assert!(sessions.of(&id, soon + PAUSE).is_none(), "a pause ends it");
        let id = sessions.begin(actor(), &clock, start);
        let mut now = start;
        while now + PAUSE / 2 < start + LONGEST {
            now += PAUSE / 2;
            assert!(sessions.of(&id, now).is_some(), "used all the time");
        }
        assert!(sessions.of(&id, now + PAUSE / 2).is_none(), "at its longest it ends");
        let id = sessions.begin(actor(), &clock, start);
        sessions.end(&id);
        assert!(sessions.of(&id, start).is_none(), "signed out");
    }

    #[test]
    fn there_are_so_many_sessions_and_no_more() {
        let (sessions, clock, start) = (Sessions::default(), Clock::system(), Instant::now());
        let at = |n: usize| start + Duration::from_millis(n as u64);
        let ids: Vec<_> = (0..MOST + 10).map(|n| sessions.begin(actor(), &clock, at(n))).collect();
        let open = ids.iter().map(|id| sessions.of(id, at(MOST + 10)).is_some());
        assert!(open.eq((0..MOST + 10).map(|n| n >= 10)), "the least used ones have ended");
        assert!(!format!("{sessions:?}").contains(&ids[20]), "an id is kept by its hash only");
    }

    #[test]
    fn a_cookie_is_for_this_host_alone() {
        let (plain, tls) = (Cookies { secure: false }, Cookies { secure: true });
        assert_eq!(
            tls.set(Cookies::SESSION, "1"),
            "__Host-hub-session=1; Path=/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure"
        );
        assert!(plain.set(Cookies::SESSION, "").ends_with("SameSite=Strict; Max-Age=0"));
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; __Host-hub-session=2; hub-session=1"));
        assert_eq!(plain.read(Cookies::SESSION, &headers).as_deref(), Some("1"));
        assert_eq!(tls.read(Cookies::SESSION, &headers).as_deref(), Some("2"));
        assert_eq!(plain.read(Cookies::FORM, &headers), None);
    }
}
