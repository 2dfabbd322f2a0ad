//! The keys of probes, anchors and witnesses.

use super::{Block, Fallback, Form, Zero, block, key};

/// How the peer is probed.
pub(crate) static PROBE: Block = block(
    "probe",
    &[
        key(
            "targets",
            Form::Targets,
            Fallback::Said("ICMP to the peer's `appserver_ip`, `proxy_ip`"),
            "Where it is probed.",
        ),
        key(
            "attempts",
            Form::Number(1, None),
            Fallback::Is("3"),
            "Looks per run; all must fail.",
        ),
        key(
            "interval",
            Form::Span(Zero::Allowed),
            Fallback::Is("1s"),
            "Between two looks.",
        ),
        key(
            "timeout",
            Form::Span(Zero::Refused),
            Fallback::Is("2s"),
            "Deadline of one look, at each address of a name; up to 64 of them are looked at \
             side by side. Before it, a resolver may use half as long.",
        ),
    ],
);

/// A target written as a block.
pub(crate) static TARGET: Block = block(
    "TARGET",
    &[
        key(
            "url",
            Form::Url,
            Fallback::Required,
            "Where to ask; without a user or a password.",
        ),
        key(
            "status",
            Form::Number(100, Some(599)),
            Fallback::Said("any"),
            "The status that counts as an answer, where something in front of the peer may \
             answer in its place.",
        ),
        key(
            "regexp",
            Form::Regexp,
            Fallback::Nothing,
            "What the body must match, for the same reason.",
        ),
        key(
            "ca_file",
            Form::Path,
            Fallback::Nothing,
            "Certificates to trust instead of the public ones.",
        ),
    ],
);

/// The Consul witness.
pub(crate) static CONSUL: Block = block(
    "consul",
    &[
        key(
            "hostname",
            Form::HostPort,
            Fallback::Is("127.0.0.1"),
            "Where the agent answers. An IPv6 address with a port goes into brackets.",
        ),
        key(
            "port",
            Form::Number(1, Some(65_535)),
            Fallback::Is("8500"),
            "Its port. It may be given here or in `hostname`; if in both, then the same.",
        ),
        key(
            "scheme",
            Form::Words(&["http", "https"]),
            Fallback::Is("http"),
            "With `https` the certificate is always verified.",
        ),
        key(
            "ca_file",
            Form::Path,
            Fallback::Nothing,
            "Certificates to trust instead of the public ones.",
        ),
        key(
            "token",
            Form::Secret,
            Fallback::Nothing,
            "A token that may read nodes and the agent.",
        ),
        key(
            "token_file",
            Form::Path,
            Fallback::Nothing,
            "A file that holds the token, at most 4 KiB. Only one of the two.",
        ),
        key(
            "gossip",
            Form::Words(&["anchored", "never", "always"]),
            Fallback::Is("anchored"),
            "What the agent's own view is worth while Consul has no leader, or has struck the \
             peer off its catalog; see below.",
        ),
        key(
            "timeout",
            Form::Span(Zero::Refused),
            Fallback::Is("5s"),
            "Deadline of the whole conversation.",
        ),
    ],
);

/// The vCenter witness.
pub(crate) static VCENTER: Block = block(
    "vcenter",
    &[
        key(
            "hostname",
            Form::HostPort,
            Fallback::Required,
            "Where vCenter answers.",
        ),
        key(
            "username",
            Form::Text,
            Fallback::Required,
            "A user that may read the VM, its host and their parents.",
        ),
        key(
            "password",
            Form::Secret,
            Fallback::Nothing,
            "Its password. One of the two is required.",
        ),
        key(
            "password_file",
            Form::Path,
            Fallback::Nothing,
            "A file that holds it, and nothing else.",
        ),
        key(
            "ca_file",
            Form::Path,
            Fallback::Nothing,
            "Certificates to trust instead of the public ones.",
        ),
        key(
            "timeout",
            Form::Span(Zero::Refused),
            Fallback::Is("10s"),
            "Deadline of the whole conversation.",
        ),
    ],
);

/// The HetrixTools witness.
pub(crate) static HETRIX: Block = block(
    "hetrix",
    &[
        key(
            "hostname",
            Form::HostPort,
            Fallback::Is("api.hetrixtools.com"),
            "Where it answers; a relay may stand here.",
        ),
        key(
            "api_token",
            Form::Secret,
            Fallback::Nothing,
            "A key that may list uptime monitors. One of the two is required.",
        ),
        key(
            "token_file",
            Form::Path,
            Fallback::Nothing,
            "A file that holds it, and nothing else.",
        ),
        key(
            "ca_file",
            Form::Path,
            Fallback::Nothing,
            "Certificates to trust instead of the public ones.",
        ),
        key(
            "timeout",
            Form::Span(Zero::Refused),
            Fallback::Is("10s"),
            "Deadline of the whole conversation.",
        ),
    ],
);

/// What every entry of `witnesses` may say, besides the keys of its provider.
pub(crate) static WITNESS: Block = block(
    "WITNESS",
    &[
        key(
            "provider",
            Form::Words(&["consul", "vcenter", "hetrix", "command", "http"]),
            Fallback::Required,
            "How it is asked.",
        ),
        key(
            "name",
            Form::Text,
            Fallback::Said("the provider"),
            "Its name in logs and reports; each has its own.",
        ),
        key(
            "site",
            Form::Place,
            Fallback::Said("not said"),
            "Where it stands. One in the judged site dies with it: its `up` vetoes, its `down` \
             counts for nothing.",
        ),
        key(
            "host",
            Form::Text,
            Fallback::Said("the peer's `appserver_vmname`, `proxyserver_vmname`"),
            "The name this witness knows the peer by.",
        ),
        key(
            "canary",
            Form::Text,
            Fallback::Nothing,
            "A name it knows to be up. It must say so in the same run before its `down` counts.",
        ),
        key(
            "timeout",
            Form::Span(Zero::Refused),
            Fallback::Said("`5s` for Consul, else `10s`"),
            "Deadline of the whole conversation.",
        ),
    ],
);

/// A witness that is a program.
pub(crate) static COMMAND: Block = block(
    "WITNESS",
    &[key(
        "argv",
        Form::Command,
        Fallback::RequiredIf("for `command`"),
        "[A program](witnesses/command.md): exit 0 is up, 1 is down, all else unknown. It is \
             told whom by `HABEAT_HOST`.",
    )],
);

/// A witness that is a page.
pub(crate) static PAGE: Block = block(
    "WITNESS",
    &[
        key(
            "url",
            Form::Url,
            Fallback::RequiredIf("for `http`"),
            "[A page](witnesses/http.md); `{host}` stands for the name that is asked for.",
        ),
        key(
            "status",
            Form::Number(100, Some(599)),
            Fallback::Said("any 2xx"),
            "The status that counts as an answer of the page.",
        ),
        key(
            "regexp",
            Form::Regexp,
            Fallback::Nothing,
            "The page says up when its body matches.",
        ),
        key(
            "down_regexp",
            Form::Regexp,
            Fallback::Nothing,
            "The page says down when its body matches; without it, it never does.",
        ),
        key(
            "max_age",
            Form::Span(Zero::Allowed),
            Fallback::Nothing,
            "How old the page may be, by its `Age`, `Date` and `Last-Modified`; without it nothing \
             out of a cache counts.",
        ),
        key(
            "token",
            Form::Secret,
            Fallback::Nothing,
            "Sent as a bearer token.",
        ),
        key(
            "token_file",
            Form::Path,
            Fallback::Nothing,
            "A file that holds it, and nothing else.",
        ),
        key(
            "ca_file",
            Form::Path,
            Fallback::Nothing,
            "Certificates to trust instead of the public ones.",
        ),
    ],
);
