//! `parclose asset`: cash in a channel of its own, as each member sees it.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::Value;
use support::Sandbox;

const ISSUER: &str = "bank-1";

/// A channel of cash: one issuer, two that hold; an account for each.
fn cash() -> Sandbox {
    let sandbox = Sandbox::founded();
    sandbox.ok(&[
        "channel",
        "create",
        "cash",
        "--template",
        "dvp-cash",
        "--member",
        "bank-1=issuer+participant",
        "--member",
        "bank-2=participant",
        "--member",
        "supplier-a=participant",
    ]);
    let defined = asset(&sandbox, ISSUER, &["define", "--code", "GBP", "--title", "Pound sterling"]);
    assert_eq!((&defined["verdict"], &defined["decimals"]), (&"applied".into(), &2.into()));
    for member in [ISSUER, "bank-2", "supplier-a"] {
        asset(&sandbox, member, &["open"]);
    }
    sandbox
}

fn line<'a>(member: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    let (verb, rest) = arguments.split_first().unwrap();
    [&["asset", verb, "-c", "cash", "--as", member], rest].concat()
}

fn asset(sandbox: &Sandbox, member: &str, arguments: &[&str]) -> Value {
    sandbox.ok(&line(member, arguments))
}

/// The code, the rule and the exit code with which a command is refused.
fn refused(sandbox: &Sandbox, member: &str, arguments: &[&str]) -> (String, String, i32) {
    let (exit, value) = sandbox.json(&line(member, arguments));
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    assert_ne!(exit, 0, "{value}");
    assert!(!text("fix").is_empty());
    (text("code"), text("rule"), exit)
}

fn balance(sandbox: &Sandbox, member: &str) -> String {
    let shown = asset(sandbox, member, &["balance"]);
    assert_eq!(shown["malformed"], serde_json::json!([]));
    let row = shown["assets"].as_array().unwrap().iter().find(|row| row["code"] == "GBP").unwrap();
    row["balance"].as_str().unwrap().to_owned()
}

#[test]
fn cash_is_issued_paid_and_redeemed_and_each_member_sees_its_own() {
    let sandbox = cash();
    let pay = |by, verb, to, amount| {
        asset(&sandbox, by, &[verb, "--asset", "GBP", "--to", to, "--amount", amount, "--purpose", "INV-7"])
    };
    let issued = pay(ISSUER, "issue", "bank-2", "1000.00");
    assert_eq!((&issued["quantity_minor"], &issued["quantity"]), (&"100000".into(), &"1000.00".into()));
    let paid = pay("bank-2", "transfer", "supplier-a", "250.5");
    assert_eq!(paid["verdict"], "applied");
    pay("supplier-a", "transfer", ISSUER, "50");
    let redeemed = asset(&sandbox, ISSUER, &["redeem", "--asset", "GBP", "--amount", "20.00"]);
    assert_eq!((&redeemed["verdict"], &redeemed["quantity_minor"]), (&"applied".into(), &"2000".into()));
    let balances = [ISSUER, "bank-2", "supplier-a"].map(|member| balance(&sandbox, member));
    assert_eq!(balances, ["30.00", "749.50", "200.50"]);
    // Whoever is no party sees that something moved, and not how much.
    let tx = paid["tx"].as_str().unwrap();
    let seen = |member| sandbox.ok(&["tx", "show", "-c", "cash", "--as", member, tx]);
    let quantity = |shown: &Value| shown["operations"][0]["fields"][0].clone();
    assert_eq!(quantity(&seen("supplier-a"))["value"], "25050");
    assert_eq!(quantity(&seen(ISSUER))["state"], "sealed");
    let moved = &seen(ISSUER)["movements"][0];
    assert_eq!((&moved["kind"], moved["spent"].as_array().unwrap().len()), (&"transfer".into(), 1));
    assert_eq!(moved["made"].as_array().unwrap().len(), 2, "the payment and the change");
    let listed = asset(&sandbox, "supplier-a", &["list"]);
    let row = &listed["assets"][0];
    assert_eq!((&row["code"], &row["issuer"], &row["decimals"]), (&"GBP".into(), &ISSUER.into(), &2.into()));
    // Nothing was lost on the disk either.
    let verified = sandbox.ok(&["channel", "verify", "-c", "cash", "--as", "supplier-a"]);
    assert!(verified.to_string().contains("\"notes\":3"), "{verified}");
}

/// What an auditor with these view keys finds of the one asset; each key is said as issuer, second reader, type, parties.
fn audited(sandbox: &Sandbox, grants: &[(&str, &str, &str, &[&str])]) -> Value {
    let (key, passphrase) = (sandbox.text("auditor.key"), sandbox.secret("passphrase", "of the auditor"));
    if !sandbox.path("auditor.key").exists() {
        let kind =
            ["key", "generate", "--kind", "regulator", "--out", &key, "--passphrase-file", &passphrase];
        sandbox.ok(&kind);
    }
    let (bundle, genesis) = (sandbox.text("export.bundle"), sandbox.path("home").join("genesis.json"));
    let genesis = genesis.display().to_string();
    let _ = std::fs::remove_file(&bundle);
    sandbox.ok(&["channel", "export", "-c", "cash", "--as", ISSUER, "--out", &bundle]);
    let mut line = ["audit", "report", &bundle, "--genesis", &genesis].map(str::to_owned).to_vec();
    if !grants.is_empty() {
        line.extend(["--with", &key, "--passphrase-file", &passphrase].map(str::to_owned));
    }
    for (number, (member, second, record, parties)) in grants.iter().enumerate() {
        let (out, field) = (sandbox.text(&format!("view-{number}.json")), format!("{record}.quantity"));
        let _ = std::fs::remove_file(&out);
        let mut issue =
            vec!["viewkey", "issue", "-c", "cash", "--as", member, "--second", second, "--field", &field];
        issue.extend(["--from-epoch", "0", "--to-epoch", "99", "--to", &key, "--out", &out]);
        for party in *parties {
            issue.extend(["--party", party]);
        }
        sandbox.ok(&issue);
        line.extend(["--view-key".to_owned(), out]);
    }
    let report = sandbox.ok(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(report["assets"].as_array().unwrap().len(), 1);
    // Whoever reads it batch by batch finds the same.
    line[1] = "scan".to_owned();
    let scan = sandbox.ok(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((&scan["assets"], &scan["opened_fields"]), (&report["assets"], &report["opened_fields"]));
    report["assets"][0].clone()
}

#[test]
fn bun_15_an_auditor_finds_the_supply_without_any_proof_and_only_where_everything_opens() {
    let sandbox = cash();
    let pay = |by, verb, to, amount| {
        asset(&sandbox, by, &[verb, "--asset", "GBP", "--to", to, "--amount", amount]);
    };
    pay(ISSUER, "issue", "bank-2", "1000.00");
    pay("bank-2", "transfer", ISSUER, "250.00");
    asset(&sandbox, ISSUER, &["redeem", "--asset", "GBP", "--amount", "20.00"]);
    // Between the two; what each keeps for itself; what was redeemed.
    let between: (_, _, _, &[&str]) = (ISSUER, "bank-2", "holding", &["payer=bank-1", "holder=bank-2"]);
    let kept: (_, _, _, &[&str]) = ("bank-2", ISSUER, "holding", &["payer=bank-2", "holder=bank-2"]);
    let own: (_, _, _, &[&str]) = (ISSUER, "bank-2", "holding", &["payer=bank-1", "holder=bank-1"]);
    let whole = audited(&sandbox, &[between, kept, own]);
    let told =
        ["issued_minor", "redeemed_minor", "supply_minor", "held_minor"].map(|name| whole[name].clone());
    assert_eq!(told, ["100000", "2000", "98000", "98000"].map(Value::from), "{whole}");
    assert_eq!((&whole["agrees"], &whole["notes"]), (&true.into(), &2.into()));
    // Without the key of what one keeps, the supply is known and what is held is not.
    let less = audited(&sandbox, &[between, own]);
    assert_eq!((&less["supply_minor"], &less["held_minor"]), (&"98000".into(), &Value::Null), "{less}");
    assert_eq!((&less["agrees"], &less["unopened_notes"]), (&Value::Null, &1.into()));
    let nothing = audited(&sandbox, &[]);
    assert_eq!((&nothing["supply_minor"], &nothing["issued_minor"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_cannot_be_paid_is_refused_by_a_rule_and_changes_nothing() {
    let sandbox = cash();
    let of = |verb, to, amount| [verb, "--asset", "GBP", "--to", to, "--amount", amount];
    asset(&sandbox, ISSUER, &of("issue", "bank-2", "10.00"));
    // More than there is; nothing; somebody who cannot be paid; what is no amount of it.
    assert_eq!(refused(&sandbox, "bank-2", &of("transfer", "supplier-a", "10.01")).1, "VAL-21");
    assert_eq!(refused(&sandbox, "bank-2", &of("transfer", "supplier-a", "0")).0, "INSUFFICIENT_VALUE");
    for amount in ["1.001", "-1", "1,000", "184467440737095516.16", "x"] {
        let amount = format!("--amount={amount}");
        let line = ["transfer", "--asset", "GBP", "--to", "supplier-a", &amount];
        assert_eq!(refused(&sandbox, "bank-2", &line).2, 2, "{amount}");
    }
    assert_eq!(
        refused(&sandbox, "bank-2", &of("transfer", "buyer", "1")).2,
        2,
        "the buyer is not in the channel"
    );
    // The one who is not its issuer makes none, and redeems none.
    assert_eq!(refused(&sandbox, "bank-2", &of("issue", "bank-2", "1")).1, "VAL-17");
    let redeem = ["redeem", "--asset", "GBP", "--amount", "1"];
    assert!(["SCH-02", "ACC-04"].contains(&refused(&sandbox, "bank-2", &redeem).1.as_str()));
    assert_eq!(refused(&sandbox, ISSUER, &redeem).1, "VAL-21", "it holds none itself");
    // A second asset of the code; a code that is no currency, without its decimals; another number of decimals.
    for odd in [
        &["define", "--code", "GBP"][..],
        &["define", "--code", "XAU1"],
        &["define", "--code", "JPY", "--decimals", "2"],
    ] {
        assert_eq!(refused(&sandbox, ISSUER, odd).2, 2, "{odd:?}");
    }
    let odd = ["transfer", "--asset", "USD", "--to", "supplier-a", "--amount", "1"];
    assert_eq!(refused(&sandbox, "bank-2", &odd).2, 2);
    // All that was refused has left the notes as they were, and they can be spent.
    assert_eq!(balance(&sandbox, "bank-2"), "10.00");
    asset(&sandbox, "bank-2", &of("transfer", "supplier-a", "10.00"));
    assert_eq!(
        (balance(&sandbox, "bank-2"), balance(&sandbox, "supplier-a")),
        ("0.00".into(), "10.00".into())
    );
}

#[test]
fn val_22_who_has_no_account_is_not_paid() {
    let sandbox = Sandbox::founded();
    let members = ["--member", "bank-1=issuer+participant", "--member", "bank-2=participant"];
    sandbox.ok(&[&["channel", "create", "cash", "--template", "dvp-cash"][..], &members].concat());
    asset(&sandbox, ISSUER, &["define", "--code", "GBP"]);
    let issue = ["issue", "--asset", "GBP", "--to", "bank-2", "--amount", "1"];
    assert_eq!(refused(&sandbox, ISSUER, &issue).0, "NO_ACCOUNT");
    asset(&sandbox, "bank-2", &["open"]);
    asset(&sandbox, ISSUER, &issue);
    assert_eq!(balance(&sandbox, "bank-2"), "1.00");
}

/// Lines of a text that begin with the command, after a place in it, up to the next heading.
fn lines_after<'t>(text: &'t str, place: &str) -> Vec<Vec<&'t str>> {
    let (_, rest) = text.split_once(place).unwrap();
    let section = rest.split("\n#").next().unwrap();
    let commands = section.lines().filter_map(|line| line.trim().strip_prefix("parclose "));
    commands.filter(|line| !line.contains('`')).map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_lines_of_both_readmes_run_as_they_stand() {
    let read = |file: &str| std::fs::read_to_string(support::repository().join(file)).unwrap();
    let (house, template) = (read("README.md"), read("channels/dvp-cash/README.md"));
    let (of_house, of_template) =
        (lines_after(&house, "## Money that nobody counts along"), lines_after(&template, "## How to pay"));
    assert_eq!((of_house.len(), of_template.len()), (7, 9));
    let sandbox = Sandbox::founded();
    of_house.iter().for_each(|line| drop(sandbox.ok(line)));
    assert_eq!(balance(&sandbox, "supplier-a"), "250000.00");
    let sandbox = Sandbox::founded();
    sandbox.ok(&of_house[0]);
    of_template.iter().for_each(|line| drop(sandbox.ok(line)));
    let balances = [ISSUER, "bank-2", "supplier-a"].map(|member| balance(&sandbox, member));
    assert_eq!(balances, ["0.00", "750000.00", "150000.00"]);
}

#[test]
fn a_payment_that_fails_repeats_neither_its_amount_nor_its_purpose() {
    let sandbox = cash();
    let pay = |amount: &str| {
        let rest =
            ["--asset", "GBP", "--to", "supplier-a", "--amount", amount, "--purpose", "SECRET-PURPOSE"];
        let run = sandbox.run(&[&line("bank-2", &["transfer"])[..], &rest, &["--json"]].concat());
        assert_ne!(run.code, 0);
        run.stdout + &run.stderr
    };
    for (amount, secret) in [("7654321.123", "7654321"), ("7654321.12", "7654321"), ("7654321x", "7654321")] {
        let told = pay(amount);
        assert!(!told.contains(secret) && !told.contains("SECRET-PURPOSE"), "{told}");
    }
}
