//! The BGP speakers of site B, each started as its Debian unit starts it.

/// A BGP daemon that habeat switches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speaker {
    Bird,
    Frr,
    GoBgp,
    ExaBgp,
}

impl Speaker {
    /// Where docs/proxies.md speaks of it.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Bird => "BIRD 2",
            Self::Frr => "FRR",
            Self::GoBgp => "GoBGP",
            Self::ExaBgp => "ExaBGP",
        }
    }

    /// Its processes, as shell scripts that end in `exec`; `$1` is the configuration.
    pub(crate) fn scripts(self) -> &'static [&'static str] {
        match self {
            Self::Bird => &["install -d -o bird -g bird -m 775 /run/bird
                exec bird -f -u bird -g bird -c \"$1\""],
            Self::Frr => &[
                "install -d -o frr -g frr -m 755 /run/frr
                exec /usr/lib/frr/zebra -A 127.0.0.1 -s 90000000 -f \"$1\"",
                "install -d -o frr -g frr -m 755 /run/frr
                exec /usr/lib/frr/bgpd -A 127.0.0.1 -f \"$1\"",
            ],
            Self::GoBgp => &["exec gobgpd -f \"$1\" --log-plain"],
            Self::ExaBgp => &["install -d -o exabgp -g exabgp -m 750 /run/exabgp
                setpriv --reuid exabgp --regid exabgp --init-groups \
                    mkfifo /run/exabgp/exabgp.in /run/exabgp/exabgp.out
                export exabgp_daemon_daemonize=false
                exec setpriv --reuid exabgp --regid exabgp --init-groups --inh-caps +net_admin \
                    --ambient-caps +net_admin --bounding-set=-all,+net_admin exabgp \"$1\""],
        }
    }
}
