//! The keys of this node and of the two sites.

use super::{Block, Fallback, Form, block, key};

/// What this node is and does.
pub(crate) static LOCAL: Block = block(
    "local",
    &[
        key(
            "whoami",
            Form::Site,
            Fallback::Required,
            "The site this node stands in. The [manual site](#local) never takes over by itself.",
        ),
        key(
            "dc_check",
            Form::Site,
            Fallback::Required,
            "The site this node watches.",
        ),
        key(
            "role",
            Form::Words(&["appserver", "proxyserver", "consulserver"]),
            Fallback::Required,
            "What this node is.",
        ),
        key(
            "manual_site",
            Form::Site,
            Fallback::Is("primary"),
            "The site that never takes over by itself: a person does it there. Required where \
             neither site is called `primary`; otherwise each would take over the other when \
             only the line between them is cut.",
        ),
        key(
            "checkDownFile",
            Form::Path,
            Fallback::Is("/var/tmp/appserverdown-habeat"),
            "Present, with `-` and the role appended: the peer is suspect.",
        ),
        key(
            "checkPromotionFile",
            Form::Path,
            Fallback::Is("/var/tmp/appserverprom-habeat"),
            "Present, with `-` and the role appended: promoted, or on the way.",
        ),
        key(
            "checkRestartReplicaFile",
            Form::Path,
            Fallback::Is("/var/tmp/appserverrstopha"),
            "Present: we have stopped the HA module. Only an `appserver` does.",
        ),
        key(
            "provider",
            Form::Words(&["consul", "vcenter", "hetrix"]),
            Fallback::Is("consul"),
            "Who is asked whether the peer is down, with the block of that name. For several, or \
             another one: [`witnesses`](#witnesses).",
        ),
        key(
            "threads",
            Form::Number(1, Some(256)),
            Fallback::Is("5"),
            "Commands run at the same time, and the threads Carbonio uses for the promotion.",
        ),
        key(
            "disable_ha_module",
            Form::Boolean,
            Fallback::Is("false"),
            "On the manual site: stop its HA module while the peer is dead, and start it again \
             when the peer returns.",
        ),
        key(
            "flush_cache",
            Form::Boolean,
            Fallback::Is("false"),
            "After a promotion, flush the caches of the promoted accounts.",
        ),
        key(
            "flush_arguments_a",
            Form::Boolean,
            Fallback::Is("false"),
            "Flush them on all servers, not on this one alone.",
        ),
        key(
            "restart_replica",
            Form::Boolean,
            Fallback::Is("false"),
            "After a promotion, pause and restart the replicas of the promoted accounts.",
        ),
        key(
            "proxy_switch",
            Form::Words(&["bgp"]),
            Fallback::RequiredIf("for `proxyserver`"),
            "How the traffic is moved: by the commands in \
             [`proxy_switch.bgp`](#siteproxy_switchbgp) of our own site.",
        ),
        key(
            "proxy_enable_activate",
            Form::Boolean,
            Fallback::Is("false"),
            "Role `proxyserver`: on a confirmed death, move the traffic here. While it is off, a \
             run says what it would do and holds ([`not-enabled`](runbook.md#not-enabled)).",
        ),
        key(
            "proxy_enable_deactivate",
            Form::Boolean,
            Fallback::Is("false"),
            "Role `proxyserver`: when the peer is back, move it back, if it was moved. It keeps \
             habeat from doing so by itself, not you: [`habeat failback`](runbook.md#failback) \
             does it in any case.",
        ),
    ],
);

/// One site.
pub(crate) static SITE: Block = block(
    "SITE",
    &[
        key(
            "appserver_ip",
            Form::Host,
            Fallback::Nothing,
            "The mailbox server. The peer's is probed by ICMP; it may be missing only when \
             `probe.targets` is given. The two sites must not share one.",
        ),
        key(
            "appserver_vmname",
            Form::Host,
            Fallback::Required,
            "The name by which Carbonio and Consul know the mailbox server. Our own is needed \
             too: by it Consul proves that it sees at all. If both sites have the same name, \
             Consul can never testify that the peer is down.",
        ),
        key(
            "proxy_ip",
            Form::Host,
            Fallback::Nothing,
            "The same as `appserver_ip`, for the role `proxyserver`.",
        ),
        key(
            "proxyserver_vmname",
            Form::Host,
            Fallback::RequiredIf("for `proxyserver`"),
            "The same as `appserver_vmname`, for the role `proxyserver`.",
        ),
        key(
            "directorysrv_ip",
            Form::Host,
            Fallback::Nothing,
            "Role `consulserver`: the LDAP server of our own site. When it is given, a recovery \
             begins only while it answers on port 389: Carbonio's mesh does not start without \
             one.",
        ),
        key(
            "consul_ips",
            Form::Hosts,
            Fallback::RequiredIf("for `consulserver`"),
            "The mesh servers. All of the peer's are probed; one that answers is enough. Ours is \
             the address that Consul shows for this node.",
        ),
        key(
            "consul_vmnames",
            Form::Hosts,
            Fallback::RequiredIf("for `consulserver`"),
            "The names by which Consul knows them. Every witness must say that each of the \
             peer's is down.",
        ),
        key(
            "proxy_switch",
            Form::Block,
            Fallback::Nothing,
            "Role `proxyserver`: how the traffic is moved. Only that of our own site is used.",
        ),
    ],
);

/// The ways a site's proxies are switched.
pub(crate) static SWITCH: Block = block(
    "SITE.proxy_switch",
    &[key(
        "bgp",
        Form::Block,
        Fallback::Nothing,
        "The commands that switch by BGP.",
    )],
);

/// The commands that switch by BGP. The documentation and the code of the ancestor spell
/// `deativate`, one of its two shipped configs `deactivate`.
pub(crate) static BGP: Block = Block {
    aliases: &[("deativate", "deactivate")],
    ..BGP_BY_THE_BOOK
};

const BGP_BY_THE_BOOK: Block = block(
    "SITE.proxy_switch.bgp",
    &[
        key(
            "activate",
            Form::Commands,
            Fallback::RequiredIf("with `proxy_enable_activate`"),
            "Moves the traffic here: in order, each within `timeouts.command`, up to the first \
             failure. The next run goes on with the one that failed.",
        ),
        key(
            "verify",
            Form::Commands,
            Fallback::Nothing,
            "Run after them, in every run that gets so far; only when all succeed has the \
             traffic moved. Exit 0 of `birdc` is no proof.",
        ),
        key(
            "deactivate",
            Form::Commands,
            Fallback::Nothing,
            "Moves it back: in order, up to the first failure; the next run begins again with \
             the first. `deativate`, as old configs spell it, is read too, with a warning; both \
             at once are an error.",
        ),
    ],
);
