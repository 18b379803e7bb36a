use std::path::PathBuf;

use super::*;
use crate::ceremony::{Draft, Joining, conclude, join_for_development};
use crate::config::{Sources, resolve};
use crate::found::found_consortium;
use crate::randomness::generator;

/// A free port is any that the system chooses.
fn findings(home: &Path, options: &[(&str, &str)]) -> Vec<Finding> {
    let free = [("consensus.listen", "/ip4/127.0.0.1/tcp/0"), ("exchange.listen", "/ip4/127.0.0.1/tcp/0")];
    let free = free.iter().filter(|(key, _)| options.iter().all(|(set, _)| set != key));
    let options = free.chain(options).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let config = NodeConfig::of(&resolve(&Sources { options, ..Sources::default() }).unwrap(), home);
    preflight(home, &Unlock::of_home(home), &config)
}

fn wrong(home: &Path, options: &[(&str, &str)]) -> Vec<&'static str> {
    let findings = findings(home, options);
    assert!(findings.iter().all(|finding| finding.ok == finding.fix.is_empty()), "{findings:?}");
    findings.into_iter().filter(|finding| !finding.ok).map(|finding| finding.check).collect()
}

/// Every file below a folder with its bytes, but the lock.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().is_some_and(|name| name != "LOCK") {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn node_home_of(folder: &Path) -> PathBuf {
    let path = folder.join("node");
    let lei = parclose_documents::Lei::make("PCLD00NODE00000000").unwrap().as_str().to_owned();
    let address = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
    let joining =
        Joining { member: "ann".into(), lei, validator: true, consensus: address(1), exchange: address(2) };
    let card = join_for_development(&path, &joining, &mut generator()).unwrap();
    assert_eq!(wrong(&path, &[]), ["genesis"], "before the ceremony is concluded");
    let concluded = conclude(&Draft::new("one", &mut generator()), vec![card]).unwrap();
    crate::ceremony::accept(&Home::open(&path).unwrap(), &concluded.genesis, &concluded.book).unwrap();
    path
}

#[test]
fn nod_21_every_check_is_told_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob"], &mut generator()).unwrap();
    let before = files(&path);
    let none: [&str; 0] = [];
    assert_eq!(wrong(&path, &[]), none);
    assert_eq!(files(&path), before);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (tcp, admin) = (format!("/ip4/127.0.0.1/tcp/{port}"), format!("127.0.0.1:{port}"));
    std::fs::write(path.join("genesis.json"), "{}").unwrap();
    let options = [("consensus.listen", tcp.as_str()), ("exchange.listen", &tcp), ("admin.listen", &admin)];
    assert_eq!(
        wrong(&path, &options),
        ["genesis", "consensus.listen", "exchange.listen", "admin.listen"],
        "all at once"
    );
}

#[test]
fn a_home_that_is_not_there_or_in_use_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(wrong(&folder.path().join("absent"), &[]), ["home", "disk"]);
    let path = folder.path().join("home");
    found_consortium(&path, &["ann"], &mut generator()).unwrap();
    let held = Home::open(&path).unwrap();
    assert_eq!(wrong(&path, &[]), ["home"]);
    drop(held);
    std::fs::remove_file(path.join("passphrase")).unwrap();
    assert_eq!(wrong(&path, &[]), ["keys"], "locked");
}

#[test]
fn the_keys_of_a_node_are_those_of_its_card() {
    let folder = tempfile::tempdir().unwrap();
    let path = node_home_of(folder.path());
    let none: [&str; 0] = [];
    assert_eq!(wrong(&path, &[]), none);
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let other = node_home_of(&other);
    // Sealed under the passphrase of another home.
    std::fs::copy(node_home::node_key(&other), node_home::node_key(&path)).unwrap();
    assert_eq!(wrong(&path, &[]), ["keys"]);
    std::fs::remove_file(node_home::node_key(&path)).unwrap();
    let unlock = Unlock::of_home(&path);
    let kind = key_file::KeyKind::Node;
    key_file::generate(&node_home::node_key(&path), kind, None, &unlock, &mut generator()).unwrap();
    assert_eq!(wrong(&path, &[]), ["keys"], "a fresh key is not the card's");
    std::fs::copy(node_home::address_book(&other), node_home::address_book(&path)).unwrap();
    assert_eq!(wrong(&path, &[]), ["keys", "genesis"]);
}

#[test]
fn files_that_may_be_needed_are_compared_with_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann"], &mut generator()).unwrap();
    let found = findings(&path, &[("channels.awake_max", "4096")]);
    let files = found.iter().find(|finding| finding.check == "open files").unwrap();
    let needed = 256 + 4096 * 48;
    assert_eq!(files.ok, machine::open_files_max().is_none_or(|max| max >= needed), "{files:?}");
}
