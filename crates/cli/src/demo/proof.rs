//! Receipts: made while the consortium runs, verified afterwards from files and the genesis alone.

use std::path::PathBuf;

use parclose_audit::verify_json;
use parclose_node::Consortium;
use parclose_types::TransactionDigest;

use super::Checks;
use super::homes::Homes;
use super::load::Loaded;
use crate::args::ReceiptKind;
use crate::error::CliError;
use crate::receipt::receipt_text;

/// Members that ask for receipts of their channel's transactions.
pub(super) const ASKED: &[(&str, &str)] = &[("buyer", "trade-a"), ("bank-2", "trade-b"), ("bank-1", "banks")];

/// Writes receipts of evenly spread transactions into the home.
pub(crate) fn make(
    consortium: &Consortium,
    loaded: &Loaded,
    wanted: usize,
) -> Result<Vec<PathBuf>, CliError> {
    let folder = consortium.home().path().join("receipts");
    std::fs::create_dir_all(&folder).map_err(|e| CliError::file(&folder, &e))?;
    let mut paths = Vec::new();
    for (member, channel) in ASKED {
        let room = consortium.room(member, channel)?;
        let transactions = loaded.transactions.get(channel).map_or(&[][..], Vec::as_slice);
        for transaction in spread(transactions, wanted.div_ceil(ASKED.len())) {
            let kind = kind_of(paths.len());
            let text = receipt_text(consortium, &room, transaction, kind)?;
            let path = folder.join(format!("{channel}-{transaction}.json"));
            std::fs::write(&path, text).map_err(|e| CliError::file(&path, &e))?;
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Every fourth receipt proves that it was ordered, the others what became of it.
pub(super) fn kind_of(at: usize) -> ReceiptKind {
    if at.is_multiple_of(4) { ReceiptKind::Ordered } else { ReceiptKind::Outcome }
}

pub(super) fn spread(transactions: &[TransactionDigest], wanted: usize) -> Vec<TransactionDigest> {
    let step = (transactions.len() / wanted.max(1)).max(1);
    transactions.iter().step_by(step).take(wanted).copied().collect()
}

/// What was verified.
pub(crate) struct Receipts {
    pub(crate) checked: usize,
    pub(crate) valid: usize,
    /// one valid receipt, to tamper with
    pub(crate) sample: String,
}

/// Verifies every receipt file with the genesis of the home.
pub(crate) fn verify(homes: &Homes, paths: &[PathBuf], checks: &mut Checks) -> Result<Receipts, CliError> {
    let genesis = homes.genesis()?;
    let mut receipts = Receipts { checked: 0, valid: 0, sample: String::new() };
    for path in paths {
        let text = std::fs::read_to_string(path).map_err(|e| CliError::file(path, &e))?;
        receipts.checked += 1;
        match verify_json(&text, &genesis) {
            Ok(verified) => {
                receipts.valid += 1;
                let named = path.to_string_lossy().contains(&verified.transaction().to_string());
                checks.expect(named, "a receipt is of the transaction it was asked for");
                if verified.outcome().is_some() {
                    receipts.sample = text;
                }
            }
            Err(invalid) => checks.expect(false, format!("a receipt is refused: {invalid}")),
        }
    }
    checks.expect(receipts.checked > 0 && receipts.checked == receipts.valid, "every receipt verifies");
    Ok(receipts)
}
