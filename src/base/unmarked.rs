//! Text from files that some editors mark.

/// Returns what stands behind the byte order mark that some editors put in front of a text.
pub(crate) fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}
