//! What two moments have in common.

use super::Now;

#[test]
fn boots_that_are_not_known_are_never_the_same() {
    let moment = |boot_id: &str| Now {
        wall: 0,
        boot_ms: 1000,
        boot_id: boot_id.to_owned(),
    };
    for (one, other, same) in [
        ("a", "a", true),
        ("a", "b", false),
        ("a", "", false),
        ("", "", false),
    ] {
        assert_eq!(
            moment(one).same_boot(&moment(other)),
            same,
            "{one:?} {other:?}"
        );
    }
}
