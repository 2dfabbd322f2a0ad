//! What any witness comes to, whatever its server does.

mod cases;
pub(crate) mod golden;
pub(crate) mod parties;

use std::time::Duration;

use super::DoubtKind;

/// Long enough for a busy machine, for answers that do come.
const AMPLE: Duration = Duration::from_secs(120);
/// For answers that never come.
const SHORT: Duration = Duration::from_millis(300);
