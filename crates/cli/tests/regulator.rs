//! What a regulator is given by commands, and what it reads with it: a view key, an export, the genesis.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use serde_json::json;
use support::{Sandbox, receivable, repository};

/// A regulator's command, in a folder that has no home.
fn elsewhere(sandbox: &Sandbox, arguments: &[&str]) -> (i32, serde_json::Value) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parclose"));
    command.current_dir(repository()).env("PARCLOSE_CONFIG", sandbox.path("contexts.toml"));
    command.arg("--home").arg(sandbox.path("no-home")).args(arguments).arg("--json");
    let run = command.output().unwrap();
    (run.status.code().unwrap(), serde_json::from_slice(&run.stdout).unwrap())
}

#[test]
fn a_regulator_reads_what_its_view_key_opens_of_an_export_and_needs_no_home() {
    let sandbox = Sandbox::founded();
    sandbox.submit("trade-a", "supplier-a", &receivable("R-1", "supplier-a", "bank-1"));
    let passphrase = sandbox.secret("passphrase", "of the regulator");
    let key = sandbox.text("regulator.key");
    let generate =
        ["key", "generate", "--kind", "regulator", "--out", &key, "--passphrase-file", &passphrase];
    assert_eq!(elsewhere(&sandbox, &generate).0, 0);
    let (view_key, bundle) = (sandbox.text("viewkey.json"), sandbox.text("export.bundle"));
    let of = ["-c", "trade-a", "--as", "supplier-a"];
    let asked = |field: &'static str| ["--field", field, "--from-epoch", "0", "--to-epoch", "9", "--to"];
    let issue = |field: &'static str, more: &[&str]| {
        sandbox.json(&[&["viewkey", "issue"], &of[..], &asked(field), &[&key], more].concat())
    };
    let with_out = ["--second", "bank-1", "--out", &view_key];
    let (code, issued) = issue("receivable.face_amount", &with_out);
    assert_eq!((code, &issued["schema"]), (0, &json!("parclose.grant/1")), "{issued}");
    let both = |value: &serde_json::Value| {
        let mut names: Vec<_> = value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(
        (&issued["standing"], both(&issued["agreed"])),
        (&json!("standing"), "bank-1 supplier-a".into())
    );
    assert_eq!(issued["keys"].as_array().unwrap().len(), 1, "of the one set of parties that has a secret");
    assert_eq!(issue("receivable.face_amount", &with_out).0, 2, "never over a file");
    assert_eq!(issue("receivable.nothing", &[]).0, 2);
    assert_eq!(issue("receivable.face_amount", &["--party", "bank=nobody"]).0, 2);

    // At nodes of their own one proposes and another agrees; how many have to, the channel says.
    let (_, proposed) = issue("receivable.lines", &["--name", "tax-office"]);
    let grant = proposed["grant"].as_str().unwrap();
    assert_eq!((&proposed["standing"], &proposed["needed"]), (&json!("proposed"), &json!(2)));
    let out = sandbox.text("lines.json");
    let as_bank = ["-c", "trade-a", "--as", "bank-1"];
    let export = [&["viewkey", "export", grant, "--out", &out], &as_bank[..]].concat();
    let (code, refused) = sandbox.json(&export);
    assert_eq!((code, &refused["rule"]), (5, &json!("GRA-16")), "{refused}");
    assert!(!sandbox.path("lines.json").exists());
    let approve = [&["viewkey", "approve", grant], &as_bank[..]].concat();
    assert_eq!(sandbox.ok(&approve)["standing"], "standing");
    assert_eq!(sandbox.json(&approve).1["rule"], "GRA-13", "it has agreed already");
    // The bank does not read the lines, so its word covers none of them: the buyer's does.
    let (_, nothing) = sandbox.json(&export);
    assert_eq!(nothing["code"], "NOT_FOUND", "{nothing}");
    sandbox.ok(&["viewkey", "approve", grant, "-c", "trade-a", "--as", "buyer"]);
    // And exports the keys all the same: they are the regulator's.
    assert_eq!(sandbox.ok(&export)["opens_for"], "its grantee's key alone");
    let listed = sandbox.ok(&[&["viewkey", "list"], &as_bank[..]].concat());
    let names: Vec<_> = listed["grants"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["regulator", "tax-office"]);
    assert_eq!(listed["grants"][1]["covers"], json!({ "awaited": 0, "unsigned": 0, "count": 1 }));
    // What left the room is in its log: who, when, to whom, and the file.
    let access_log = sandbox.ok(&["audit", "access-log", "-c", "trade-a", "--as", "buyer"]);
    let entries = access_log["entries"].as_array().unwrap();
    let told = entries.iter().map(|entry| {
        let words = ["what", "to"].map(|name| entry[name].as_str().unwrap().to_owned());
        format!("{} to {} by {}", words[0], words[1], both(&entry["by"]))
    });
    let expected = [
        "grant to regulator by bank-1 supplier-a",
        "view keys to regulator by supplier-a",
        "grant to tax-office by bank-1 buyer supplier-a",
        "view keys to unnamed by bank-1",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let digest = parclose_crypto::hash::sha256(&std::fs::read(&view_key).unwrap());
    assert_eq!(entries[1]["file_sha256"], json!(parclose_types::hex::encode(&digest)));
    for (member, standing) in [("bank-1", "standing"), ("buyer", "revoked")] {
        let ended = sandbox.ok(&["viewkey", "revoke-future", grant, "-c", "trade-a", "--as", member]);
        assert_eq!(ended["standing"], standing);
    }

    let exported = sandbox.ok(&["channel", "export", "-c", "trade-a", "--as", "bank-1", "--out", &bundle]);
    assert_eq!(exported["schema"], "parclose.channel-export/1");
    assert!(exported["note"].is_string(), "{exported}");
    let (quietly, entries) =
        (sandbox.text("quiet.bundle"), |log: &serde_json::Value| log["entries"].as_array().unwrap().len());
    let log = ["audit", "access-log", "-c", "trade-a", "--as", "buyer"];
    let noted = entries(&sandbox.ok(&log));
    let line = ["channel", "export", "-c", "trade-a", "--as", "bank-1", "--out", &quietly, "--unnoted"];
    assert!(sandbox.ok(&line)["note"].is_null());
    assert_eq!(entries(&sandbox.ok(&log)), noted, "nothing is said of it");
    let again = ["channel", "export", "-c", "trade-a", "--as", "bank-1", "--out", &bundle];
    assert_eq!(sandbox.json(&again).0, 2, "never over a file");

    let genesis = sandbox.text("genesis.json");
    std::fs::copy(sandbox.home().join("genesis.json"), &genesis).unwrap();
    let blind = ["audit", "report", &bundle, "--genesis", &genesis];
    let (code, sealed) = elsewhere(&sandbox, &blind);
    assert_eq!(
        (code, &sealed["opened_fields"]),
        (0, &json!(0)),
        "without a key it proves, and opens nothing"
    );
    let with = ["--view-key", &view_key, "--with", &key, "--passphrase-file", &passphrase];
    let (code, report) = elsewhere(&sandbox, &[&blind[..], &with].concat());
    assert_eq!((code, &report["opened_fields"]), (0, &json!(1)), "{report}");
    assert_eq!(report["sealed_fields"].as_u64().unwrap() + 1, sealed["sealed_fields"].as_u64().unwrap());
    let record = &report["records"][0];
    assert_eq!(record["fields"]["face_amount"], json!({ "amount_minor": "250000", "currency": "EUR" }));
    assert_eq!((&record["fields"]["lines"], &record["author"]), (&json!("sealed"), &json!("supplier-a")));
    assert_eq!(report["events"], exported["events"]);
    // Read batch by batch it shows the same; taken up from the progress of a scan that is done, too.
    let progress = sandbox.text("scan.progress");
    let scan = ["audit", "scan", &bundle, "--genesis", &genesis];
    let kept = [&scan[..], &with, &["--progress", &progress]].concat();
    let (code, scanned) = elsewhere(&sandbox, &kept);
    assert_eq!((code, &scanned["opened_fields"]), (0, &json!(1)), "{scanned}");
    assert_eq!((&scanned["events"], &scanned["malformed"]), (&report["events"], &json!([])));
    let reach = &scanned["view_keys"][0];
    assert_eq!((&reach["epochs"], &reach["nothing_left_out"]), (&json!("0 to 9"), &json!(null)));
    assert_eq!(reach["not_held"][0]["why"], "still-open", "its epoch is not over: {reach}");
    assert_eq!(elsewhere(&sandbox, &kept), (0, scanned));
    let blind_again = [&scan[..], &["--progress", &progress]].concat();
    let (code, refused) = elsewhere(&sandbox, &blind_again);
    assert_eq!((code, &refused["rule"]), (2, &json!("SCN-04")), "with other keys: {refused}");
    // The same as a page for people, and as a table; what was read is text in both.
    let (page, table) = (sandbox.text("report.html"), sandbox.text("report.csv"));
    let written = [&blind[..], &with, &["--html", &page, "--csv", &table]].concat();
    let (code, told) = elsewhere(&sandbox, &written);
    assert_eq!((code, &told["html"], &told["csv"]), (0, &json!(page), &json!(table)), "{told}");
    let html = std::fs::read_to_string(&page).unwrap();
    for shown in ["2,500.00 EUR", "every batch of them is shown", record["tx"].as_str().unwrap(), "<svg"] {
        assert!(html.contains(shown), "{shown}");
    }
    for loaded in ["<script", "http://", "https://", "url("] {
        assert!(!html.contains(loaded), "the page stands by itself: {loaded}");
    }
    let rows = std::fs::read_to_string(&table).unwrap();
    let amount = rows.lines().find(|row| row.contains(",face_amount,")).unwrap();
    assert!(amount.ends_with(",face_amount,opened,,250000,EUR"), "{amount}");
    assert!(rows.lines().any(|row| row.contains(",lines,sealed,,,")), "{rows}");
    assert_eq!(elsewhere(&sandbox, &written).0, 2, "never over a file");
    // Everything in reach opens, so there is nobody to complain of; without a key that reaches it there is nothing to say.
    let folder = sandbox.text("complaints");
    let complain = ["audit", "complain", &bundle, "--genesis", &genesis, "--out", &folder];
    let (code, complained) = elsewhere(&sandbox, &[&complain[..], &with].concat());
    assert_eq!((code, &complained["schema"]), (0, &json!("parclose.complaints/1")), "{complained}");
    assert_eq!((&complained["complaints"], &complained["unproven"]), (&json!([]), &json!([])));
    assert!(!sandbox.path("complaints").exists());
    // A byte of the export that is another, and it proves nothing.
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    assert_eq!(elsewhere(&sandbox, &blind).0, 6);
    let (code, shown) = elsewhere(&sandbox, &["viewkey", "inspect", &view_key]);
    assert_eq!((code, &shown["keys"], &shown["keys"][0]["to_epoch"]), (0, &issued["keys"], &json!(9)));
}

#[test]
fn a_regulator_passes_fewer_epochs_on_and_its_delegate_reads_no_more() {
    let sandbox = Sandbox::founded();
    sandbox.submit("trade-a", "supplier-a", &receivable("R-1", "supplier-a", "bank-1"));
    let passphrase = sandbox.secret("passphrase", "of both");
    let [key, other] = ["regulator.key", "delegate.key"].map(|name| sandbox.text(name));
    for file in [&key, &other] {
        let generate =
            ["key", "generate", "--kind", "regulator", "--out", file, "--passphrase-file", &passphrase];
        assert_eq!(elsewhere(&sandbox, &generate).0, 0);
    }
    let (whole, bundle) = (sandbox.text("whole.json"), sandbox.text("export.bundle"));
    let of = ["-c", "trade-a", "--as", "supplier-a"];
    let asked = ["--audience", "parties", "--class", "amount", "--from-epoch", "0", "--to-epoch", "9"];
    let to = ["--second", "bank-1", "--to", &key, "--out", &whole];
    sandbox.ok(&[&["viewkey", "issue"], &of[..], &asked, &to].concat());
    sandbox.ok(&[&["channel", "export", "--out", &bundle], &of[..]].concat());
    let genesis = sandbox.text("genesis.json");
    std::fs::copy(sandbox.home().join("genesis.json"), &genesis).unwrap();
    let narrow = |from: &str, until: &str, out: &str| {
        let line = ["viewkey", "narrow", &whole, "--with", &key, "--to", &other, "--out", out];
        let epochs = ["--from-epoch", from, "--to-epoch", until, "--passphrase-file", &passphrase];
        elsewhere(&sandbox, &[&line[..], &epochs].concat())
    };
    let opened = |file: &str, with: &str| {
        let line = ["audit", "report", &bundle, "--genesis", &genesis, "--view-key", file, "--with", with];
        let (code, report) = elsewhere(&sandbox, &[&line[..], &["--passphrase-file", &passphrase]].concat());
        assert!(code == 0 || code == 6, "{report}");
        report["opened_fields"].as_u64().ok_or_else(|| report["rule"].as_str().unwrap().to_owned())
    };
    let [first, later] = ["first.json", "later.json"].map(|name| sandbox.text(name));
    let (code, shown) = narrow("0", "3", &first);
    assert_eq!((code, &shown["keys"][0]["narrowed"]), (0, &json!(true)), "{shown}");
    assert_eq!(narrow("1", "3", &later).0, 0);
    assert_eq!(opened(&whole, &key), Ok(1));
    assert_eq!(opened(&first, &other), Ok(1));
    assert_eq!(opened(&later, &other), Ok(0), "the invoice is of epoch 0");
    assert_eq!(opened(&first, &key), Err("GRA-06".into()), "it was passed on to another");
    let (code, refused) = narrow("0", "10", &sandbox.text("wider.json"));
    assert_eq!((code, &refused["rule"]), (6, &json!("GRA-19")), "{refused}");
}

#[test]
fn dis_11_one_field_is_shown_to_somebody_who_has_nothing_but_the_genesis() {
    let sandbox = Sandbox::founded();
    sandbox.submit("trade-a", "supplier-a", &receivable("R-1", "supplier-a", "bank-1"));
    let found = sandbox.ok(&["locate", "R-1", "--as", "buyer"]);
    let record = found["found"][0]["record"].as_str().unwrap();
    let (file, genesis) = (sandbox.text("field.json"), sandbox.text("genesis.json"));
    std::fs::copy(sandbox.home().join("genesis.json"), &genesis).unwrap();
    let of = |member: &'static str| ["disclose", "field", "-c", "trade-a", "--as", member];
    let what = ["--record", record, "--field", "face_amount", "--out", &file];
    let made = sandbox.ok(&[&of("buyer")[..], &what].concat());
    assert_eq!((&made["field"], &made["record"]), (&json!("face_amount"), &json!(record)));
    assert!(made.get("value").is_none());
    // Whoever does not read a field cannot show it, nor one that is not there.
    let lines = ["--record", record, "--field", "lines", "--out", &sandbox.text("lines.json")];
    let (code, refused) = sandbox.json(&[&of("bank-1")[..], &lines].concat());
    assert_eq!((code, &refused["code"], &refused["rule"]), (2, &json!("NOT_DISCLOSED"), &json!("DIS-12")));
    let nothing = ["--record", record, "--field", "nothing", "--out", &sandbox.text("nothing.json")];
    assert_eq!(sandbox.json(&[&of("buyer")[..], &nothing].concat()).1["rule"], "DIS-12");

    let verify = ["disclose", "verify", &file, "--genesis", &genesis];
    let (code, shown) = elsewhere(&sandbox, &verify);
    assert_eq!((code, &shown["schema"]), (0, &json!("parclose.disclosure-verified/1")), "{shown}");
    let issued = receivable("R-1", "supplier-a", "bank-1")["fields"]["face_amount"].clone();
    assert_eq!((&shown["value"], &shown["definition_known"]), (&issued, &json!(false)));
    assert_eq!(shown["as_the_file_says"]["field"], "face_amount");
    let template = repository().join("channels/scf-receivable/channel.toml").display().to_string();
    let (_, known) = elsewhere(&sandbox, &[&verify[..], &["--definition", &template]].concat());
    assert_eq!((&known["definition_known"], &known["field"]), (&json!(true), &json!("face_amount")));
    let other = repository().join("channels/dvp-cash/channel.toml").display().to_string();
    let (code, refused) = elsewhere(&sandbox, &[&verify[..], &["--definition", &other]].concat());
    assert_eq!((code, &refused["rule"]), (6, &json!("DIS-11")), "{refused}");
    assert!(refused.get("value").is_none());
    // Somebody has changed what the file says.
    let text = std::fs::read_to_string(&file).unwrap().replace("\"face_amount\"", "\"requested_advance\"");
    let changed = sandbox.text("changed.json");
    std::fs::write(&changed, text).unwrap();
    let (code, refused) = elsewhere(&sandbox, &["disclose", "verify", &changed, "--genesis", &genesis]);
    assert_eq!((code, &refused["rule"]), (6, &json!("DIS-10")));
}

/// The same field as the value as of a height: of one that is attested, and of no later one.
#[test]
fn dis_21_a_field_is_shown_as_the_value_as_of_a_height() {
    let sandbox = Sandbox::founded();
    sandbox.submit("trade-a", "supplier-a", &receivable("R-1", "supplier-a", "bank-1"));
    let found = sandbox.ok(&["locate", "R-1", "--as", "buyer"]);
    let record = found["found"][0]["record"].as_str().unwrap();
    let (file, genesis) = (sandbox.text("field.json"), sandbox.text("genesis.json"));
    std::fs::copy(sandbox.home().join("genesis.json"), &genesis).unwrap();
    let what =
        ["-c", "trade-a", "--as", "buyer", "--record", record, "--field", "face_amount", "--out", &file];
    let disclose =
        |height: &str| sandbox.json(&[&["disclose", "field"][..], &what, &["--as-of", height]].concat());
    let (code, refused) = disclose("999999");
    assert_eq!((code, &refused["code"], &refused["rule"]), (5, &json!("NOT_YET_ATTESTED"), &json!("DIS-21")));
    let made = sandbox.ok(&[&["disclose", "field"][..], &what].concat());
    let height = made["height"].as_u64().unwrap();
    assert_eq!(made["statement"], "was-written");
    let (code, refused) = disclose(&(height - 1).to_string());
    assert_eq!((code, &refused["rule"]), (2, &json!("DIS-21")), "{refused}");
    let (code, made) = disclose(&height.to_string());
    assert_eq!(
        (code, &made["statement"], &made["from_height"]),
        (0, &json!("is-value-as-of"), &json!(height))
    );
    let verify = ["disclose", "verify", &file, "--genesis", &genesis];
    let asked = |height: u64| elsewhere(&sandbox, &[&verify[..], &["--as-of", &height.to_string()]].concat());
    let (code, shown) = asked(height);
    let issued = receivable("R-1", "supplier-a", "bank-1")["fields"]["face_amount"].clone();
    assert_eq!((code, &shown["schema"]), (0, &json!("parclose.disclosure-as-of-verified/1")), "{shown}");
    assert_eq!((&shown["value"], &shown["from_height"]), (&issued, &json!(height)));
    let to = shown["to_height"].as_u64().unwrap();
    assert!(to >= height);
    let (code, refused) = asked(to + 1);
    assert_eq!((code, &refused["rule"]), (6, &json!("DIS-21")), "{refused}");
    // A field that only was written answers no question about a height, and this one none about an amount.
    let (code, _) = elsewhere(&sandbox, &[&verify[..], &["--for", "a loan"]].concat());
    assert_eq!(code, 2);
    // There is nothing to complain of: no key is revealed.
    let complaint = sandbox.text("complaint.json");
    let complain = ["channel", "complain", "-c", "trade-a", "--as", "buyer", "--record", record];
    let of = ["--field", "face_amount", "--out", &complaint];
    let (code, refused) = sandbox.json(&[&complain[..], &of].concat());
    assert_eq!((code, &refused["code"], &refused["rule"]), (2, &json!("NO_COMPLAINT"), &json!("MIS-18")));
    assert!(!sandbox.path("complaint.json").exists());
}

/// What a note is worth, as whoever holds it shows it: the amount that its commitment is to.
#[test]
fn dis_09_the_amount_of_a_note_is_shown_as_it_was_committed_to() {
    let sandbox = Sandbox::founded();
    let members = ["--member", "bank-1=issuer+participant", "--member", "supplier-a=participant"];
    sandbox.ok(&[&["channel", "create", "cash", "--template", "dvp-cash"][..], &members].concat());
    for member in ["bank-1", "supplier-a"] {
        sandbox.ok(&["asset", "open", "-c", "cash", "--as", member]);
    }
    sandbox.ok(&["asset", "define", "-c", "cash", "--as", "bank-1", "--code", "GBP"]);
    let amount = ["--asset", "GBP", "--to", "supplier-a", "--amount", "12.34"];
    sandbox.ok(&[&["asset", "issue", "-c", "cash", "--as", "bank-1"][..], &amount].concat());
    let listed = sandbox.ok(&["record", "list", "-c", "cash", "--as", "supplier-a"]);
    let records = listed["records"].as_array().unwrap();
    let holding = records.iter().find(|record| record["type"] == "holding").unwrap();
    let (file, genesis) = (sandbox.text("amount.json"), sandbox.text("genesis.json"));
    std::fs::copy(sandbox.home().join("genesis.json"), &genesis).unwrap();
    let what = ["--record", holding["record"].as_str().unwrap(), "--field", "quantity", "--out", &file];
    let made = sandbox.ok(&[&["disclose", "field", "-c", "cash", "--as", "supplier-a"][..], &what].concat());
    assert!(made["confidential"].as_str().unwrap().contains("whose account it is"), "{made}");
    let cash = repository().join("channels/dvp-cash/channel.toml").display().to_string();
    let verify = ["disclose", "verify", &file, "--genesis", &genesis, "--definition", &cash];
    let (code, shown) = elsewhere(&sandbox, &verify);
    assert_eq!((code, &shown["value"], &shown["type"]), (0, &json!("1234"), &json!("quantity")), "{shown}");
    // The same amount, and one more, of which nothing is said but that they are so much together.
    let amount = ["--asset", "GBP", "--to", "supplier-a", "--amount", "7.66"];
    sandbox.ok(&[&["asset", "issue", "-c", "cash", "--as", "bank-1"][..], &amount].concat());
    let listed = sandbox.ok(&["record", "list", "-c", "cash", "--as", "supplier-a"]);
    let records = listed["records"].as_array().unwrap().iter().filter(|record| record["type"] == "holding");
    let records: Vec<&str> = records.map(|record| record["record"].as_str().unwrap()).collect();
    let sum = sandbox.text("sum.json");
    let state = |bounds: &[&str]| {
        let mut line = vec!["disclose", "amount", "-c", "cash", "--as", "supplier-a", "--field", "quantity"];
        line.extend(records.iter().flat_map(|record| ["--record", record]));
        line.extend(["--for", "a loan of July", "--out", &sum]);
        sandbox.json(&[&line[..], bounds].concat())
    };
    let (code, refused) = state(&["--at-least", "2001"]);
    assert_eq!((code, &refused["code"], &refused["rule"]), (2, &json!("NOT_STATED"), &json!("VAL-37")));
    assert_eq!(state(&["--at-least", "1", "--at-most", "2"]).0, 2, "one of them");
    let (code, made) = state(&["--between", "2000", "2500"]);
    assert_eq!((code, &made["schema"]), (0, &json!("parclose.disclose-amount/1")), "{made}");
    let text = std::fs::read_to_string(&sum).unwrap();
    assert!(!text.contains("\"1234\"") && !text.contains("\"766\""));
    let verify = ["disclose", "verify", &sum, "--genesis", &genesis, "--definition", &cash];
    let (code, shown) = elsewhere(&sandbox, &[&verify[..], &["--for", "a loan of July"]].concat());
    assert_eq!((code, &shown["schema"]), (0, &json!("parclose.sum-verified/1")), "{shown}");
    let bounds = (&shown["at_least"], &shown["at_most"], shown["amounts"].as_array().unwrap().len());
    assert_eq!(bounds, (&json!("2000"), &json!("2500"), 2));
    let (code, refused) = elsewhere(&sandbox, &[&verify[..], &["--for", "another question"]].concat());
    assert_eq!((code, &refused["rule"]), (6, &json!("DIS-16")), "{refused}");
    std::fs::write(&sum, text.replace("\"2000\"", "\"2400\"")).unwrap();
    let (code, refused) = elsewhere(&sandbox, &verify);
    assert_eq!((code, &refused["rule"]), (6, &json!("DIS-10")), "{refused}");
}
