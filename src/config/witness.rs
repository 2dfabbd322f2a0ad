//! Who is asked: the list `witnesses`, or `local.provider` alone; and how many must say down.

use super::keys::NOT_YET;
use super::local::Local;
use super::provider::{self, KINDS, Kind};
use super::reader::{Field, Section};
use super::site::Sites;
use super::source::Source;
use super::suggest::{or_known, quoted};
use super::table::{HETRIX, VCENTER, WITNESS};
use super::{Provider, Quorum, Stands, Witness, scalar};
use crate::clients::vcenter::Vcenter;

/// The word for a place in neither site.
const THIRD: &str = "third";

/// Kinds that a later version will know.
pub(super) const LATER: [&str; 3] = ["prometheus", "proxmox", "redfish"];

/// Reads the witnesses.
pub(super) fn read(
    top: &Section<'_>,
    local: &Local<'_>,
    sites: &Sites,
    file: &Source,
) -> Vec<Witness> {
    let list = top.get("witnesses");
    let entries = list.items();
    let witnesses: Vec<Witness> = if entries.is_empty() {
        simple(top, local.provider, file).into_iter().collect()
    } else {
        let read = |field| entry(top, field, sites, file);
        entries.iter().filter_map(read).collect()
    };
    for (name, keys) in [("vcenter", &VCENTER), ("hetrix", &HETRIX)] {
        provider::tolerate(&top.get(name).section(keys), keys, file);
    }
    named_apart(witnesses, &list)
}

/// The one witness of `local.provider`, asked with the block of its name.
fn simple(top: &Section<'_>, kind: Kind, file: &Source) -> Option<Witness> {
    let section = block(top, kind);
    let provider = provider::read(kind, &section, file)?;
    Some(Witness::plain(provider, provider::timeout(kind, &section)))
}

fn block<'a>(top: &Section<'a>, kind: Kind) -> Section<'a> {
    top.get(word(kind)).section(kind.keys())
}

fn word(kind: Kind) -> &'static str {
    let found = KINDS.iter().find(|(_, known)| *known == kind);
    found.map_or("", |(word, _)| word)
}

fn entry(top: &Section<'_>, field: &Field<'_>, sites: &Sites, file: &Source) -> Option<Witness> {
    let section = field.block();
    let kind = kind(&section.get("provider"))?;
    let shared: Vec<_> = WITNESS.names().collect();
    section.expect_only(kind.keys(), &shared);
    // An entry that says only who is asked is asked with the block of that name.
    let says_how = section
        .names()
        .any(|name| name != "timeout" && kind.keys().has(name));
    let how = match kind {
        Kind::Consul | Kind::Vcenter | Kind::Hetrix if !says_how => block(top, kind),
        Kind::Consul | Kind::Vcenter | Kind::Hetrix | Kind::Command | Kind::Http => field.block(),
    };
    let timed = if section.has("timeout") {
        &section
    } else {
        &how
    };
    let provider = provider::read(kind, &how, file)?;
    let name = |key: &str| section.get(key).value().map(str::to_owned);
    let witness = Witness {
        name: name("name").unwrap_or_default(),
        stands: stands(&section.get("site"), sites),
        host: section.get("host").parsed(shown),
        canary: section.get("canary").parsed(shown),
        timeout: provider::timeout(kind, timed),
        provider,
    };
    expect_sense(&witness, &section, sites);
    Some(witness)
}

fn kind(field: &Field<'_>) -> Option<Kind> {
    let words = KINDS.map(|(word, _)| word);
    if field.is_blank() {
        field.error(format!("missing; write one of {}", words.join(", ")));
    }
    field.parsed(|text| {
        let found = KINDS
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text));
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            if LATER.contains(&text.to_ascii_lowercase().as_str()) {
                return format!("{text:?} {NOT_YET}");
            }
            let hint = or_known(text, &words);
            format!("unknown provider {}; {hint}", quoted(text))
        })
    })
}

/// A name that a witness knows may hold blanks, but nothing that a log line cannot.
fn shown(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    Ok(text.to_owned())
}

fn stands(field: &Field<'_>, sites: &Sites) -> Stands {
    let words = [
        (sites.peer.site.name.as_str(), Stands::InJudged),
        (sites.own.site.name.as_str(), Stands::InOwn),
        (THIRD, Stands::Apart),
    ];
    field.choice(Stands::Unsaid, &words)
}

fn expect_sense(witness: &Witness, section: &Section<'_>, sites: &Sites) {
    let hosts = &sites.peer.site.hosts;
    let asked = (witness.host.as_ref()).map_or(hosts.as_slice(), std::slice::from_ref);
    if witness.canary.as_ref().is_some_and(|it| asked.contains(it)) {
        section
            .get("canary")
            .error("is the judged host itself; name another one that this witness knows to be up");
    }
    if witness.host.is_some() && hosts.len() > 1 {
        section.get("host").error(
            "names one host, and the role asks about each of consul_vmnames; write there the \
             names that this witness knows",
        );
    }
    if let (Provider::Http(page), Some(_)) = (&witness.provider, &witness.canary)
        && !page.url.reveal().contains("{host}")
    {
        let message = "the url has no {host} in it, so that the canary cannot be asked for";
        section.get("canary").error(message);
    }
    if let (Provider::Consul(_), Some(host)) = (&witness.provider, &witness.host)
        && scalar::host(host).is_err()
    {
        section
            .get("host")
            .error("is no name that a Consul node can have");
    }
}

/// Gives every witness a name of its own.
fn named_apart(mut witnesses: Vec<Witness>, list: &Field<'_>) -> Vec<Witness> {
    for index in 0..witnesses.len() {
        if witnesses[index].name.is_empty() {
            let word = witnesses[index].provider.name();
            let taken = |name: &str| witnesses.iter().any(|other| other.name == name);
            let names = (2..).map(|number| format!("{word}-{number}"));
            let free = std::iter::once(word.to_owned())
                .chain(names)
                .find(|name| !taken(name));
            witnesses[index].name = free.unwrap_or_default();
        }
    }
    for (index, witness) in witnesses.iter().enumerate() {
        if witnesses[..index]
            .iter()
            .any(|other| other.name == witness.name)
        {
            let name = quoted(&witness.name);
            list.error(format!(
                "two witnesses are named {name}; give each a name of its own"
            ));
        }
    }
    witnesses
}

/// Reads `quorum`.
pub(super) fn quorum(field: &Field<'_>, witnesses: &[Witness]) -> Quorum {
    let counts = |witness: &&Witness| witness.stands != Stands::InJudged;
    let voters = witnesses.iter().filter(counts).count();
    if voters == 0 && !witnesses.is_empty() {
        field.error(
            "every witness stands in the judged site and can only veto: nobody may say down; add \
             a witness that stands elsewhere",
        );
    }
    let read = |text: &str| match text.to_ascii_lowercase().as_str() {
        "all" => Ok(Quorum::All),
        "majority" => Ok(Quorum::Majority),
        number => match number.parse() {
            Ok(0) | Err(_) => Err("expected all, majority or a whole number, 1 or more".into()),
            Ok(needed) if needed > voters => Err(format!(
                "{needed} can never be reached: {voters} of the witnesses may say down"
            )),
            Ok(needed) => Ok(Quorum::AtLeast(needed)),
        },
    };
    field.literal(read).unwrap_or(Quorum::All)
}

/// Returns the vCenter that `fence.provider` means: the block, or the one among the witnesses.
pub(super) fn fencing_vcenter(
    field: &Field<'_>,
    top: &Section<'_>,
    witnesses: &[Witness],
    file: &Source,
) -> Option<Vcenter> {
    match field.value()? {
        "vcenter" => {}
        other => {
            let hint = or_known(other, &["vcenter"]);
            field.error(format!("unknown provider {}; {hint}", quoted(other)));
            return None;
        }
    }
    if !top.get("vcenter").is_blank() {
        return match provider::read(Kind::Vcenter, &block(top, Kind::Vcenter), file)? {
            Provider::Vcenter(vcenter) => Some(vcenter),
            Provider::Consul(_)
            | Provider::Hetrix(_)
            | Provider::Command { .. }
            | Provider::Http(_) => None,
        };
    }
    let vcenters = witnesses
        .iter()
        .filter_map(|witness| match &witness.provider {
            Provider::Vcenter(vcenter) => Some(vcenter),
            Provider::Consul(_)
            | Provider::Hetrix(_)
            | Provider::Command { .. }
            | Provider::Http(_) => None,
        });
    match vcenters.collect::<Vec<_>>().as_slice() {
        [one] => Some((*one).clone()),
        [] => {
            field.error("there is no vCenter to fence with; add a block vcenter");
            None
        }
        [_, _, ..] => {
            field.error("several vCenters are given; add a block vcenter with the one that fences");
            None
        }
    }
}
