//! The pages of `docs/` that are written by the program, from what it runs on.
//!
//! `cargo run -p tests --bin docs` writes them and `tests/tidy.rs` compares them. Next: `modules` for the drawing of the
//! modules; `decide`'s `handover::table` for the rows of the state table.

use std::io::{Error, Result};
use std::path::Path;

use decide::bundle::Deadlines;
use decide::handover::table::{Clock, ROWS};

/// What stands around the rows in `docs/handovers.md`.
const ROWS_BEGIN: &str = "<!-- rows: written by `cargo run -p tests --bin docs` -->\n";
const ROWS_END: &str = "<!-- end -->";

/// Each page that is written, by its path from the root, as it should be.
///
/// # Errors
/// Where a file cannot be read, or a page has lost the place for what is written into it.
pub fn written(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let handovers = "docs/handovers.md";
    let old = std::fs::read_to_string(root.join(handovers))?;
    let lost = || Error::other(format!("{handovers}: the marks around the rows are gone"));
    let (before, rest) = old.split_once(ROWS_BEGIN).ok_or_else(lost)?;
    let (_, after) = rest.split_once(ROWS_END).ok_or_else(lost)?;
    let rows = rows(&crate::config().bundle.deadlines)?;
    Ok(vec![
        ("docs/modules.md", crate::modules::page(root)?),
        (handovers, format!("{before}{ROWS_BEGIN}{rows}{ROWS_END}{after}")),
    ])
}

/// The rows of the state table as a table of the page.
fn rows(deadlines: &Deadlines) -> Result<String> {
    let mut text =
        "| row | leads to | who acts | within | because |\n| --- | --- | --- | --- | --- |\n".to_owned();
    let within = |n: u32, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    for row in ROWS {
        let within = match row.clock {
            Clock::None => "—".to_owned(),
            Clock::WorkingDays(days) => within(days(deadlines), "working day"),
            Clock::Months(months) => within(months(deadlines), "month"),
        };
        let to = row.to.as_str();
        let owner = serde_json::to_value(row.owner)?;
        let owner = owner.as_str().unwrap_or_default();
        text += &format!("| {} | `{to}` | {owner} | {within} | {} |\n", row.id, row.words);
    }
    Ok(text)
}
