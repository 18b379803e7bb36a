//! A second pledge: an invoice that is financed already is shown to another bank, in another channel, written another way.

use parclose_finance::receivables::Receivable;
use serde_json::{Value, json};

use super::floor::{BUYER, CLAIMS, ELSEWHERE, Floor, OTHER_BANK, SUPPLIER};
use crate::error::CliError;

/// What became of it.
pub(super) struct Second {
    held_by: Value,
    refused_by: Option<String>,
}

impl Second {
    /// The rule that keeps the other bank's channel from financing it.
    const RULE: &'static str = "TAG-04";

    pub(super) fn to_json(&self) -> Value {
        json!({ "held_by": self.held_by, "refused_by": self.refused_by })
    }

    /// Whether it was refused, and for the right reason.
    pub(super) fn is_refused(&self) -> bool {
        self.held_by == "another channel" && self.refused_by.as_deref() == Some(Self::RULE)
    }
}

impl Floor<'_> {
    /// Pledges the invoice of a claim that lives, once more. The buyer accepts, as if it had lost its books.
    pub(super) fn pledge_again(&self, claim: &Receivable) -> Result<Second, CliError> {
        for name in [BUYER, SUPPLIER, OTHER_BANK] {
            self.say((name, ELSEWHERE), &["asset", "open"])?;
        }
        let (face, due, issued) =
            (self.money(claim.face_minor), claim.due.to_string(), claim.issue.to_string());
        self.say((OTHER_BANK, ELSEWHERE), &["business-date", "advance", &issued])?;
        self.say((OTHER_BANK, CLAIMS), &["tag-key", "share", "--to", ELSEWHERE])?;
        let invoice = claim.key.join("/").to_lowercase();
        let issue = ["receivable", "issue", "--buyer", BUYER, "--bank", OTHER_BANK, "--invoice", &invoice];
        let terms =
            ["--amount", &face, "--currency", self.currency.code(), "--due", &due, "--issued", &issued];
        let made = self.say((SUPPLIER, ELSEWHERE), &[&issue[..], &terms].concat())?;
        let record = made["receivable"].as_str().ok_or_else(|| CliError::not_found("record"))?;
        let accepted =
            self.say((BUYER, ELSEWHERE), &["receivable", "accept", record, "--recourse", "without"])?;
        let sell = ["receivable", "transfer", record, "--to", OTHER_BANK, "--amount", &face];
        let terms = ["--recourse", "without"];
        let refused_by = self.ground.refusal((SUPPLIER, ELSEWHERE), &[&sell[..], &terms].concat());
        Ok(Second { held_by: accepted["claimed"]["held_by"].clone(), refused_by })
    }
}
