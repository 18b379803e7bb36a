//! Archives as an operator uses them: made, verified, lost, put back, caught up.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use std::path::PathBuf;

use serde_json::Value;
use support::{Sandbox, receivable, refused, statement, told};

fn channel_folder(sandbox: &Sandbox, member: &str, channel: &str) -> PathBuf {
    sandbox.home().join("members").join(member).join("channels").join(channel)
}

fn state(sandbox: &Sandbox, channel: &str, member: &str) -> (Value, Value) {
    let shown = sandbox.ok(&["channel", "show", "-c", channel, "--as", member]);
    (shown["events"].clone(), shown["state_root"].clone())
}

#[test]
fn a_member_that_lost_its_channel_has_everything_again() {
    let sandbox = Sandbox::founded();
    let early = sandbox.submit("trade-a", "supplier-a", &receivable("R-1", "supplier-a", "bank-1"));
    let archive = sandbox.text("trade-a.backup");
    let create = ["backup", "create", "-c", "trade-a", "--as", "supplier-a", "--out", &archive];
    let made = sandbox.ok(&create);
    assert_eq!(made["schema"], "parclose.backup/1");
    assert!(made["not_in_it"].as_str().unwrap().contains("key file"));
    assert_eq!(refused(&sandbox, &create), told(2, "BACKUP_FILE", "BAK-11"), "never over a file");

    let verify = ["backup", "verify", &archive, "--as", "supplier-a"];
    let verified = sandbox.ok(&verify);
    assert_eq!(verified["schema"], "parclose.backup-verify/1");
    assert_eq!(verified["state_root"], made["state_root"]);
    assert_eq!(verified["recomputed_state_root"], made["state_root"]);
    let late = sandbox.submit("trade-a", "supplier-a", &receivable("R-2", "supplier-a", "bank-1"));
    assert!(sandbox.ok(&verify)["events_behind"].as_u64().unwrap() > 0);
    let before = state(&sandbox, "trade-a", "supplier-a");

    let restore = ["backup", "restore", &archive, "--as", "supplier-a"];
    assert_eq!(refused(&sandbox, &restore), told(5, "CHANNEL_EXISTS", "BAK-12"));
    std::fs::remove_dir_all(channel_folder(&sandbox, "supplier-a", "trade-a")).unwrap();
    let restored = sandbox.ok(&restore);
    assert_eq!(restored["schema"], "parclose.backup-restore/1");
    assert_eq!(restored["recomputed_state_root"], made["state_root"]);
    let after = state(&sandbox, "trade-a", "supplier-a");
    assert!(after.0.as_u64() >= before.0.as_u64());
    assert_eq!(after, state(&sandbox, "trade-a", "buyer"), "caught up from the others");
    for transaction in [&early, &late] {
        let shown = sandbox.ok(&["tx", "show", "-c", "trade-a", "--as", "supplier-a", transaction]);
        assert!(!shown.to_string().contains("\"sealed\""), "it reads what it wrote: {shown}");
    }
    sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", "supplier-a"]);
    sandbox.submit("trade-a", "supplier-a", &receivable("R-3", "supplier-a", "bank-1"));
}

#[test]
fn an_archive_for_a_key_that_is_kept_elsewhere_needs_the_members_key_too() {
    let sandbox = Sandbox::founded();
    sandbox.submit("banks", "bank-1", &statement("2025-01"));
    let passphrase = sandbox.secret("passphrase", "of the vault");
    let vault = sandbox.text("vault.key");
    let with = ["--passphrase-file", passphrase.as_str()];
    let generate = ["key", "generate", "--kind", "regulator", "--out", &vault];
    sandbox.ok(&[&generate[..], &with].concat());
    let archive = sandbox.text("banks.backup");
    // The vault's passphrase is not needed to seal to it.
    sandbox.ok(&["backup", "create", "-c", "banks", "--as", "bank-1", "--to", &vault, "--out", &archive]);
    let own = refused(&sandbox, &["backup", "verify", &archive, "--as", "bank-1"]);
    assert_eq!(own, told(2, "BACKUP_OTHER_KEY", "BAK-02"));
    let alone = refused(&sandbox, &[&["backup", "verify", &archive, "--with", &vault][..], &with].concat());
    assert_eq!(alone, told(2, "USAGE", "CLI-01"), "the rows are the member's");
    // A copy in the home is sealed under the home's passphrase, as all its key files are.
    let here = sandbox.home().join("vault.key").display().to_string();
    sandbox.ok(&[&["key", "import", &vault, "--out", &here][..], &with].concat());
    let verified = sandbox.ok(&["backup", "verify", &archive, "--with", &here, "--as", "bank-1"]);
    assert_eq!(
        (&verified["events_behind"], &verified["all_attested"]),
        (&Value::from(0), &Value::from(true))
    );
    // The member's key under the same passphrase, as it is where both are opened in one command.
    let carried = sandbox.text("bank-1.key");
    let member = sandbox.home().join("members/bank-1/member.key").display().to_string();
    sandbox.ok(&["key", "export", &member, "--out", &carried, "--new-passphrase-file", &passphrase]);
    let mine = sandbox.text("mine.backup");
    sandbox.ok(&["backup", "create", "-c", "banks", "--as", "bank-1", "--out", &mine]);
    let away = sandbox.text("no-home");
    let verify = ["backup", "verify", &mine, "--with", &carried, "--home", &away];
    // Not the sandbox's command, which names its home.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parclose"));
    let run = command.args(verify).args(with).arg("--json").output().unwrap();
    let value: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert!(value["root_chain"].as_str().is_some_and(|text| text.starts_with("not compared")), "{value}");
    assert_eq!(value["events_behind"], Value::Null);
    let mut damaged = std::fs::read(&mine).unwrap();
    let at = damaged.len() - 1;
    damaged[at] ^= 1;
    std::fs::write(&mine, damaged).unwrap();
    let verify = refused(&sandbox, &["backup", "verify", &mine, "--as", "bank-1"]);
    assert_eq!(verify, told(6, "BACKUP_DAMAGED", "BAK-03"));
}
