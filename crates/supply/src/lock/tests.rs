use super::*;

const OURS: &str = include_str!("../../../../Cargo.lock");

fn complaints(text: &str) -> Vec<String> {
    Lock::parse(text).expect("a lock file").complaints()
}

fn with(planted: &str) -> String {
    format!("{OURS}\n[[package]]\n{planted}\n")
}

fn registered(name: &str, version: &str) -> String {
    with(&format!("name = \"{name}\"\nversion = \"{version}\"\nsource = \"{REGISTRY}\"\nchecksum = \"00\""))
}

#[test]
fn the_lock_file_has_no_version_with_known_holes_and_one_of_each_implementation() {
    assert_eq!(complaints(OURS), Vec::<String>::new());
}

#[test]
fn an_old_version_is_noticed_and_a_good_one_is_not() {
    for (name, found) in [
        ("yamux", "0.13.9"),
        ("libp2p-gossipsub", "0.49.3"),
        ("quinn-proto", "0.11.9"),
        ("rand", "0.8.5"),
        ("ctutils", "0.4.3"),
        ("crypto-bigint", "0.7.0-rc.1"),
    ] {
        assert_eq!(complaints(&registered(name, found)).len(), 1, "{name} {found} must not pass");
    }
    assert_eq!(complaints(&registered("yamux", "0.13.10")), Vec::<String>::new());
}

#[test]
fn a_second_implementation_is_noticed_and_a_missing_one_is() {
    let second = "name = \"parclose-other\"\nversion = \"0.1.0\"\ndependencies = [\"borsh 0.10.4\"]";
    assert_eq!(complaints(&with(second)).len(), 1, "a second borsh of ours must not pass");
    let elsewhere = second.replace("borsh 0.10.4", KNOWN_SECOND.1);
    assert_eq!(complaints(&with(&elsewhere)).len(), 1, "the prover's curve is for one crate");
    let bare = format!(
        "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{REGISTRY}\"\nchecksum = \"00\"\n"
    );
    assert_eq!(complaints(&bare).len(), EXACTLY_ONE.len());
}

#[test]
fn what_comes_from_elsewhere_or_without_a_checksum_is_noticed() {
    for (planted, says) in [
        ("name = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/a\"", "comes from git+"),
        ("name = \"a\"\nversion = \"1.0.0\"", "comes from a folder"),
    ] {
        let found = complaints(&with(planted));
        assert!(found.len() == 1 && found[0].contains(says), "{found:?}");
    }
    let unsummed = registered("a", "1.0.0").replace("\nchecksum = \"00\"", "");
    assert_eq!(complaints(&unsummed), ["a 1.0.0 has no checksum"]);
}

#[test]
fn versions_compare_as_numbers() {
    assert!(version("0.13.10") > version("0.13.9"));
    assert_eq!(version("0.11.0-rc.2+b"), Some((0, 11, 0)));
    assert_eq!(version("1.0"), None);
}
