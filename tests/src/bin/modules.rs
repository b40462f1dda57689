//! Draws which module knows which, into `docs/modules.md`; says what points the wrong way.
//!
//! Refuses to judge: `tests/tidy.rs` does. Next: `tests::modules`.

use std::io::Write;

use tests::modules::{DRAWN, folders, page};

fn main() -> anyhow::Result<()> {
    let root = tests::root();
    std::fs::write(root.join("docs/modules.md"), page(&root)?)?;
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
