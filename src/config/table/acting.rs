//! The keys of judging, acting and remembering.

use super::{Block, Fallback, Form, Zero, block, key};

/// When to act.
pub(crate) static POLICY: Block = block(
    "policy",
    &[
        key(
            "confirm_runs",
            Form::Number(1, None),
            Fallback::Is("2"),
            "Runs in a row that must see the peer dead.",
        ),
        key(
            "recover_runs",
            Form::Number(1, None),
            Fallback::Is("2"),
            "Runs in a row that must see it alive before the return steps.",
        ),
        key(
            "run_spacing",
            Form::Span(Zero::Allowed),
            Fallback::Is("2m"),
            "A run sooner than this after the last counted one counts nothing but a sign of \
             life.",
        ),
        key(
            "evidence_max_age",
            Form::Span(Zero::Refused),
            Fallback::Is("30s"),
            "Older evidence begins nothing that cannot be undone: it is taken again.",
        ),
        key(
            "block_period",
            Form::Span(Zero::Allowed),
            Fallback::Is("1h"),
            "After a promotion, no other one for this long.",
        ),
        key(
            "max_attempts",
            Form::Number(1, None),
            Fallback::Is("3"),
            "Tries of an unfinished promotion; then it waits for `habeat retry`.",
        ),
        key(
            "on_return",
            Form::Words(&["role", "manual"]),
            Fallback::Is("role"),
            "Who runs the return steps: habeat, as the role defines them, or you, by [`habeat \
             failback`](runbook.md#failback).",
        ),
    ],
);

/// The programs that promote and flush.
pub(crate) static CARBONIO: Block = block(
    "carbonio",
    &[
        key(
            "user",
            Form::Account,
            Fallback::Is("zextras"),
            "The user they run as. Present but empty: habeat's own.",
        ),
        key(
            "carbonio",
            Form::Path,
            Fallback::Is("/opt/zextras/bin/carbonio"),
            "The `carbonio` program.",
        ),
        key(
            "zmprov",
            Form::Path,
            Fallback::Is("/opt/zextras/bin/zmprov"),
            "The `zmprov` program.",
        ),
        key(
            "namespace",
            Form::Words(&["auto", "ha", "MailReplica"]),
            Fallback::Is("auto"),
            "The replica module on the command line: `ha` before 25.9, `MailReplica` since. \
             `auto` finds out once per run.",
        ),
        key(
            "flush_batch",
            Form::Number(1, Some(10_000)),
            Fallback::Is("200"),
            "Names per flush call, at the most.",
        ),
        key(
            "require_replica",
            Form::Share,
            Fallback::Is("1"),
            "The share of the accounts that may lack an available replica. When all of them lack \
             one, habeat holds in any case.",
        ),
    ],
);

/// Deadlines of commands.
pub(crate) static TIMEOUTS: Block = block(
    "timeouts",
    &[
        key(
            "query",
            Form::Span(Zero::Refused),
            Fallback::Is("2m"),
            "A question.",
        ),
        key(
            "promote",
            Form::Span(Zero::Refused),
            Fallback::Is("2h"),
            "The promotion.",
        ),
        key(
            "flush",
            Form::Span(Zero::Refused),
            Fallback::Is("10m"),
            "One flush call.",
        ),
        key(
            "command",
            Form::Span(Zero::Refused),
            Fallback::Is("5m"),
            "Any other command.",
        ),
        key(
            "grace",
            Form::Span(Zero::Allowed),
            Fallback::Is("10s"),
            "Between SIGTERM and SIGKILL.",
        ),
    ],
);

/// What makes sure that the old active cannot serve.
pub(crate) static FENCE: Block = block(
    "fence",
    &[
        key(
            "commands",
            Form::Commands,
            Fallback::Nothing,
            "Cut the peer off.",
        ),
        key(
            "verify",
            Form::Commands,
            Fallback::Nothing,
            "Succeed only when it cannot serve. Without any, nobody knows whether the fence \
             holds.",
        ),
        key(
            "provider",
            Form::Words(&["vcenter"]),
            Fallback::Nothing,
            "Before all else the peer's VM is powered off by this vCenter (the block `vcenter`, \
             or the only one among the witnesses), and seen off on a connected host.",
        ),
    ],
);

/// The Consul servers of a site.
pub(crate) static MESH: Block = block(
    "mesh",
    &[
        key(
            "data_dir",
            Form::Path,
            Fallback::Is("/var/lib/service-discover/data"),
            "Consul's data folder: `node-id` and `raft` are in it.",
        ),
        key(
            "owner",
            Form::Account,
            Fallback::Is("service-discover"),
            "Who must be able to read and remove `peers.json`; empty leaves it to habeat's own \
             user.",
        ),
        key(
            "peers_file",
            Form::Path,
            Fallback::Is("/etc/hamon/peers.json"),
            "A `peers.json` of yours; if it is there, it is checked and used. It names no server \
             of the peer's site. Without it habeat names this node alone.",
        ),
        key(
            "port",
            Form::Number(1, Some(65_535)),
            Fallback::Is("8300"),
            "The port for Raft, in `peers.json`.",
        ),
        key(
            "stop",
            Form::Command,
            Fallback::Is("[systemctl, stop, service-discover]"),
            "Stops the service, and ends when it is stopped.",
        ),
        key(
            "start",
            Form::Command,
            Fallback::Is("[systemctl, start, service-discover]"),
            "Starts it, and ends.",
        ),
        key(
            "leader_timeout",
            Form::Span(Zero::Refused),
            Fallback::Is("2m"),
            "How long a leader may take to appear; after that the recovery is undone.",
        ),
    ],
);

/// Where past runs are kept.
pub(crate) static HISTORY: Block = block(
    "history",
    &[
        key(
            "file",
            Form::Path,
            Fallback::Is("/var/lib/habeat/history.jsonl"),
            "Past runs, one JSON document per line. For a role other than `appserver` the \
             default has its name: `history-proxyserver.jsonl`. Two roles may be given one file; \
             they take turns.",
        ),
        key(
            "keep",
            Form::Number(1, None),
            Fallback::Is("1000"),
            "Lines kept, at the least.",
        ),
    ],
);
