//! The blocks of the witnesses: `consul`, and those of other versions.

use std::path::Path;
use std::time::Duration;

use super::keys::{CONSUL, HETRIX, VCENTER};
use super::reader::{Field, Section};
use super::scalar::{self, Zero, bracketed, host_and_port};
use super::source::{self, Source};
use super::suggest::quoted;
use super::{Consul, Gossip, Secret, WitnessConfig, target};

/// Where a Consul agent answers by default
/// (<https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/general>).
const HOST: &str = "127.0.0.1";
const PORT: u16 = 8500;

/// Deadline of the conversation with Consul.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a file that holds a token. Consul's tokens have 36 characters, JWTs some hundreds.
const TOKEN_FILE: u64 = 4096;

/// Reads the witness of this version, and looks at the form of the others.
pub(super) fn read(top: &Section<'_>, file: &Source) -> Vec<WitnessConfig> {
    let vcenter = top.get("vcenter").section(&VCENTER);
    let hetrix = top.get("hetrix").section(&HETRIX);
    for (section, keys) in [(&vcenter, &VCENTER), (&hetrix, &HETRIX)] {
        for name in keys.names {
            section.get(name).text();
        }
    }
    for secret in [vcenter.get("password"), hetrix.get("api_token")] {
        expect_private(&secret, file);
    }
    vec![WitnessConfig::Consul(consul(&top.get("consul"), file))]
}

fn consul(field: &Field<'_>, file: &Source) -> Consul {
    let section = field.section(&CONSUL);
    let gossip = section.get("gossip").choice(
        Gossip::Anchored,
        &[
            ("anchored", Gossip::Anchored),
            ("never", Gossip::Never),
            ("always", Gossip::Always),
        ],
    );
    let base_url = base_url(&section);
    let ca_field = section.get("ca_file");
    let ca_file = ca_field.parsed(scalar::file_path);
    target::trusted_over_tls(&base_url, ca_file.as_ref(), &ca_field);
    Consul {
        base_url,
        token: token(&section, file),
        ca_file,
        gossip,
        timeout: section.get("timeout").duration(TIMEOUT, Zero::Refused),
    }
}

fn base_url(section: &Section<'_>) -> String {
    let scheme = section
        .get("scheme")
        .choice("http", &[("http", "http"), ("https", "https")]);
    let hostname = section.get("hostname");
    let port = section.get("port");
    let (host, own_port) = hostname
        .parsed(|text| match text.split_once("://") {
            Some((_, rest)) => Err(format!(
                "write only the host, {}; http or https goes into consul.scheme",
                quoted(rest.trim_end_matches('/'))
            )),
            None => host_and_port(text),
        })
        .unwrap_or_else(|| (HOST.to_owned(), None));
    let given = port.parsed(scalar::port);
    if let (Some(one), Some(other)) = (own_port, given)
        && one != other
    {
        port.error(format!(
            "{other} here, but {one} in consul.hostname; keep one"
        ));
    }
    let number = own_port.or(given).unwrap_or(PORT);
    format!("{scheme}://{}:{number}", bracketed(&host))
}

fn token(section: &Section<'_>, file: &Source) -> Option<Secret> {
    let written = section.get("token");
    let elsewhere = section.get("token_file");
    if !written.is_blank() && !elsewhere.is_blank() {
        elsewhere.error("given together with consul.token; keep one of them");
        return None;
    }
    expect_private(&written, file);
    if let Some(text) = written.value() {
        return written.parsed(|_| secret(text));
    }
    let path = elsewhere.parsed(scalar::file_path)?;
    elsewhere.parsed(|_| token_in(&path, &elsewhere))
}

fn token_in(path: &Path, field: &Field<'_>) -> Result<Secret, String> {
    let at = || path.display();
    let file =
        source::read(path, TOKEN_FILE).map_err(|why| format!("cannot read {}: {why}", at()))?;
    if file.is_readable_by_all() {
        field.warn(format!(
            "everyone on this machine can read {} (mode {:o}); chmod 600 it",
            at(),
            file.mode
        ));
    }
    let text = String::from_utf8(file.bytes).map_err(|_| format!("{} is not text", at()))?;
    match text.trim() {
        "" => Err(format!("{} is empty; write the token into it", at())),
        text => secret(text),
    }
}

/// A token travels in an HTTP header; never repeats it.
fn secret(text: &str) -> Result<Secret, String> {
    if text.chars().all(|it| it.is_ascii_graphic()) {
        return Ok(Secret::new(text.to_owned()));
    }
    Err("the token holds a blank or a character that no HTTP header can carry".to_owned())
}

fn expect_private(secret: &Field<'_>, file: &Source) {
    if !secret.is_blank() && file.is_readable_by_all() {
        secret.warn(format!(
            "everyone on this machine can read this file (mode {:o}), and it holds a secret; \
             chmod 600 it",
            file.mode
        ));
    }
}
