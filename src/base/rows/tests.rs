use serde::de::DeserializeSeed;

use super::{OrNull, Rows};

fn read(json: &str, most: usize) -> Result<Vec<u32>, String> {
    let mut kept = Vec::new();
    let rows = Rows::each(|row: u32| {
        kept.push(row);
        if row == 7 {
            return Err("no seven".to_owned());
        }
        Ok(())
    });
    let rows = OrNull(rows.at_most(most, "numbers"));
    let done = rows.deserialize(&mut serde_json::Deserializer::from_str(json));
    done.map(|()| kept).map_err(|err| err.to_string())
}

#[test]
fn each_row_is_handed_on_up_to_the_most() {
    assert_eq!(read("[]", 3), Ok(vec![]));
    assert_eq!(read("null", 3), Ok(vec![]));
    assert_eq!(read("[1, 2, 3]", 3), Ok(vec![1, 2, 3]));
    for (json, says) in [
        ("[1, 2, 3, 4]", "a list of at most 3 numbers"),
        ("[1, 7, 8, \"x\"]", "no seven"),
        ("[1, \"x\"]", "invalid type: string"),
        ("[1, 2", "EOF"),
        ("{}", "a list of at most 3 numbers"),
    ] {
        let why = read(json, 3).expect_err(json);
        assert!(why.contains(says), "{json}: {why}");
    }
}

#[test]
fn rows_are_handed_on_while_the_rest_is_still_to_come() {
    let mut seen = 0;
    let rows = Rows::each(|_: u32| {
        seen += 1;
        Ok(())
    });
    let broken = "[1, 2, 3, ?";
    let done = rows.deserialize(&mut serde_json::Deserializer::from_str(broken));
    assert!(done.is_err());
    assert_eq!(seen, 3);
}
