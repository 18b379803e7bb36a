//! What nodes hand out: receipts, and to the regulator a view key and an export.

use std::path::PathBuf;

use super::running::Running;
use crate::args::ReceiptKind;
use crate::demo::load::Loaded;
use crate::demo::proof::{ASKED, kind_of, spread};
use crate::demo::regulator::{CHANNEL, FIELD, Handed};
use crate::error::CliError;

/// Receipts of evenly spread transactions, each from the node of a member of its channel.
pub(super) fn receipts(
    running: &Running<'_>,
    loaded: &Loaded,
    wanted: usize,
) -> Result<Vec<PathBuf>, CliError> {
    let folder = running.files("receipts")?;
    let mut paths = Vec::new();
    for (member, channel) in ASKED {
        let transactions = loaded.transactions.get(channel).map_or(&[][..], Vec::as_slice);
        for transaction in spread(transactions, wanted.div_ceil(ASKED.len())) {
            let transaction = transaction.to_string();
            let path = folder.join(format!("{channel}-{transaction}.json"));
            let (kind, out) = (kind_of(paths.len()), path.display().to_string());
            let kind = if kind == ReceiptKind::Ordered { "ordered" } else { "outcome" };
            let words = ["receipt", "get", &transaction, "--kind", kind, "--out", &out];
            running.insist((*member, *channel), &words, None)?;
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The supplier proposes the grant, its bank agrees and makes the export; view keys and export go to the regulator.
pub(super) fn to_regulator(running: &Running<'_>, loaded: &Loaded) -> Result<Handed, CliError> {
    let (handed, from, to) = Handed::of(loaded)?;
    let (from, to) = (from.0.to_string(), to.0.to_string());
    let whole =
        std::path::absolute(running.regulator()).map_err(|e| CliError::file(&running.regulator(), &e))?;
    let file = |name: &str| whole.join(name).display().to_string();
    let field = format!("receivable.{FIELD}");
    let (issuer, second) = ((CHANNEL.supplier(), CHANNEL.channel()), (CHANNEL.bank(), CHANNEL.channel()));
    let key = file("regulator.key");
    let words = ["viewkey", "issue", "--field", &field, "--with", issuer.0, "--with", second.0, "--to", &key];
    let epochs = ["--from-epoch", &from, "--to-epoch", &to];
    let proposed = running.insist_unless_open(issuer, &[&words[..], &epochs].concat())?;
    let grant = proposed["grant"].as_str().unwrap_or_default().to_owned();
    running.insist(second, &["viewkey", "approve", &grant], None)?;
    running.insist(second, &["viewkey", "export", &grant, "--out", &file("viewkey.json")], None)?;
    let words = ["channel", "export", "--out", &file("export.bundle")];
    running.insist(second, &[&words[..], &["--from", &from, "--to", &to]].concat(), None)?;
    Ok(handed)
}
