//! Finding records: by business key, by id, by condition, page by page; each reader what it may read.

mod support;

use serde_json::{Value, json};
use support::{Sandbox, receivable};

const ISSUED: [(&str, u64); 5] =
    [("INV-1", 1000), ("INV-2", 2000), ("INV-3", 3000), ("INV-4", 4000), ("INV-5", 5000)];

/// A consortium with receivables in `trade-a`, and the digests of their transactions.
fn issued() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::founded();
    let submit = |(number, minor): &(&str, u64)| {
        let mut draft = receivable(number, "supplier-a", "bank-1");
        draft["fields"]["face_amount"]["amount_minor"] = json!(minor.to_string());
        sandbox.submit("trade-a", "supplier-a", &draft)
    };
    let digests = ISSUED.iter().map(submit).collect();
    (sandbox, digests)
}

fn numbers(value: &Value) -> Vec<&str> {
    let records = value["records"].as_array().expect("records");
    records.iter().filter_map(|record| record["fields"]["invoice_number"].as_str()).collect()
}

#[test]
fn a_business_key_leads_to_record_transaction_block_and_proof() {
    let (sandbox, digests) = issued();
    let receipts = sandbox.path("receipts");
    let folder = receipts.display().to_string();
    let value = sandbox.ok(&["locate", "INV-2", "--as", "buyer", "--receipts", &folder]);
    let [found] = value["found"].as_array().unwrap().as_slice() else { panic!("{value}") };
    assert_eq!((&found["channel"], &found["field"]), (&json!("trade-a"), &json!("invoice_number")));
    assert_eq!((&found["current"], &found["version"]), (&json!(true), &json!(1)));
    let [at] = found["transactions"].as_array().unwrap().as_slice() else { panic!("{value}") };
    assert_eq!(at["tx"], json!(digests[1]));
    assert_eq!((&at["verdict"], &at["provable"]), (&json!("applied"), &json!("outcome")));
    assert_eq!(at["batch"].as_str().map(str::len), Some(64));
    let copies: Vec<_> =
        at["copies"].as_array().unwrap().iter().map(|row| (&row["member"], &row["holds"])).collect();
    let holders = [("bank-1", "signed"), ("buyer", "here"), ("supplier-a", "signed")];
    let mut seen: Vec<_> = copies.iter().map(|(m, h)| (m.as_str().unwrap(), h.as_str().unwrap())).collect();
    seen.sort_unstable();
    assert_eq!(seen, holders);
    // Whoever is shown it can check it again: key, digest and nonce stand beside the signature.
    for row in at["copies"].as_array().unwrap().iter().filter(|row| row["holds"] == "signed") {
        let lengths = ["holder", "copy", "nonce", "signature"].map(|part| row[part].as_str().map(str::len));
        assert_eq!(lengths, [64, 64, 64, 128].map(Some), "{row}");
    }
    let unasked = sandbox.ok(&["locate", "INV-2", "--as", "buyer", "--no-copies"]);
    assert!(unasked["found"][0]["transactions"][0]["copies"].is_null());
    let genesis = sandbox.home().join("genesis.json").display().to_string();
    let receipt = at["receipt"].as_str().unwrap();
    let verified = sandbox.ok(&["receipt", "verify", receipt, "--genesis", &genesis]);
    assert_eq!((&verified["sequence"], &verified["height"]), (&at["sequence"], &at["height"]));
    // The same by the record's id, and by the transaction's digest.
    let record = found["record"].as_str().unwrap();
    let by_id = sandbox.ok(&["locate", record, "--as", "buyer"]);
    assert_eq!(by_id["found"][0]["transactions"][0]["tx"], at["tx"]);
    let by_digest = sandbox.ok(&["locate", &digests[1], "--as", "buyer"]);
    assert_eq!(by_digest["found"][0]["what"], "transaction");
    assert_eq!(by_digest["found"][0]["transactions"][0]["batch"], at["batch"]);
}

#[test]
fn what_was_said_once_is_found_and_told_from_what_is_said_now() {
    let (sandbox, _) = issued();
    let before = sandbox.ok(&["locate", "INV-1", "--as", "supplier-a"]);
    let record = before["found"][0]["record"].as_str().unwrap().to_owned();
    let mut draft = receivable("INV-1", "supplier-a", "bank-1");
    draft["action"] = json!("update");
    draft["record"] = json!(record);
    draft["fields"] = json!({ "invoice_number": "INV-1-corrected" });
    sandbox.submit("trade-a", "supplier-a", &draft);
    let then = sandbox.ok(&["locate", "INV-1", "--as", "buyer"]);
    let now = sandbox.ok(&["locate", "INV-1-corrected", "--as", "buyer"]);
    assert_eq!((&then["found"][0]["current"], &now["found"][0]["current"]), (&json!(false), &json!(true)));
    let history = now["found"][0]["transactions"].as_array().unwrap().len();
    assert_eq!((history, &now["found"][0]["version"]), (2, &json!(2)));
    let shown = sandbox.ok(&["record", "show", &record, "-c", "trade-a", "--as", "bank-1"]);
    assert_eq!(shown["fields"]["invoice_number"], "INV-1-corrected");
    assert_eq!((&shown["fields"]["lines"], &shown["owner"]), (&json!("sealed"), &json!("supplier-a")));
    assert_eq!(shown["transactions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn nobody_finds_what_it_cannot_read() {
    let (sandbox, digests) = issued();
    for sought in ["INV-2", digests[1].as_str(), "INV", "inv-2", ""] {
        let (code, error) = sandbox.json(&["locate", sought, "--as", "supplier-b"]);
        assert_eq!((code, &error["rule"]), (3, &json!("CLI-03")), "{sought}");
    }
    let (code, _) = sandbox.json(&["locate", "INV-2", "--as", "supplier-b", "-c", "trade-a"]);
    assert_eq!(code, 3, "another's channel is not there");
    let lines = receivable("INV-2", "supplier-a", "bank-1")["fields"]["supplier_id"].clone();
    assert!(
        lines.is_null() || sandbox.json(&["locate", lines.as_str().unwrap(), "--as", "supplier-b"]).0 == 3
    );
}

#[test]
fn loo_04_a_condition_holds_only_where_the_reader_opens_the_field() {
    let (sandbox, _) = issued();
    let list = |member: &str, conditions: &[&str]| {
        let mut arguments = vec!["record", "list", "-c", "trade-a", "--as", member, "--type", "receivable"];
        conditions.iter().for_each(|condition| arguments.extend(["--where", condition]));
        sandbox.ok(&arguments)
    };
    let currency = receivable("X", "supplier-a", "bank-1")["fields"]["face_amount"]["currency"].clone();
    let currency = currency.as_str().unwrap();
    let of = |sign: &str, minor: u64| format!("face_amount{sign}{minor}{currency}");
    assert_eq!(numbers(&list("buyer", &[])), ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5"]);
    assert_eq!(numbers(&list("buyer", &[&of(">=", 2000), &of("<", 4000)])), ["INV-2", "INV-3"]);
    assert_eq!(numbers(&list("bank-1", &["invoice_number>INV-3"])), ["INV-4", "INV-5"]);
    assert_eq!(numbers(&list("bank-1", &["invoice_number=INV-3"])), ["INV-3"]);
    assert!(numbers(&list("buyer", &["face_amount>1XXX"])).is_empty(), "another currency");
    // The buyer does not open the advance that the supplier asks for.
    let sealed = format!("requested_advance>=0{currency}");
    assert!(numbers(&list("buyer", &[&sealed])).is_empty());
    assert_eq!(numbers(&list("supplier-a", &[&sealed])).len(), 5);
    for wrong in ["invoice_number", "nothing=1", "face_amount=12", "lines=[]", "due_date<tomorrow"] {
        let arguments = ["record", "list", "-c", "trade-a", "--as", "buyer", "--where", wrong];
        assert_eq!(sandbox.json(&arguments).0, 2, "{wrong}");
    }
}

#[test]
fn pages_follow_each_other() {
    let (sandbox, _) = issued();
    let (mut seen, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let from = from.to_string();
        let page = sandbox
            .ok(&["record", "list", "-c", "trade-a", "--as", "bank-1", "--limit", "2", "--after", &from]);
        assert!(numbers(&page).len() <= 2);
        seen.extend(numbers(&page).into_iter().map(str::to_owned));
        after = page["next"].as_u64();
    }
    assert_eq!(seen, ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5"]);
    for limit in ["0", "1001", "x"] {
        let (code, _) = sandbox.json(&["record", "list", "-c", "trade-a", "--as", "buyer", "--limit", limit]);
        assert_eq!(code, 2);
    }
}
