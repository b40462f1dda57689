//! The parts of a page that have a form of their own: frame, state, bar, icons.
//!
//! A state is always a word, an icon and a pattern together, so that colour is never needed to read it.
//! Refuses text of its own: words come in from [`super::words`]. The look is that of `console.css`.

use askama::Template;
use askama::filters::HtmlSafe;
use schemas::handover::State;

use super::session::Session;
use super::times::Stamp;
use super::{Console, times, words};

/// What stands around every page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Which entry of the menu this page is.
    pub(super) here: &'static str,
    /// The environment, in words.
    pub(super) environment: &'static str,
    /// Whether real people are here.
    pub(super) production: bool,
    /// Who is signed in.
    pub(super) who: String,
    /// Their roles, in words.
    pub(super) roles: String,
    /// What their forms carry.
    pub(super) token: String,
    /// How many handovers are open.
    pub(super) open: String,
    /// The version of the program.
    pub(super) version: &'static str,
    pub(super) bundle: String,
    /// When this page was made.
    pub(super) now: Stamp,
}

impl Frame {
    /// The frame of a page.
    pub(super) fn new(console: &Console, session: &Session, here: &'static str, open: u64) -> Self {
        let calendar = times::Calendar::at_now(console.clock.now());
        let production = console.config.hub.environment == schemas::insz::Environment::Production;
        Self {
            here,
            environment: words::environment(production),
            production,
            who: session.actor.name().to_string(),
            roles: session.actor.roles().iter().map(|role| words::role(*role)).collect::<Vec<_>>().join(", "),
            token: session.token.clone(),
            open: times::number(open),
            version: env!("CARGO_PKG_VERSION"),
            bundle: short(&console.config.bundle.hash.0),
            now: calendar.at(calendar.now),
        }
    }
}

/// The first eight digits of an id or a hash: enough to tell it apart on a page.
pub(super) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// The icons, drawn once a page and named by it.
#[derive(Template, Debug)]
#[template(path = "icons.html")]
pub(super) struct Icons;

impl HtmlSafe for Icons {}

/// A word with its icon in a tone; bare where a table is full of them.
#[derive(Template, Clone, PartialEq, Eq, Debug)]
#[template(
    ext = "html",
    source = "<span class=\"st {{ tone }}{% if bare %} bare{% endif %}\"><svg class=\"i\" viewBox=\"0 0 16 16\" \
              aria-hidden=\"true\"><use href=\"#i-{{ icon }}\"/></svg>{{ word }}</span>"
)]
pub(super) struct Badge {
    word: String,
    tone: &'static str,
    icon: &'static str,
    bare: bool,
}

impl HtmlSafe for Badge {}

impl Badge {
    /// A state of a handover.
    pub(super) fn state(state: State) -> Self {
        let (word, tone, icon) = words::state(state);
        Self { word: word.to_owned(), tone, icon, bare: false }
    }

    /// A word of its own.
    pub(super) fn toned(word: &str, tone: &'static str, icon: &'static str) -> Self {
        Self { bare: false, ..Self::bare(word, tone, icon) }
    }

    /// A word in a table.
    pub(super) fn bare(word: &str, tone: &'static str, icon: &'static str) -> Self {
        Self { word: word.to_owned(), tone, icon, bare: true }
    }
}

/// A share of a whole as a bar; the number stands beside it.
#[derive(Template, Clone, PartialEq, Eq, Debug)]
#[template(
    ext = "html",
    source = "<svg class=\"bar\" viewBox=\"0 0 96 10\" aria-hidden=\"true\"><rect class=\"track\" x=\".5\" y=\".5\" \
              width=\"95\" height=\"9\"/><rect class=\"val\" x=\".5\" y=\".5\" width=\"{{ width }}\" height=\"9\"/></svg>"
)]
pub(super) struct Bar {
    width: String,
}

impl HtmlSafe for Bar {}

impl Bar {
    /// `part` of `whole`; a whole of nothing is an empty bar.
    pub(super) fn of(part: u64, whole: u64) -> Self {
        let width = if whole == 0 { 0.0 } else { 95.0 * part.min(whole) as f64 / whole as f64 };
        Self { width: format!("{width:.1}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_part_is_given_is_escaped() {
        let badge = Badge::bare("<b>", "bad", "clock").to_string();
        assert!(badge.contains("&#60;b&#62;") && badge.contains("class=\"st bad bare\""), "{badge}");
    }

    #[test]
    fn a_bar_is_never_longer_than_its_track() {
        assert_eq!(Bar::of(5, 0).width, "0.0");
        assert_eq!(Bar::of(9, 3).width, "95.0");
        assert_eq!(Bar::of(1, 2).width, "47.5");
    }

    #[test]
    fn every_icon_that_is_named_is_drawn() {
        let drawn = Icons.to_string();
        for state in State::ALL {
            let (_, _, icon) = words::state(state);
            assert!(drawn.contains(&format!("id=\"i-{icon}\"")), "{icon}");
        }
    }
}
