//! Secrets: written in the file, or in a file of their own; and what is odd about them.

use std::path::Path;

use super::reader::{Field, Section};
use super::scalar;
use super::source::{self, Source};
use super::{Secret, suggest};
use crate::base::unmarked::unmarked;

/// Bytes of a file that holds a secret. Consul's tokens have 36 characters, JWTs some hundreds.
const LARGEST: u64 = 4096;

/// Quotes that a word processor makes of `"` and `'`. To YAML they are part of the value.
const TYPOGRAPHIC: [char; 12] = ['“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '‹', '›'];

/// How a secret travels.
#[derive(Clone, Copy)]
pub(super) enum Carried {
    /// As it is, in an HTTP header.
    InHeader,
    /// Encoded first, as HTTP's Basic scheme does.
    Encoded,
}

/// Reads a secret that is written in the file, or lies in a file of its own.
pub(super) fn read(
    section: &Section<'_>,
    names: [&str; 2],
    carried: Carried,
    file: &Source,
) -> Option<Secret> {
    let [written, elsewhere] = names.map(|name| section.get(name));
    if !written.is_blank() && !elsewhere.is_blank() {
        let key = &written.key;
        elsewhere.error(format!("given together with {key}; keep one of them"));
        return None;
    }
    expect_private(&written, file);
    if let Some(text) = written.value() {
        warn_of_disguise(text, &written);
        return written.parsed(|_| secret(text, carried));
    }
    let path = elsewhere.parsed(scalar::file_path)?;
    elsewhere.parsed(|_| secret_in(&path, &elsewhere, carried))
}

/// Warns when everyone may read the file that a secret is written in.
pub(super) fn expect_private(secret: &Field<'_>, file: &Source) {
    if !secret.is_blank() && file.is_readable_by_all() {
        secret.warn(format!(
            "everyone on this machine can read this file (mode {:o}), and it holds a secret; \
             chmod 600 it",
            file.mode
        ));
    }
}

fn secret_in(path: &Path, field: &Field<'_>, carried: Carried) -> Result<Secret, String> {
    let at = || path.display();
    let file = source::read(path, LARGEST).map_err(|why| format!("cannot read {}: {why}", at()))?;
    if file.is_readable_by_all() {
        field.warn(format!(
            "everyone on this machine can read {} (mode {:o}); chmod 600 it",
            at(),
            file.mode
        ));
    }
    let text = std::str::from_utf8(unmarked(&file.bytes));
    match text.map_err(|_| format!("{} is not text", at()))?.trim() {
        "" => Err(format!("{} is empty; write the secret into it", at())),
        text => {
            warn_of_disguise(text, field);
            secret(text, carried)
        }
    }
}

/// Warns of characters that are hardly meant, and never repeats the others.
fn warn_of_disguise(secret: &str, field: &Field<'_>) {
    if secret.starts_with(TYPOGRAPHIC) || secret.ends_with(TYPOGRAPHIC) {
        field.warn(
            "the secret stands in typographic quotes, which are taken as a part of it; write \
             plain ones (\" or '), or none",
        );
    }
    if let Some(what) = suggest::deceiving(secret) {
        field.warn(format!("the secret holds {what}, which is hardly meant"));
    }
}

/// Never repeats it.
fn secret(text: &str, carried: Carried) -> Result<Secret, String> {
    let (fits, why) = match carried {
        Carried::InHeader => (
            text.chars().all(|it| it.is_ascii_graphic()),
            "the secret holds a blank or a character that no HTTP header can carry",
        ),
        Carried::Encoded => (
            !text.chars().any(char::is_control),
            "the secret holds a control character",
        ),
    };
    if fits {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err(why.to_owned())
    }
}
