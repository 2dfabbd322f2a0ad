//! Clients of other systems, shared by whoever asks them: probes, witnesses and fences.

pub(crate) mod http;
