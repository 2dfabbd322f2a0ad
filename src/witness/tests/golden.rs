//! The pages that show what each answer comes to.

use std::fmt::Write;

use crate::witness::{Doubt, DoubtKind, Testimony};

/// A page of `docs/witnesses/` that is rendered from what the code says.
pub(crate) struct Page {
    /// Its path.
    pub(crate) path: &'static str,
    /// Its heading, and what is said before the table.
    pub(crate) opening: &'static str,
    /// The head of the first column.
    pub(crate) situation: &'static str,
}

/// What was asked, and what came of it.
pub(crate) type Row = (String, Result<(String, Testimony), Doubt>);

impl Page {
    /// Compares the page with `rows`, or writes it anew.
    pub(crate) fn must_show(&self, rows: &[Row]) {
        let rendered = self.render(rows);
        let asked = |name| std::env::var_os(name).is_some();
        if asked("HABEAT_BLESS") && !asked("CI") {
            std::fs::write(self.path, &rendered).expect("a page");
        }
        let page = std::fs::read_to_string(self.path).unwrap_or_default();
        assert!(
            page == rendered,
            "{} differs; HABEAT_BLESS=1 writes it anew:\n{rendered}",
            self.path
        );
    }

    fn render(&self, rows: &[Row]) -> String {
        let mut text = format!(
            "{}\n\nRendered from the code by `cargo test witness::`; the same test fails when this \
             page and the code\ndiffer (`HABEAT_BLESS=1 cargo test witness::` writes it anew).\n\n\
             | {} | testimony | in its own words |\n|---|---|---|\n",
            self.opening, self.situation
        );
        for (situation, heard) in rows {
            let (word, words) = match heard {
                Ok((_, Testimony::Unknown(doubt))) | Err(doubt) => {
                    (code(doubt.kind), doubt.detail.as_str())
                }
                Ok((_, said)) => (format!("**{said}**"), ""),
            };
            let words = words.replace('|', "\\|").replace('<', "&lt;");
            writeln!(text, "| {situation} | {word} | {words} |").expect("a string");
        }
        text
    }
}

fn code(kind: DoubtKind) -> String {
    let code = kind.code();
    format!("unknown: [{code}](../runbook.md#witness-{code})")
}
