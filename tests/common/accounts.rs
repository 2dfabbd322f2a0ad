//! The accounts of a site, and the programs that are told of them.

use serde_json::json;

use super::Site;

/// A program whose list is in the file `answer`, and whose promotion moves everything; the names
/// that restartReplicas gets are kept in `restarted`.
const LISTING: &str = r#"#!/bin/sh
cd "${0%/*}"
printf '%s\n' "carbonio $*" >>calls
case " $* " in
*" getAccountStatus "*) [ -e promoted ] && echo '{"ok":true,"response":{"values":[]}}' || cat answer ;;
*" promoteAccounts "*) : >promoted ;;
*" restartReplicas "*) for last; do :; done; printf '%s,' "$last" >>restarted ;;
esac
"#;

/// Keeps each argument as it came, with a NUL after it.
const KEEPING: &str = "#!/bin/sh\nprintf '%s\\0' \"$@\" >>\"${0%/*}/argv\"\n";

/// Returns so many plain names.
pub(crate) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("user{n}@example.com")).collect()
}

impl Site {
    /// Makes the list name these accounts, whatever they contain.
    pub(crate) fn lists(&self, names: &[String]) {
        let values: Vec<_> = names
            .iter()
            .map(|name| json!({"accountName": name, "replicas": [{"available": true}]}))
            .collect();
        self.write(
            "answer",
            json!({"ok": true, "response": {"values": values}}).to_string(),
        );
        self.program("carbonio", LISTING);
        self.program("zmprov", KEEPING);
    }

    /// Returns the calls of the stubs with this word.
    pub(crate) fn calls_of(&self, word: &str) -> Vec<String> {
        let calls = self.lines("calls").into_iter();
        calls
            .filter(|call| call.split(' ').any(|said| said == word))
            .collect()
    }
}
