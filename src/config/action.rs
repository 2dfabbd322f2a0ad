//! The blocks about acting: `policy`, `carbonio`, `timeouts`, `fence`, `history`.

use std::time::Duration;

use super::reader::{Field, Section};
use super::role::Shape;
use super::scalar::{self, Zero};
use super::suggest::quoted;
use super::table::{CARBONIO, FENCE, HISTORY, POLICY, TIMEOUTS};
use super::{
    Carbonio, Fence, History, Namespace, OnReturn, Policy, Quorum, Share, Takeover, Timeouts,
};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Names per flush call, at the most.
const LARGEST_BATCH: usize = 10_000;

/// Reads `policy`; what is said elsewhere has its most careful value.
pub(crate) fn policy(field: &Field<'_>) -> Policy {
    let section = field.section(&POLICY);
    let count = |name, default| section.get(name).number(default, 1, None);
    let on_return = [("role", OnReturn::Role), ("manual", OnReturn::Manual)];
    let confirm_runs = count("confirm_runs", 2);
    if confirm_runs == 1 {
        let message = "one single run decides; with 2, a short outage passes without a promotion";
        section.get("confirm_runs").warn(message);
    }
    Policy {
        takeover: Takeover::Manual,
        stop_module: false,
        quorum: Quorum::All,
        confirm_runs,
        recover_runs: count("recover_runs", 2),
        run_spacing: section
            .get("run_spacing")
            .duration(2 * MINUTE, Zero::Allowed),
        evidence_max_age: (section.get("evidence_max_age")).duration(HALF_A_MINUTE, Zero::Refused),
        block_period: section.get("block_period").duration(HOUR, Zero::Allowed),
        max_attempts: count("max_attempts", 3),
        on_return: section.get("on_return").choice(OnReturn::Role, &on_return),
    }
}

/// Reads `carbonio`.
pub(crate) fn carbonio(field: &Field<'_>) -> Carbonio {
    let section = field.section(&CARBONIO);
    let namespaces = [
        ("auto", Namespace::Auto),
        ("ha", Namespace::Ha),
        ("MailReplica", Namespace::MailReplica),
    ];
    Carbonio {
        user: user(&section),
        carbonio: section.get("carbonio").path("/opt/zextras/bin/carbonio"),
        zmprov: section.get("zmprov").path("/opt/zextras/bin/zmprov"),
        namespace: section
            .get("namespace")
            .choice(Namespace::Auto, &namespaces),
        flush_batch: section
            .get("flush_batch")
            .number(200, 1, Some(LARGEST_BATCH)),
        require_replica: share(&section.get("require_replica")),
    }
}

fn share(field: &Field<'_>) -> Share {
    let read = |text: &str| {
        let wrong = || {
            format!(
                "{} is no share; write a number above 0, at most 1, as in 0.25",
                quoted(text)
            )
        };
        Share::read(text).ok_or_else(wrong)
    };
    field.literal(read).unwrap_or(Share::ALL)
}

fn user(section: &Section<'_>) -> Option<String> {
    if !section.has("user") {
        return Some("zextras".to_owned());
    }
    let field = section.get("user");
    match scalar::name(field.text()?) {
        Ok(name) => Some(name),
        Err(message) => {
            field.error(message);
            None
        }
    }
}

/// Reads `timeouts`.
pub(crate) fn timeouts(field: &Field<'_>) -> Timeouts {
    let section = field.section(&TIMEOUTS);
    let span = |name, default| section.get(name).duration(default, Zero::Refused);
    let grace = section.get("grace");
    Timeouts {
        query: span("query", 2 * MINUTE),
        promote: span("promote", 2 * HOUR),
        flush: span("flush", 10 * MINUTE),
        command: span("command", 5 * MINUTE),
        grace: grace.duration(Duration::from_secs(10), Zero::Allowed),
    }
}

/// Reads `fence`.
pub(crate) fn fence(field: &Field<'_>) -> Fence {
    let section = field.section(&FENCE);
    let field = section.get("commands");
    let fence = Fence {
        vcenter: None,
        commands: commands(&field),
        verify: commands(&section.get("verify")),
    };
    if !fence.commands.is_empty() && fence.verify.is_empty() {
        field.warn(
            "nothing verifies that the fence holds; write into fence.verify a command that \
             succeeds only when the peer cannot serve",
        );
    }
    fence
}

/// Reads a list of commands.
pub(crate) fn commands(field: &Field<'_>) -> Vec<Vec<String>> {
    let items = field.items();
    items.iter().filter_map(command).collect()
}

/// Reads a command: a list is run as it stands; a text by the shell, because the admin wrote it.
pub(crate) fn command(field: &Field<'_>) -> Option<Vec<String>> {
    let argv = if field.is_list() {
        let words = field.items();
        let texts = words.iter().map(argument);
        texts.collect::<Option<Vec<_>>>()?
    } else {
        let line = field.text().unwrap_or_default();
        ["/bin/sh", "-c", line].map(str::to_owned).to_vec()
    };
    if argv.iter().any(|word| word.contains('\0')) {
        field.error("holds a NUL character, which no command can");
    }
    let named = if field.is_list() {
        argv.first()
    } else {
        argv.last()
    };
    if named.is_none_or(String::is_empty) && !field.is_block() {
        field.error("an empty command; write [PROGRAM, ARGUMENT, …] or remove the entry");
    }
    Some(argv)
}

fn argument(field: &Field<'_>) -> Option<String> {
    let text = field.raw();
    if text.is_none() && !field.is_block() && !field.is_list() {
        field.error("an argument without a value; write \"\" for an empty one");
    }
    text.map(str::to_owned)
}

/// Reads `history`. Roles of one node share no file by default; a mailbox server's has no suffix,
/// as that of its module.
pub(crate) fn history(field: &Field<'_>, role: &Shape) -> History {
    let section = field.section(&HISTORY);
    let suffix = if role.has_plain_files {
        String::new()
    } else {
        format!("-{}", role.name)
    };
    let default = format!("/var/lib/habeat/history{suffix}.jsonl");
    History {
        file: section.get("file").path(&default),
        keep: section.get("keep").number(1000, 1, None),
    }
}
