use std::collections::BTreeSet;

use super::scenario::Call;
use super::*;

#[test]
fn an_unknown_name_is_answered_with_the_names_there_are() {
    let err = find("outage").unwrap_err().to_string();
    assert!(
        err.contains("`outage`") && err.contains("outage-and-return"),
        "{err}"
    );
}

#[test]
fn every_scenario_is_found_by_a_name_of_its_own() {
    let names: BTreeSet<_> = scenarios::all().map(|one| one.name).collect();
    assert_eq!(names.len(), scenarios::all().count());
    for name in names {
        assert_eq!(find(name).unwrap().name, name);
    }
}

#[test]
fn every_hold_a_lab_can_bring_about_is_played() {
    let said: BTreeSet<_> = scenarios::all()
        .flat_map(|one| one.moves)
        .filter_map(|line| match line.call {
            Call::Run { says, .. } | Call::Failback { says, .. } => Some(says),
            Call::RunAndKill { .. } | Call::Retry => None,
        })
        .collect();
    for expected in [
        "rest/alive",
        "clear/recovered",
        "hold/confirming",
        "promote/confirmed",
        "resume/unfinished",
        "hold/already-promoted",
        "hold/returning",
        "return/returned",
        "hold/cut",
        "hold/unknown",
        "hold/has-leader",
        "hold/isolated",
        "hold/latched",
        "hold/blocked",
        "hold/manual-site",
        "hold/not-enabled",
        "hold/fence-failed",
        "hold/manual-return",
        "hold/peer-away",
        "hold/nothing-to-return",
        "return/failback",
    ] {
        assert!(said.contains(expected), "no scenario expects {expected}");
    }
}

#[test]
fn the_list_names_every_scenario_in_both_forms() {
    for form in [Form::Text, Form::Json] {
        let mut out = Vec::new();
        name_all(&mut out, form, &scenarios::all().collect::<Vec<_>>()).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(scenarios::all().all(|one| out.contains(one.name)), "{out}");
    }
}

#[test]
fn the_folder_is_ours_alone_and_goes_with_everything_in_it() {
    use std::os::unix::fs::PermissionsExt;
    let (one, other) = (Folder::create().unwrap(), Folder::create().unwrap());
    assert_ne!(one.path(), other.path());
    let mode = one.path().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::write(one.path().join("file"), "x").unwrap();
    let path = one.path().to_owned();
    one.remove().unwrap();
    other.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn the_lab_goes_when_all_passed_and_stays_otherwise() {
    for (trouble, afterwards, expected) in [
        (false, Afterwards::Remove, (Drilled::Passed, false)),
        (false, Afterwards::Keep, (Drilled::Passed, true)),
        (true, Afterwards::Remove, (Drilled::Failed, true)),
    ] {
        let mut played = Played::of(find("blip").unwrap());
        if trouble {
            played.trouble.push("the lab burned down".to_owned());
        }
        let folder = Folder::create().unwrap();
        let path = folder.path().to_owned();
        let ending = finish(&[played], folder, afterwards).unwrap();
        assert_eq!((ending.drilled, path.exists()), expected);
        assert_eq!(ending.kept.is_some(), path.exists());
        let _ = std::fs::remove_dir_all(path);
    }
}
