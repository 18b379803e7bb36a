//! `parclose demo --scenario settlement` and `supply-chain`: what is exchanged settles, and every total comes out.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::{Value, json};
use support::{Sandbox, repository};

fn settled(arguments: &[&str]) -> Value {
    let sandbox = Sandbox::empty();
    let (code, value) = sandbox.json(&[&["demo", "--scenario", "settlement"], arguments].concat());
    assert_eq!(code, 0, "{value}");
    assert_eq!((&value["scenario"], &value["failures"]), (&"settlement".into(), &json!([])));
    for total in ["settled", "par_minor", "cash_minor"] {
        assert_eq!(value[total], value["expected"][total], "{total}");
    }
    for holds in ["conserved", "confirmed_by_view_keys"] {
        assert_eq!(value[holds], true, "{holds}");
    }
    assert_eq!(value["aborted"], 0);
    value
}

/// The first twenty-four real legs.
const REAL: &str = "24";

#[test]
fn generated_auctions_settle_as_expected() {
    let value = settled(&["--legs", "5"]);
    assert_eq!((&value["deals"], &value["settled"]), (&5.into(), &5.into()));
}

/// Two bills mature on the day on which a third is settled; one class holds both, another one of them.
const MATURING: [&str; 4] = [
    "cusip,securityType,securityTerm,type,auctionDate,issueDate,maturityDate,pricePer100,primaryDealerAccepted,directBidderAccepted,indirectBidderAccepted,noncompetitiveAccepted,fimaNoncompetitiveAccepted,somaAccepted",
    "PARC00014,Bill,4-Week,Bill,2031-01-06T00:00:00,2031-01-06T00:00:00,2031-02-03T00:00:00,99.5,1000000,,,,,",
    "PARC00022,Bill,4-Week,Bill,2031-01-06T00:00:00,2031-01-06T00:00:00,2031-02-03T00:00:00,99.25,2000000,500000,,,,",
    "PARC00030,Bill,4-Week,Bill,2031-02-03T00:00:00,2031-02-03T00:00:00,2031-03-03T00:00:00,99,3000000,,,,,",
];

#[test]
fn what_matures_is_delivered_gross_and_paid_net() {
    let sandbox = Sandbox::empty();
    let file = sandbox.home().with_extension("csv");
    std::fs::write(&file, MATURING.join("\n")).unwrap();
    let value = settled(&["--trades", file.to_str().unwrap()]);
    let counts = ["deals", "redemptions", "redemption_payments", "held_par_minor"].map(|name| &value[name]);
    assert_eq!(counts, [&json!(4), &json!(3), &json!(2), &json!("300000000")]);
}

#[test]
fn real_auctions_settle_as_expected() {
    let name = "shared/data/trades-us-treasury-auctions/auctions_2008-04_2022-08.csv";
    let here = repository();
    let found = here.ancestors().map(|folder| folder.join(name)).find(|file| file.exists());
    let Some(file) = found else {
        println!("skipped: no real auctions in {name}");
        return;
    };
    let value = settled(&["--trades", file.to_str().unwrap(), "--legs", REAL]);
    assert_eq!((&value["settled"], &value["redemptions"]), (&24.into(), &0.into()));
    assert_eq!(value["cash_minor"], value["expected"]["cash_minor"]);
}

#[test]
fn nodes_of_their_own_settle_auctions_as_one_process_does() {
    let (apart, together) = (settled(&["--nodes", "--legs", "4"]), settled(&["--legs", "4"]));
    assert_eq!(apart["nodes"], json!({ "processes": 8, "validators": 4 }));
    for same in ["deals", "settled", "redemptions", "par_minor", "cash_minor", "securities", "held_par_minor"]
    {
        assert_eq!(apart[same], together[same], "{same}");
    }
}

#[test]
fn nodes_of_their_own_pass_invoices_on_as_one_process_does() {
    let few = ["--documents", "200", "--legs", "4"];
    let (apart, together) = (paid(&[&["--nodes"], &few[..]].concat()), paid(&few));
    assert_eq!(apart["nodes"], json!({ "processes": 6, "validators": 4 }));
    for same in
        ["deals", "settled", "split", "passed_on", "discounted", "face_minor", "cash_minor", "price_minor"]
    {
        assert_eq!(apart[same], together[same], "{same}");
    }
}

/// Runs the supply chain: every claim is settled, and everybody has got what the rule says.
fn paid(arguments: &[&str]) -> Value {
    let sandbox = Sandbox::empty();
    let (code, value) = sandbox.json(&[&["demo", "--scenario", "supply-chain"], arguments].concat());
    assert_eq!(code, 0, "{value}");
    assert_eq!((&value["conserved"], &value["failures"]), (&true.into(), &json!([])));
    assert_eq!(value["confirmed_by_view_keys"], true);
    assert_eq!(value["second_pledge"], json!({ "held_by": "another channel", "refused_by": "TAG-04" }));
    for total in ["settled", "split", "passed_on", "discounted", "cash_minor", "price_minor"] {
        assert_eq!(value[total], value["expected"][total], "{total}");
    }
    assert_eq!((&value["accepted"], &value["aborted"]), (&value["receivables"], &0.into()));
    value
}

#[test]
fn generated_invoices_pass_from_hand_to_hand_and_are_paid() {
    let value = paid(&["--documents", "200", "--legs", "6"]);
    assert_eq!(value["receivables"], 6);
    assert!(value["passed_on"].as_u64() > Some(0) && value["discounted"].as_u64() > Some(0), "{value}");
}

#[test]
fn real_invoices_pass_from_hand_to_hand_and_are_paid() {
    let name = "shared/data/invoices-calderdale";
    let here = repository();
    let found = here.ancestors().map(|folder| folder.join(name)).find(|folder| folder.exists());
    let Some(folder) = found else {
        println!("skipped: no real invoices in {name}");
        return;
    };
    let value = paid(&["--invoices", folder.to_str().unwrap(), "--legs", "8"]);
    assert_eq!(value["receivables"], 8);
}

#[test]
fn a_table_that_is_none_is_refused() {
    let sandbox = Sandbox::empty();
    let file = sandbox.home().with_extension("csv");
    std::fs::write(&file, "a,b\n1,2\n").unwrap();
    let (code, value) =
        sandbox.json(&["demo", "--scenario", "settlement", "--trades", file.to_str().unwrap()]);
    assert_ne!(code, 0, "{value}");
    assert!(value["fix"].as_str().unwrap().contains("table of auctions"));
}
