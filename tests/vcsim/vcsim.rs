//! The simulator behind its front.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Whom the simulator knows; the same words are in `front.py`.
pub(crate) const USER: &str = "habeat@vsphere.local";
pub(crate) const PASSWORD: &str = "s3cret";

/// Which REST interfaces there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    /// Both, as since 7.0 U2.
    Both,
    /// `/rest` only, as before.
    Legacy,
}

pub(crate) const BOTH: [Interface; 2] = [Interface::Both, Interface::Legacy];

pub(crate) struct Vcsim {
    folder: tempfile::TempDir,
    child: Child,
    // Behind an option so that it can be closed: the front ends with its input.
    orders: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
    port: u16,
}

impl Vcsim {
    /// Starts it with a handful of VMs, all of them on.
    pub(crate) fn start(interface: Interface) -> Self {
        Self::start_by(interface, Command::new)
    }

    /// The same, with its front started by what `wrap` makes of a program. Whoever is to reach it
    /// must be where that is.
    pub(crate) fn start_by(interface: Interface, wrap: impl FnOnce(PathBuf) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certify(folder.path());
        let mut child = wrap(part("vmware/bin/python"))
            .arg(script("front.py"))
            .arg(part("vcsim"))
            .args([
                folder.path().join("front.pem"),
                folder.path().join("front.key"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|err| panic!("cannot start the front ({err}); tests/run builds it"));
        let orders = child.stdin.take();
        let mut replies = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        replies.read_line(&mut line).unwrap();
        let mut vcsim = Self {
            folder,
            child,
            orders,
            replies,
            port: line
                .trim()
                .parse()
                .expect("a port; see what the front said"),
        };
        if interface == Interface::Legacy {
            vcsim.obey("legacy");
        }
        vcsim
    }

    /// Has an order done (the list is in `front.py`); returns what it was answered with.
    pub(crate) fn obey(&mut self, order: &str) -> String {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        self.replies.read_line(&mut line).unwrap();
        let reply = line.trim_end().strip_prefix("ok");
        reply
            .unwrap_or_else(|| panic!("{order}: {line}"))
            .trim()
            .to_owned()
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Certificates that vouch for the front.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Returns what VMware's own client makes of the front.
    pub(crate) fn client(&self) -> String {
        let output = Command::new(part("vmware/bin/python"))
            .arg(script("client.py"))
            .arg(self.url())
            .arg(self.ca_file())
            .args([USER, PASSWORD])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "the client failed");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Vcsim {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}

/// Returns a part that `tests/lab/vcenter/build` has built.
fn part(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/peers")
        .join(name)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/lab/vcenter")
        .join(name)
}

/// Writes a root, and a certificate for 127.0.0.1 from it.
fn certify(folder: &Path) {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // OpenSSL takes a certificate with the name of its issuer for a self-signed one.
    root.distinguished_name.push(DnType::CommonName, "a root");
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &root).unwrap();
    for (name, text) in [
        ("ca.pem", root.pem()),
        ("front.pem", certificate.pem()),
        ("front.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}
