//! The programs of docs/failover-order.md, as they stand there.

use std::fs;
use std::path::Path;

/// What the document has of its own example, and what stands for it here.
const NAMES: [(&str, &str); 2] = [
    ("192.0.2.10", "10.99.0.21"),
    ("mbx1.example.com", "mbox1.example.com"),
];
/// How the document starts `zmprov`, as the user of Carbonio.
const ZMPROV: &str = "runuser -u zextras -- /opt/zextras/bin/zmprov";

/// Returns the program under this heading; `zmprov` is the one that it calls.
pub(crate) fn program(heading: &str, zmprov: &Path) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/failover-order.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, text) = section.split_once("\n```sh\n").unwrap();
    let (text, _) = text.split_once("\n```").unwrap();
    let text = text.replace(ZMPROV, &zmprov.display().to_string());
    let rename = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    NAMES.iter().fold(text, rename)
}
