use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::{must_be_fresh, unix_seconds};

/// 1994-11-06 08:49:37 UTC.
const NOW: i64 = 784_111_777;

fn headers(text: &str) -> HeaderMap {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let named = lines.map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    });
    let mut all = HeaderMap::new();
    for (name, value) in named {
        all.append(name, value);
    }
    all
}

fn is_fresh(text: &str, limit: i64) -> bool {
    must_be_fresh(&headers(text), NOW, limit).is_ok()
}

#[test]
fn an_answer_that_lay_in_a_cache_is_stale() {
    for (text, expected) in [
        ("", true),
        ("age: 0", true),
        ("age: 1", false),
        ("age: 86400", false),
        ("age: 99999999999999999999", false),
        ("age: -1", false),
        ("age: soon", false),
        ("age: 0\nage: 7", false),
        ("warning: 110 - \"Response is Stale\"", false),
        ("warning: 111 proxy \"Revalidation Failed\"", false),
        ("warning: 199 - \"x\", 110 - \"y\"", false),
        ("warning: 199 - \"something else\"", true),
        ("x-cache: HIT", false),
        ("x-cache: MISS", true),
        ("x-cache: Hit from cloudfront", false),
        ("x-cache: MISS, HIT", false),
        ("x-cache: TCP_MEM_HIT from squid", false),
        ("x-cache: white", true),
        ("x-cache-status: STALE", false),
        ("x-cache-status: UPDATING", false),
        ("x-cache-status: REVALIDATED", true),
        ("cf-cache-status: DYNAMIC", true),
        ("cache-status: ExampleCache; hit; ttl=-30", false),
        ("cache-status: ExampleCache; fwd=miss", true),
        ("date: Sun, 06 Nov 1994 08:49:37 GMT", true),
        ("date: Sun, 06 Nov 1994 08:48:38 GMT", true),
        ("date: Sun, 06 Nov 1994 08:47:00 GMT", false),
        ("date: Sun, 06 Nov 1994 08:52:00 GMT", false),
        ("date: Sat, 05 Nov 1994 08:49:37 GMT", false),
        ("date: yesterday", false),
        ("date: Sun Nov  6 08:49:37 1994", false),
    ] {
        assert_eq!(is_fresh(text, 0), expected, "{text}");
    }
}

#[test]
fn a_limit_allows_a_cache_that_says_how_old_its_answer_is() {
    for (text, expected) in [
        ("age: 30", true),
        ("age: 31", false),
        ("age: 30\nx-cache: HIT", true),
        ("x-cache: HIT", false),
        ("age: 3\nwarning: 110 - \"Response is Stale\"", false),
        ("date: Sun, 06 Nov 1994 08:48:10 GMT", true),
        ("date: Sun, 06 Nov 1994 08:48:06 GMT", false),
    ] {
        assert_eq!(is_fresh(text, 30), expected, "{text}");
    }
}

#[test]
fn only_the_date_of_http_is_read() {
    for (text, expected) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(NOW)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_799)),
        ("Sun, 06 anF 1994 08:49:37 GMT", None),
        ("Sun, 31 Feb 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 24:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("", None),
    ] {
        assert_eq!(unix_seconds(text), expected, "{text:?}");
    }
}
