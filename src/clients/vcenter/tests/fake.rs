//! A vCenter in memory that speaks either dialect, filters like the real one, counts its
//! sessions, and can be made to misbehave at one point of the conversation.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use crate::clients::tests::server::{Server, hush, response};

pub(crate) use super::super::dialect::Dialect;

/// The points of a conversation, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Login,
    FirstLook,
    Hosts,
    SecondLook,
    Stop,
    Logout,
}

/// What happens at a point instead of an honest answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Twist {
    /// A status and a body.
    Says(u16, &'static str),
    /// An error in the words of the dialect.
    Errs(u16, &'static str, &'static str),
    /// The session has ended.
    Expired,
    /// As `Says` 200, the length one byte too large.
    CutOff(&'static str),
    /// The connection is closed in the middle of an answer.
    Dies,
    /// Nothing, for ever.
    Silence,
    /// More than we read.
    Endless,
    /// An honest answer, after the VMs have become these.
    Become(&'static [Vm]),
    /// What was asked for is done, but the connection is closed before the answer.
    DoneButDies,
    /// An honest answer, but nothing is done.
    Ignored,
}

/// A VM: id, name, state, host.
pub(crate) type Vm = (&'static str, &'static str, &'static str, &'static str);
/// A host: id, connection state.
pub(crate) type Host = (&'static str, &'static str);

/// What there is, and what goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    pub(crate) vms: &'static [Vm],
    pub(crate) hosts: &'static [Host],
    /// What goes wrong at the first so many visits of a point.
    pub(crate) twist: Option<(Point, usize, Twist)>,
    /// Whether filters are ignored, as by something that only looks like a vCenter.
    pub(crate) unfiltered: bool,
    /// So many more VMs, called `other-N`, on the first host.
    pub(crate) crowd: usize,
}

#[derive(Default)]
struct Memory {
    vms: Vec<(String, String, String, String)>,
    visits: Vec<Point>,
    open: Vec<String>,
    made: usize,
}

pub(crate) struct Fake {
    pub(crate) server: Server,
    memory: Arc<Mutex<Memory>>,
}

impl Fake {
    pub(crate) fn start(dialect: Dialect, world: World) -> Self {
        let memory = Arc::new(Mutex::new(Memory::default()));
        let kept = Arc::clone(&memory);
        memory.lock().unwrap().become_these(world.vms);
        let server = Server::acting(move |stream, head| {
            let mut memory = kept.lock().unwrap();
            let reply = memory.reply(dialect, &world, head);
            drop(memory);
            reply.send(stream);
        });
        Self { server, memory }
    }

    /// The points that were visited, in order.
    pub(crate) fn visits(&self) -> Vec<Point> {
        self.memory.lock().unwrap().visits.clone()
    }

    /// How many sessions were made, and how many of them were never ended.
    pub(crate) fn sessions(&self) -> (usize, usize) {
        let memory = self.memory.lock().unwrap();
        (memory.made, memory.open.len())
    }

    pub(crate) fn state_of(&self, id: &str) -> String {
        let memory = self.memory.lock().unwrap();
        let vm = memory.vms.iter().find(|vm| vm.0 == id).unwrap();
        vm.2.clone()
    }
}

enum Reply {
    Bytes(Vec<u8>),
    Dies,
    Silence,
    Endless,
}

impl Reply {
    fn send(self, stream: &mut TcpStream) {
        match self {
            Self::Bytes(bytes) => {
                let _ = stream.write_all(&bytes);
            }
            Self::Dies => {
                let half = b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n[{\"vm\":";
                let _ = stream.write_all(half);
            }
            Self::Silence => hush(),
            Self::Endless => {
                let _ = stream.write_all(b"HTTP/1.1 200 X\r\n\r\n");
                while stream.write_all(&[b' '; 65536]).is_ok() {}
            }
        }
    }
}

/// Returns an answer that says it is JSON.
fn json(status: u16, body: &str) -> Reply {
    Reply::Bytes(response(status, "content-type: application/json\r\n", body))
}

fn error(dialect: Dialect, status: u16, name: &str, words: &str) -> Reply {
    let messages = format!(
        "\"messages\":[{{\"id\":\"com.vmware.x\",\"default_message\":{words:?},\"args\":[]}}]"
    );
    let body = match dialect {
        Dialect::Api => format!("{{\"error_type\":\"{name}\",{messages}}}"),
        Dialect::Rest => format!(
            "{{\"type\":\"com.vmware.vapi.std.errors.{}\",\"value\":{{{messages}}}}}",
            name.to_lowercase()
        ),
    };
    json(status, &body)
}

fn wrapped(dialect: Dialect, value: &str) -> String {
    match dialect {
        Dialect::Api => value.to_owned(),
        Dialect::Rest => format!("{{\"value\":{value}}}"),
    }
}

impl Memory {
    fn become_these(&mut self, vms: &[Vm]) {
        let owned = |vm: &Vm| (vm.0.into(), vm.1.into(), vm.2.into(), vm.3.into());
        self.vms = vms.iter().map(owned).collect();
    }

    fn reply(&mut self, dialect: Dialect, world: &World, head: &str) -> Reply {
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let stem = match dialect {
            Dialect::Api => "/api/",
            Dialect::Rest => "/rest/",
        };
        let Some(path) = path.strip_prefix(stem) else {
            return json(404, "");
        };
        let hosts = values(dialect, query, "hosts");
        let point = match (method, path) {
            ("POST", "session" | "com/vmware/cis/session") => Point::Login,
            ("DELETE", "session" | "com/vmware/cis/session") => Point::Logout,
            ("GET", "vcenter/vm") if hosts.is_empty() => Point::FirstLook,
            ("GET", "vcenter/vm") => Point::SecondLook,
            ("GET", "vcenter/host") => Point::Hosts,
            ("POST", stop) if stop.contains("/power") => Point::Stop,
            other => panic!("nobody asks {other:?}"),
        };
        self.visits.push(point);
        let nth = self.visits.iter().filter(|it| **it == point).count();
        let twist = world
            .twist
            .filter(|(at, last, _)| *at == point && nth <= *last);
        if let Some(reply) = twist.and_then(|(_, _, twist)| self.twisted(dialect, twist)) {
            return reply;
        }
        let done = self.answer(dialect, world, point, head, query);
        match twist {
            Some((_, _, Twist::DoneButDies)) => Reply::Dies,
            Some(_) | None => done,
        }
    }

    fn twisted(&mut self, dialect: Dialect, twist: Twist) -> Option<Reply> {
        Some(match twist {
            Twist::Says(status, body) => Reply::Bytes(response(status, "", body)),
            Twist::Errs(status, name, words) => error(dialect, status, name, words),
            Twist::Expired => {
                self.open.clear();
                error(dialect, 401, "UNAUTHENTICATED", "Authentication required.")
            }
            Twist::CutOff(body) => {
                let length = body.len() + 1;
                let head = format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n");
                Reply::Bytes([head.as_bytes(), body.as_bytes()].concat())
            }
            Twist::Dies => Reply::Dies,
            Twist::Silence => Reply::Silence,
            Twist::Endless => Reply::Endless,
            Twist::Become(vms) => {
                self.become_these(vms);
                return None;
            }
            Twist::Ignored => json(204, ""),
            Twist::DoneButDies => return None,
        })
    }

    fn answer(
        &mut self,
        dialect: Dialect,
        world: &World,
        point: Point,
        head: &str,
        query: &str,
    ) -> Reply {
        let shown = header(head, "vmware-api-session-id");
        if point != Point::Login && !self.open.contains(&shown) {
            return error(dialect, 401, "UNAUTHENTICATED", "Authentication required.");
        }
        match point {
            Point::Login => self.log_in(dialect, head),
            Point::Logout => {
                self.open.retain(|id| *id != shown);
                json(if dialect == Dialect::Api { 204 } else { 200 }, "")
            }
            Point::Stop => self.stop(dialect, head),
            Point::Hosts => {
                let states = values(dialect, query, "connection_states");
                let rows = world.hosts.iter().filter_map(|(id, state)| {
                    let passes = world.unfiltered || states.contains(&(*state).to_owned());
                    let row = format!("{{\"host\":\"{id}\",\"name\":\"{id}.example.com\",\"connection_state\":\"{state}\"}}");
                    passes.then_some(row)
                });
                listed(dialect, &rows.collect::<Vec<_>>())
            }
            Point::FirstLook | Point::SecondLook => self.list(dialect, world, query),
        }
    }

    fn log_in(&mut self, dialect: Dialect, head: &str) -> Reply {
        // "habeat@vsphere.local:s3cret", in the words of another implementation.
        if header(head, "authorization") != "Basic aGFiZWF0QHZzcGhlcmUubG9jYWw6czNjcmV0" {
            return error(
                dialect,
                401,
                "UNAUTHENTICATED",
                "Unable to authenticate user",
            );
        }
        self.made += 1;
        let id = format!("session-{}", self.made);
        self.open.push(id.clone());
        match dialect {
            Dialect::Api => json(201, &format!("\"{id}\"")),
            Dialect::Rest => json(200, &wrapped(dialect, &format!("\"{id}\""))),
        }
    }

    fn list(&self, dialect: Dialect, world: &World, query: &str) -> Reply {
        let names = values(dialect, query, "names");
        let hosts = values(dialect, query, "hosts");
        assert!(names.iter().all(|name| !name.is_empty()), "{query}");
        let known = self.vms.iter().filter_map(|(id, name, state, host)| {
            let passes = world.unfiltered
                || names.contains(name) && (hosts.is_empty() || hosts.contains(host));
            // A real row has more fields; a new version may add others.
            let row = format!("{{\"memory_size_MiB\":8192,\"vm\":\"{id}\",\"name\":\"{name}\",\"new\":{{\"a\":[1]}},\"power_state\":\"{state}\"}}");
            passes.then_some(row)
        });
        let crowd = (0..if world.unfiltered { world.crowd } else { 0 }).map(|number| {
            format!("{{\"memory_size_MiB\":8192,\"vm\":\"vm-1{number}\",\"name\":\"other-{number} of the department for long names\",\"power_state\":\"POWERED_ON\",\"cpu_count\":4}}")
        });
        listed(dialect, &known.chain(crowd).collect::<Vec<_>>())
    }

    fn stop(&mut self, dialect: Dialect, head: &str) -> Reply {
        let vm = self
            .vms
            .iter_mut()
            .find(|vm| head.contains(&format!("/vm/{}/power", vm.0)));
        match vm {
            None => error(dialect, 404, "NOT_FOUND", "no such VM"),
            Some(vm) if vm.2 == "POWERED_OFF" => {
                error(dialect, 400, "ALREADY_IN_DESIRED_STATE", "is powered off")
            }
            Some(vm) => {
                vm.2 = "POWERED_OFF".to_owned();
                json(if dialect == Dialect::Api { 204 } else { 200 }, "")
            }
        }
    }
}

fn listed(dialect: Dialect, rows: &[String]) -> Reply {
    json(200, &wrapped(dialect, &format!("[{}]", rows.join(","))))
}

fn header(head: &str, name: &str) -> String {
    let line = head.lines().find_map(|line| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then_some(value)
    });
    line.unwrap_or_default().to_owned()
}

/// Returns the values of a filter, `names=a&names=b` or `filter.names.1=a&filter.names.2=b`.
fn values(dialect: Dialect, query: &str, filter: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let passing = pairs.filter(|(name, _)| match dialect {
        Dialect::Api => *name == filter,
        Dialect::Rest => name
            .strip_prefix("filter.")
            .and_then(|name| name.strip_prefix(filter)?.strip_prefix('.'))
            .is_some_and(|number| number.parse::<usize>().is_ok_and(|number| number > 0)),
    });
    passing.map(|(_, value)| unescaped(value)).collect()
}

fn unescaped(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
            let hex = std::str::from_utf8(&hex).unwrap();
            plain.push(u8::from_str_radix(hex, 16).unwrap());
        } else {
            plain.push(byte);
        }
    }
    String::from_utf8(plain).unwrap()
}
