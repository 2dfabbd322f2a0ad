//! What the kernel says of a lock.

use std::io;

use rustix::io::Errno;

use super::{Held, held};

#[test]
fn only_a_lock_that_would_make_us_wait_is_taken() {
    let says = |errno: Errno| held(Err(io::Error::from(errno)));
    assert_eq!(held(Ok(())).ok(), Some(Held::Ours));
    assert_eq!(says(Errno::WOULDBLOCK).ok(), Some(Held::Taken));
    for errno in [
        Errno::NOLCK,
        Errno::INTR,
        Errno::INVAL,
        Errno::BADF,
        Errno::NOTSUP,
        Errno::IO,
    ] {
        let error = says(errno).expect_err("no word of who has it");
        assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()));
    }
}
