//! `GET /handovers`: the handovers that a filter leaves, the nearest deadline first, in pages.
//!
//! Filters stand in the address, so a list can be shared; they hold words of closed lists and opaque ids only.
//! Refuses to show more of a person than an opaque id. Next: `handover` for one of them.

use std::fmt::Write as _;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use schemas::handover::{Owner, State as Handover};
use schemas::ids::HandoverId;
use schemas::recipient::Recipient;
use schemas::time::{Day, parse_day};
use serde::Deserialize;

use super::parts::{Badge, Frame, Icons, short};
use super::session::Session;
use super::times::{Calendar, Stamp};
use super::{Console, ConsoleHere, PageError, words};
use crate::store::Filter;
use crate::store::figures::HandoverCount;
use crate::store::rows::HandoverRow;

/// Rows of one page.
const PAGE: u32 = 50;
/// Counted up to here.
const MANY: u32 = 10_001;

/// What the address asks. A word that is not known leaves its filter open.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    id: String,
    state: String,
    recipient: String,
    owner: String,
    late: String,
    after: String,
}

/// One choice of a filter.
#[derive(Debug)]
struct FilterOption {
    value: String,
    word: String,
    chosen: bool,
}

#[derive(Debug)]
struct SavedView {
    href: &'static str,
    word: String,
    here: bool,
}

/// One handover, as listed.
#[derive(Debug)]
struct ListedHandover {
    id: String,
    short: String,
    recipient: String,
    badge: Badge,
    deadline: Option<Stamp>,
    left: String,
    late: Option<Badge>,
    owner: String,
    since: Stamp,
}

#[derive(Template)]
#[template(path = "handovers.html")]
struct List {
    frame: Frame,
    icons: Icons,
    not_found: bool,
    views: Vec<SavedView>,
    states: Vec<FilterOption>,
    recipients: Vec<FilterOption>,
    owners: Vec<FilterOption>,
    late: bool,
    found: String,
    rows: Vec<ListedHandover>,
    next: Option<String>,
    first: Option<String>,
}

/// `GET /handovers`
pub(super) async fn show(
    State(console): ConsoleHere,
    Extension(session): Extension<Session>,
    Query(asked): Query<ListQuery>,
) -> Result<Response, PageError> {
    if !asked.id.is_empty()
        && let Some(row) = by_id(&console, &asked.id).await?
    {
        return Ok(Redirect::to(&format!("/handovers/{}", row.id)).into_response());
    }
    let calendar = Calendar::at_now(console.clock.now());
    let filter = filter(&asked, calendar.today());
    let states = console.store.handover_states().await?;
    let late = Filter { before: Some(calendar.today()), open: true, ..Filter::default() };
    let late = console.store.count_handovers(&late, MANY).await?;
    let mut found = console.store.handovers(&filter, place(&asked.after), PAGE + 1).await?;
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let count = console.store.count_handovers(&filter, MANY).await?;
    let last = found.last().filter(|_| more);
    let page = List {
        frame: Frame::new(&console, &session, words::HANDOVERS, super::overview::open(&states)),
        icons: Icons,
        not_found: !asked.id.is_empty(),
        views: views(&asked, &states, late),
        states: state_choices(&asked.state),
        recipients: recipient_choices(&console, filter.recipient.as_ref()),
        owners: owner_choices(filter.owner),
        late: filter.before.is_some(),
        found: words::found(count, MANY),
        rows: found.iter().map(|row| listed(&console, row, calendar)).collect(),
        next: last.map(|row| address(&filter, &asked.state, Some(row))),
        first: (!asked.after.is_empty()).then(|| address(&filter, &asked.state, None)),
    };
    Ok(Html(page.render()?).into_response())
}

/// A word of a closed list as it stands in addresses and tables.
fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn read<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// The state that is asked for; all open ones unless said, all of them with `all`.
fn filter(asked: &ListQuery, today: Day) -> Filter {
    let state: Option<Handover> = read(&asked.state);
    Filter {
        state,
        recipient: Recipient::parse(&asked.recipient).ok(),
        owner: read(&asked.owner),
        before: (asked.late == "on").then_some(today),
        open: state.is_none() && asked.state != "all",
    }
}

/// Where the page before ended: a deadline, or nothing, then a dot and an id.
fn place(after: &str) -> Option<(Option<Day>, HandoverId)> {
    let (deadline, id) = after.split_once('.')?;
    let deadline = if deadline.is_empty() { None } else { Some(parse_day(deadline)?) };
    Some((deadline, id.parse().ok()?))
}

/// The address of a list, after a row.
fn address(filter: &Filter, state: &str, after: Option<&HandoverRow>) -> String {
    let mut address = "/handovers?".to_owned();
    let known = filter.state.is_some() || !filter.open;
    let parts = [
        ("state", if known { Some(state.to_owned()) } else { None }),
        ("recipient", filter.recipient.as_ref().map(ToString::to_string)),
        ("owner", filter.owner.map(word)),
        ("late", filter.before.map(|_| "on".to_owned())),
        (
            "after",
            after.map(|row| {
                format!("{}.{}", row.deadline.map(|day| day.to_string()).unwrap_or_default(), row.id)
            }),
        ),
    ];
    for (name, value) in parts.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))) {
        let and = if address.ends_with('?') { "" } else { "&" };
        // Writing to a string cannot fail.
        write!(address, "{and}{name}={value}").unwrap_or_default();
    }
    address.trim_end_matches('?').to_owned()
}

/// The one handover whose id begins so.
async fn by_id(console: &Console, asked: &str) -> Result<Option<HandoverRow>, PageError> {
    let digits = asked.trim().to_ascii_lowercase();
    let fits = (4..=32).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let end = |fill: &str| (digits.clone() + &fill.repeat(32 - digits.len())).parse::<HandoverId>().ok();
    let (Some(first), Some(last)) = (if fits { (end("0"), end("f")) } else { (None, None) }) else {
        return Ok(None);
    };
    let mut found = console.store.handovers_between(first, last).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

fn views(asked: &ListQuery, states: &[HandoverCount], late_count: u64) -> Vec<SavedView> {
    let number = |state| {
        let count = states.iter().find(|count| count.state == state).map_or(0, |count| count.queue.count);
        super::times::number(count)
    };
    let plain = asked.recipient.is_empty() && asked.owner.is_empty();
    let late = asked.late == "on";
    let view = |href, state: &str, word: String, is_late: bool| SavedView {
        href,
        word,
        here: plain && asked.state == state && late == is_late,
    };
    let of = |state| format!("{} ({})", words::state(state).0, number(state));
    let open = super::times::number(super::overview::open(states));
    let late_word = format!("{} ({})", words::LATE_HANDOVERS, super::times::number(late_count));
    vec![
        view("/handovers", "", format!("{} ({open})", words::ALL_OPEN), false),
        view("/handovers?late=on", "", late_word, true),
        view("/handovers?state=awaiting_choice", "awaiting_choice", of(Handover::AwaitingChoice), false),
        view("/handovers?state=held", "held", of(Handover::Held), false),
        view("/handovers?state=rejected", "rejected", of(Handover::Rejected), false),
        view("/handovers?state=all", "all", words::ALSO_FINAL.to_owned(), false),
    ]
}

fn state_choices(asked: &str) -> Vec<FilterOption> {
    let choice =
        |value: String, word: &str| FilterOption { chosen: value == asked, value, word: word.to_owned() };
    let states = Handover::ALL.into_iter().map(|state| choice(word(state), words::state(state).0));
    [choice(String::new(), words::ALL_OPEN), choice("all".to_owned(), words::ALSO_FINAL)]
        .into_iter()
        .chain(states)
        .collect()
}

fn recipient_choices(console: &Console, asked: Option<&Recipient>) -> Vec<FilterOption> {
    // Who has no handovers, because nobody answers before arrival, is no choice.
    let provider = console.config.bundle.provider().map(|contract| &contract.recipient);
    let named = console.config.agencies.keys().filter(|recipient| Some(*recipient) != provider);
    let choices = named.map(|recipient| FilterOption {
        value: recipient.to_string(),
        word: console.name(recipient),
        chosen: Some(recipient) == asked,
    });
    let all = FilterOption { value: String::new(), word: words::ALL.to_owned(), chosen: asked.is_none() };
    [all].into_iter().chain(choices).collect()
}

fn owner_choices(asked: Option<Owner>) -> Vec<FilterOption> {
    let choices = Owner::ALL.into_iter().map(|owner| FilterOption {
        value: word(owner),
        word: words::owner(owner).to_owned(),
        chosen: Some(owner) == asked,
    });
    let all = FilterOption { value: String::new(), word: words::ALL.to_owned(), chosen: asked.is_none() };
    [all].into_iter().chain(choices).collect()
}

fn listed(console: &Console, row: &HandoverRow, calendar: Calendar) -> ListedHandover {
    let recipient = row.recipient.as_ref().map(|recipient| console.name(recipient));
    let days = row.deadline.map(|day| (day - calendar.today()).num_days());
    ListedHandover {
        id: row.id.to_string(),
        short: short(&row.id.to_string()),
        recipient: recipient.clone().unwrap_or_else(|| words::NONE.to_owned()),
        badge: Badge::state(row.state),
        deadline: row.deadline.map(|day| calendar.day(day)),
        left: days.map_or(words::NONE.to_owned(), |days| words::days_left(days.max(0))),
        late: days.filter(|days| *days < 0).map(|_| Badge::bare(words::PASSED, "bad", "clock")),
        owner: match (row.owner, recipient) {
            (Owner::Agency, Some(name)) => name,
            (owner, _) => words::owner(owner).to_owned(),
        },
        since: calendar.at(row.since),
    }
}

#[cfg(test)]
mod tests {
    use schemas::time::parse_day;

    use super::*;

    fn asked(state: &str, late: &str) -> ListQuery {
        ListQuery { state: state.to_owned(), late: late.to_owned(), ..ListQuery::default() }
    }

    #[test]
    fn a_list_is_of_what_is_open_unless_a_state_is_asked() {
        let today = parse_day("2026-11-24").unwrap();
        assert!(filter(&asked("", ""), today).open);
        assert!(filter(&asked("no such state", ""), today).open);
        assert!(!filter(&asked("all", ""), today).open);
        let held = filter(&asked("held", "on"), today);
        assert_eq!((held.state, held.before, held.open), (Some(Handover::Held), Some(today), false));
    }

    #[test]
    fn an_address_leads_back_to_its_filter_and_its_place() {
        let today = parse_day("2026-11-24").unwrap();
        let filter = Filter {
            state: Some(Handover::Held),
            recipient: Recipient::parse("bapa-bxl").ok(),
            owner: Some(Owner::Coordinator),
            before: Some(today),
            open: false,
        };
        let address = address(&filter, "held", None);
        assert_eq!(address, "/handovers?state=held&recipient=bapa-bxl&owner=coordinator&late=on");
        let id = HandoverId::from_bytes([7; 16]);
        assert_eq!(place(&format!("2026-11-24.{id}")), Some((Some(today), id)));
        assert_eq!(place(&format!(".{id}")), Some((None, id)));
        for other in ["", "2026-11-24", "x.y", "2026-13-01.07070707070707070707070707070707"] {
            assert_eq!(place(other), None, "{other}");
        }
    }
}
