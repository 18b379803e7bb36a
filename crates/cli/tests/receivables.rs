//! `parclose receivable`: a claim from its issue to its payment, as each of those whom it concerns sees it.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::{Value, json};
use support::Sandbox;

const BUYER: &str = "buyer";
const SUPPLIER: &str = "supplier-a";
const BANK: &str = "bank-1";

/// The development consortium, an account for each member of the room, and 5 January 2026.
fn room() -> Sandbox {
    let sandbox = Sandbox::founded();
    for member in [BUYER, SUPPLIER, BANK] {
        sandbox.ok(&["asset", "open", "-c", "trade-a", "--as", member]);
    }
    day(&sandbox, "2026-01-05");
    sandbox.ok(&["tag-key", "create", "-c", "trade-a", "--as", BANK]);
    sandbox
}

fn day(sandbox: &Sandbox, date: &str) -> Value {
    sandbox.ok(&["business-date", "advance", "-c", "trade-a", "--as", BANK, date])
}

fn line<'a>(member: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    let (verb, rest) = arguments.split_first().unwrap();
    [&["receivable", verb, "-c", "trade-a", "--as", member], rest].concat()
}

fn claim(sandbox: &Sandbox, member: &str, arguments: &[&str]) -> Value {
    sandbox.ok(&line(member, arguments))
}

fn refused(sandbox: &Sandbox, member: &str, arguments: &[&str]) -> (i32, String, String) {
    support::refused(sandbox, &line(member, arguments))
}

fn issued(sandbox: &Sandbox) -> String {
    let arguments = ["--buyer", BUYER, "--bank", BANK, "--invoice", "INV-1", "--amount", "1000.00"];
    let rest = ["--currency", "GBP", "--due", "2026-03-04", "--advance", "900"];
    let made = claim(sandbox, SUPPLIER, &[&["issue"][..], &arguments, &rest].concat());
    assert_eq!(made["verdict"], "applied");
    made["receivable"].as_str().unwrap().to_owned()
}

fn shown(sandbox: &Sandbox, member: &str, record: &str) -> Value {
    claim(sandbox, member, &["show", record])
}

/// Amounts of the slices that a member reads, and how many it does not.
fn slices(shown: &Value) -> (Vec<String>, usize) {
    let all = shown["slices"].as_array().unwrap();
    let mut read: Vec<String> =
        all.iter().filter_map(|slice| slice["amount"].as_str().map(str::to_owned)).collect();
    read.sort();
    (read, all.iter().filter(|slice| slice["state"] == "sealed").count())
}

#[test]
fn a_claim_lives_from_its_issue_to_its_payment_and_each_sees_its_part() {
    let sandbox = room();
    let record = issued(&sandbox);
    let accepted = claim(&sandbox, BUYER, &["accept", &record, "--recourse", "without"]);
    assert_eq!((&accepted["from"], &accepted["to"]), (&json!("pending"), &json!("live")));
    let split = claim(&sandbox, SUPPLIER, &["split", &record, "--into", "400"]);
    assert_eq!((&split["verdict"], &split["slices"]), (&json!("applied"), &json!(2)));

    // The offer is for banks, the bid for whoever offers.
    let offer = claim(&sandbox, SUPPLIER, &["offer", &record, "--amount", "600.00", "--recourse", "without"]);
    let offer = offer["offer"].as_str().unwrap();
    let bid = claim(&sandbox, BANK, &["bid", offer, "--price", "588.00", "--valid-until", "2026-01-31"]);
    let bid = bid["bid"].as_str().unwrap();
    let listed = |member| claim(&sandbox, member, &["list"]);
    let price = |member| listed(member)["bids"][0]["price"].clone();
    assert_eq!([BUYER, SUPPLIER, BANK].map(price), [Value::Null, json!("588.00"), json!("588.00")]);
    assert_eq!(
        (&listed(BUYER)["offers"][0]["amount"], &listed(BANK)["offers"][0]["amount"]),
        (&Value::Null, &json!("600.00"))
    );
    let awarded = claim(&sandbox, SUPPLIER, &["award", offer, "--bid", bid]);
    assert_eq!((&awarded["to"], &awarded["bank"]), (&json!("awarded"), &json!(BANK)));
    assert_eq!(listed(BANK)["bids"][0]["state"], "won");
    let again = refused(&sandbox, SUPPLIER, &["award", offer, "--bid", bid]);
    assert_eq!(again, support::told(5, "STATE_CONFLICT", "LIF-01"));

    // The winner gets its slice; the buyer reads where it pays, and not how much went over.
    let account = "GB33BUKB20201555555555";
    let transfer =
        ["transfer", &record, "--to", BANK, "--amount", "600", "--recourse", "without", "--pay-to", account];
    assert_eq!(claim(&sandbox, SUPPLIER, &transfer)["quantity_minor"], "60000");
    let by_buyer = shown(&sandbox, BUYER, &record);
    assert_eq!(slices(&by_buyer), (vec![], 2));
    let notices: Vec<&Value> =
        by_buyer["slices"].as_array().unwrap().iter().filter(|slice| slice["pay_to"] == account).collect();
    assert_eq!(
        (notices.len(), &notices[0]["holder"], &notices[0]["recourse"]),
        (1, &json!(BANK), &Value::Null)
    );
    assert_eq!(slices(&shown(&sandbox, BANK, &record)), (vec!["600.00".into()], 1));
    assert_eq!(slices(&shown(&sandbox, SUPPLIER, &record)), (vec!["400.00".into(), "600.00".into()], 0));
    assert_eq!(
        (&by_buyer["fields"]["requested_advance"], &by_buyer["due_from"]),
        (&Value::Null, &json!("2026-02-26"))
    );
    let by_supplier = shown(&sandbox, SUPPLIER, &record);
    assert_eq!((&by_supplier["face_agrees"], &by_supplier["due_agrees"]), (&json!(true), &json!(true)));

    // On the day the slices go back, one by one.
    day(&sandbox, "2026-03-04");
    let sideways = refused(
        &sandbox,
        BANK,
        &["transfer", &record, "--to", SUPPLIER, "--amount", "600", "--recourse", "with"],
    );
    assert_eq!((sideways.0, sideways.1.as_str()), (5, "STATE_CONFLICT"));
    let back = |by: &str, amount: &str| {
        claim(
            &sandbox,
            by,
            &["transfer", &record, "--to", BUYER, "--amount", amount, "--recourse", "without"],
        )
    };
    back(BANK, "600");
    let part = claim(&sandbox, BUYER, &["settle", &record]);
    assert_eq!(
        (&part["step"], &part["to"], &part["quantity"]),
        (&json!("pay"), &json!("part-paid"), &json!("600.00"))
    );
    back(SUPPLIER, "400");
    let whole = claim(&sandbox, BUYER, &["settle", &record]);
    assert_eq!((&whole["step"], &whole["to"]), (&json!("settle"), &json!("settled")));
    let svg = sandbox.text("life.svg");
    let end = claim(&sandbox, BANK, &["show", &record, "--svg", &svg]);
    assert_eq!(
        (&end["state"], &end["unspent_slices"], &end["can_be_done"]),
        (&json!("settled"), &json!(0), &json!([]))
    );
    let drawn = std::fs::read_to_string(&svg).unwrap();
    assert!(
        drawn.contains(">settled</text>") && !drawn.contains("INV-1"),
        "states, and nothing that is sealed"
    );
    sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", BANK]);
}

#[test]
fn an_awarded_offer_is_sold_against_the_price_that_was_bid() {
    let sandbox = room();
    for (channel, template) in [("cash", "dvp-cash"), ("deals", "dvp-securities")] {
        let members = ["--member", "bank-1=issuer+participant", "--member", "supplier-a=participant"];
        sandbox.ok(&[&["channel", "create", channel, "--template", template][..], &members].concat());
        for member in [BANK, SUPPLIER] {
            sandbox.ok(&["asset", "open", "-c", channel, "--as", member]);
        }
    }
    sandbox.ok(&["asset", "define", "-c", "cash", "--as", BANK, "--code", "GBP"]);
    let money = ["--asset", "GBP", "--to", BANK, "--amount", "1000.00"];
    sandbox.ok(&[&["asset", "issue", "-c", "cash", "--as", BANK][..], &money].concat());
    let record = issued(&sandbox);
    claim(&sandbox, BUYER, &["accept", &record, "--recourse", "without"]);
    let offered = |amount: &str, price: &str, recourse: &str| {
        let offer = ["offer", &record, "--amount", amount, "--recourse", recourse];
        let offer = claim(&sandbox, SUPPLIER, &offer)["offer"].as_str().unwrap().to_owned();
        let bid = claim(&sandbox, BANK, &["bid", &offer, "--price", price])["bid"].clone();
        (offer, bid.as_str().unwrap().to_owned())
    };
    let (offer, bid) = offered("600.00", "588.00", "without");
    let sale =
        |offer: &str| refused(&sandbox, SUPPLIER, &["finance", offer, "--cash", "cash", "--deals", "deals"]);
    assert_eq!(sale(&offer), support::told(5, "STATE_CONFLICT", "LIF-01"), "nobody has won yet");
    claim(&sandbox, SUPPLIER, &["award", &offer, "--bid", &bid]);
    let sold = claim(&sandbox, SUPPLIER, &["finance", &offer, "--cash", "cash", "--deals", "deals"]);
    assert_eq!((&sold["bank"], &sold["price"]), (&json!(BANK), &json!("588.00")));
    let instruction = sold["instruction"].as_str().unwrap();
    sandbox.ok(&["dvp", "accept", "-c", "deals", "--as", BANK, instruction]);
    sandbox.ok(&["dvp", "watch", "-c", "deals", "--as", SUPPLIER, instruction]);
    let paid = sandbox.ok(&["asset", "balance", "-c", "cash", "--as", SUPPLIER]);
    assert_eq!(paid["assets"][0]["balance"], "588.00");
    let held = shown(&sandbox, BANK, &record);
    let own = held["slices"].as_array().unwrap().iter().find(|slice| slice["own"] == true).unwrap();
    assert_eq!(own["amount"], "600.00");
    // What was offered with recourse is not sold with slices that say there is none.
    let (offer, bid) = offered("400.00", "390.00", "with");
    claim(&sandbox, SUPPLIER, &["award", &offer, "--bid", &bid]);
    assert_eq!(sale(&offer), support::told(5, "STATE_CONFLICT", "RCV-03"));
}

#[test]
fn a_claim_that_is_not_assignable_stays_with_its_supplier_until_it_is_paid() {
    let sandbox = room();
    let record = issued(&sandbox);
    let without = ["--recourse", "without"];
    let accept = [&["accept", &record, "--not-assignable"][..], &without].concat();
    let both = [&accept[..], &["--reserve-defences"]].concat();
    assert_eq!(refused(&sandbox, BUYER, &both).0, 2, "one or the other");
    assert_eq!(claim(&sandbox, BUYER, &accept)["to"], "bound");
    let to = |member: &'static str, amount: &'static str| {
        [&["transfer", &record, "--to", member, "--amount", amount][..], &without].concat()
    };
    assert_eq!(
        refused(&sandbox, SUPPLIER, &to(BANK, "1000.00")),
        support::told(5, "STATE_CONFLICT", "LIF-07")
    );
    let offer = [&["offer", &record, "--amount", "1000.00"][..], &without].concat();
    assert_eq!(refused(&sandbox, SUPPLIER, &offer), support::told(5, "STATE_CONFLICT", "LIF-07"));
    // It is split and paid in parts all the same.
    claim(&sandbox, SUPPLIER, &["split", &record, "--into", "400"]);
    claim(&sandbox, SUPPLIER, &to(BUYER, "400"));
    assert_eq!(claim(&sandbox, BUYER, &["settle", &record])["to"], "bound");
    claim(&sandbox, SUPPLIER, &to(BUYER, "600"));
    assert_eq!(claim(&sandbox, BUYER, &["settle", &record])["to"], "settled");
}

#[test]
fn rcv_08_a_slice_is_not_split_into_smaller_pieces_than_its_terms_allow() {
    let sandbox = room();
    let record = issued(&sandbox);
    let without = ["--recourse", "without"];
    claim(&sandbox, BUYER, &[&["accept", &record, "--smallest-piece", "250.00"][..], &without].concat());
    let slice = shown(&sandbox, SUPPLIER, &record)["slices"][0].clone();
    assert_eq!((&slice["smallest_piece"], &slice["too_small"]), (&json!("250.00"), &json!(false)));
    let too_small = support::told(2, "PIECE_TOO_SMALL", "RCV-08");
    assert_eq!(refused(&sandbox, SUPPLIER, &["split", &record, "--into", "249.99"]), too_small);
    let part = ["transfer", &record, "--to", BANK, "--amount", "800.00"];
    assert_eq!(refused(&sandbox, SUPPLIER, &[&part[..], &without].concat()), too_small, "the rest, too");
    claim(&sandbox, SUPPLIER, &["split", &record, "--into", "250", "--into", "250", "--into", "500"]);
    assert_eq!(refused(&sandbox, SUPPLIER, &["split", &record, "--into", "125"]), too_small);
    let whole = ["transfer", &record, "--to", BANK, "--amount", "500.00"];
    claim(&sandbox, SUPPLIER, &[&whole[..], &without].concat());
    let passed = shown(&sandbox, BANK, &record)["slices"].clone();
    let own = passed.as_array().unwrap().iter().find(|slice| slice["own"] == true).unwrap();
    assert_eq!(own["smallest_piece"], "250.00", "the terms go with it");
}

#[test]
fn what_is_not_the_time_or_not_ones_own_is_refused_by_a_rule() {
    let sandbox = room();
    let record = issued(&sandbox);
    let without = ["--recourse", "without"];
    let state = || shown(&sandbox, SUPPLIER, &record)["state"].clone();
    // Nobody accepts for another; what is not accepted has no slices; nothing is said about recourse by silence.
    let accept = |member| refused(&sandbox, member, &[&["accept", &record][..], &without].concat());
    assert_eq!(accept(BANK).1, "ACTION_DENIED");
    assert_eq!(refused(&sandbox, SUPPLIER, &["split", &record, "--into", "1"]).0, 2);
    assert_eq!(refused(&sandbox, BUYER, &["accept", &record]).0, 2);
    assert_eq!(refused(&sandbox, SUPPLIER, &["reject", &record]).1, "ACTION_DENIED");
    assert_eq!(state(), "pending");
    claim(&sandbox, BUYER, &[&["accept", &record, "--reserve-defences"][..], &without].concat());
    assert_eq!(
        refused(&sandbox, SUPPLIER, &["withdraw", &record]),
        support::told(5, "STATE_CONFLICT", "LIF-01")
    );
    assert_eq!(refused(&sandbox, BANK, &["overdue", &record]), support::told(5, "NOT_THE_DAY", "LIF-05"));
    assert_eq!(refused(&sandbox, SUPPLIER, &["dispute", &record]).1, "ACTION_DENIED");
    claim(&sandbox, BUYER, &["dispute", &record]);
    assert_eq!(state(), "disputed");
    assert_eq!(
        refused(&sandbox, BANK, &["dispute", &record, "--end", "uphold"]).1,
        "ACTION_DENIED",
        "it is no arbiter"
    );
    claim(&sandbox, BUYER, &["dispute", &record, "--end", "drop"]);
    // More than there is, no amount, nobody of the room, and a day that lies behind.
    let transfer = |to: &str, amount: &str| {
        let rest = ["--to", to, "--amount", amount];
        refused(&sandbox, SUPPLIER, &[&["transfer", &record][..], &rest, &without].concat())
    };
    assert_eq!(transfer(BANK, "1000.01").2, "VAL-21");
    assert_eq!((transfer(BANK, "1.001").0, transfer(BANK, "0").0, transfer("bank-2", "1").0), (2, 2, 2));
    let back = ["business-date", "advance", "-c", "trade-a", "--as", BANK, "2026-01-05"];
    assert_eq!(support::refused(&sandbox, &back), support::told(5, "BUSINESS_DAY", "LIF-04"));
    let denied = ["business-date", "advance", "-c", "trade-a", "--as", BUYER, "2026-02-05"];
    assert_eq!(support::refused(&sandbox, &denied), support::told(2, "DRAFT_INVALID", "DRA-04"));
    // Default: overdue first, then by who holds something.
    day(&sandbox, "2026-06-01");
    claim(&sandbox, BANK, &["overdue", &record]);
    assert_eq!(refused(&sandbox, BANK, &["default", &record]).0, 2, "it holds nothing");
    let declared = claim(&sandbox, SUPPLIER, &["default", &record]);
    assert_eq!((&declared["verdict"], &declared["to"]), (&json!("applied"), &json!("defaulted")));
    let off = claim(&sandbox, SUPPLIER, &["default", &record, "--write-off"]);
    assert_eq!((&off["to"], &state()), (&json!("written-off"), &json!("written-off")));
}

#[test]
fn rcv_02_rcv_03_recourse_is_said_with_each_hop_and_different_terms_stay_apart() {
    let sandbox = room();
    let record = issued(&sandbox);
    claim(&sandbox, BUYER, &["accept", &record, "--recourse", "without"]);
    let pass = |by: &str, to: &str, amount: &str, recourse: &str| {
        claim(&sandbox, by, &["transfer", &record, "--to", to, "--amount", amount, "--recourse", recourse])
    };
    pass(SUPPLIER, BANK, "300", "with");
    pass(SUPPLIER, BANK, "200", "without");
    let said = shown(&sandbox, BANK, &record);
    let mut recourse: Vec<_> = said["slices"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|slice| slice["own"] == true)
        .map(|slice| slice["recourse"].as_str().unwrap())
        .collect();
    recourse.sort_unstable();
    assert_eq!(recourse, ["with", "without"]);
    assert_eq!(refused(&sandbox, BANK, &["merge", &record]).0, 2);
    let silent = ["transfer", &record, "--to", SUPPLIER, "--amount", "1"];
    assert_eq!(refused(&sandbox, BANK, &silent).0, 2);
    // What the supplier has kept is of one kind.
    claim(&sandbox, SUPPLIER, &["split", &record, "--into", "100", "--into", "50"]);
    claim(&sandbox, SUPPLIER, &["merge", &record]);
    assert_eq!(shown(&sandbox, SUPPLIER, &record)["unspent_slices"], 3);
}

#[test]
fn rcv_05_a_reader_is_told_whether_date_and_bucket_and_slices_and_face_agree() {
    let sandbox = room();
    let record = issued(&sandbox);
    let told = |member| shown(&sandbox, member, &record)["due_agrees"].clone();
    assert_eq!([BUYER, SUPPLIER, BANK].map(told), [json!(true), json!(true), json!(true)]);
    // The supplier reads the whole slice; the bank does not, and cannot tell.
    claim(&sandbox, BUYER, &["accept", &record, "--recourse", "without"]);
    let face = |member| shown(&sandbox, member, &record)["face_agrees"].clone();
    assert_eq!([SUPPLIER, BANK].map(face), [json!(true), Value::Null]);
}

#[test]
fn rcv_04_an_offer_goes_to_a_bid_that_was_made_for_it() {
    let sandbox = room();
    let record = issued(&sandbox);
    claim(&sandbox, BUYER, &["accept", &record, "--recourse", "without"]);
    let offer = |amount: &str| {
        let made = claim(&sandbox, SUPPLIER, &["offer", &record, "--amount", amount, "--recourse", "with"]);
        made["offer"].as_str().unwrap().to_owned()
    };
    let (first, second) = (offer("500"), offer("100"));
    let bid = claim(&sandbox, BANK, &["bid", &first, "--price", "490"]);
    let bid = bid["bid"].as_str().unwrap();
    assert_eq!(refused(&sandbox, SUPPLIER, &["award", &second, "--bid", bid]).0, 2);
    claim(&sandbox, SUPPLIER, &["withdraw", &second]);
    assert_eq!(refused(&sandbox, BANK, &["bid", &second, "--price", "99"]).1, "STATE_CONFLICT");
    assert_eq!(
        refused(&sandbox, SUPPLIER, &["offer", &record, "--amount", "1000.01", "--recourse", "with"]).0,
        2
    );
    claim(&sandbox, SUPPLIER, &["award", &first, "--bid", bid]);
}

#[test]
fn a_buyer_undertakes_without_being_asked() {
    let sandbox = room();
    let rest = [
        "--bank",
        BANK,
        "--invoice",
        "INV-9",
        "--amount",
        "70.50",
        "--currency",
        "GBP",
        "--due",
        "2026-04-01",
    ];
    let line = [&["issue", "--supplier", SUPPLIER, "--recourse", "without"][..], &rest].concat();
    let made = claim(&sandbox, BUYER, &line);
    let record = made["receivable"].as_str().unwrap();
    let seen = shown(&sandbox, SUPPLIER, record);
    assert_eq!((&seen["state"], slices(&seen)), (&json!("live"), (vec!["70.50".into()], 0)));
}

/// Another room of the same three, as if the supplier wanted the same invoice financed once more.
fn second_room(sandbox: &Sandbox) {
    let members = ["buyer=buyer+holder", "supplier-a=supplier+holder", "bank-1=bank+holder+timekeeper"];
    let mut line = vec!["channel", "create", "trade-c", "--template", "scf-receivable"];
    members.iter().for_each(|member| line.extend(["--member", member]));
    sandbox.ok(&line);
    for member in [BUYER, SUPPLIER, BANK] {
        sandbox.ok(&["asset", "open", "-c", "trade-c", "--as", member]);
    }
    sandbox.ok(&["business-date", "advance", "-c", "trade-c", "--as", BANK, "2026-01-05"]);
}

#[test]
fn nod_38_rcv_06_rcv_07_an_invoice_that_another_channel_holds_is_financed_nowhere_else() {
    let sandbox = room();
    second_room(&sandbox);
    let there = |member: &str, arguments: &[&str]| {
        let (verb, rest) = arguments.split_first().unwrap();
        [&["receivable", verb, "-c", "trade-c", "--as", member], rest].concat().join("\n")
    };
    let words = |line: &str| line.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let run = |line: String| sandbox.ok(&words(&line).iter().map(String::as_str).collect::<Vec<_>>());
    let fails = |line: String| {
        support::refused(&sandbox, &words(&line).iter().map(String::as_str).collect::<Vec<_>>())
    };
    // The first pledge, with defences reserved.
    let record = issued(&sandbox);
    assert_eq!(shown(&sandbox, BANK, &record)["claimed"], Value::Null, "nobody has accepted it yet");
    claim(&sandbox, BUYER, &["accept", &record, "--recourse", "without", "--reserve-defences"]);
    let claimed = shown(&sandbox, BANK, &record)["claimed"].clone();
    assert_eq!(
        [&claimed["stage"], &claimed["held_by"], &claimed["tag_agrees"]],
        [&json!("held"), &json!("this channel"), &json!(true)]
    );
    // The second, in another room, as somebody else types it. Without the key nobody accepts there.
    let issue = ["issue", "--buyer", BUYER, "--bank", BANK, "--invoice", "inv 1", "--amount", "1000.01"];
    let rest = ["--currency", "GBP", "--due", "2026-03-05"];
    let twin = run(there(SUPPLIER, &[&issue[..], &rest].concat()));
    let twin = twin["receivable"].as_str().unwrap().to_owned();
    let accept = ["accept", &twin, "--recourse", "without"];
    assert_eq!(fails(there(BUYER, &accept)), support::told(2, "NO_TAG_KEY", "TAG-08"));
    let key = |channel| sandbox.ok(&["tag-key", "show", "-c", channel, "--as", BUYER])["check_value"].clone();
    sandbox.ok(&["tag-key", "share", "-c", "trade-a", "--as", BANK, "--to", "trade-c"]);
    assert_eq!(key("trade-a"), key("trade-c"));
    let second = support::refused(&sandbox, &["tag-key", "create", "-c", "trade-c", "--as", BANK]);
    assert_eq!(second.0, 2, "RCV-07: it has one");
    run(there(BUYER, &accept));
    let claimed = || run(there(BANK, &["show", &twin]))["claimed"].clone();
    assert_eq!(
        [&claimed()["stage"], &claimed()["held_by"], &claimed()["tag_agrees"]],
        [&json!("asked"), &json!("another channel"), &json!(true)]
    );
    let to_bank = ["transfer", &twin, "--to", BANK, "--amount", "1", "--recourse", "without"];
    assert_eq!(fails(there(SUPPLIER, &to_bank)), support::told(5, "NOT_CLAIMED", "TAG-04"));
    // The first is disputed and cancelled: its slice goes back, its tag is free, and the second room gets it.
    claim(&sandbox, BUYER, &["dispute", &record]);
    claim(
        &sandbox,
        SUPPLIER,
        &["transfer", &record, "--to", BUYER, "--amount", "1000", "--recourse", "without"],
    );
    let ended = claim(&sandbox, BUYER, &["settle", &record]);
    assert_eq!((&ended["step"], &ended["to"]), (&json!("cancel"), &json!("void")));
    assert_eq!(shown(&sandbox, BANK, &record)["claimed"]["stage"], "released");
    assert_eq!([&claimed()["stage"], &claimed()["held_by"]], [&json!("held"), &json!("this channel")]);
    run(there(SUPPLIER, &to_bank));
    sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", BANK]);
    sandbox.ok(&["channel", "verify", "-c", "trade-c", "--as", BANK]);
}

#[test]
fn the_lines_of_the_templates_readme_run_as_they_stand() {
    let readme =
        std::fs::read_to_string(support::repository().join("channels/scf-receivable/README.md")).unwrap();
    let section = readme.split_once("## How to use it").unwrap().1.split("\n## ").next().unwrap();
    let lines: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("parclose ")).collect();
    assert_eq!(lines.len(), 18);
    let sandbox = Sandbox::founded();
    let mut ids = std::collections::BTreeMap::new();
    let mut last = Value::Null;
    for line in lines {
        let words: Vec<String> = line
            .split_whitespace()
            .map(|word| ids.get(word).cloned().unwrap_or_else(|| word.to_owned()))
            .collect();
        last = sandbox.ok(&words.iter().map(String::as_str).collect::<Vec<_>>());
        for (name, variable, verb) in
            [("receivable", "$R", "issue"), ("offer", "$O", "offer"), ("bid", "$B", "bid")]
        {
            if words[1] == verb {
                ids.insert(variable, last[name].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(last["state"], "settled");
    let read = ["business-date", "show", "-c", "trade-a", "--as", "buyer"];
    let day = sandbox.ok(&read);
    assert_eq!((&day["business_day"], &day["said_by"]), (&json!("2026-03-04"), &json!("bank-1")));
}
