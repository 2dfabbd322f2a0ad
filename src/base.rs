//! What every other part may use, and what uses none of them.

pub(crate) mod aside;
pub mod clock;
pub mod command;
pub mod confine;
pub mod deadline;
pub mod doubt;
pub mod grow;
pub mod logging;
pub mod outlet;
pub mod owner;
pub mod process;
pub mod refusal;
pub(crate) mod resolve;
pub(crate) mod rows;
pub mod secret;
pub mod shell;
pub mod unguessable;
pub(crate) mod unmarked;
pub mod url;
