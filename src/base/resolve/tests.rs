use std::time::Duration;

use super::resolve;

#[test]
fn literal_addresses_need_no_resolver() {
    for (host, expected) in [
        ("192.0.2.7", "192.0.2.7:80"),
        ("2001:db8::7", "[2001:db8::7]:80"),
        ("[2001:db8::7]", "[2001:db8::7]:80"),
    ] {
        // With no time at all only a literal can succeed.
        let addresses = resolve(host, 80, Duration::ZERO).expect(host);
        assert_eq!(addresses, [expected.parse().expect("an address")], "{host}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_an_error_that_names_it() {
    let why =
        resolve("no-such-host.invalid", 80, Duration::from_secs(120)).expect_err("no address");
    assert!(
        why.starts_with("cannot resolve no-such-host.invalid: "),
        "{why}"
    );
}

#[test]
fn a_late_resolver_is_left_behind() {
    let why = resolve("no-such-host.invalid", 80, Duration::ZERO).expect_err("no time");
    assert_eq!(
        why,
        "cannot resolve no-such-host.invalid: no result within the deadline"
    );
}
