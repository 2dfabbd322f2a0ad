//! Names that nobody can take before us.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

/// Returns a word of 128 random bits, 32 hexadecimal digits.
///
/// # Errors
/// When the kernel has no random numbers to give.
pub fn word() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
