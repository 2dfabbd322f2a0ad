//! TCP: a connection that is accepted is an answer.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Answer;
use super::look::failed;

/// Connects and hangs up at once.
pub(super) fn look(address: SocketAddr, within: Duration) -> Answer {
    match TcpStream::connect_timeout(&address, within) {
        Ok(_) => Answer::Answered,
        Err(err) => failed(&err),
    }
}
