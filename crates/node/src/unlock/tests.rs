use parclose_types::Failure;

use super::*;
use crate::passphrase_file::write_development;
use crate::randomness::generator;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    write_development(home.path(), &mut generator()).unwrap();
    home
}

fn given(text: &str) -> Unlock {
    Unlock::with(Passphrase::read(&mut text.as_bytes()).unwrap(), "a test")
}

fn rule(unlock: &Unlock, path: &Path) -> &'static str {
    unlock.means(path).map_or_else(|error| error.rule(), |_| "none")
}

#[test]
fn pas_04_the_passphrase_of_a_home_serves_that_home_only() {
    let (home, other) = (home(), home());
    let unlock = Unlock::of_home(home.path());
    std::fs::create_dir_all(home.path().join("members/ann")).unwrap();
    for inside in ["a.key", "members/ann/member.key", "members/../a.key"] {
        assert_eq!(rule(&unlock, &home.path().join(inside)), "none", "{inside}");
    }
    let sideways = home.path().join("..").join(other.path().file_name().unwrap()).join("a.key");
    std::fs::write(other.path().join("real.key"), "").unwrap();
    std::os::unix::fs::symlink(other.path().join("real.key"), home.path().join("link.key")).unwrap();
    std::os::unix::fs::symlink(other.path(), home.path().join("folder")).unwrap();
    let outside = [
        other.path().join("a.key"),
        sideways,
        home.path().join("link.key"),
        home.path().join("folder/a.key"),
        home.path().with_extension("similar").join("a.key"),
        PathBuf::from("a.key"),
        PathBuf::from("/"),
    ];
    for outside in outside {
        assert_eq!(rule(&unlock, &outside), "KEF-05", "{}", outside.display());
    }
}

#[test]
fn kef_05_nothing_and_a_home_without_a_passphrase_open_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.key");
    for unlock in [Unlock::none(), Unlock::of_home(home.path())] {
        assert!(!unlock.reaches(&path));
        assert_eq!(rule(&unlock, &path), "KEF-05");
    }
    assert_eq!(rule(&given("x"), &path), "none");
    // It is looked for when it is needed, not when the home is opened.
    let early = Unlock::of_home(home.path());
    write_development(home.path(), &mut generator()).unwrap();
    assert_eq!(rule(&early, &path), "none");
}

#[test]
fn pas_02_a_home_whose_passphrase_others_can_read_stays_locked() {
    use std::os::unix::fs::PermissionsExt;
    let home = home();
    let file = crate::passphrase_file::of_home(home.path());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(rule(&Unlock::of_home(home.path()), &home.path().join("a.key")), "PAS-02");
}

#[test]
fn a_passphrase_is_stretched_once_for_each_salt() {
    let home = home();
    let unlock = Unlock::of_home(home.path());
    let means = unlock.means(&home.path().join("a.key")).unwrap();
    let [a, b] = [(); 2].map(|()| Header::fresh(Cost::FLOOR, &mut generator()).unwrap());
    let first = means.stretched(&a).unwrap();
    assert!(Arc::ptr_eq(&first, &means.stretched(&a).unwrap()));
    assert!(!Arc::ptr_eq(&first, &means.stretched(&b).unwrap()));
    let clone = unlock.clone();
    let shared = clone.means(&home.path().join("b.key")).unwrap().stretched(&a).unwrap();
    assert!(Arc::ptr_eq(&first, &shared), "clones share it");
}

#[test]
fn it_prints_where_a_passphrase_is_from_and_nothing_of_it() {
    let unlock = given("canary");
    assert_eq!(format!("{unlock:?}"), "Unlock(passphrase from a test)");
    assert_eq!(format!("{:?}", Unlock::none()), "Unlock(none)");
    assert_eq!(format!("{:?}", Unlock::of_home(Path::new("h"))), "Unlock(home h)");
}
