//! The top level of the file.

use super::{Block, Fallback, Form, block, key};

/// The top level; the blocks of the sites come on top of it, by their own names.
pub(crate) static TOP: Block = block(
    "",
    &[
        key(
            "local",
            Form::Block,
            Fallback::Required,
            "What this node is and does.",
        ),
        key(
            "consul",
            Form::Block,
            Fallback::Nothing,
            "The Consul agent of this node, asked when `local.provider` is `consul`.",
        ),
        key(
            "vcenter",
            Form::Block,
            Fallback::Nothing,
            "A vCenter server; it knows whether the VM of the peer is powered on.",
        ),
        key(
            "hetrix",
            Form::Block,
            Fallback::Nothing,
            "HetrixTools; it sees the service of the peer from the internet.",
        ),
        key(
            "probe",
            Form::Block,
            Fallback::Nothing,
            "How the peer is probed.",
        ),
        key(
            "anchors",
            Form::Targets,
            Fallback::Nothing,
            "Targets that show whether this node is connected at all, best on a third site.",
        ),
        key("policy", Form::Block, Fallback::Nothing, "When to act."),
        key(
            "witnesses",
            Form::Witnesses,
            Fallback::Nothing,
            "Several witnesses, asked side by side, instead of the one of `local.provider`.",
        ),
        key(
            "quorum",
            Form::Quorum,
            Fallback::Is("all"),
            "How many of the witnesses must say that the peer is down; a single one that says up always vetoes.",
        ),
        key(
            "carbonio",
            Form::Block,
            Fallback::Nothing,
            "The programs that promote and flush.",
        ),
        key(
            "timeouts",
            Form::Block,
            Fallback::Nothing,
            "Deadlines of commands.",
        ),
        key(
            "fence",
            Form::Block,
            Fallback::Nothing,
            "What makes sure that the peer cannot serve any more.",
        ),
        key(
            "state_dir",
            Form::Path,
            Fallback::Is("/var/lib/habeat"),
            "The folder of everything but the three state files: run lock, journal, account list.",
        ),
        key(
            "mesh",
            Form::Block,
            Fallback::Nothing,
            "The Consul server of this node, for the role `consulserver`.",
        ),
        key(
            "history",
            Form::Block,
            Fallback::Nothing,
            "Where past runs are kept.",
        ),
    ],
);
