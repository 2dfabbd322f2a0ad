//! TCP: a connection that is accepted is an answer.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Answer;
use super::failure::failed;

/// Connects and hangs up at once.
pub(super) fn look(address: SocketAddr, within: Duration) -> Answer {
    match TcpStream::connect_timeout(&address, within) {
        // On this node a closed port may be given to the very socket that knocks at it.
        Ok(stream) if stream.local_addr().is_ok_and(|own| own == address) => {
            Answer::NoAnswer("refused".to_owned())
        }
        Ok(_) => Answer::Answered,
        Err(err) => failed(&err, address.ip()),
    }
}
