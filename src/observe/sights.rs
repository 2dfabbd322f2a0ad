//! What the looks at the addresses of one target come to.

use std::net::IpAddr;

use super::Answer;

/// The addresses of one target, and what came of each.
#[derive(Debug)]
pub(super) struct Sights {
    /// How many there are.
    count: usize,
    /// Those that were looked at.
    seen: Vec<(IpAddr, Answer)>,
    /// Those to which this node has no way, and why.
    lost: Vec<(IpAddr, String)>,
    /// Why the peer may live where nobody looked.
    unsure: Option<String>,
}

impl Sights {
    pub(super) fn of(count: usize) -> Self {
        Self {
            count,
            seen: Vec::new(),
            lost: Vec::new(),
            unsure: None,
        }
    }

    /// Notes that only so many of them are looked at.
    pub(super) fn passed_over(&mut self, most: usize) {
        let count = self.count;
        self.unsure = Some(format!(
            "the name has {count} addresses, and only {most} of them are looked at"
        ));
    }

    /// Notes an address to which this node has no way.
    pub(super) fn lost(&mut self, ip: IpAddr, why: String) {
        self.lost.push((ip, why));
    }

    /// Notes what came of a look.
    pub(super) fn saw(&mut self, ip: IpAddr, answer: Answer) {
        self.seen.push((ip, answer));
    }

    /// Returns what all of it comes to, and which addresses say nothing of it.
    ///
    /// An address that could not be probed outweighs one that did not answer: the peer may live
    /// there. Only a whole family that this node has no way to is left out, if there is another.
    pub(super) fn answer(self) -> (Answer, Vec<String>) {
        let (mut unsure, mut silent, mut ours) = (self.unsure.clone(), None, None);
        let mut left_out = Vec::new();
        for (ip, why) in &self.lost {
            let why = self.named(ip, why);
            if self.seen.is_empty() || self.sees_family_of(ip) {
                unsure = unsure.or(Some(why));
            } else {
                left_out.push(why);
            }
        }
        for (ip, answer) in &self.seen {
            match answer {
                Answer::Answered => return (Answer::Answered, left_out),
                Answer::Ours(why) => {
                    left_out.push(why.clone());
                    ours = ours.or(Some(why.clone()));
                }
                Answer::NoAnswer(how) => silent = silent.or(Some(self.named(ip, how))),
                Answer::CouldNotProbe(why) => unsure = unsure.or(Some(self.named(ip, why))),
            }
        }
        let answer = match (unsure, silent, ours) {
            (Some(why), _, _) => Answer::CouldNotProbe(why),
            (None, Some(how), _) => Answer::NoAnswer(how),
            (None, None, Some(why)) => {
                left_out.retain(|other| *other != why);
                Answer::Ours(why)
            }
            (None, None, None) => Answer::CouldNotProbe("there is no address to look at".into()),
        };
        (answer, left_out)
    }

    fn sees_family_of(&self, ip: &IpAddr) -> bool {
        let mut seen = self.seen.iter();
        seen.any(|(other, _)| other.is_ipv4() == ip.is_ipv4())
    }

    fn named(&self, ip: &IpAddr, what: &str) -> String {
        if self.count > 1 {
            format!("{ip}: {what}")
        } else {
            what.to_owned()
        }
    }
}
