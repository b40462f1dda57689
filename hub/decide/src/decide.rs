//! The four steps from a message to a change.

use schemas::message::Message;

use crate::bundle::Bundle;
use crate::change::{Change, Stop};
use crate::world::World;

/// One message against the world as loaded.
///
/// # Errors
/// [`Stop::Needs`] names what must be loaded first; [`Stop::Waiting`] keeps a record nobody is known
/// for; [`Stop::Refused`] says why it cannot be done. The world is unchanged in every case.
pub fn decide(_world: &World, _message: &Message, _bundle: &Bundle) -> Result<Change, Stop> {
    Ok(Change::default())
}
