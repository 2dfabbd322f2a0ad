//! Reads which operations a server runs, from the answer of `core getAllOperations`.

use std::fs::File;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::refuse;
use crate::act::envelope::loose::{As, Plain, Scalar, Shape};
use crate::act::envelope::{self, Payload, printable};
use crate::base::rows::Rows;

/// Operations in one answer. A server runs a handful at a time; more is not an answer we know.
const OPERATIONS: usize = 1000;

/// What the name of a promotion contains, in any case: no page of the vendor's
/// gives it.
const PROMOTING: &str = "promot";

/// The operations that run or wait on a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations {
    /// How many of them promote.
    pub promoting: usize,
    /// Their names, ready to be shown. One without a name is named by its module and id.
    pub names: Vec<String>,
}

/// Reads the operations that run or wait, from the answer of `core getAllOperations` in `output`
/// (the mock of `useAllOperations` in carbonio-admin-console-ui).
///
/// # Errors
/// When there is no complete JSON answer, when it reports an error, or when it lists more than
/// 1000 operations.
pub fn operations(output: &File) -> Result<Operations, String> {
    let mut read = Names::default();
    envelope::read(output, &mut read)?;
    let names = read.names;
    let promotes = |name: &&String| name.to_ascii_lowercase().contains(PROMOTING);
    Ok(Operations {
        promoting: names.iter().filter(promotes).count(),
        names,
    })
}

#[derive(Default)]
struct Names {
    names: Vec<String>,
    complaint: Option<String>,
}

impl Payload for Names {
    fn key(&self) -> &'static str {
        "operationList"
    }

    fn forget(&mut self) {
        self.names.clear();
    }

    fn take<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<bool, D::Error> {
        As(OperationList(self)).deserialize(from)
    }

    fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}

struct OperationList<'a>(&'a mut Names);

impl<'de> Shape<'de> for OperationList<'_> {
    type Value = bool;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<bool, E> {
        if scalar == Scalar::Null {
            return Ok(false);
        }
        let why = "`operationList` in the answer is not a list".to_owned();
        Err(refuse(&mut self.0.complaint, why))
    }

    fn list<A: SeqAccess<'de>>(self, list: A) -> Result<bool, A::Error> {
        let Names { names, complaint } = self.0;
        let keep = |name| {
            if names.len() == OPERATIONS {
                let why = format!("the answer lists more than {OPERATIONS} operations");
                *complaint = Some(why.clone());
                return Err(why);
            }
            names.push(name);
            Ok(())
        };
        Rows::read_by(As(Operation), keep).visit_seq(list)?;
        Ok(true)
    }
}

#[derive(Clone, Copy)]
struct Operation;

impl<'de> Shape<'de> for Operation {
    type Value = String;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<String, E> {
        Ok(printable(
            &scalar.text().unwrap_or_else(|| "unnamed".to_owned()),
        ))
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let (mut name, mut module, mut id) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => name = map.next_value_seed(As(Plain))?.text(),
                "module" => module = map.next_value_seed(As(Plain))?.text(),
                "id" | "operationId" => id = map.next_value_seed(As(Plain))?.text().or(id),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let known = name.filter(|name| !name.trim().is_empty());
        Ok(printable(&known.unwrap_or_else(|| {
            let module = module.unwrap_or_default();
            format!("unnamed {module} {}", id.unwrap_or_default())
        })))
    }
}
