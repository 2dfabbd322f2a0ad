//! Decides whether a command that ended has done its work. Exit 0 is not proof.

use crate::act::command::Finished;
use crate::plan::{Judge, Outcome};

/// Judges a finished command. Reads its output, bounded, from the start; rewinds it afterwards.
pub fn judge(judge: Judge, finished: &mut Finished) -> Outcome {
    todo!("{judge:?} {finished:?}")
}
