//! Tampering that must be caught, each time by a named rule.

use parclose_audit::verify_json;
use parclose_node::found::{Party, found_channel, read_template, template_folder};
use parclose_node::home::MemberDirectory;
use parclose_node::tamper;
use parclose_transaction::Definition;
use parclose_types::{Failure, Fault, hex};
use serde_json::{Value, json};

use super::Checks;
use super::homes::Homes;
use crate::args::{Channel, Global, OfChannel, ReceiptKind, Tx};
use crate::error::CliError;

/// Has the victim verify its channel: the rule that is broken, if one is.
pub(super) type Verify<'v> = dyn Fn() -> Result<Option<String>, CliError> + 'v;

/// Whose store of which channel is tampered with.
pub(super) const VICTIM: (&str, &str) = ("bank-2", "trade-b");

/// Runs all of it; `verify` has the victim verify its channel.
pub(crate) fn run(
    global: &Global,
    homes: Homes,
    receipt: &str,
    verify: &Verify<'_>,
    checks: &mut Checks,
) -> Result<Value, CliError> {
    let genesis = homes.genesis()?;
    let database = homes.directory(VICTIM.0)?.database(VICTIM.1);
    drop(homes);
    let value = swapped_values(&database, verify)?;
    let altered = match verify_json(&altered(receipt)?, &genesis) {
        Err(invalid) => Some(invalid.rule()),
        Ok(_) => None,
    };
    let foreign = match verify_json(&foreign_receipt(global)?, &genesis) {
        Err(invalid) => Some(invalid.rule()),
        Ok(_) => None,
    };
    let mut caught = |what: &str, rule: Option<&str>| {
        checks.expect(rule.is_some(), format!("tampering with {what} is caught"));
        if rule.is_some() { "caught" } else { "missed" }
    };
    Ok(json!({
        "value": caught("a value", value.as_deref()),
        "receipt": caught("a receipt", altered),
        "foreign_receipt": caught("a foreign receipt", foreign),
        "rules": { "value": value, "receipt": altered, "foreign_receipt": foreign },
    }))
}

/// Verifies in the home that all share.
pub(crate) fn verify(global: &Global) -> Result<Option<String>, CliError> {
    let of = OfChannel { channel: VICTIM.1.into(), member: VICTIM.0.into() };
    let quiet = Global { quiet: true, ..global.clone() };
    match crate::channel::run(&quiet, &Channel::Verify { of }) {
        Ok(_) => Ok(None),
        Err(error) if error.exit() == 6 => {
            Ok(Some(error.to_json()["rule"].as_str().unwrap_or_default().to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Two valid values are exchanged through RocksDB; `channel verify` must end with exit code 6.
///
/// # Rules
///
/// > CLI-08: a demonstration that could not tamper is an error, and never counts as caught.
fn swapped_values(database: &std::path::Path, verify: &Verify<'_>) -> Result<Option<String>, CliError> {
    let sound = || match verify()? {
        None => Ok(()),
        Some(rule) => Err(CliError::verification(format!("the store breaks {rule} before it was touched"))),
    };
    sound()?;
    let failed = |e: parclose_node::tamper::TamperError| {
        CliError::new("TAMPER_FAILED", "CLI-08", Fault::Bug, e.to_string(), "run the demo again")
    };
    let Some(swapped) = tamper::swap_records(database).map_err(failed)? else { return Ok(None) };
    let found = verify();
    tamper::swap_back(database, &swapped).map_err(failed)?;
    sound()?;
    found
}

/// One bit of a receipt's bytes is flipped.
fn altered(receipt: &str) -> Result<String, CliError> {
    let broken = || CliError::verification("the receipt is not JSON".into());
    let mut value: Value = serde_json::from_str(receipt).map_err(|_| broken())?;
    let mut bytes = hex::decode(value["bytes"].as_str().unwrap_or_default()).map_err(|_| broken())?;
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).ok_or_else(broken)? ^= 1;
    value["bytes"] = json!(hex::encode(&bytes));
    Ok(value.to_string())
}

/// A receipt of another consortium, with its own genesis and validator: valid there, foreign here.
fn foreign_receipt(global: &Global) -> Result<String, CliError> {
    let path = global.home.with_extension("foreign");
    let made = other_consortium(global, &path);
    let _ = std::fs::remove_dir_all(&path);
    made
}

fn other_consortium(global: &Global, path: &std::path::Path) -> Result<String, CliError> {
    let other = Global { home: path.to_owned(), quiet: true, ..global.clone() };
    let consortium = crate::dev::found(&other, &["bank-1", "bank-2"])?;
    let texts = read_template(&template_folder(&global.templates, "bilateral"))?;
    let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
    let unlock = consortium.home().unlock().clone();
    let parties = ["bank-1", "bank-2"].map(|name| Party {
        directory: MemberDirectory::at(&path.join("members").join(name), &unlock),
        name: name.into(),
        roles: vec!["member".into()],
    });
    let network = consortium.root().network();
    let (open, _) = found_channel("banks", network, texts, &definition, &parties, consortium.cache())?;
    consortium.open_on_root("banks", &["bank-1".into(), "bank-2".into()], open)?;
    drop(consortium.close());
    let draft = path.join("draft.json");
    let text = json!({
        "action": "create", "type": "statement",
        "parties": { "preparer": "bank-1", "counterparty": "bank-2" },
        "fields": { "month": "2021-09", "documents": 1, "total": { "amount_minor": "1", "currency": "GBP" } },
    });
    std::fs::write(&draft, text.to_string()).map_err(|e| CliError::file(&draft, &e))?;
    let of = OfChannel { channel: "banks".into(), member: "bank-1".into() };
    let submitted = crate::transaction::run(&other, &Tx::Submit { of: of.clone(), file: draft })?;
    let digest = crate::transaction::parse_digest(submitted["tx"].as_str().unwrap_or_default())?;
    crate::context::with_consortium(&other, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        crate::receipt::receipt_text(consortium, &room, digest, ReceiptKind::Outcome)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_08_what_could_not_be_tampered_with_is_never_caught() {
        let folder = tempfile::tempdir().unwrap();
        let templates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels");
        let passphrase = crate::passphrase::PassphraseOptions::default();
        let home = folder.path().join("h");
        let global = Global { home, templates, json: false, quiet: true, passphrase };
        let home = crate::dev::up(&global).unwrap().close();
        let database = home.member_directory("bank-2").unwrap().database("trade-b");
        drop(home);
        let verify = || verify(&global);
        assert_eq!(swapped_values(&database, &verify).unwrap(), None, "there are no two records");
        let error = swapped_values(&folder.path().join("absent"), &verify).unwrap_err();
        assert_eq!((error.code(), error.to_json()["rule"].as_str()), ("TAMPER_FAILED", Some("CLI-08")));
    }
}
