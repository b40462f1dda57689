//! The pages of `docs/` that are written by the program, from what it runs on.
//!
//! `cargo run -p tests --bin docs` writes them and `tests/tidy.rs` compares them. Next: `modules` for the drawing of the
//! modules; `decide`'s `handover::table` for the rows of the state table.

use std::io::{Error, Result};
use std::path::Path;

use decide::bundle::Deadlines;
use decide::handover::table::{ROWS, Term};
use schemas::canonical::FIELDS;

/// What stands behind what is written into a page.
const END: &str = "<!-- end -->";

/// Each page that is written, by its path from the root, as it should be.
///
/// # Errors
/// Where a file cannot be read, or a page has lost the place for what is written into it.
pub fn written(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let within = |path: &'static str, what: &str, text: String| {
        let old = std::fs::read_to_string(root.join(path))?;
        let begin = format!("<!-- {what}: written by `cargo run -p tests --bin docs` -->\n");
        let lost = || Error::other(format!("{path}: the marks around the {what} are gone"));
        let (before, rest) = old.split_once(&begin).ok_or_else(lost)?;
        let (_, after) = rest.split_once(END).ok_or_else(lost)?;
        Ok::<_, Error>((path, format!("{before}{begin}{text}{END}{after}")))
    };
    Ok(vec![
        ("docs/modules.md", crate::modules::page(root)?),
        within("docs/handovers.md", "rows", rows(&crate::config().bundle.deadlines)?)?,
        within("docs/disclosure.md", "fields", fields())?,
    ])
}

/// The canonical fields as a table of the page.
fn fields() -> String {
    let rows = FIELDS.iter().map(|field| format!("| `{}` | {} |\n", field.name, field.doc));
    format!("| field | means |\n| --- | --- |\n{}", rows.collect::<String>())
}

/// The rows of the state table as a table of the page.
fn rows(deadlines: &Deadlines) -> Result<String> {
    let mut text =
        "| row | leads to | who acts | within | because |\n| --- | --- | --- | --- | --- |\n".to_owned();
    let within = |n: u32, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    for row in ROWS {
        let within = match row.clock {
            Term::None => "—".to_owned(),
            Term::WorkingDays(days) => within(days(deadlines), "working day"),
            Term::Months(months) => within(months(deadlines), "month"),
        };
        let to = row.to.as_str();
        let owner = serde_json::to_value(row.owner)?;
        let owner = owner.as_str().unwrap_or_default();
        text += &format!("| {} | `{to}` | {owner} | {within} | {} |\n", row.id, row.words);
    }
    Ok(text)
}
