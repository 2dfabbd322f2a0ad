//! Clients of other systems, shared by whoever asks them: probes, witnesses and fences.

pub(crate) mod conversation;
pub(crate) mod http;
pub mod vcenter;

#[cfg(test)]
pub(crate) mod tests;
