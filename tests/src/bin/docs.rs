//! Writes the pages of `docs/` that the program knows best; says which modules point the wrong way.
//!
//! Refuses to judge: `tests/tidy.rs` does. Next: `tests::pages`.

use std::io::Write;

use tests::modules::{DRAWN, folders};

fn main() -> anyhow::Result<()> {
    let root = tests::root();
    for (path, text) in tests::pages::written(&root)? {
        std::fs::write(root.join(path), text)?;
    }
    let mut out = std::io::stdout();
    for (_, src) in DRAWN {
        for folder in folders(&root.join(src))? {
            if folder.path.is_empty() {
                for line in folder.backward() {
                    writeln!(out, "{src}: {line}")?;
                }
            }
            for circle in folder.circles() {
                writeln!(out, "{src}: a circle in {circle}")?;
            }
        }
    }
    Ok(())
}
