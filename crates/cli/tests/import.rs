//! What an import takes, what it leaves out, and that both together are the whole input.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use support::{GENERATED, Sandbox, generated, repository};

const INTO: [&str; 6] = ["import", "csv", "-c", "trade-a", "--as", "supplier-a"];

const MAPPING: &str = r#"
key = ["supplier_id", "invoice_number"]
month = "due"
required = ["buyer_name"]

[tokens]
redacted = ["HIDDEN"]

[currency]
column = "Currency"

[amount]
column = "Net"
sign = "kept"
decimal_mark = "."

[dates.due]
column = "Due"
formats = ["%Y-%m-%d"]

[document]
supplier_id = "Supplier"
invoice_number = "No"
buyer_name = "Buyer"

[line]
id = "Ref"
description = "Text"

[duplicates]
then = "once"

[credit_notes]
type = "Kind"
invoices = ["380"]
credit_notes = ["381"]
amounts = "positive"
reference = "Corrects"
names = "invoice_number"
"#;

const HEADER: &str = "Supplier,No,Kind,Corrects,Net,Currency,Due,Buyer,Ref,Text";

/// A table with everything that can become of a row; the comment says what.
const ROWS: [&str; 16] = [
    "Needle1,N1,380,,100.00,GBP,2025-01-31,Borough,r1,Needle2", // a document of two lines
    "Needle1,N1,380,,-20.00,GBP,2025-01-31,Borough,r2,Needle2", // its second
    "Needle1,N1,380,,-20.00,GBP,2025-01-31,Borough,r2,Needle2", // which stands there twice
    "Needle1,C1,381,N1,5.00,GBP,,Borough,r3,Needle2",           // corrects it
    "Needle1,C2,381,,7.00,GBP,,Borough,r4,Needle2",             // corrects nothing
    "Needle1,C3,381,Needle3,8.00,GBP,,Borough,r5,Needle2",      // corrects what is not there
    "Needle1,N2,380,,12.3.4,GBP,2025-01-31,Borough,r6,Needle2", // no amount
    "Needle1,N2,380,,2.00,GBP,2025-01-31,Borough,r7,Needle2",   // good, of a rejected document
    "Needle1,,380,,3.00,GBP,2025-01-31,Borough,r8,Needle2",     // no key
    "HIDDEN,HIDDEN,380,,3.50,GBP,2025-01-31,Borough,r9,Needle2", // none either
    "Needle1,N3,380,,4.00,GBP,Needle4,Borough,r10,Needle2",     // no date
    "Needle1,N4,380,,-9.00,GBP,2025-01-31,Borough,r11,Needle2", // a credit note by its sum
    "Needle1,N5,380,,1000,JPY,2025-01-31,Borough,r12,Needle2",  // another currency
    "Needle1,N6,380,,1,JPY,2025-01-31,,r13,Needle2",            // no buyer
    "Needle1,N7,999,,1,JPY,2025-01-31,Borough,r14,Needle2",     // no known type
    "Needle1,N8,380,,\"1,JPY,2025-01-31,Borough,r15,Needle2",   // no record
];

struct Table {
    sandbox: Sandbox,
    mapping: String,
}

impl Table {
    fn founded() -> Self {
        let sandbox = Sandbox::founded();
        let mapping = sandbox.write("mapping.toml", MAPPING);
        Self { sandbox, mapping }
    }

    fn write(&self, name: &str, rows: &[&str]) -> String {
        self.sandbox.write(name, &[&[HEADER], rows].concat().join("\n"))
    }

    fn import(&self, file: &str, more: &[&str]) -> Value {
        self.sandbox.ok(&[&INTO[..], &[file, "--mapping", &self.mapping], more].concat())
    }

    fn transactions(&self) -> usize {
        self.sandbox.records("trade-a", "buyer").len()
    }
}

/// What became of entries, by word and currency: documents, entries, minor units.
fn account(value: &Value) -> BTreeMap<(String, String), (u64, u64, String)> {
    let rows = value["account"].as_array().expect("an account").iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    rows.map(|row| {
        let number = |name: &str| row[name].as_u64().expect("a number");
        let numbers = (number("documents"), number("entries"));
        ((text(&row["became"]), text(&row["currency"])), (numbers.0, numbers.1, text(&row["amount_minor"])))
    })
    .collect()
}

/// In every currency, what became of the entries sums to the input.
fn reconciles(value: &Value) {
    let mut sums: BTreeMap<String, [i128; 3]> = BTreeMap::new();
    for ((word, currency), (documents, entries, minor)) in account(value) {
        let sign = if word == "input" { -1 } else { 1 };
        let sum = sums.entry(currency).or_default();
        let minor = minor.parse::<i128>().unwrap_or(0);
        for (sum, number) in sum.iter_mut().zip([i128::from(documents), i128::from(entries), minor]) {
            *sum += sign * number;
        }
    }
    assert!(!sums.is_empty() && sums.values().all(|sum| *sum == [0; 3]), "{sums:?}\n{value}");
    assert_eq!(value["reconciled"], true);
}

#[test]
fn imp_60_every_row_and_every_minor_unit_is_accounted_for() {
    let table = Table::founded();
    let file = table.write("all.csv", &ROWS);
    let rejects = table.sandbox.text("rejects.jsonl");
    let value = table.import(&file, &["--rejects", &rejects]);
    reconciles(&value);
    let expected = [
        (("applied", "GBP"), (1, 3, "7500")),
        (("applied", "JPY"), (1, 1, "1000")),
        (("credit-note", "GBP"), (0, 3, "-2400")),
        (("duplicate", "GBP"), (0, 1, "-2000")),
        (("of-rejected-document", "GBP"), (0, 1, "200")),
        (("rejected", "GBP"), (0, 3, "1050")),
        (("rejected", "JPY"), (0, 2, "2")),
        (("rejected", "-"), (0, 2, "-")),
        (("input", "GBP"), (1, 11, "4350")),
        (("input", "JPY"), (1, 3, "1002")),
        (("input", "-"), (0, 2, "-")),
    ];
    let expected = expected.map(|((a, b), (c, d, e))| ((a.to_owned(), b.to_owned()), (c, d, e.to_owned())));
    assert_eq!(account(&value), BTreeMap::from(expected));
    assert_eq!((value["rows"].as_u64(), value["entries"].as_u64()), (Some(16), Some(16)));
    assert_eq!((value["credit_notes"].as_u64(), value["linked_credit_notes"].as_u64()), (Some(3), Some(1)));
    // Every row that is no line of a document stands in the file, once, with its rule.
    assert!(support::is_private(&rejects), "it says what stood in the rows");
    let written = std::fs::read_to_string(&rejects).unwrap();
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rows: BTreeSet<u64> = lines.iter().map(|line| line["row"].as_u64().unwrap()).collect();
    let taken = [2, 3, 5, 14];
    let all = (2..=17).filter(|row| !taken.contains(row)).collect();
    assert_eq!((lines.len(), rows), (12, all));
    let rule =
        |row: u64| lines.iter().find(|line| line["row"] == row).map(|line| line["rule"].as_str().unwrap());
    for (row, expected) in [
        (4, "IMP-44"),
        (6, "IMP-45"),
        (7, "IMP-46"),
        (8, "IMP-35"),
        (9, "IMP-35"),
        (10, "IMP-33"),
        (11, "IMP-34"),
        (12, "IMP-38"),
        (13, "IMP-45"),
        (15, "IMP-48"),
        (16, "IMP-47"),
        (17, "IMP-30"),
    ] {
        assert_eq!(rule(row), Some(expected), "row {row}");
    }
    // Rows and rules, and nothing of any cell.
    let shown = value.to_string();
    for secret in [
        "Needle1",
        "Needle2",
        "Needle3",
        "Needle4",
        "N1",
        "C1",
        "Borough",
        "12.3.4",
        "HIDDEN",
        "r1",
        "2025-01-31",
    ] {
        assert!(!written.contains(secret) && !shown.contains(secret), "{secret} is told\n{written}\n{shown}");
    }
}

#[test]
fn cli_01_a_source_is_not_written_to() {
    let sandbox = Sandbox::founded();
    let mapping = sandbox.write("mapping.toml", MAPPING);
    let file = sandbox.write("a.csv", &format!("{HEADER}\n{}\n", ROWS[0]));
    let before = std::fs::read(&file).unwrap();
    let folder = sandbox.text(".");
    for sources in [&file, &folder] {
        let import = [&INTO[..], &[sources, "--mapping", &mapping, "--rejects", &file]].concat();
        let (code, value) = sandbox.json(&import);
        assert_eq!((code, value["rule"].as_str()), (2, Some("CLI-01")));
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_rehearsal_accounts_for_the_same_rows_and_writes_nothing() {
    let table = Table::founded();
    let file = table.write("all.csv", &ROWS);
    let rehearsed = table.import(&file, &["--dry-run"]);
    reconciles(&rehearsed);
    assert_eq!((rehearsed["dry_run"].as_bool(), table.transactions()), (Some(true), 0));
    let words = |value: &Value| {
        account(value)
            .into_iter()
            .map(|((word, currency), sums)| (word.replace("would-be-imported", "applied"), currency, sums))
            .collect::<Vec<_>>()
    };
    let sorted = |mut list: Vec<_>| {
        list.sort();
        list
    };
    assert_eq!(sorted(words(&rehearsed)), sorted(words(&table.import(&file, &[]))));
}

#[test]
fn imp_61_imp_62_a_document_that_differs_from_its_record_is_a_conflict_and_changes_nothing() {
    let table = Table::founded();
    let first = table.write("first.csv", &ROWS[..2]);
    assert_eq!(table.import(&first, &[])["applied"], 1);
    let before = table.sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", "buyer"]);
    // The same document in another place and another order is the same document.
    let moved = table.write("moved.csv", &["X,N9,380,,1.00,GBP,2025-01-31,Borough,r1,a", ROWS[1], ROWS[0]]);
    let value = table.import(&moved, &[]);
    reconciles(&value);
    assert_eq!((value["applied"].as_u64(), value["already_there"].as_u64()), (Some(1), Some(1)));
    assert_eq!(value["conflicts"], json!([]));
    let rejects = table.sandbox.text("rejects.jsonl");
    for (rows, fields) in [
        (
            vec![ROWS[0].replace("100.00", "100.01"), ROWS[1].into()],
            vec!["face_amount", "lines", "requested_advance"],
        ),
        (vec![ROWS[0].replace("Borough", "Other"), ROWS[1].into()], vec!["buyer_name"]),
        (vec![ROWS[0].replace("01-31", "02-01"), ROWS[1].replace("01-31", "02-01")], vec!["due_date"]),
        (
            vec![ROWS[0].into(), ROWS[1].into(), ROWS[3].into()],
            vec!["face_amount", "lines", "requested_advance"],
        ),
    ] {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let file = table.write("second.csv", &rows);
        let value = table.import(&file, &["--rejects", &rejects]);
        reconciles(&value);
        let [conflict] = value["conflicts"].as_array().unwrap().as_slice() else { panic!("{value}") };
        let found: BTreeSet<&str> =
            conflict["fields"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
        assert_eq!(found, fields.into_iter().collect());
        assert_eq!(
            (&conflict["rule"], &conflict["source"], &conflict["row"]),
            (&json!("IMP-62"), &json!("second.csv"), &json!(2))
        );
        assert_eq!((value["applied"].as_u64(), value["already_there"].as_u64()), (Some(0), Some(0)));
        let written = std::fs::read_to_string(&rejects).unwrap();
        assert_eq!(written.lines().count(), rows.len());
        assert!(
            written.lines().all(|line| line.contains("\"became\":\"conflict\""))
                && !written.contains("Borough")
        );
    }
    let after = table.sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", "buyer"]);
    assert_eq!(after["records"].as_u64(), before["records"].as_u64().map(|records| records + 1));
    assert_eq!(table.transactions(), 2, "only the document of another key was written");
}

#[test]
fn a_record_that_was_updated_since_is_a_conflict() {
    let table = Table::founded();
    let file = table.write("first.csv", &ROWS[..1]);
    table.import(&file, &[]);
    let written = table.sandbox.records("trade-a", "supplier-a");
    let tx = written[0]["tx"].as_str().unwrap().to_owned();
    let shown = table.sandbox.ok(&["tx", "show", "-c", "trade-a", "--as", "supplier-a", &tx]);
    let record = shown["operations"][0]["record"].as_str().unwrap();
    let mut draft = support::receivable("N1", "supplier-a", "bank-1");
    draft["action"] = json!("update");
    draft["record"] = json!(record);
    let told = ["invoice_number", "buyer_name", "face_amount", "lines"];
    draft["fields"].as_object_mut().unwrap().retain(|field, _| told.contains(&field.as_str()));
    table.sandbox.submit("trade-a", "supplier-a", &draft);
    let value = table.import(&file, &[]);
    assert_eq!(
        (&value["conflicts"][0]["record"], &value["conflicts"][0]["version"]),
        (&json!(record), &json!(2))
    );
}

#[test]
fn imp_17_the_currency_is_said_once_by_the_mapping_or_the_command() {
    let sandbox = Sandbox::founded();
    let silent = MAPPING.replace("[currency]\ncolumn = \"Currency\"\n", "");
    let (silent, said) = (sandbox.write("silent.toml", &silent), sandbox.write("said.toml", MAPPING));
    let file = sandbox.write("a.csv", &format!("{HEADER}\n{}\n", ROWS[0]));
    let run = |mapping: &str, more: &[&str]| {
        let (code, value) =
            sandbox.json(&[&INTO[..], &[&file, "--mapping", mapping, "--dry-run"], more].concat());
        (
            code,
            value["rule"].as_str().map(str::to_owned),
            value["totals"][0]["currency"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(run(&silent, &[]), (2, Some("IMP-17".into()), None));
    assert_eq!(run(&said, &["--currency", "EUR"]), (2, Some("IMP-17".into()), None));
    assert_eq!(run(&silent, &["--currency", "XXX"]), (2, Some("IMP-07".into()), None));
    assert_eq!(run(&silent, &["--currency", "EUR"]), (0, None, Some("EUR".into())));
}

#[test]
fn imp_02_an_unknown_key_of_a_mapping_is_named_with_the_nearest_known_one() {
    let sandbox = Sandbox::founded();
    let mapping = sandbox.write("mapping.toml", &MAPPING.replace("decimal_mark", "decimal_marc"));
    let file = sandbox.write("a.csv", &format!("{HEADER}\n{}\n", ROWS[0]));
    let run = sandbox.run(&[&INTO[..], &[&file, "--mapping", &mapping]].concat());
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`decimal_marc`: did you mean `decimal_mark`?"), "{}", run.stderr);
}

#[test]
fn a_suggested_mapping_is_data_and_imports_what_was_generated() {
    let sandbox = Sandbox::founded();
    let (folder, reference) = generated(&sandbox, 400);
    let suggest = ["import", "csv", "--suggest", &folder];
    let run = sandbox.run(&suggest);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("would make 400 documents"), "{}", run.stderr);
    let value = sandbox.ok(&suggest);
    assert_eq!(
        value["text"].as_str().map(str::trim_end),
        Some(run.stdout.trim_end()),
        "the table is the JSON's text"
    );
    assert_eq!(value["schema"], "parclose.suggestion/1");
    let quiet = sandbox.run(&[&suggest[..], &["--quiet"]].concat());
    assert_eq!((quiet.stderr.as_str(), quiet.stdout.as_str()), ("", run.stdout.as_str()));
    let mapping = sandbox.write("drafted.toml", &run.stdout);
    let imported = sandbox.ok(&[&INTO[..], &[&folder, "--mapping", &mapping]].concat());
    reconciles(&imported);
    assert_eq!(imported["applied"].as_u64(), Some(400));
    assert_eq!(
        imported["totals"][0]["amount_minor"].as_str(),
        Some(reference.total_minor.to_string().as_str())
    );
    // The shipped mapping calls the documents by the same keys, so that none is written a second time.
    let again = sandbox.ok(&[&INTO[..], &[&folder, "--mapping", GENERATED]].concat());
    assert_eq!(again["applied"].as_u64(), Some(0));
}

#[test]
fn a_suggestion_needs_no_consortium_and_refuses_what_it_does_not_use() {
    let sandbox = Sandbox::empty();
    let file = sandbox.write("a.csv", &format!("{HEADER}\n{}\n", ROWS[0]));
    assert_eq!(sandbox.run(&["import", "csv", "--suggest", &file]).code, 0);
    assert!(!sandbox.home().exists());
    for more in [&["-c", "trade-a"][..], &["--mapping", &file], &["--dry-run"], &["--rejects", &file]] {
        assert_eq!(sandbox.json(&[&["import", "csv", "--suggest", &file], more].concat()).0, 2, "{more:?}");
    }
    let nothing = sandbox.write("b.csv", "a,b\nx,y\n");
    let (code, value) = sandbox.json(&["import", "csv", "--suggest", &nothing]);
    assert_eq!((code, value["rule"].as_str(), value["code"].as_str()), (2, Some("SUG-02"), Some("NO_DRAFT")));
}

#[test]
fn the_real_year_is_imported_by_its_suggested_mapping() {
    let folder = repository().join("../shared/data/invoices-calderdale");
    if !folder.is_dir() {
        println!("skipped: no invoices in {}", folder.display());
        return;
    }
    let (sandbox, folder) = (Sandbox::founded(), folder.display().to_string());
    let mapping =
        sandbox.write("drafted.toml", &sandbox.run(&["import", "csv", "--suggest", &folder]).stdout);
    let value = sandbox.ok(&[&INTO[..], &[&folder, "--mapping", &mapping, "--currency", "GBP"]].concat());
    reconciles(&value);
    assert_eq!((value["applied"].as_u64(), value["spanning_documents"].as_u64()), (Some(12_795), Some(102)));
    assert_eq!(value["totals"], json!([{ "currency": "GBP", "amount_minor": "17769331551" }]));
}

#[test]
fn the_real_auctions_are_imported_as_what_buyers_owe() {
    let folder = repository().join("../shared/data/trades-us-treasury-auctions");
    if !folder.is_dir() {
        println!("skipped: no auctions in {}", folder.display());
        return;
    }
    let (sandbox, folder) = (Sandbox::founded(), folder.display().to_string());
    let mapping = "channels/scf-receivable/mappings/treasury.toml";
    let value = sandbox.ok(&[&INTO[..], &[&folder, "--mapping", mapping]].concat());
    reconciles(&value);
    assert_eq!((value["rows"].as_u64(), value["applied"].as_u64()), (Some(1_657), Some(9_097)));
    assert_eq!(value["totals"], json!([{ "currency": "USD", "amount_minor": "6404350956957410" }]));
    let again = sandbox.ok(&[&INTO[..], &[&folder, "--mapping", mapping]].concat());
    assert_eq!((again["applied"].as_u64(), again["already_there"].as_u64()), (Some(0), Some(9_097)));
}
