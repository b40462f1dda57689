//! The pages of `docs/` that are written by the program, from what it runs on.
//!
//! `cargo run -p tests --bin docs` writes them and `tests/tidy.rs` compares them. Next: `modules` for the drawing of the
//! modules; `hub`'s `story::table` for the state table.

use std::io::{Error, Result};
use std::path::Path;

use hub::story::table::ShownTable;
use schemas::canonical::{CanonicalField, FIELDS};
use schemas::recipient::RecipientKind;

/// What stands behind what is written into a page.
const END: &str = "<!-- end -->";

/// Each page that is written, by its path from the root, as it should be.
///
/// # Errors
/// Where a file cannot be read, or a page has lost the place for what is written into it.
pub fn written(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let into = |path: &'static str, old: String, what: &str, text: String| {
        let begin = format!("<!-- {what}: written by `cargo run -p tests --bin docs` -->\n");
        let lost = || Error::other(format!("{path}: the marks around the {what} are gone"));
        let (before, rest) = old.split_once(&begin).ok_or_else(lost)?;
        let (_, after) = rest.split_once(END).ok_or_else(lost)?;
        Ok::<_, Error>(format!("{before}{begin}{text}{END}{after}"))
    };
    let table = ShownTable::of(&crate::config().bundle);
    let mut handovers = std::fs::read_to_string(root.join("docs/handovers.md"))?;
    let diagram = format!("```mermaid\n{}```\n", table.diagram());
    for (what, text) in [("diagram", diagram), ("rows", table.markdown()), ("stays", table.markdown_stays())]
    {
        handovers = into("docs/handovers.md", handovers, what, text)?;
    }
    let disclosure = std::fs::read_to_string(root.join("docs/disclosure.md"))?;
    Ok(vec![
        ("docs/modules.md", crate::modules::page(root)?),
        ("docs/handovers.md", handovers),
        ("docs/disclosure.md", into("docs/disclosure.md", disclosure, "fields", fields())?),
    ])
}

/// The canonical fields as a table of the page.
fn fields() -> String {
    let row = |field: &CanonicalField| {
        let cell = |kind: &RecipientKind| match field.used_by(*kind) {
            None => "–".to_owned(),
            Some(of) if of.named => format!("{}; the basis must name it", of.purpose),
            Some(of) => of.purpose.to_owned(),
        };
        let cells: Vec<String> = RecipientKind::ALL.iter().map(cell).collect();
        format!("| `{}` | {} | {} |\n", field.name, field.doc, cells.join(" | "))
    };
    let kinds: Vec<&str> = RecipientKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let head = format!("| field | means | for {} |\n", kinds.join(" | for "));
    let line = format!("| --- | ---{} |\n", " | ---".repeat(kinds.len()));
    format!("{head}{line}{}", FIELDS.iter().map(row).collect::<String>())
}
