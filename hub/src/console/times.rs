//! Times as pages show them: the clock of Brussels with seconds, UTC in the tooltip; days by name.
//!
//! One format everywhere. The year stands where it is not this one. Refuses to read a clock: what is now comes in.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Datelike, TimeDelta, Timelike};
use schemas::time::{Day, Instant, day_of, wall_clock};

use super::words;
use super::words::review::DeskLanguage;

pub(super) use super::words::number;

/// A time or a day on a page.
#[derive(Template, Clone, PartialEq, Eq, Debug)]
#[template(
    ext = "html",
    source = "<time datetime=\"{{ machine }}\"{% if !utc.is_empty() %} title=\"{{ utc }}\"{% endif %}>{{ text }}</time>"
)]
pub(super) struct Stamp {
    machine: String,
    utc: String,
    text: String,
}

impl HtmlSafe for Stamp {}

impl Stamp {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// What is now, and so which year needs no mention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    pub(super) now: Instant,
    pub(super) language: DeskLanguage,
}

impl Calendar {
    /// As pages have it that are in Dutch alone.
    pub(super) fn at_now(now: Instant) -> Self {
        Self { now, language: DeskLanguage::Nl }
    }

    pub(super) fn today(self) -> Day {
        day_of(self.now)
    }

    /// An instant, to the second.
    pub(super) fn at(self, at: Instant) -> Stamp {
        let local = wall_clock(at);
        let clock = format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second());
        Stamp {
            machine: at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            utc: at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            text: format!("{} {clock}", self.date(local.date())),
        }
    }

    pub(super) fn day(self, day: Day) -> Stamp {
        Stamp { machine: day.to_string(), utc: String::new(), text: self.date(day) }
    }

    fn date(self, day: Day) -> String {
        let weekday = self.language.say(words::WEEKDAYS[day.weekday().num_days_from_monday() as usize]);
        let month = self.language.say(words::MONTHS[day.month0() as usize]);
        let text = format!("{weekday} {} {month}", day.day());
        if day.year() == self.today().year() { text } else { format!("{text} {}", day.year()) }
    }
}

/// A day inside a sentence.
pub(super) fn written(day: Day) -> String {
    format!("{} {} {}", day.day(), words::LONG_MONTHS[day.month0() as usize], day.year())
}

/// How long something took or waits, in its two greatest units.
pub(super) fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} u {minutes} min"),
        (1..=9, 1.., _) => format!("{days} d {hours} u"),
        (_, _, _) => format!("{days} d"),
    }
}

#[cfg(test)]
mod tests {
    use schemas::time::{parse_day, parse_instant};

    use super::*;

    #[test]
    fn times_are_those_of_brussels_and_tell_utc() {
        let calendar = Calendar::at_now(parse_instant("2026-11-20T13:02:11Z").unwrap());
        assert_eq!(
            calendar.at(parse_instant("2026-11-16T08:24:03Z").unwrap()).to_string(),
            "<time datetime=\"2026-11-16T08:24:03Z\" title=\"2026-11-16 08:24:03 UTC\">ma 16 nov 09:24:03</time>"
        );
        let day = parse_day("2025-03-05").unwrap();
        assert_eq!(calendar.day(day).to_string(), "<time datetime=\"2025-03-05\">wo 5 mrt 2025</time>");
        let named = [(DeskLanguage::Fr, "me 5 mars 2025"), (DeskLanguage::En, "Wed 5 Mar 2025")];
        for (language, expect) in named {
            assert_eq!(Calendar { language, ..calendar }.day(day).text(), expect);
        }
        assert_eq!(written(day), "5 maart 2025");
    }

    #[test]
    fn spans_and_numbers_read_at_a_glance() {
        let spans = [0, 82, 3_700, 100_000, 864_000, -5].map(|seconds| span(TimeDelta::seconds(seconds)));
        assert_eq!(spans, ["0 s", "1 min", "1 u 1 min", "1 d 3 u", "10 d", "0 s"]);
        assert_eq!(number(0), "0");
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
