//! The page that shows what each answer of HetrixTools comes to.

use super::*;
use crate::witness::tests::golden::{Page, Row};

const PAGE: Page = Page {
    path: "docs/witnesses/hetrix-table.md",
    opening: "# HetrixTools: what each answer comes to\n\n\
        The wanted monitor is `mbx1.example.com`, checked every minute. How to set it up: \
        [hetrix.md](hetrix.md).",
    situation: "HetrixTools answers",
};

/// How a fixture is changed.
type Change = fn(&mut Value);

fn city(monitor: &mut Value, city: &str, field: &str, value: impl Into<Value>) {
    monitor["locations"][city][field] = value.into();
}

/// Lets all but the first `left` cities forget the last hour.
fn only_fresh(monitor: &mut Value, left: usize) {
    let cities = monitor["locations"].as_object_mut().expect("cities");
    for (_, look) in cities.iter_mut().skip(left) {
        look["last_check"] = (NOW - 3600).into();
    }
}

/// Lets the first `number` cities see it up.
fn seen_up(monitor: &mut Value, number: usize) {
    let cities = monitor["locations"].as_object_mut().expect("cities");
    for (_, look) in cities.iter_mut().take(number) {
        look["uptime_status"] = "up".into();
    }
}

/// The rows that rest on the one monitor: which fixture, and what is different about it.
const MONITORS: [(&str, &str, Change); 43] = [
    ("`up`, fresh", "up", |_| {}),
    ("`down`, fresh, all 12 locations down", "down", |_| {}),
    (
        "`down`, 7 of 12 locations down: half and one",
        "down",
        |it| {
            seen_up(it, 5);
        },
    ),
    ("`down`, 6 of 12 locations down: half", "down", |it| {
        seen_up(it, 6);
    }),
    ("`down`, no location down", "down", |it| seen_up(it, 12)),
    (
        "`down`, 3 locations fresh, all of them down",
        "down",
        |it| {
            only_fresh(it, 3);
        },
    ),
    ("`down`, 3 locations fresh, 2 of them down", "down", |it| {
        only_fresh(it, 3);
        seen_up(it, 1);
    }),
    ("`down`, 3 locations fresh, 1 of them down", "down", |it| {
        only_fresh(it, 3);
        seen_up(it, 2);
    }),
    ("`down`, 2 locations fresh, both down", "down", |it| {
        only_fresh(it, 2);
    }),
    ("`down`, 2 locations fresh, 1 down", "down", |it| {
        only_fresh(it, 2);
        seen_up(it, 1);
    }),
    ("`down`, 1 location fresh", "down", |it| only_fresh(it, 1)),
    ("`down`, no location fresh", "down", |it| only_fresh(it, 0)),
    (
        "`down`, a location with a status nobody knows",
        "down",
        |it| {
            seen_up(it, 5);
            city(it, "moscow", "uptime_status", "degraded");
        },
    ),
    ("`down`, locations without times", "down", |it| {
        let cities = it["locations"].as_object_mut().expect("cities");
        for (_, look) in cities {
            look["last_check"] = Value::Null;
        }
    }),
    ("`down`, locations from the future", "down", |it| {
        let cities = it["locations"].as_object_mut().expect("cities");
        for (_, look) in cities {
            look["last_check"] = (NOW + 301).into();
        }
    }),
    ("`down`, locations as an array", "down", |it| {
        let cities = it["locations"].as_object().expect("cities").clone();
        it["locations"] = cities
            .into_iter()
            .map(|(name, look)| json!({ name: [look] }))
            .collect();
    }),
    ("`down`, locations empty", "down", |it| {
        it["locations"] = json!({});
    }),
    ("`down`, locations `null`", "down", |it| {
        it["locations"] = Value::Null;
    }),
    ("`down`, no locations", "down", |it| {
        it.as_object_mut().expect("a monitor").remove("locations");
    }),
    ("`down`, locations are a word", "down", |it| {
        it["locations"] = "everywhere".into();
    }),
    ("heartbeat monitor, `down`", "heartbeat", |it| {
        it["last_check"] = (NOW - 100).into();
    }),
    ("heartbeat monitor, `up`", "heartbeat", |it| {
        it["uptime_status"] = "up".into();
    }),
    (
        "heartbeat monitor that has locations, `down`",
        "down",
        |it| {
            it["type"] = "heartbeat".into();
        },
    ),
    ("`paused`", "down", |it| {
        it["monitor_status"] = "paused".into();
    }),
    ("`disabled`", "down", |it| {
        it["monitor_status"] = "disabled".into();
    }),
    ("`maint`", "down", |it| {
        it["monitor_status"] = "maint".into();
    }),
    ("`maint_dnd`", "down", |it| {
        it["monitor_status"] = "maint_dnd".into();
    }),
    ("`maint`, `up`", "up", |it| {
        it["monitor_status"] = "maint".into();
    }),
    ("a `monitor_status` nobody knows", "down", |it| {
        it["monitor_status"] = "archived".into();
    }),
    ("no `monitor_status`", "down", |it| {
        it["monitor_status"] = Value::Null;
    }),
    ("an `uptime_status` nobody knows", "down", |it| {
        it["uptime_status"] = "unknown".into();
    }),
    ("`uptime_status` in capitals", "down", |it| {
        it["uptime_status"] = "DOWN".into();
    }),
    ("no `uptime_status`", "down", |it| {
        it["uptime_status"] = Value::Null;
    }),
    ("checked 300 s ago, every minute", "down", |it| {
        it["last_check"] = (NOW - 300).into();
    }),
    ("checked 301 s ago, every minute", "down", |it| {
        it["last_check"] = (NOW - 301).into();
    }),
    ("checked 40 minutes ago, `up`", "up", |it| {
        it["last_check"] = (NOW - 2400).into();
    }),
    ("checked 900 s ago, every 10 minutes", "down", |it| {
        it["check_frequency"] = 10.into();
        it["last_check"] = (NOW - 900).into();
    }),
    ("checked 901 s ago, every 10 minutes", "down", |it| {
        it["check_frequency"] = 10.into();
        it["last_check"] = (NOW - 901).into();
    }),
    ("never checked", "down", |it| {
        it["last_check"] = Value::Null;
    }),
    ("skewed clock: checked in 300 s", "down", |it| {
        it["last_check"] = (NOW + 300).into();
    }),
    ("skewed clock: checked in 301 s", "down", |it| {
        it["last_check"] = (NOW + 301).into();
    }),
    ("`last_check` is a word", "down", |it| {
        it["last_check"] = "just now".into();
    }),
    ("new fields, and others of another type", "down", |it| {
        it["dreams"] = json!({"of": ["electric", "sheep"]});
        it["uptime"] = json!([99.9, "99.9"]);
        it["port"] = "443".into();
        city(it, "tokyo", "response_time", "slow");
    }),
];

fn ask_for_monitor(name: &str, change: Change) -> Result<(String, Testimony), Doubt> {
    let mut page = fixture(name);
    change(&mut page["monitors"][0]);
    ask_about(HOST, &Server::routing(move |_| ok(&page)))
}

/// What is answered, by path.
type Answer = fn(&str) -> Value;

/// The rows that rest on the list, not on one monitor.
const LISTS: [(&str, Answer); 13] = [
    ("on page 2 of 2, among longer names", two_pages),
    ("nothing", |_| fixture("none")),
    ("only longer names", |_| {
        let mut page = fixture("page 1");
        page["meta"]["pagination"] = json!({"current": 1, "last": 1, "next": null});
        page
    }),
    ("its name in another case of letters", |_| {
        let mut page = fixture("down");
        page["monitors"][0]["name"] = "MBX1.example.com".into();
        page
    }),
    ("two monitors of that name", |_| {
        twins("0a1b2c3d4e5f60718293a4b5c6d7e8f9")
    }),
    (
        "one monitor twice: the list moved while it was read",
        |_| twins(ID),
    ),
    ("a nameless monitor beside it", |_| {
        let mut page = twins("0a1b2c3d4e5f60718293a4b5c6d7e8f9");
        page["monitors"][1]["name"] = Value::Null;
        page
    }),
    ("page 1 whichever page is asked for", |_| fixture("page 1")),
    ("no word about pages", |_| {
        let mut page = fixture("down");
        page["meta"] = json!({});
        page
    }),
    ("a monitor without an id", |_| {
        json!({
            "monitors": [{"name": HOST}],
            "meta": {"pagination": {"current": 1, "last": 1, "next": null}}
        })
    }),
    ("`monitors` is `null`", |_| {
        let mut page = fixture("none");
        page["monitors"] = Value::Null;
        page
    }),
    ("201 monitors on a page", |_| page_of(&verbose(201), 1, 1)),
    ("an entry of 64 KiB", |_| {
        let mut page = fixture("down");
        page["monitors"][0]["category"] = "x".repeat(65_536).into();
        page
    }),
];

fn twins(id: &str) -> Value {
    let mut page = fixture("down");
    let mut twin = page["monitors"][0].clone();
    twin["id"] = id.into();
    page["monitors"].as_array_mut().expect("a list").push(twin);
    page
}

/// The rows that rest on a whole answer.
fn answers() -> Vec<(&'static str, Vec<u8>)> {
    let refused = |status, headers| response(status, headers, text(&status.to_string()));
    let limits = "retry-after: 41\r\nratelimit-reset-user: 1790000041\r\n";
    vec![
        ("400", refused(400, "")),
        ("401: no such key", refused(401, "")),
        ("403: the key may not do this call", refused(403, "")),
        ("429: rate limit", refused(429, limits)),
        ("500", response(500, "", "")),
        (
            "502 of a relay",
            response(502, "", "<html>Bad Gateway</html>"),
        ),
        (
            "302",
            response(302, "location: https://hetrixtools.com/login\r\n", ""),
        ),
        ("200 with an error in it", response(200, "", text("401"))),
        (
            "200 with HTML",
            response(200, "content-type: text/html\r\n", "<html>log in</html>"),
        ),
        (
            "200, cut off",
            b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{\"monitors\"".to_vec(),
        ),
    ]
}

fn rows() -> Vec<Row> {
    let monitors = MONITORS
        .into_iter()
        .map(|(row, name, change)| (row.to_owned(), ask_for_monitor(name, change)));
    let lists = LISTS.into_iter().map(|(row, answer)| {
        let server = Server::routing(move |path| ok(&answer(path)));
        (row.to_owned(), ask_about(HOST, &server))
    });
    let answers = answers().into_iter().map(|(row, answer)| {
        let server = Server::routing(move |_| answer.clone());
        (row.to_owned(), ask_about(HOST, &server))
    });
    monitors.chain(lists).chain(answers).collect()
}

#[test]
fn the_page_shows_what_each_answer_comes_to() {
    PAGE.must_show(&rows());
}
