use parclose_types::Failure;

use super::*;
use crate::found::found_consortium;
use crate::randomness::generator;

/// A home of two members in a temporary folder.
fn home() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob"], &mut generator()).unwrap();
    (folder, path)
}

fn rule(path: &Path) -> &'static str {
    Home::open(path).map_or_else(|error| error.rule(), |_| "none")
}

#[test]
fn hom_01_one_command_works_in_a_home() {
    let (_folder, path) = home();
    let held = Home::open(&path).unwrap();
    assert_eq!(rule(&path), "HOM-01");
    drop(held);
    assert_eq!(rule(&path), "none");
}

#[test]
fn hom_02_a_home_has_a_home_json() {
    let (folder, path) = home();
    assert_eq!(rule(&folder.path().join("absent")), "HOM-02");
    assert_eq!(rule(folder.path()), "HOM-02", "some directory");
    std::fs::remove_file(path.join("home.json")).unwrap();
    std::fs::create_dir(path.join("home.json")).unwrap();
    assert_eq!(rule(&path), "HOM-02", "no file");
    assert!(
        !folder.path().join("absent").exists() && !folder.path().join("LOCK").exists(),
        "nothing is made"
    );
}

#[test]
fn hom_04_files_of_a_home_have_exactly_their_form() {
    let (_folder, path) = home();
    let file = path.join("home.json");
    let sound = std::fs::read_to_string(&file).unwrap();
    for broken in [
        String::new(),
        sound[..sound.len() - 3].to_owned(),
        sound.replace("parclose.home/1", "parclose.home/2"),
        sound.replacen('{', "{\"surprise\": 1,", 1),
        sound.replace("\"lei\"", "\"name\""),
    ] {
        std::fs::write(&file, broken).unwrap();
        let error = Home::open(&path).unwrap_err();
        assert_eq!(error.rule(), "HOM-04");
        assert!(error.to_string().contains("home.json"));
    }
    std::fs::write(&file, sound).unwrap();
    let opened = Home::open(&path).unwrap();
    std::fs::remove_file(path.join("genesis.json")).unwrap();
    assert_eq!(opened.genesis().unwrap_err().rule(), "HOM-04");
    let directory = opened.member_directory("ann").unwrap();
    let half = directory.path().join("channels").join("half");
    std::fs::create_dir(&half).unwrap();
    assert_eq!(directory.channels().unwrap(), [], "a channel whose founding did not end is none");
    std::fs::write(half.join("channel.json"), "{}").unwrap();
    assert_eq!(directory.channels().unwrap_err().rule(), "HOM-04");
}

#[test]
fn hom_05_members_are_those_of_the_home() {
    let (_folder, path) = home();
    let opened = Home::open(&path).unwrap();
    let names: Vec<&str> = opened.members().iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["ann", "bob"]);
    for unknown in ["", "Ann", "carol", "..", "ann/../bob", "../members/ann"] {
        assert_eq!(opened.member(unknown).unwrap_err().rule(), "HOM-05");
        assert_eq!(opened.member_directory(unknown).unwrap_err().rule(), "HOM-05");
    }
    assert_ne!(opened.member("ann").unwrap().identity, opened.member("bob").unwrap().identity);
}

#[test]
fn hom_11_a_disk_that_takes_no_writes_is_told_of_and_nothing_is_called_broken() {
    use std::io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let told = |kind: std::io::ErrorKind| not_written(Path::new("LOCK"), &kind.into());
    for kind in [StorageFull, ReadOnlyFilesystem, QuotaExceeded] {
        assert_eq!((told(kind).rule(), told(kind).code()), ("HOM-11", "HOME_UNWRITABLE"), "{kind}");
        assert!(told(kind).to_string().contains("LOCK") && !told(kind).fix().contains("new home"));
    }
    for kind in [NotFound, PermissionDenied] {
        assert_eq!(told(kind).rule(), "HOM-04", "{kind}");
    }
}
