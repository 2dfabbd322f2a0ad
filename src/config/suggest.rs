//! Finds the word that was probably meant, and shows the one that was written.

/// Characters of a wrong value that a message repeats.
const SHOWN: usize = 60;

/// Letters a part of a word must have to stand for it.
const PART: usize = 4;

/// Returns the word nearest to `written`, if one is near enough to be meant: of the letters
/// about one in three may be wrong, or `written` is a part of one word only (`user`, `username`).
///
/// Case and `-`/`_` do not count.
pub(crate) fn nearest<'a>(
    written: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', '_'], "");
    let meant = plain(written);
    let words: Vec<_> = words.into_iter().collect();
    let close = words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&meant, &plain(word)), *word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).clamp(1, 4))
        .min_by_key(|(distance, _)| *distance);
    if let Some((_, word)) = close {
        return Some(word);
    }
    let mut longer = words.iter().filter(|word| plain(word).contains(&meant));
    match (longer.next(), longer.next()) {
        (Some(word), None) if meant.len() >= PART => Some(word),
        (_, _) => None,
    }
}

/// Returns `did you mean "…"?`, or the list of what is known.
pub(crate) fn or_known(written: &str, words: &[&str]) -> String {
    match nearest(written, words.iter().copied()) {
        Some(word) => format!("did you mean {word:?}?"),
        None => format!("known: {}", words.join(", ")),
    }
}

/// Returns a value as a message repeats it: quoted, on one line, cut when long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Characters that look like a blank, or like nothing, and are neither.
const DECEIVING: [(char, &str); 6] = [
    ('\u{a0}', "a no-break space (U+00A0)"),
    ('\u{202f}', "a narrow no-break space (U+202F)"),
    ('\u{2007}', "a figure space (U+2007)"),
    ('\u{200b}', "a zero-width space (U+200B)"),
    ('\u{feff}', "a byte order mark (U+FEFF)"),
    ('\t', "a tab"),
];

/// Returns what a character is called, where its look deceives; or the character itself, quoted.
pub(crate) fn called(it: char) -> String {
    let found = DECEIVING.iter().find(|(known, _)| *known == it);
    found.map_or_else(|| format!("{it:?}"), |(_, name)| (*name).to_owned())
}

/// Returns the first character of a text that looks like a blank, or like nothing, by its name.
pub(crate) fn deceiving(text: &str) -> Option<&'static str> {
    let name = |it: char| DECEIVING.iter().find(|(known, _)| *known == it);
    text.chars().find_map(name).map(|(_, name)| *name)
}
