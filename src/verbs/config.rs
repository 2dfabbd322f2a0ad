//! `habeat config`: the config as it counts, and its schema.

use std::path::Path;

use anyhow::anyhow;

use crate::base::refusal::{Code, Refusal};
use crate::cli::ConfigVerb;
use crate::config::schema::schema;
use crate::config::show::show;
use crate::roles::ROLES;

/// Returns what to print.
///
/// # Errors
/// When the config cannot be used, or this version cannot do it.
pub fn config(path: &Path, verb: &ConfigVerb) -> Result<String, Refusal> {
    match verb {
        ConfigVerb::Show => Ok(show(path, &ROLES)?),
        ConfigVerb::Schema => {
            serde_json::to_string_pretty(&schema()).map_err(|error| Refusal::bug(error.into()))
        }
        ConfigVerb::Import { .. } => Err(Refusal {
            code: Code::Usage,
            error: anyhow!("config import is not in this version"),
        }),
    }
}
