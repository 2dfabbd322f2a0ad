//! What travels to another host in a form that everybody on the way can read and change.

use super::reader::{Field, Section};
use super::scalar::is_loopback;
use super::site::Sites;
use super::target::authority;
use super::{Config, Consul, HttpTarget, Provider, Secret, Target};

/// Warns of witnesses and probes that are asked over plain http.
pub(super) fn warn(config: &Config, sites: &Sites, top: &Section<'_>) {
    let own = [&sites.own.addresses[..], &sites.own.site.hosts].concat();
    let is_elsewhere = |url: &str| {
        let host = authority(url);
        let is_own = own.iter().any(|it| it.eq_ignore_ascii_case(host));
        url.starts_with("http://") && !is_loopback(host) && !is_own
    };
    let entries = top.get("witnesses").items();
    for (index, witness) in config.witnesses.iter().enumerate() {
        let entry = entries.get(index).map(Field::block);
        match &witness.provider {
            Provider::Consul(Consul {
                base_url, token, ..
            }) if is_elsewhere(base_url) => {
                let block = entry.filter(|it| it.has("hostname"));
                let block = block.unwrap_or_else(|| top.get("consul").block());
                let tail = "write scheme: https, or ask the agent of this node";
                tell(&block.get("hostname"), base_url, token.as_ref(), tail);
            }
            Provider::Http(page) if is_elsewhere(page.url.reveal()) => {
                let field = entry.map_or_else(|| top.get("witnesses"), |it| it.get("url"));
                tell(
                    &field,
                    page.url.reveal(),
                    page.token.as_ref(),
                    "write https",
                );
            }
            // TLS is not theirs to choose.
            Provider::Consul(_)
            | Provider::Http(_)
            | Provider::Vcenter(_)
            | Provider::Hetrix(_)
            | Provider::Command { .. } => {}
        }
    }
    let targets = top.get("probe").block().get("targets");
    for (field, list) in [
        (targets, &config.probe.targets),
        (top.get("anchors"), &config.anchors),
    ] {
        for target in list {
            if let Target::Http(HttpTarget { url, .. }) = target
                && is_elsewhere(url.reveal())
                && url.reveal().contains('?')
            {
                field.warn(format!(
                    "{url} is asked over plain http: whoever is on the way can read what stands \
                     behind the \"?\"; write https"
                ));
            }
        }
    }
}

fn tell(field: &Field<'_>, url: &str, secret: Option<&Secret>, tail: &str) {
    let host = authority(url);
    let harm = match secret {
        Some(_) => "read the secret and forge the answer",
        None => "forge the answer",
    };
    field.warn(format!(
        "{host} is asked over plain http: whoever is on the way can {harm}; {tail}"
    ));
}
