//! What is wrong or odd, gathered while the file is read.

use std::cell::RefCell;

/// What was noted on the way.
#[derive(Default)]
pub(crate) struct Notes {
    errors: RefCell<Vec<Note>>,
    warnings: RefCell<Vec<Note>>,
}

/// One thing noted.
#[derive(PartialEq, Eq)]
pub(crate) struct Note {
    /// Where: the index of the entry in each mapping or list, from the root.
    pub(crate) at: Vec<usize>,
    /// The key path, for people.
    pub(crate) key: String,
    /// What is wrong, and what to write instead.
    pub(crate) message: String,
}

impl Notes {
    /// Adds what makes the file unusable.
    pub(crate) fn add_error(&self, note: Note) {
        add(&self.errors, note);
    }

    /// Adds what is odd about the file.
    pub(crate) fn add_warning(&self, note: Note) {
        add(&self.warnings, note);
    }

    /// Returns the errors and the warnings.
    pub(crate) fn into_parts(self) -> (Vec<Note>, Vec<Note>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

/// Adds a note; what was noted before (a value may be read twice) is noted once.
fn add(notes: &RefCell<Vec<Note>>, note: Note) {
    let mut notes = notes.borrow_mut();
    if !notes.contains(&note) {
        notes.push(note);
    }
}
