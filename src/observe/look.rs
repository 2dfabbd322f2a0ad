//! One look at one target: at all its addresses side by side, each with the whole time, so that
//! their number never passes for the peer's silence.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::ours::Ours;
use super::sights::Sights;
use super::way::{self, Way};
use super::{Answer, Look, http, icmp, tcp};
use crate::base::resolve::resolve;
use crate::clients::http::host_and_port;
use crate::config::{Config, Target};

/// Addresses of one name that are looked at. A name server may give any number of them; whoever
/// may live at one that was not looked at cannot be called silent.
const ADDRESSES: usize = 64;

/// How long after its deadline a look may still report, on a machine under load.
pub(super) const SLACK: Duration = Duration::from_secs(1);

/// What a look needs to know besides the target.
#[derive(Debug, Clone)]
pub(crate) struct Glass {
    /// The deadline at each address.
    pub(crate) timeout: Duration,
    /// The hosts and addresses of our own site: whoever answers there is not the peer.
    pub(crate) ours: Vec<String>,
}

impl Glass {
    /// What the config says of it.
    pub(super) fn of(config: &Config) -> Self {
        Self {
            timeout: config.probe.timeout,
            ours: config.probe.ours.clone(),
        }
    }

    /// Returns how long a look may take: before it, a resolver may use half as long.
    pub(super) fn longest(&self) -> Duration {
        self.timeout + self.timeout / 2 + SLACK
    }

    /// Looks at one target.
    pub(crate) fn look(&self, target: &Target) -> Look {
        let looked = match target {
            Target::Icmp { host } => self.at_host(host, 0, icmp::look),
            Target::Tcp { host, port } => self.at_host(host, *port, tcp::look),
            Target::Http(http) => host_and_port(http.url.reveal()).and_then(|(host, port)| {
                let http = http.clone();
                let ask = move |address, within| http::look(&http, address, within);
                self.at_host(&host, port, ask)
            }),
        };
        let (answer, left_out) = match looked {
            Ok(sights) => sights.answer(),
            Err(why) => (Answer::CouldNotProbe(why), Vec::new()),
        };
        Look {
            target: target.to_string(),
            answer,
            left_out,
        }
    }

    fn at_host(
        &self,
        host: &str,
        port: u16,
        ask: impl Fn(SocketAddr, Duration) -> Answer + Clone + Send + 'static,
    ) -> Result<Sights, String> {
        if self.timeout.is_zero() {
            return Err("no time was left to look".to_owned());
        }
        let addresses = resolve(host, port, self.timeout / 2)?;
        let ours = Ours::new(host, &self.ours);
        let ask = move |address, within| match ask(address, within) {
            // What counts is whose the address is when it answers.
            Answer::Answered if ours.have(address) => Answer::Ours(format!(
                "{} is an address of this node or of its site",
                address.ip()
            )),
            other @ (Answer::Answered
            | Answer::Ours(_)
            | Answer::NoAnswer(_)
            | Answer::CouldNotProbe(_)) => other,
        };
        Ok(self.at_each(addresses, ask))
    }

    /// Asks at every address at the same time, until one answers.
    pub(super) fn at_each(
        &self,
        mut addresses: Vec<SocketAddr>,
        ask: impl Fn(SocketAddr, Duration) -> Answer + Clone + Send + 'static,
    ) -> Sights {
        let mut sights = Sights::of(addresses.len());
        if addresses.len() > ADDRESSES {
            sights.passed_over(ADDRESSES);
            addresses.truncate(ADDRESSES);
        }
        addresses.retain(|address| match way::to(*address) {
            Way::Out | Way::Home => true,
            Way::Nowhere(err) => {
                sights.lost(address.ip(), err.to_string());
                false
            }
        });
        if let [only] = addresses.as_slice() {
            // A run at rest starts no thread.
            sights.saw(only.ip(), ask(*only, self.timeout));
        } else {
            self.side_by_side(&addresses, &ask, &mut sights);
        }
        sights
    }

    fn side_by_side(
        &self,
        addresses: &[SocketAddr],
        ask: &(impl Fn(SocketAddr, Duration) -> Answer + Clone + Send + 'static),
        sights: &mut Sights,
    ) {
        let (sender, receiver) = mpsc::channel();
        for address in addresses.iter().copied() {
            let (reply, ask, timeout) = (sender.clone(), ask.clone(), self.timeout);
            // Nobody listens any more once another address has answered.
            let started = thread::Builder::new().spawn(move || {
                let _ = reply.send((address, ask(address, timeout)));
            });
            if let Err(err) = started {
                let why = format!("no thread could be started: {err}");
                let _ = sender.send((address, Answer::CouldNotProbe(why)));
            }
        }
        drop(sender);
        let deadline = Instant::now() + self.timeout + SLACK / 2;
        let mut open = addresses.to_vec();
        while let Ok((address, answer)) =
            receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            let is_enough = answer == Answer::Answered;
            open.retain(|other| *other != address);
            sights.saw(address.ip(), answer);
            if is_enough {
                return;
            }
        }
        for address in open {
            let late = Answer::CouldNotProbe("no result in time".to_owned());
            sights.saw(address.ip(), late);
        }
    }
}
