use std::os::unix::fs::PermissionsExt;

use parclose_crypto::Passphrase;
use parclose_types::Failure;

use super::*;
use crate::passphrase_file::write_development;
use crate::randomness::generator;

/// A folder with a development passphrase, so that opening is as quick as it may be.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_development(folder.path(), &mut generator()).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn unlock(&self) -> Unlock {
        Unlock::of_home(self.0.path())
    }

    fn generate(&self, name: &str, kind: KeyKind) -> PublicKeyFile {
        generate(&self.path(name), kind, Some("ann"), &self.unlock(), &mut generator()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

/// Another passphrase. Files that it seals cost as much as those of people.
fn given(text: &str) -> Unlock {
    Unlock::with(Passphrase::read(&mut text.as_bytes()).unwrap(), "a test")
}

fn opens(path: &Path, unlock: &Unlock) -> &'static str {
    member(path, unlock).map_or_else(|error| error.rule(), |_| "opens")
}

#[test]
fn kef_01_a_key_file_is_new_and_its_owners_alone() {
    let folder = Folder::new();
    let path = folder.path("k");
    let made = folder.generate("k", KeyKind::Member);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = |name: &str| {
        generate(&folder.path(name), KeyKind::Member, None, &folder.unlock(), &mut generator()).unwrap_err()
    };
    assert_eq!((again("k").rule(), again("k").code()), ("KEF-01", "KEY_FILE"));
    std::os::unix::fs::symlink(folder.path("nowhere"), folder.path("link")).unwrap();
    assert_eq!(again("link").rule(), "KEF-01", "what a link leads to is not written either");
    assert_eq!(folder.names(), ["k", "link", "passphrase"]);
    assert_eq!(inspect(&path).unwrap(), made, "the first key is still there");
    assert_eq!(opens(&folder.path("absent"), &folder.unlock()), "KEF-01");
    assert_eq!(again("absent/k").rule(), "KEF-05", "no passphrase reaches a folder that is not there");
}

#[test]
fn kef_02_what_is_no_key_file_is_named() {
    let folder = Folder::new();
    let regulator = folder.generate("r", KeyKind::Regulator).public;
    let told = |bytes: &[u8]| {
        std::fs::write(folder.path("x"), bytes).unwrap();
        let error = member(&folder.path("x"), &folder.unlock()).unwrap_err();
        assert_eq!((error.rule(), error.code()), ("KEF-02", "NOT_A_KEY_FILE"), "{error}");
        let told = error.to_string();
        told.strip_prefix(&format!("`{}` is ", folder.path("x").display())).unwrap().to_owned()
    };
    assert_eq!(told(b"{}"), "not a key file");
    assert_eq!(told(b""), "not a key file");
    assert_eq!(told(&[0xFF; 100]), "not a key file");
    assert_eq!(told(&[b' '; 20_000]), "not a key file");
    assert_eq!(told(regulator.as_bytes()), "a regulator's public key, not a key file");
    assert_eq!(told(format!("{regulator}\n").as_bytes()), "a regulator's public key, not a key file");
    let public = r#"{"schema":"parclose.key-public/1","file":"r","kind":"regulator","public":"00"}"#;
    assert_eq!(told(public.as_bytes()), "a regulator's public key, not a key file");
    let receipt = format!(r#"{{"schema":"parclose.receipt/1","bytes":"{}"}}"#, "0".repeat(9000));
    assert_eq!(told(receipt.as_bytes()), "a `parclose.receipt/1` file, not a key file");
    assert_eq!(told(br#"{"schema":"parclose.\u001b[31m/1"}"#), "not a key file", "nothing odd is repeated");
    assert_eq!(told(br#"{"schema":"parclose.key/3"}"#), "a `parclose.key/3` file, not a key file");
}

#[test]
fn kef_02_folders_and_pipes_are_refused_without_waiting() {
    let folder = Folder::new();
    assert_eq!(opens(folder.0.path(), &folder.unlock()), "KEF-01");
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap();
    assert!(made.success());
    assert_eq!(opens(&folder.path("pipe"), &folder.unlock()), "KEF-01");
}

#[test]
fn kef_03_a_key_serves_its_kind_only() {
    let folder = Folder::new();
    let made = folder.generate("r", KeyKind::Regulator);
    folder.generate("v", KeyKind::Validator);
    assert_eq!((made.kind, made.name.as_deref()), (KeyKind::Regulator, Some("ann")));
    let error = member(&folder.path("v"), &Unlock::none()).unwrap_err();
    assert_eq!((error.rule(), error.code()), ("KEF-03", "KEY_WRONG_KIND"), "also when it is locked");
    assert!(error.to_string().ends_with("is a validator key; a member key is needed"), "{error}");
    assert_eq!(opens(&folder.path("r"), &folder.unlock()), "KEF-03");
    assert_eq!(validator(&folder.path("r"), &folder.unlock()).unwrap_err().rule(), "KEF-03");
    assert_eq!(regulator(&folder.path("v"), &folder.unlock()).unwrap_err().rule(), "KEF-03");
    let key = regulator(&folder.path("r"), &folder.unlock()).unwrap();
    assert_eq!(hex::encode(key.public()), made.public);
    validator(&folder.path("v"), &folder.unlock()).unwrap();
}

#[test]
fn kef_04_a_public_half_of_another_secret_is_noticed() {
    // Sealed together by somebody who has the passphrase: only the secret itself can tell.
    let folder = Folder::new();
    folder.generate("other", KeyKind::Member);
    let public = read(&folder.path("other")).unwrap().public;
    let secret = Secret::generate(&mut generator());
    let forged = seal(&folder.path("x"), public, &secret, &folder.unlock(), &mut generator()).unwrap();
    std::fs::write(folder.path("x"), forged.to_text()).unwrap();
    let error = member(&folder.path("x"), &folder.unlock()).unwrap_err();
    assert_eq!((error.rule(), error.code()), ("KEF-04", "KEY_FILE_DAMAGED"));
}

#[test]
fn a_swapped_public_half_is_noticed_by_the_seal() {
    let folder = Folder::new();
    folder.generate("a", KeyKind::Member);
    folder.generate("b", KeyKind::Member);
    let [a, b] = ["a", "b"].map(|name| read(&folder.path(name)).unwrap());
    let renamed = PublicPart { name: Some("bob".into()), ..a.public.clone() };
    for public in [b.public, renamed] {
        let swapped = KeyFile { public, sealed: a.sealed.clone() };
        std::fs::write(folder.path("x"), swapped.to_text()).unwrap();
        let error = member(&folder.path("x"), &folder.unlock()).unwrap_err();
        assert_eq!((error.rule(), error.code()), ("KST-04", "KEY_FILE_DAMAGED"), "{error}");
    }
}

#[test]
fn kef_05_without_a_passphrase_a_key_stays_locked() {
    let folder = Folder::new();
    folder.generate("k", KeyKind::Member);
    let error = member(&folder.path("k"), &Unlock::none()).unwrap_err();
    assert_eq!((error.rule(), error.code()), ("KEF-05", "KEY_LOCKED"));
    assert!(error.fix().contains("--passphrase-file"));
    std::fs::remove_file(folder.path("passphrase")).unwrap();
    assert_eq!(opens(&folder.path("k"), &folder.unlock()), "KEF-05");
    let refused = generate(&folder.path("new"), KeyKind::Member, None, &Unlock::none(), &mut generator());
    assert_eq!(refused.unwrap_err().rule(), "KEF-05", "nothing is sealed under nothing");
    assert_eq!(folder.names(), ["k"]);
}

#[test]
fn a_wrong_passphrase_is_told_apart_from_damage_and_named() {
    let folder = Folder::new();
    folder.generate("k", KeyKind::Member);
    let error = member(&folder.path("k"), &given("canary")).unwrap_err();
    assert_eq!((error.rule(), error.code()), ("KST-03", "KEY_PASSPHRASE_WRONG"));
    assert!(
        error.to_string().ends_with("does not open with the passphrase from a test: the passphrase is wrong")
    );
    assert!(!format!("{error} {error:?} {}", error.fix()).contains("canary"));
}

#[test]
fn kef_07_a_key_in_clear_text_is_imported_and_not_used() {
    let folder = Folder::new();
    let secret = Secret::generate(&mut generator());
    let clear = |public: &[u8]| {
        let hex_secret = secret.expose(|bytes| hex::encode(bytes));
        let public = hex::encode(public);
        format!(
            r#"{{"schema":"parclose.key/1","kind":"member","public":"{public}","secret":"{hex_secret}"}}"#
        )
    };
    let public = public_of(KeyKind::Member, &secret);
    std::fs::write(folder.path("old"), clear(&public)).unwrap();
    let error = member(&folder.path("old"), &folder.unlock()).unwrap_err();
    assert_eq!((error.rule(), error.code()), ("KEF-07", "KEY_FILE_CLEAR"));
    assert!(error.fix().starts_with(&format!("parclose key import {}", folder.path("old").display())));
    assert_eq!(inspect(&folder.path("old")).unwrap_err().rule(), "KEF-07");
    assert!(is_clear_text(&folder.path("old")));
    let bring = |from: &str, to: &str| {
        import(&folder.path(from), &folder.path(to), &Unlock::none(), &folder.unlock(), &mut generator())
    };
    let taken = bring("old", "new").unwrap();
    assert_eq!(taken.public, hex::encode(&public));
    assert_eq!(opens(&folder.path("new"), &folder.unlock()), "opens");
    assert!(!folder.text("new").contains(&secret.expose(|bytes| hex::encode(&bytes[..8]))));
    std::fs::write(folder.path("swapped"), clear(&[7; 32])).unwrap();
    assert_eq!(bring("swapped", "other").unwrap_err().rule(), "KEF-04");
    let long = clear(&public).replacen("\"secret\":\"", "\"secret\":\"00", 1);
    std::fs::write(folder.path("long"), long).unwrap();
    assert_eq!(bring("long", "other").unwrap_err().rule(), "KEF-06");
    std::fs::write(folder.path("more"), clear(&public).replace("{\"schema", "{\"more\":1,\"schema")).unwrap();
    assert_eq!(bring("more", "other").unwrap_err().rule(), "KEF-06");
    assert_eq!(bring("new", "other").unwrap_err().rule(), "KEF-05", "a sealed one needs its passphrase");
}

#[test]
fn kef_08_a_changed_passphrase_opens_and_the_old_one_does_not() {
    let folder = Folder::new();
    let made = folder.generate("k", KeyKind::Member);
    let (path, new) = (folder.path("k"), given("another"));
    let changed = change_passphrase(&path, &folder.unlock(), &new, &mut generator()).unwrap();
    assert_eq!((&changed.public, &changed.name), (&made.public, &made.name));
    assert_eq!((made.cost, changed.cost), (Cost::FLOOR, Cost::STANDARD));
    assert_eq!(opens(&path, &new), "opens");
    assert_eq!(opens(&path, &folder.unlock()), "KST-03");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.names(), ["k", "passphrase"], "nothing is left beside it");
}

#[test]
fn kef_08_a_change_that_fails_leaves_the_old_file() {
    let folder = Folder::new();
    // A name so long that nothing can be written beside it.
    let name = "k".repeat(250);
    folder.generate(&name, KeyKind::Member);
    let before = folder.text(&name);
    let path = folder.path(&name);
    let change =
        |old: &Unlock, new: &Unlock| change_passphrase(&path, old, new, &mut generator()).unwrap_err().rule();
    assert_eq!(change(&given("wrong"), &folder.unlock()), "KST-03");
    assert_eq!(change(&Unlock::none(), &folder.unlock()), "KEF-05");
    assert_eq!(change(&folder.unlock(), &Unlock::none()), "KEF-05");
    assert_eq!(change(&folder.unlock(), &folder.unlock()), "KEF-01", "the disk refuses");
    assert_eq!(folder.text(&name), before);
    assert_eq!(folder.names(), [&name, "passphrase"]);
}

#[test]
fn kef_08_what_a_link_leads_to_is_replaced_and_the_link_stays() {
    let folder = Folder::new();
    folder.generate("k", KeyKind::Member);
    std::os::unix::fs::symlink("k", folder.path("link")).unwrap();
    let before = folder.text("k");
    change_passphrase(&folder.path("link"), &folder.unlock(), &folder.unlock(), &mut generator()).unwrap();
    assert!(folder.path("link").is_symlink());
    assert_ne!(folder.text("k"), before);
    assert_eq!(opens(&folder.path("k"), &folder.unlock()), "opens");
}

#[test]
fn kef_08_a_file_that_does_not_open_takes_nobodys_place() {
    // What reaches the disk is read again: here it is another key's.
    let folder = Folder::new();
    for name in ["k", "other"] {
        folder.generate(name, KeyKind::Member);
    }
    let before = folder.text("k");
    let [mut mixed, other] = ["k", "other"].map(|name| read(&folder.path(name)).unwrap());
    mixed.public = other.public;
    let refused = replace(&folder.path("k"), &folder.path("k.new"), &mixed, &folder.unlock());
    assert_eq!(refused.unwrap_err().rule(), "KST-04");
    assert_eq!(folder.text("k"), before);
}

#[test]
fn an_exported_key_opens_elsewhere_with_its_own_passphrase_only() {
    let (here, there) = (Folder::new(), Folder::new());
    let made = here.generate("k", KeyKind::Regulator);
    let carried = here.path("carried");
    let sealed = export(&here.path("k"), &carried, &here.unlock(), &given("travel"), &mut generator());
    assert_eq!(sealed.unwrap().public, made.public);
    assert_eq!(regulator(&carried, &here.unlock()).unwrap_err().rule(), "KST-03");
    let arrive = |unlock: &Unlock, to: &str| {
        import(&carried, &there.path(to), unlock, &there.unlock(), &mut generator())
    };
    assert_eq!(arrive(&given("other"), "k").unwrap_err().rule(), "KST-03");
    assert_eq!(arrive(&given("travel"), "k").unwrap().name, made.name);
    let key = regulator(&there.path("k"), &there.unlock()).unwrap();
    assert_eq!(hex::encode(key.public()), made.public);
    assert_eq!(arrive(&given("travel"), "k").unwrap_err().rule(), "KEF-01", "nothing is overwritten");
    assert_eq!(regulator(&here.path("k"), &here.unlock()).unwrap().public(), key.public(), "it is a copy");
}

#[test]
fn no_text_of_a_key_file_holds_its_secret() {
    let folder = Folder::new();
    for kind in [KeyKind::Member, KeyKind::Regulator, KeyKind::Validator] {
        let name = kind.to_string();
        folder.generate(&name, kind);
        let secret = secret_of(&folder.path(&name), kind, &folder.unlock()).unwrap();
        let needle = secret.expose(|bytes| hex::encode(&bytes[..6]));
        assert!(!folder.text(&name).contains(&needle));
        let debug = format!("{:?}", read(&folder.path(&name)).unwrap());
        let decimal =
            secret.expose(|bytes| format!("{}, {}, {}, {}", bytes[0], bytes[1], bytes[2], bytes[3]));
        assert!(!debug.contains(&decimal) && !debug.contains(&needle));
    }
}
