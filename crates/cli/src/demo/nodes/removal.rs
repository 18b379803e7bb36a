//! Buyer and supplier replace their bank, each at its own node, and the supplier writes on.

use serde_json::json;

use super::running::Running;
use crate::demo::removal::{JOINED, REMOVED, ROOM, WRITTEN_AFTER};
use crate::error::CliError;

const BUYER: (&str, &str) = ("buyer", ROOM);
const SUPPLIER: (&str, &str) = ("supplier-a", ROOM);

/// How many receivables are written once the bank is gone.
pub(super) fn replace_the_bank(running: &Running<'_>) -> Result<usize, CliError> {
    let folder = running.files("joining")?;
    let file = |name: &str| folder.join(name).display().to_string();
    let (invitation, card) = (file("invitation.json"), file("card.json"));
    running.insist(BUYER, &["channel", "invite", "--out", &invitation], None)?;
    let words = ["channel", "join", &invitation, "--as", JOINED, "--role", "bank", "--out", &card];
    running.ask(JOINED, &words, None)?;
    let words = ["channel", "propose", "--remove", REMOVED, "--admit", &card];
    let moved = running.insist(BUYER, &words, None)?;
    let motion = moved["motion"].as_str().unwrap_or_default().to_owned();
    running.wait_until(SUPPLIER, &["channel", "motions"], |shown| shown.to_string().contains(&motion))?;
    running.insist(SUPPLIER, &["channel", "vote", &motion], None)?;
    let is_over = |shown: &serde_json::Value| shown["generation"].as_u64() == Some(1);
    for member in [BUYER, SUPPLIER, (JOINED, ROOM)] {
        running.wait_until(member, &["channel", "show"], is_over)?;
    }
    for number in 0..WRITTEN_AFTER {
        let draft = receivable(number).to_string();
        running.insist(SUPPLIER, &["tx", "submit", "-"], Some(&draft))?;
    }
    running.settle(&[(ROOM, vec![BUYER.0, SUPPLIER.0, JOINED])])?;
    Ok(WRITTEN_AFTER)
}

fn receivable(number: usize) -> serde_json::Value {
    let amount = |minor: &str| json!({ "amount_minor": minor, "currency": "GBP" });
    json!({
        "action": "create",
        "type": "receivable",
        "parties": { "buyer": BUYER.0, "supplier": SUPPLIER.0, "bank": JOINED },
        "fields": {
            "invoice_number": format!("AFTER-{number}"),
            "buyer_name": "Buyer",
            "supplier_id": "S-1",
            "supplier_name": "Supplier",
            "face_amount": amount("250000"),
            "issue_date": "2027-01-04",
            "due_date": "2027-02-03",
            "lines": [{ "description": "castings", "amount_minor": "250000" }],
            "requested_advance": amount("200000"),
        },
    })
}
