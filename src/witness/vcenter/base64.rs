//! Base64, as the Basic scheme wants it (RFC 4648, section 4).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns `bytes` in Base64, with padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes.chunks(3).fold(String::new(), |mut text, group| {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) & 63;
            let letter = ALPHABET.get(index as usize);
            text.push(match letter {
                Some(letter) if at <= group.len() => char::from(*letter),
                Some(_) | None => '=',
            });
        }
        text
    })
}
