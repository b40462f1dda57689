//! Saying something at the desk from the command line, and telling what became of it.
//! Refuses to say it without a name. Next: [`crate::desk`].

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;

use super::out::out;
use crate::app::Hub;
use crate::desk::{Actor, Saying};
use crate::store::rows::Outcome;

/// Says it, waits for its decision and tells that.
pub(super) async fn say(hub: &Hub, actor: &Actor, saying: Saying) -> anyhow::Result<ExitCode> {
    let said = hub.deciding(async { Ok(hub.desk.say(actor, saying).await?) }).await?;
    let Some(row) = said.decision else {
        bail!("nobody has decided it yet: follow receipt {}", said.receipt);
    };
    if row.outcome == Some(Outcome::Decided) {
        writeln!(out(), "decided: receipt {}", row.id)?;
        return Ok(ExitCode::SUCCESS);
    }
    let why = row.detail.as_ref().map_or_else(String::new, ToString::to_string);
    writeln!(out(), "refused: {why}")?;
    Ok(ExitCode::FAILURE)
}
