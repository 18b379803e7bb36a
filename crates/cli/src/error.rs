//! Errors as the command line tells them: a stable code, the rule, whose fault, whether definite, the fix.

use std::borrow::Cow;

use parclose_types::{Failure, Fault, hex};
use serde_json::{Value, json};

/// Why a command failed. Boxed: results are passed along far more often than they fail.
#[derive(Debug)]
pub struct CliError(Box<Told>);

#[derive(Debug)]
struct Told {
    code: &'static str,
    rule: Cow<'static, str>,
    fault: Fault,
    definite: bool,
    fix: String,
    message: String,
    correlation_id: String,
    details: Option<Value>,
}

impl CliError {
    /// An error of this floor.
    #[must_use]
    pub fn new(code: &'static str, rule: &'static str, fault: Fault, message: String, fix: &str) -> Self {
        Self(Box::new(Told {
            code,
            rule: rule.into(),
            fault,
            definite: true,
            fix: fix.into(),
            message,
            correlation_id: correlation_id(),
            details: None,
        }))
    }

    /// Input that cannot be used.
    ///
    /// # Rules
    ///
    /// > CLI-01: an argument that cannot be used is refused before anything is done.
    #[must_use]
    pub fn usage(message: impl Into<String>, fix: &str) -> Self {
        Self::new("USAGE", "CLI-01", Fault::Sender, message.into(), fix)
    }

    /// A file that cannot be read or written.
    ///
    /// # Rules
    ///
    /// > CLI-02: a file that cannot be read or written is named.
    #[must_use]
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let message = format!("`{}`: {error}", path.display());
        let code = if error.kind() == std::io::ErrorKind::NotFound { "FILE_NOT_FOUND" } else { "FILE" };
        Self::new(code, "CLI-02", Fault::Sender, message, "check the path and its permissions")
    }

    /// Nothing of that name.
    ///
    /// # Rules
    ///
    /// > CLI-03: what is not there is not found; it is never shown as empty.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new("NOT_FOUND", "CLI-03", Fault::Sender, format!("no such {what}"), "list what there is")
    }

    /// Something is not as it should be after a complete run.
    ///
    /// # Rules
    ///
    /// > CLI-04: a run whose checks do not all hold ends with exit code 6 and says which.
    #[must_use]
    pub fn verification(message: String) -> Self {
        Self::new(
            "VERIFICATION_FAILED",
            "CLI-04",
            Fault::Operator,
            message,
            "keep the directory and look at the details",
        )
    }

    /// A transaction that was ordered, and refused by the rule that its verdict names: no record changed.
    #[must_use]
    pub fn refused(rule: &str) -> Self {
        let (code, fix) = match rule.get(..3) {
            _ if rule == "STA-03" => ("ALREADY_DECIDED", "look at its verdict: parclose tx list"),
            Some("STA") => ("STALE", "read the record's current version and try again"),
            Some("ACC") => ("ACTION_DENIED", "ask why: parclose policy explain"),
            Some("AUT") => ("NOT_AUTHENTIC", "build the transaction again"),
            Some("SCH") => ("OFF_SCHEMA", "compare with `parclose channel show`"),
            Some("GOV") => ("CHANGE_REFUSED", "see `parclose channel motions`"),
            Some("GRA") => ("CHANGE_REFUSED", "see `parclose viewkey list`"),
            Some("AMT") => ("NOT_PROVEN", "build the transaction again"),
            Some("TAG") if rule == "TAG-03" => {
                ("ALREADY_CLAIMED", "compare the two records: parclose receivable show")
            }
            Some("TAG") if rule == "TAG-04" => {
                ("NOT_CLAIMED", "look at who holds the keyed tag: parclose receivable show")
            }
            Some("LIF") => {
                ("STATE_CONFLICT", "look at the state and the business day: parclose receivable show")
            }
            _ => ("MALFORMED", "build the transaction again"),
        };
        let message = format!("the transaction was ordered and refused: rule {rule}");
        let mut refused = Self::new(code, "", Fault::Sender, message, fix);
        refused.0.rule = rule.to_owned().into();
        refused
    }

    /// It may still happen, or have happened.
    #[must_use]
    pub fn not_definite(mut self) -> Self {
        self.0.definite = false;
        self
    }

    /// Adds what the command had found when it failed.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// The error as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = json!({
            "code": self.0.code,
            "rule": self.0.rule,
            "fault": self.0.fault,
            "definite": self.0.definite,
            "fix": self.0.fix,
            "correlation_id": self.0.correlation_id,
        });
        if let Some(details) = &self.0.details {
            value["details"] = details.clone();
        }
        value
    }

    /// The error as prose.
    #[must_use]
    pub fn to_prose(&self) -> String {
        let definite = if self.0.definite { "definite" } else { "not definite: it may still happen" };
        format!(
            "error[{}]: {}\n  rule  {}\n  fix   {}\n  id    {}   ({definite})",
            self.0.code, self.0.message, self.0.rule, self.0.fix, self.0.correlation_id
        )
    }

    /// Its exit code.
    #[must_use]
    pub fn exit(&self) -> u8 {
        exit_code(self.0.code, self.0.fault)
    }

    /// Its word code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }
}

impl<F: Failure> From<F> for CliError {
    fn from(failure: F) -> Self {
        Self(Box::new(Told {
            code: failure.code(),
            rule: failure.rule().into(),
            fault: failure.fault(),
            definite: failure.definite(),
            fix: failure.fix(),
            message: failure.to_string(),
            correlation_id: correlation_id(),
            details: None,
        }))
    }
}

/// 0 done; 1 internal; 2 usage; 3 not found; 4 denied by policy; 5 conflict or stale; 6 verification
/// failed; 7 unreachable, outcome unknown; 8 key locked or wrong passphrase.
///
/// # Rules
///
/// > CLI-05: exit codes are stable and follow from the word code.
#[must_use]
pub fn exit_code(code: &str, fault: Fault) -> u8 {
    match code {
        "USAGE"
        | "MALFORMED"
        | "DRAFT_INVALID"
        | "DEFINITION_INVALID"
        | "DEFINITION_CANNOT_FOLLOW"
        | "POLICY_REFUSED"
        | "MAPPING_REFUSED"
        | "SOURCE_REFUSED"
        | "IDENTIFIER_REFUSED"
        | "ROW_REJECTED"
        | "NO_DRAFT"
        | "KEY_FILE"
        | "KEY_FILE_CLEAR"
        | "KEY_WRONG_KIND"
        | "KEY_COST_REFUSED"
        | "NOT_A_KEY_FILE"
        | "PASSPHRASE_REFUSED"
        | "NOT_A_BACKUP"
        | "BACKUP_OTHER_KEY"
        | "BACKUP_FILE"
        | "NOT_A_RECIPIENT"
        | "EXPORT_FILE"
        | "FILE"
        | "CHANNEL_SETUP_INVALID"
        | "RULES_UNKNOWN"
        | "CONFIG_INVALID"
        | "CONFIG_KEY_UNKNOWN"
        | "CONFIG_VALUE"
        | "CONFIG_TWICE"
        | "ADDRESS_IN_USE"
        | "NOT_A_NODE_CARD"
        | "NOT_A_VALIDATOR_CHANGE"
        | "VALIDATOR_CHANGE_REFUSED"
        | "VALIDATOR_CHANGE_TOO_LARGE"
        | "VALIDATOR_CHANGE_NOT_SIGNED"
        | "NOT_A_DRAFT"
        | "OFF_SCHEMA"
        | "SCAN_PROGRESS_INVALID"
        | "NOT_AUTHENTIC" => 2,
        "NOT_FOUND" | "FILE_NOT_FOUND" | "CHANNEL_NOT_FOUND" | "MEMBER_NOT_FOUND" | "HOME_NOT_FOUND"
        | "TEMPLATE_NOT_FOUND" | "CONTEXT_NOT_FOUND" => 3,
        "ACTION_DENIED" => 4,
        "STALE"
        | "ALREADY_DECIDED"
        | "STATE_CONFLICT"
        | "NOT_THE_DAY"
        | "BUSINESS_DAY"
        | "STEP_INCOMPLETE"
        | "NOT_HELD"
        | "ALREADY_CLAIMED"
        | "NOT_CLAIMED"
        | "HOME_IN_USE"
        | "HOME_EXISTS"
        | "CONTEXT_EXISTS"
        | "GENESIS_NOT_ACCEPTED"
        | "NODE_CARD_KNOWN"
        | "VALIDATORS_CHANGED"
        | "CHANNEL_EXISTS"
        | "FOUNDING_SIGNED"
        | "CHANNEL_NOT_CLOSED"
        | "SUCCESSOR_EXISTS"
        | "NOTHING_TO_BACK_UP"
        | "TRANSACTION_EXPIRED"
        | "NOT_YET_ATTESTED"
        | "DESK_TOO_SOON"
        | "DESK_TOO_LARGE"
        | "DESK_NOT_NOW"
        | "DESK_CROWDED"
        | "STORE_IN_USE" => 5,
        "VERIFICATION_FAILED"
        | "STATE_TAMPERED"
        | "SUCCESSOR_INVALID"
        | "STATE_DIVERGED"
        | "EVIDENCE_INVALID"
        | "STORE_TAMPERED"
        | "STORE_DAMAGED"
        | "ROOT_STATE_DAMAGED"
        | "RECEIPT_INVALID"
        | "DISCLOSURE_INVALID"
        | "RECEIPT_OF_ANOTHER_NETWORK"
        | "BUNDLE_INVALID"
        | "PACK_INVALID"
        | "PACK_OF_ANOTHER_NETWORK"
        | "CHECKPOINT_INVALID"
        | "CHECKPOINT_OF_ANOTHER_NETWORK"
        | "VALIDATORS_NOT_FOLLOWED"
        | "VALIDATOR_CHANGE_CHANGED"
        | "BUNDLE_OF_ANOTHER_NETWORK"
        | "VIEW_KEY_INVALID"
        | "GRANT_INVALID"
        | "NOT_PROVEN"
        | "STORE_WRONG_OWNER"
        | "BACKUP_DAMAGED"
        | "BACKUP_INVALID"
        | "BACKUP_OTHER_STATE"
        | "BACKUP_OF_ANOTHER_NETWORK"
        | "EXPORT_OTHER_KEY"
        | "EXPORT_DAMAGED"
        | "EXPORT_OF_ANOTHER_TAG"
        | "NODE_NOT_READY"
        | "NODE_CARD_CHANGED"
        | "FOUNDING_PART_INVALID"
        | "FOUNDING_SIGNATURE_INVALID"
        | "ADDRESS_BOOK_INVALID"
        | "KEY_FILE_DAMAGED" => 6,
        "KEY_LOCKED" | "KEY_PASSPHRASE_WRONG" => 8,
        "OUTCOME_UNKNOWN" | "NOT_ENDORSED" | "BATCH_MISSING" | "ROOT_STOPPED" | "ROOT_BUSY"
        | "NODE_UNREACHABLE" | "CHANNEL_STOPPED" | "ROOM_BUSY" | "HOME_UNWRITABLE" | "STORE_IO"
        | "STORE_POISONED" => 7,
        _ if fault == Fault::Sender => 2,
        _ => 1,
    }
}

/// Names one occurrence, so that a user and an operator can talk about it.
fn correlation_id() -> String {
    let mut bytes = [0_u8; 6];
    rand_core::Rng::fill_bytes(&mut parclose_node::randomness::generator(), &mut bytes);
    let text = hex::encode(&bytes);
    format!("{}-{}-{}", &text[..4], &text[4..8], &text[8..])
}
