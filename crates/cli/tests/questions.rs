//! What a supervisor asks, answered from a view key and an export; and the same answers from a pack, without a view key.

#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::{Value, json};
use support::{Sandbox, repository};

const ROOM: &str = "trade-a";

/// A command in a folder that has no home.
fn elsewhere(sandbox: &Sandbox, arguments: &[&str]) -> (i32, Value) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parclose"));
    command.current_dir(repository()).env("PARCLOSE_CONFIG", sandbox.path("contexts.toml"));
    command.arg("--home").arg(sandbox.path("no-home")).args(arguments).arg("--json");
    let run = command.output().unwrap();
    (run.status.code().unwrap(), serde_json::from_slice(&run.stdout).unwrap())
}

fn by(sandbox: &Sandbox, member: &str, arguments: &[&str]) -> Value {
    within(sandbox, ROOM, member, arguments)
}

fn within(sandbox: &Sandbox, channel: &str, member: &str, arguments: &[&str]) -> Value {
    let (verbs, rest) = arguments.split_at(2);
    sandbox.ok(&[verbs, &["-c", channel, "--as", member], rest].concat())
}

/// A claim of 1000.00, accepted, 600.00 of it passed on to the bank, and 16 days after it was due nothing is paid.
fn overdue() -> (Sandbox, String) {
    let sandbox = Sandbox::founded();
    for member in ["buyer", "supplier-a", "bank-1"] {
        by(&sandbox, member, &["asset", "open"]);
    }
    by(&sandbox, "bank-1", &["business-date", "advance", "2026-01-05"]);
    by(&sandbox, "bank-1", &["tag-key", "create"]);
    let amount = ["--invoice", "INV-1", "--amount", "1000.00", "--currency", "GBP", "--due", "2026-03-04"];
    let parties = ["receivable", "issue", "--buyer", "buyer", "--bank", "bank-1"];
    let made = by(&sandbox, "supplier-a", &[&parties[..], &amount].concat());
    let claim = made["receivable"].as_str().unwrap().to_owned();
    by(&sandbox, "buyer", &["receivable", "accept", &claim, "--recourse", "without"]);
    let passed = ["--to", "bank-1", "--amount", "600", "--recourse", "without"];
    by(&sandbox, "supplier-a", &[&["receivable", "transfer", &claim][..], &passed].concat());
    by(&sandbox, "bank-1", &["business-date", "advance", "2026-03-20"]);
    (sandbox, claim)
}

/// A regulator with its export, and with the view keys of fields, each with a second reader and parties.
struct Regulator {
    sandbox: Sandbox,
    line: Vec<String>,
    passphrase: String,
}

impl Regulator {
    fn new(sandbox: Sandbox, granted: &[(&str, &str, &[&str])]) -> Self {
        Self::of(sandbox, (ROOM, "supplier-a"), granted)
    }

    /// Of a channel, with view keys that a member of it issues.
    fn of(sandbox: Sandbox, (channel, issuer): (&str, &str), granted: &[(&str, &str, &[&str])]) -> Self {
        let passphrase = sandbox.secret("passphrase", "of the regulator");
        let key = sandbox.text("regulator.key");
        let sealed = ["--passphrase-file", &passphrase];
        let make = ["key", "generate", "--kind", "regulator", "--out", &key];
        assert_eq!(elsewhere(&sandbox, &[&make[..], &sealed].concat()).0, 0);
        let (bundle, genesis) = (sandbox.text("export.bundle"), sandbox.text("genesis.json"));
        std::fs::copy(sandbox.home().join("genesis.json"), &genesis).unwrap();
        within(&sandbox, channel, "bank-1", &["channel", "export", "--out", &bundle]);
        let mut line =
            ["audit", "report", &bundle, "--genesis", &genesis, "--with", &key].map(str::to_owned).to_vec();
        line.extend(sealed.map(str::to_owned));
        for (number, (field, second, parties)) in granted.iter().enumerate() {
            let file = sandbox.text(&format!("view-{number}.json"));
            let asked = [
                "--field",
                field,
                "--second",
                second,
                "--from-epoch",
                "0",
                "--to-epoch",
                "99",
                "--to",
                &key,
                "--out",
                &file,
            ];
            let parties: Vec<&str> = parties.iter().flat_map(|party| ["--party", party]).collect();
            within(&sandbox, channel, issuer, &[&["viewkey", "issue"][..], &asked, &parties].concat());
            line.extend(["--view-key".to_owned(), file]);
        }
        Self { sandbox, line, passphrase }
    }

    fn report(&self, rest: &[&str]) -> Value {
        let line: Vec<&str> = self.line.iter().map(String::as_str).chain(rest.iter().copied()).collect();
        let (code, report) = elsewhere(&self.sandbox, &line);
        assert_eq!(code, 0, "{report}");
        report
    }
}

const HOPS: [(&str, &str, &[&str]); 3] = [
    ("slice.quantity", "buyer", &["payer=buyer", "holder=supplier-a"]),
    ("slice.quantity", "buyer", &["payer=supplier-a", "holder=supplier-a"]),
    ("slice.quantity", "bank-1", &["payer=supplier-a", "holder=bank-1"]),
];

fn all() -> Vec<(&'static str, &'static str, &'static [&'static str])> {
    let fields = [
        "receivable.face_amount",
        "receivable.due_date",
        "receivable.invoice_number",
        "receivable.supplier_id",
    ];
    let fields = fields.map(|field| (field, "buyer", &[][..]));
    fields.into_iter().chain(HOPS).collect()
}

fn answer(report: &Value, number: usize) -> &Value {
    let question = &report["questions"][number - 1];
    assert_eq!(question["number"], number, "{question}");
    question
}

#[test]
fn eight_questions_are_answered_with_what_the_view_keys_open() {
    let (sandbox, claim) = overdue();
    let regulator = Regulator::new(sandbox, &all());
    let page = regulator.sandbox.text("page.html");
    let report = regulator.report(&["--html", &page]);
    assert_eq!(report["questions"].as_array().unwrap().len(), 8);
    // 1: one receivable with each of its three parties.
    let parties = answer(&report, 1)["answer"].as_array().unwrap();
    assert_eq!((parties.len(), &answer(&report, 1)["answered"]), (3, &json!("yes")));
    assert!(parties.iter().all(|row| row["face_minor"] == "100000" && row["currency"] == "GBP"));
    // 2: its keyed tag is claimed once.
    assert_eq!((&answer(&report, 2)["answered"], &answer(&report, 2)["answer"]), (&json!("yes"), &json!([])));
    // 3: all of it is overdue, for 16 days.
    let owed = &answer(&report, 3)["answer"][0];
    let told = ["buyer", "outstanding_minor", "overdue_minor", "not_accepted"].map(|name| owed[name].clone());
    assert_eq!(told, [json!("buyer"), json!("100000"), json!("100000"), json!(0)], "{owed}");
    assert_eq!(owed["ageing"], json!({ "days_1_to_30_minor": "100000" }));
    assert_eq!(answer(&report, 3)["answered"], "yes", "{}", answer(&report, 3));
    // 4: issued to the supplier; passed on to the bank; and what was left.
    let hands = answer(&report, 4)["answer"].as_array().unwrap();
    let hand = |row: &Value| {
        ["what", "from", "to", "amount_minor"].map(|name| row[name].as_str().unwrap().to_owned())
    };
    let mut told: Vec<_> = hands.iter().map(hand).collect();
    told.sort();
    let expected = [
        ["issued", "buyer", "supplier-a", "100000"],
        ["passed on", "supplier-a", "bank-1", "60000"],
        ["passed on", "supplier-a", "supplier-a", "40000"],
    ];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    assert!(hands.iter().all(|row| row["receivable"] == claim.as_str()));
    assert_eq!(answer(&report, 4)["answered"], "yes");
    // 5: there are no trades here, and that is said.
    assert_eq!((&answer(&report, 5)["answered"], &answer(&report, 5)["answer"]), (&json!("no"), &json!([])));
    assert!(answer(&report, 5)["because"].as_str().unwrap().contains("no instructions"));
    // 6: nobody has called it overdue.
    assert_eq!(answer(&report, 6)["answer"], json!([]));
    // 7: the lines are for buyer and supplier, and not for the bank.
    let read = answer(&report, 7)["answer"].as_array().unwrap();
    let lines = read.iter().find(|row| row["field"] == "lines").unwrap();
    assert_eq!(lines["readers"], json!(["buyer", "supplier-a"]));
    assert_eq!(answer(&report, 7)["answered"], "in part");
    assert_eq!(answer(&report, 8)["answered"], "yes");
    let named = report["field_names"].as_array().unwrap();
    assert!(named.iter().any(|row| row["field"] == "supplier_name" && row["regime"] == "IVMS101"));
    let html = std::fs::read_to_string(&page).unwrap();
    for shown in
        ["What a supervisor asks", "cannot be answered", "1,000.00", "1 to 30 days", "overdue, amount"]
    {
        assert!(html.contains(shown), "{shown}");
    }
}

#[test]
fn what_the_view_keys_do_not_open_is_said_and_no_sum_is_made_of_a_part() {
    let (sandbox, _) = overdue();
    let regulator = Regulator::new(sandbox, &[("receivable.face_amount", "buyer", &[]), HOPS[2]]);
    let report = regulator.report(&[]);
    let owed = &answer(&report, 3)["answer"][0];
    assert_eq!((&owed["outstanding_minor"], &owed["face_of_open_minor"]), (&Value::Null, &json!("100000")));
    assert_eq!((&owed["due_not_shown"], &answer(&report, 3)["answered"]), (&json!(1), &json!("in part")));
    let hands = answer(&report, 4)["answer"].as_array().unwrap();
    let known = hands.iter().filter(|row| row["amount_minor"].is_string()).count();
    assert_eq!((hands.len(), known), (3, 1), "the hands are shown, and one amount");
    assert!(answer(&report, 4)["because"].as_str().unwrap().starts_with("2 amounts are outside"));
}

#[test]
fn pck_07_a_pack_gives_the_same_answers_to_whoever_has_no_view_key() {
    let (sandbox, _) = overdue();
    let regulator = Regulator::new(sandbox, &all());
    let sandbox = &regulator.sandbox;
    let (auditor, pack, genesis) =
        (sandbox.text("auditor.key"), sandbox.text("report.pack"), sandbox.text("genesis.json"));
    let make = ["key", "generate", "--kind", "member", "--name", "auditor", "--out", &auditor];
    let (code, made) =
        elsewhere(sandbox, &[&make[..], &["--passphrase-file", &regulator.passphrase]].concat());
    assert_eq!(code, 0, "{made}");
    let report = regulator.report(&["--pack", &pack, "--sign", &auditor]);
    assert_eq!(report["pack"], json!(pack));
    let verify = ["audit", "verify", &pack, "--genesis", &genesis];
    let (code, verified) = elsewhere(sandbox, &verify);
    assert_eq!((code, &verified["schema"]), (0, &json!("parclose.pack-verified/1")), "{verified}");
    assert_eq!(
        (&verified["report"]["questions"], &verified["report"]["records"]),
        (&report["questions"], &report["records"])
    );
    assert_eq!(
        (&verified["signer"], &verified["fields_by_word_of_the_signer"]),
        (&made["public"], &json!(0))
    );
    assert_eq!(verified["report"]["assets"], report["assets"]);
    let signer = made["public"].as_str().unwrap();
    assert_eq!(elsewhere(sandbox, &[&verify[..], &["--signer", signer]].concat()).0, 0);
    let other = "00".repeat(31) + "01";
    let (code, refused) = elsewhere(sandbox, &[&verify[..], &["--signer", &other]].concat());
    assert_eq!((code, &refused["rule"]), (6, &json!("PCK-03")), "{refused}");
    let mut bytes = std::fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    let (code, refused) = elsewhere(sandbox, &verify);
    assert_eq!((code, &refused["rule"]), (6, &json!("PCK-02")), "{refused}");
    let line: Vec<&str> = regulator.line.iter().map(String::as_str).chain(["--pack", &pack]).collect();
    assert_eq!(elsewhere(sandbox, &line).0, 2, "a pack has a signer");
}

/// A deal that `bank-1` proposes and `bank-2` accepts, in the channel of its securities.
fn traded() -> Sandbox {
    let sandbox = Sandbox::founded();
    for (channel, template) in [("securities", "dvp-securities"), ("cash", "dvp-cash")] {
        let mut line = vec!["channel", "create", channel, "--template", template];
        for member in ["bank-1=issuer+participant", "bank-2=issuer+participant"] {
            line.extend(["--member", member]);
        }
        sandbox.ok(&line);
        for member in ["bank-1", "bank-2"] {
            within(&sandbox, channel, member, &["asset", "open"]);
        }
    }
    let define = ["asset", "define", "--code", "US912828M805", "--decimals", "2"];
    within(&sandbox, "securities", "bank-1", &define);
    within(&sandbox, "cash", "bank-2", &["asset", "define", "--code", "USD"]);
    for (channel, by, code) in [("securities", "bank-1", "US912828M805"), ("cash", "bank-2", "USD")] {
        let issue = ["asset", "issue", "--asset", code, "--to", by, "--amount", "1000000.00"];
        within(&sandbox, channel, by, &issue);
    }
    let legs = ["--to", "bank-2", "--give", "securities:US912828M805:4000.00", "--get", "cash:USD:3994.50"];
    let more = ["--reference", "T-17", "--price", "99.8625", "--trade-date", "2026-01-05"];
    let proposed =
        within(&sandbox, "securities", "bank-1", &[&["dvp", "propose"][..], &legs, &more].concat());
    let instruction = proposed["instruction"].as_str().unwrap().to_owned();
    within(&sandbox, "securities", "bank-2", &["dvp", "accept", &instruction]);
    let watched = within(&sandbox, "securities", "bank-1", &["dvp", "watch", &instruction]);
    assert_eq!(watched["stage"], "committed");
    sandbox
}

/// Regulator of a channel of securities, to which terms, trades, prices and securities are shown.
fn of_securities(sandbox: Sandbox) -> Regulator {
    // There is no third party: the readers are these two.
    let parties: &[&str] = &["proposer=bank-1", "acceptor=bank-2", "third=bank-2"];
    let fields = ["instruction.terms", "instruction.trade_reference", "instruction.price"];
    let mut granted: Vec<(&str, &str, &[&str])> = fields.map(|field| (field, "bank-2", parties)).to_vec();
    granted.push(("security.code", "bank-2", &[]));
    Regulator::of(sandbox, ("securities", "bank-1"), &granted)
}

#[test]
fn trades_are_told_under_the_names_of_mifir_as_far_as_the_view_keys_reach() {
    let regulator = of_securities(traded());
    let report = regulator.report(&[]);
    let trades = answer(&report, 5)["answer"].as_array().unwrap();
    assert_eq!(trades.len(), 1, "{report}");
    let fields = trades[0]["fields"].as_array().unwrap();
    let mut told: Vec<_> =
        fields.iter().map(|field| ["number", "value"].map(|name| field[name].as_str().unwrap())).collect();
    told.sort_unstable();
    let expected = [
        ["16", "bank-1"],
        ["2", "T-17"],
        ["28", "2026-01-05"],
        ["30", "4000.00"],
        ["33", "99.8625"],
        ["35", "399450"],
        ["41", "US912828M805"],
        ["7", "bank-2"],
    ];
    assert_eq!(told, expected);
    assert_eq!(answer(&report, 5)["answered"], "in part", "the 65 fields are not all there");
    assert_eq!(answer(&report, 1)["answered"], "no", "{}", answer(&report, 1));
}

#[test]
fn of_each_instruction_it_is_told_how_it_ended_and_when_and_who_has_not_done_its_part() {
    let sandbox = traded();
    let legs = ["--to", "bank-2", "--give", "securities:US912828M805:10.00", "--get", "cash:USD:9.00"];
    let propose = |more: &[&str]| {
        let proposed =
            within(&sandbox, "securities", "bank-1", &[&["dvp", "propose"][..], &legs, more].concat());
        proposed["instruction"].as_str().unwrap().to_owned()
    };
    let refused = propose(&[]);
    within(&sandbox, "securities", "bank-2", &["dvp", "abort", &refused]);
    // Nobody answers, and the time passes.
    let lapsed = propose(&["--allocate-within", "2", "--settle-within", "6"]);
    // More than there is: all agree, and the leg cannot be held.
    let short =
        ["--to", "bank-2", "--give", "securities:US912828M805:900000000.00", "--get", "cash:USD:9.00"];
    let within_few = ["--allocate-within", "8", "--settle-within", "12"];
    let proposed =
        within(&sandbox, "securities", "bank-1", &[&["dvp", "propose"][..], &short, &within_few].concat());
    let short = proposed["instruction"].as_str().unwrap().to_owned();
    within(&sandbox, "securities", "bank-2", &["dvp", "accept", &short]);
    for _ in 0..16 {
        let redeem = ["asset", "transfer", "--asset", "US912828M805", "--to", "bank-2", "--amount", "0.01"];
        within(&sandbox, "securities", "bank-1", &redeem);
    }
    let report = of_securities(sandbox).report(&[]);
    let trades = answer(&report, 5)["answer"].as_array().unwrap();
    let ended = |instruction: &str| {
        let row = trades.iter().find(|row| row["instruction"] == instruction).unwrap();
        assert_eq!(row["settlement"] == "proposed", row["settlement_height"].is_null(), "{row}");
        row["settlement"].as_str().unwrap().to_owned()
    };
    assert_eq!([&refused, &lapsed, &short].map(|of| ended(of)), ["refused", "lapsed", "lapsed"]);
    let settled: Vec<_> = trades.iter().filter(|row| row["settlement"] == "settled").collect();
    assert_eq!(settled.len(), 1, "{trades:?}");
    assert_eq!(answer(&report, 5)["summary"], "4 instructions: 1 settled, 0 aborted, 2 lapsed, 1 refused");
    let fails = answer(&report, 6)["answer"].as_array().unwrap();
    let told = |participant: &str, what: &str| {
        fails.iter().any(|row| (&row["participant"], &row["what"]) == (&json!(participant), &json!(what)))
    };
    assert!(told("bank-1", "did not deliver in time") && told("bank-2", "instruction refused"), "{fails:?}");
    assert!(answer(&report, 6)["because"].as_str().unwrap().contains("no penalty is computed"));
}

#[test]
fn a_report_is_narrowed_to_a_security_a_party_or_a_time_and_completeness_stays_whole() {
    let sandbox = traded();
    within(&sandbox, "securities", "bank-1", &["asset", "define", "--code", "OTHER", "--decimals", "2"]);
    let other = ["asset", "issue", "--asset", "OTHER", "--to", "bank-1", "--amount", "7.00"];
    within(&sandbox, "securities", "bank-1", &other);
    let regulator = of_securities(sandbox);
    let whole = regulator.report(&[]);
    let trades = |report: &Value| answer(report, 5)["answer"].as_array().unwrap().len();
    let records = |report: &Value| report["records"].as_array().unwrap().len();
    let same = |report: &Value| {
        for told in ["events", "opened_fields", "sealed_fields", "not_exported", "height"] {
            assert_eq!(report[told], whole[told], "{told}");
        }
        assert_eq!(report["questions"][7], whole["questions"][7], "what is complete is told of the whole");
    };
    assert_eq!((trades(&whole), &whole["narrowed_to"]), (1, &Value::Null));
    for (line, of_trades) in [
        (["--isin", "US912828M805"], 1),
        (["--isin", "OTHER"], 0),
        (["--party", "bank-2"], 1),
        (["--party", "supplier-a"], 0),
        (["--to-epoch", "0"], 1),
        (["--from-epoch", "90"], 0),
        (["--from-day", "2026-01-01"], 0),
        (["--lei", "5493001KJTIIGC8Y1R12"], 0),
    ] {
        let report = regulator.report(&line);
        assert_eq!(trades(&report), of_trades, "{line:?}");
        assert!(report["narrowed_to"].is_object() && records(&report) <= records(&whole), "{line:?}");
        same(&report);
        let settled = answer(&report, 5)["answer"][0]["settlement"].clone();
        assert!(of_trades == 0 || settled == "settled", "the end of a deal is told from all of it: {report}");
    }
    let assets = |report: &Value| report["assets"].as_array().unwrap().len();
    assert_eq!((assets(&whole), assets(&regulator.report(&["--isin", "OTHER"]))), (2, 1));
    let (code, refused) = {
        let line: Vec<&str> =
            regulator.line.iter().map(String::as_str).chain(["--from-day", "soon"]).collect();
        elsewhere(&regulator.sandbox, &line)
    };
    assert_eq!(code, 2, "{refused}");
}

#[test]
fn pck_08_a_pack_of_a_part_is_made_anew_for_that_part_only() {
    let (sandbox, claim) = overdue();
    let regulator = Regulator::new(sandbox, &all());
    let sandbox = &regulator.sandbox;
    let (auditor, pack, genesis) =
        (sandbox.text("auditor.key"), sandbox.text("report.pack"), sandbox.text("genesis.json"));
    let make = ["key", "generate", "--kind", "member", "--name", "auditor", "--out", &auditor];
    assert_eq!(elsewhere(sandbox, &[&make[..], &["--passphrase-file", &regulator.passphrase]].concat()).0, 0);
    let days = ["--from-day", "2026-01-05", "--to-day", "2026-03-01"];
    let sign = ["--pack", &pack, "--sign", &auditor];
    let report = regulator.report(&[&days[..], &sign].concat());
    assert_eq!(answer(&report, 4)["answer"][0]["receivable"], claim.as_str());
    let (code, verified) = elsewhere(sandbox, &["audit", "verify", &pack, "--genesis", &genesis]);
    assert_eq!((code, &verified["report"]["narrowed_to"]), (0, &report["narrowed_to"]), "{verified}");
    assert_eq!(verified["report"]["questions"], report["questions"]);
    let none = regulator.report(&["--from-day", "2026-03-20"]);
    assert_eq!(answer(&none, 4)["answer"], json!([]), "nothing of it was written from that day on");
}
