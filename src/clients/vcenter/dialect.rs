//! The two REST interfaces of vCenter: `/api` since 7.0 U2, and `/rest` since 6.5, which newer
//! versions still have. They say the same in different words.

use crate::clients::http::segment;

/// Which of them is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Answers are plain values.
    Api,
    /// Answers are wrapped: `{"value": …}`.
    Rest,
}

/// A filter of a list, and what may pass. vCenter lists *everything* for an empty filter.
pub(super) type Filter<'a> = (&'a str, &'a [&'a str]);

impl Dialect {
    /// Where sessions are made and ended.
    pub(super) fn session(self) -> &'static str {
        match self {
            Self::Api => "/api/session",
            Self::Rest => "/rest/com/vmware/cis/session",
        }
    }

    /// Where `vm` or `host` are listed.
    pub(super) fn list(self, kind: &str, filters: &[Filter<'_>]) -> String {
        let base = match self {
            Self::Api => format!("/api/vcenter/{kind}"),
            Self::Rest => format!("/rest/vcenter/{kind}"),
        };
        let passes = filters.iter().flat_map(|(name, values)| {
            (1..)
                .zip(*values)
                .map(|(number, value)| self.pass(name, number, value))
        });
        format!("{base}?{}", passes.collect::<Vec<_>>().join("&"))
    }

    /// One value that passes a filter; `/rest` numbers them.
    pub(super) fn pass(self, name: &str, number: usize, value: &str) -> String {
        match self {
            Self::Api => format!("{name}={}", segment(value)),
            Self::Rest => format!("filter.{name}.{number}={}", segment(value)),
        }
    }

    /// Where a VM is powered off.
    pub(super) fn stop(self, vm: &str) -> String {
        let vm = segment(vm);
        match self {
            Self::Api => format!("/api/vcenter/vm/{vm}/power?action=stop"),
            Self::Rest => format!("/rest/vcenter/vm/{vm}/power/stop"),
        }
    }
}
