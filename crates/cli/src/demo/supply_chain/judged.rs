//! What everybody has got, beside what the rule says: with its own keys, and with the regulator's.

use parclose_audit::AuditedAsset;
use parclose_finance::receivables::{Course, Receivable};
use parclose_types::AssetId;

use super::course::Living;
use super::floor::{BANK, BUYER, CASH, CLAIMANTS, CLAIMS, Floor, PAYERS, SUPPLIER, TIER_2};
use super::{Counted, prices};
use crate::demo::supervised::Supervised;
use crate::error::CliError;

/// Slices of claims.
const SLICES: Supervised =
    Supervised { channel: CLAIMS, members: CLAIMANTS, quantity: "slice.quantity", exporter: BUYER };
/// Notes of cash.
const NOTES: Supervised =
    Supervised { channel: CASH, members: PAYERS, quantity: "holding.quantity", exporter: BUYER };

/// What was found.
pub(super) struct Judged {
    /// what the buyer has paid, in smallest units
    pub(super) paid: u64,
    pub(super) confirmed: bool,
    pub(super) failures: Vec<String>,
}

/// Looks at claims and cash.
pub(super) fn judge(
    floor: &Floor<'_>,
    claims: &[Receivable],
    living: &[Living],
    counted: &Counted,
) -> Result<Judged, CliError> {
    floor.ground.level()?;
    let mut failures = Vec::new();
    for (member, wanted) in wanted(claims) {
        let (found, open_locks) = floor.cash_of(member)?;
        if found != u128::from(wanted) {
            failures.push(format!("{member} has another amount of cash than the rule says"));
        }
        if open_locks > 0 {
            failures.push(format!("{open_locks} locks of cash are open, as {member} has it"));
        }
    }
    for living in living {
        if floor.state(&living.record)? != "settled" {
            failures.push(format!("claim {} is not settled", living.record));
        }
    }
    if counted.aborted > 0 {
        failures.push(format!("{} deals were aborted", counted.aborted));
    }
    let face: u64 = claims.iter().map(|claim| claim.face_minor).sum();
    let paid = u64::try_from(floor.cash_in_all()).unwrap_or_default().saturating_sub(prices(claims));
    if paid != face {
        failures.push("another amount was paid than was owed".to_owned());
    }
    let confirmed = confirmed(floor, claims, living, &mut failures)?;
    Ok(Judged { paid, confirmed, failures })
}

/// Cash of each, as the rule has it.
fn wanted(claims: &[Receivable]) -> [(&'static str, u64); 4] {
    let (mut supplier, mut tier_2, mut bank) = (0_u64, 0_u64, 0_u64);
    for claim in claims {
        match &claim.course {
            Course::Held => supplier += claim.face_minor,
            Course::PassedOn(at) => {
                let piece = claim.pieces.get(*at).map_or(claim.face_minor, |piece| piece.amount_minor);
                tier_2 += piece;
                supplier += claim.face_minor.saturating_sub(piece);
            }
            Course::Discounted(quote) => {
                supplier += quote.price_minor();
                bank += claim.face_minor.saturating_sub(quote.price_minor());
            }
        }
    }
    [(SUPPLIER, supplier), (TIER_2, tier_2), (BANK, bank.saturating_add(prices(claims))), (BUYER, 0)]
}

/// The regulator opens every amount of both channels, from exports: of each claim its face was issued and nothing is left, and as
/// much cash is held as was issued.
fn confirmed(
    floor: &Floor<'_>,
    claims: &[Receivable],
    living: &[Living],
    failures: &mut Vec<String>,
) -> Result<bool, CliError> {
    let before = failures.len();
    let slices = SLICES.audited(&floor.ground)?;
    for (claim, living) in claims.iter().zip(living) {
        let asset = parclose_types::hex::decode_array(&living.record).ok().map(AssetId);
        let found = asset.and_then(|asset| slices.get(&asset));
        let is_so = found.is_some_and(|audited| {
            agrees(audited, 0) && issued(audited) == Some(u128::from(claim.face_minor))
        });
        if !is_so {
            failures.push(format!("the regulator finds another amount of claim {}", living.record));
        }
    }
    let cash = NOTES.audited(&floor.ground)?;
    let is_so = cash.len() == 1 && cash.values().all(|audited| agrees(audited, floor.cash_in_all()));
    if !is_so {
        failures.push("the regulator finds another amount of cash".to_owned());
    }
    Ok(failures.len() == before)
}

/// Whether everything opened, and so much is held as should be.
fn agrees(audited: &AuditedAsset, supply: u128) -> bool {
    audited.agrees() == Some(true) && audited.supply == Some(supply)
}

fn issued(audited: &AuditedAsset) -> Option<u128> {
    let epochs: Option<Vec<u128>> = audited.issued.values().map(|total| total.known()).collect();
    epochs.map(|units| units.iter().sum())
}
