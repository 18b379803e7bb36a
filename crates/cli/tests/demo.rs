//! The demonstration end to end, on generated and, where they are, on real invoices.

mod support;

use serde_json::Value;
use support::{Sandbox, repository};

/// Runs the demo and checks what must hold whatever the invoices are.
fn demo(arguments: &[&str]) -> Value {
    let sandbox = Sandbox::empty();
    let value = sandbox.ok(&[&["demo", "--quiet"], arguments].concat());
    assert_eq!(value["failures"], serde_json::json!([]));
    let views = value["views"].as_array().expect("views");
    assert_eq!(views.len(), 9, "eight of members, one of the regulator");
    for view in views {
        assert!(!view["sum_minor"].is_null(), "{view}");
        assert_eq!(view["sum_minor"], view["expected_minor"], "{view}");
    }
    let (needles, own) = (value["scan"]["needles"].as_u64(), value["scan"]["own_hits"].as_u64());
    assert!(needles > Some(0) && needles == own, "every needle is found at home: {}", value["scan"]);
    assert_eq!(value["scan"]["foreign_hits"], 0);
    assert_eq!(value["receipts"]["checked"], value["receipts"]["valid"]);
    assert!(value["receipts"]["valid"].as_u64() > Some(0));
    for what in ["value", "receipt", "foreign_receipt"] {
        assert_eq!(value["tamper"][what], "caught", "{what}");
    }
    let readers = value["after_the_removal"].as_array().expect("readers");
    let after: Vec<u64> = readers.iter().filter_map(|reader| reader["opened_of_after"].as_u64()).collect();
    let [0, 0, 0, buyer, joined] = after[..] else { panic!("{}", value["after_the_removal"]) };
    assert!(buyer > 0 && joined > 0, "{}", value["after_the_removal"]);
    value
}

fn minor(value: &Value) -> u128 {
    value.as_str().and_then(|text| text.parse().ok()).expect("minor units are a text of digits")
}

/// Sum and number of a viewer's records over its channels.
fn seen(value: &Value, viewer: &str) -> (u128, u64) {
    let views = value["views"].as_array().expect("views").iter().filter(|view| view["viewer"] == viewer);
    views.fold((0, 0), |(sum, records), view| {
        (sum + minor(&view["sum_minor"]), records + view["records"].as_u64().expect("a number"))
    })
}

#[test]
fn generated_invoices_are_seen_by_each_party_as_its_keys_allow() {
    let value = demo(&["--documents", "150", "--receipts", "12"]);
    let reference = parclose_documents::synthetic::invoices(1, 150).reference;
    assert_eq!(
        (value["invoices"].as_u64(), minor(&value["total_minor"])),
        (Some(150), reference.total_minor)
    );
    assert_eq!(seen(&value, "buyer"), (reference.total_minor, 150));
    let (a, b) = (seen(&value, "supplier-a"), seen(&value, "supplier-b"));
    assert_eq!((a.0 + b.0, a.1 + b.1), (reference.total_minor, 150));
    let (regulator, _) = seen(&value, "regulator");
    assert!(regulator > 0 && regulator < a.0, "three months of one supplier: {regulator} of {}", a.0);
}

#[test]
fn nodes_of_their_own_show_each_party_the_same_as_one_process() {
    let value = demo(&["--nodes", "--documents", "150", "--receipts", "12"]);
    let reference = parclose_documents::synthetic::invoices(1, 150).reference;
    assert_eq!(seen(&value, "buyer"), (reference.total_minor, 150));
    assert_eq!((&value["nodes"]["processes"], &value["nodes"]["validators"]), (&5.into(), &4.into()));
    let (regulator, _) = seen(&value, "regulator");
    assert!(regulator > 0 && regulator < seen(&value, "supplier-a").0);
}

#[test]
fn a_real_years_invoices_sum_to_what_the_files_say() {
    let folder = repository().join("../shared/data/invoices-calderdale");
    if !folder.is_dir() {
        println!("skipped: no invoices in {}", folder.display());
        return;
    }
    let value = demo(&["--invoices", &folder.display().to_string()]);
    assert_eq!((value["invoices"].as_u64(), value["currency"].as_str()), (Some(12_795), Some("GBP")));
    assert_eq!(seen(&value, "buyer"), (17_769_331_551, 12_795));
}

#[test]
fn a_demo_leaves_nothing_in_the_directory_where_it_ran() {
    let sandbox = Sandbox::empty();
    let place = sandbox.path("place");
    std::fs::create_dir(&place).unwrap();
    let templates = std::fs::canonicalize(repository().join("channels")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parclose"));
    command.current_dir(&place).env_remove("PARCLOSE_HOME").arg("--templates").arg(templates);
    let output = command.args(["demo", "--documents", "150", "--receipts", "3", "--quiet"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
}
