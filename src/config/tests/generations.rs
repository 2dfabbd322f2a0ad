//! The configs of the ancestor, all generations: they load unchanged.

use super::{appserver, errors, fixture, load_bytes, warnings};
use crate::config::{Provider, Target};

const NO_ANCHORS: &str = "anchors: no anchors are given: if the peer's end also takes Consul's \
                          leader away, habeat holds and waits for you; give targets on a third \
                          site";

#[test]
fn the_page_lacks_one_address_and_is_usable_with_it() {
    let page = fixture("seed.yml");
    let missing = "line 22: primary.appserver_ip: \"delete\" is a leftover; write the address of \
                   the peer's mailbox server, to probe it";
    assert_eq!(errors(&page), [missing]);
    let filled = page.replace("appserver_ip: delete", "appserver_ip: 192.0.2.1");
    let misspelt = "line 46: secondary.proxy_switch.bgp.deativate: read as \"deactivate\"; write \
                    it so";
    assert_eq!(warnings(&filled), [misspelt, NO_ANCHORS]);
}

#[test]
fn the_last_shipped_config_loads() {
    let text = fixture("head.yml");
    assert_eq!(warnings(&text), [NO_ANCHORS]);
    let loaded = load_bytes(&text).unwrap();
    let config = &loaded.config;
    assert_eq!(config.peer.host(), "primary_mailbox.example.com");
    assert_eq!(config.own.host(), "replica_mailbox.example.com");
    let host = "10.11.12.10".to_owned();
    assert_eq!(config.probe.targets, [Target::Icmp { host }]);
    let appserver = appserver(&loaded);
    assert!(appserver.flush_cache && appserver.flush_all_servers);
    let [witness] = config.witnesses.as_slice() else {
        panic!("one witness");
    };
    let Provider::Consul(consul) = &witness.provider else {
        panic!("Consul");
    };
    assert_eq!(consul.base_url, "http://127.0.0.1:8500");
    let token = consul.token.as_ref().unwrap().reveal();
    assert_eq!(token, "123456-1234-aa01-bb02-b55a4b90620a");
}

#[test]
fn the_first_shipped_config_loads_and_is_told_that_both_nodes_have_one_name() {
    let one_name = "line 29: primary.appserver_vmname: is the same as secondary.appserver_vmname: \
                    Consul knows one node by that name, ours, so it can never testify that the \
                    peer is down; write the peer's name in Consul";
    assert_eq!(warnings(&fixture("d91b473.yml")), [one_name, NO_ANCHORS]);
}
