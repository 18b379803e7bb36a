//! What every command keeps to: where data and prose go, what an error says, which exit code it has.

mod support;

use serde_json::{Value, json};
use support::{GENERATED, Run, Sandbox, generated, receivable, repository, statement};

const MEMBERS: &[&str] = &["code", "rule", "fault", "definite", "fix", "correlation_id"];

/// Checks everything that an error must say, on both streams: the error as JSON.
fn failed(sandbox: &Sandbox, arguments: &[&str], code: &str, exit: i32) -> Value {
    let run = sandbox.run(&[arguments, &["--json"]].concat());
    let value = run.value();
    assert_eq!((value["code"].as_str(), run.code), (Some(code), exit), "{arguments:?}\n{}", run.stderr);
    for member in MEMBERS {
        assert!(!value[member].is_null(), "{arguments:?}: the error has no `{member}`");
    }
    let rule = value["rule"].as_str().unwrap_or_default();
    assert!(rule.len() == 6 && rule.as_bytes()[3] == b'-', "{arguments:?}: `{rule}` is no rule");
    assert!(!value["fix"].as_str().unwrap_or_default().is_empty(), "{arguments:?}: no fix");
    assert!(run.stderr.contains("error"), "{arguments:?}: prose belongs on standard error too");
    let prose = sandbox.run(arguments);
    assert_eq!(
        (prose.stdout.as_str(), prose.code),
        ("", exit),
        "{arguments:?}: data only on standard output"
    );
    assert!(prose.stderr.contains("error"), "{arguments:?}: {}", prose.stderr);
    value
}

fn without_correlation(mut value: Value) -> Value {
    value.as_object_mut().expect("an error is an object").remove("correlation_id");
    value
}

#[test]
fn the_table_is_rendered_from_the_json_value() {
    let sandbox = Sandbox::founded();
    let tx = sandbox.submit("banks", "bank-1", &statement("2025-01"));
    let commands: &[&[&str]] = &[
        &["version"],
        &["member", "list"],
        &["member", "show", "bank-1"],
        &["channel", "list", "--as", "buyer"],
        &["channel", "show", "-c", "banks", "--as", "bank-2"],
        &["channel", "members", "-c", "banks", "--as", "bank-2"],
        &["channel", "verify", "-c", "banks", "--as", "bank-2"],
        &["channel", "visibility", "-c", "trade-a", "--as", "buyer"],
        &["policy", "show", "-c", "trade-a", "--as", "bank-1"],
        &["policy", "check", "channels/bilateral"],
        &["policy", "explain", "-c", "trade-a", "--as", "supplier-a", "create", "receivable"],
        &["policy", "explain", "-c", "trade-a", "--as", "supplier-a", "--read", "lines"],
        &["policy", "diff", "-c", "banks", "--as", "bank-2", "channels/scf-receivable"],
        &["tx", "list", "-c", "banks", "--as", "bank-2"],
        &["tx", "show", "-c", "banks", "--as", "bank-2", &tx],
    ];
    for command in commands {
        let value = sandbox.ok(command);
        assert!(
            value["schema"].as_str().is_some_and(|s| s.starts_with("parclose.")),
            "{command:?} has no schema"
        );
        let table = sandbox.run(command);
        assert_eq!((table.code, table.stderr.as_str()), (0, ""), "{command:?}");
        assert_eq!(table.stdout.trim_end(), parclose_cli::output::render(&value).trim_end(), "{command:?}");
        assert!(
            serde_json::from_str::<Value>(&table.stdout).is_err(),
            "{command:?}: JSON only when asked for"
        );
    }
}

#[test]
fn progress_goes_to_standard_error_and_quiet_ends_it() {
    let sandbox = Sandbox::founded();
    let (folder, _) = generated(&sandbox, 5);
    let import =
        ["import", "csv", &folder, "-c", "trade-a", "--as", "supplier-a", "--mapping", GENERATED, "--json"];
    let told = sandbox.run(&import);
    assert!(told.value()["applied"] == 5 && told.stderr.contains("imported"), "{}", told.stderr);
    let quiet = sandbox.run(&[&import[..], &["--quiet"]].concat());
    assert_eq!((quiet.value()["already_there"].as_u64(), quiet.stderr.as_str()), (Some(5), ""));
}

#[test]
fn help_and_version_are_data_and_succeed() {
    let sandbox = Sandbox::empty();
    for arguments in [["--help"], ["--version"]] {
        let run = sandbox.run(&arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("parclose"));
    }
    assert!(!sandbox.home().exists());
}

#[test]
fn a_line_that_clap_refuses_has_exit_code_2_and_json_when_asked() {
    let sandbox = Sandbox::empty();
    let lines: &[&[&str]] = &[
        &[],
        &["nonsense"],
        &["tx"],
        &["tx", "list", "--as", "bank-1"],
        &["member", "show"],
        &["receipt", "get", "-c", "x", "--as", "y", "00", "--kind", "other", "--out", "z"],
        &["demo", "--documents", "many"],
        &["member", "list", "--nonsense"],
    ];
    for line in lines {
        let value = failed(&sandbox, line, "USAGE", 2);
        assert_eq!((value["rule"].as_str(), value["fault"].as_str()), (Some("CLI-01"), Some("sender")));
    }
    assert!(!sandbox.home().exists(), "nothing is made");
}

#[test]
fn cli_01_an_argument_that_cannot_be_used_is_refused_before_anything_is_done() {
    let sandbox = Sandbox::founded();
    let before = sandbox.ok(&["channel", "list", "--as", "bank-1"]);
    let create = |name: &str, member: &str| {
        let other = ["--template", "bilateral", "--member", "bank-1=member", "--member", member];
        failed(&sandbox, &[&["channel", "create", name], &other[..]].concat(), "USAGE", 2)
    };
    create("../escape", "bank-2=member");
    create("", "bank-2=member");
    create(&"n".repeat(65), "bank-2=member");
    create("loans", "bank-2");
    create("banks", "bank-2=member");
    let file = sandbox.write("bad.json", r#"{"action":"create","type":"statement","colour":"red"}"#);
    failed(&sandbox, &["tx", "submit", "-c", "banks", "--as", "bank-1", &file], "USAGE", 2);
    failed(&sandbox, &["tx", "show", "-c", "banks", "--as", "bank-1", "00ff"], "USAGE", 2);
    assert_eq!(sandbox.ok(&["channel", "list", "--as", "bank-1"]), before);
    assert!(!sandbox.path("escape").exists() && !sandbox.home().join("members/bank-1/escape").exists());
}

#[test]
fn cli_02_a_file_that_cannot_be_read_or_written_is_named() {
    let sandbox = Sandbox::founded();
    let tx = sandbox.submit("banks", "bank-1", &statement("2025-01"));
    let (absent, folder) = (sandbox.text("absent"), sandbox.text("home"));
    let import = ["import", "csv", "-c", "trade-a", "--as", "supplier-a"];
    let with =
        |rest: &[&str]| [&import[..], rest].concat().iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let cases = [
        (with(&[&absent, "--mapping", GENERATED]), "FILE_NOT_FOUND", 3, &absent),
        (with(&["channels/bilateral/README.md", "--mapping", &absent]), "FILE_NOT_FOUND", 3, &absent),
        (
            ["tx", "submit", "-c", "banks", "--as", "bank-1", &folder].map(str::to_owned).to_vec(),
            "FILE",
            2,
            &folder,
        ),
        (
            ["receipt", "get", "-c", "banks", "--as", "bank-1", &tx, "--out", &folder]
                .map(str::to_owned)
                .to_vec(),
            "FILE",
            2,
            &folder,
        ),
    ];
    for (arguments, code, exit, path) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let value = failed(&sandbox, &arguments, code, exit);
        assert_eq!(value["rule"], "CLI-02");
        assert!(sandbox.run(&arguments).stderr.contains(path), "{arguments:?} must name `{path}`");
    }
}

#[test]
fn cli_03_what_is_not_there_is_not_found_and_never_shown_as_empty() {
    let sandbox = Sandbox::founded();
    let unknown = "ab".repeat(32);
    let value = failed(&sandbox, &["tx", "show", "-c", "banks", "--as", "bank-1", &unknown], "NOT_FOUND", 3);
    assert_eq!(value["rule"], "CLI-03");
    for command in [["channel", "list", "--as", "nobody"], ["member", "show", "nobody", "--quiet"]] {
        failed(&sandbox, &command, "MEMBER_NOT_FOUND", 3);
    }
    failed(&sandbox, &["tx", "list", "-c", "nowhere", "--as", "bank-1"], "CHANNEL_NOT_FOUND", 3);
    failed(&sandbox, &["policy", "check", &sandbox.text("absent")], "TEMPLATE_NOT_FOUND", 3);
    let empty = Sandbox::empty();
    failed(&empty, &["member", "list"], "HOME_NOT_FOUND", 3);
}

#[test]
fn no_such_channel_and_not_yours_are_one_answer() {
    let sandbox = Sandbox::founded();
    let draft = sandbox.write("draft.json", &statement("2025-01").to_string());
    let out = sandbox.text("out.json");
    let digest = "ab".repeat(32);
    let commands: &[&[&str]] = &[
        &["channel", "show"],
        &["channel", "members"],
        &["channel", "succeed"],
        &["channel", "verify"],
        &["channel", "visibility"],
        &["policy", "show"],
        &["policy", "explain", "create", "statement"],
        &["policy", "diff", "channels/bilateral"],
        &["tx", "list"],
        &["tx", "show", &digest],
        &["tx", "submit", &draft],
        &["receipt", "get", &digest, "--out", &out],
    ];
    for command in commands {
        let ask = |channel: &str| {
            let arguments = [command, &["-c", channel, "--as", "buyer"][..]].concat();
            let prose = sandbox.run(&arguments).stderr;
            let prose: Vec<&str> = prose.lines().filter(|line| !line.starts_with("  id")).collect();
            (without_correlation(failed(&sandbox, &arguments, "CHANNEL_NOT_FOUND", 3)), prose.join("\n"))
        };
        assert_eq!(ask("banks"), ask("nowhere"), "{command:?}");
    }
}

#[test]
fn correlation_ids_tell_occurrences_apart() {
    let sandbox = Sandbox::empty();
    let id = || sandbox.json(&["member", "list"]).1["correlation_id"].clone();
    assert_ne!(id(), id());
}

#[test]
fn cli_04_a_run_whose_checks_do_not_all_hold_ends_with_exit_code_6() {
    let sandbox = Sandbox::empty();
    let (folder, _) = generated(&sandbox, 30);
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    // The demo reads a folder by the real mapping, whose columns these files do not have.
    let text = "Organisation Name,Body,Supplier ID\n";
    std::fs::write(file, text).unwrap();
    let run = sandbox.run(&["demo", "--invoices", &folder, "--json"]);
    assert_ne!(run.code, 0);
    let real = sandbox.path("real");
    std::fs::create_dir(&real).unwrap();
    let header = "Body,Organisation Name,Date,Internal Ref Number,Invoice Number,Net Amount,Supplier ID,\
        Supplier(Beneficiary) Name,Supplier Registered Company Number,\
        Procurement Classification: Council's Procurement Category Name,Expense Area,Expense Code";
    let line = "uri,Council,2021-09-01,R1,I1,not a number,S1,Name,N/A,Category,Area,Code";
    std::fs::write(real.join("a.csv"), format!("{header}\n{line}\n")).unwrap();
    let value =
        failed(&sandbox, &["demo", "--invoices", &real.display().to_string()], "VERIFICATION_FAILED", 6);
    assert_eq!((value["rule"].as_str(), value["fault"].as_str()), (Some("CLI-04"), Some("operator")));
}

#[test]
fn cli_05_each_exit_code_is_provoked() {
    let sandbox = Sandbox::founded();
    assert_eq!(sandbox.run(&["member", "list"]).code, 0);
    failed(
        &sandbox,
        &["channel", "create", "UPPER", "--template", "bilateral", "--member", "a=b"],
        "USAGE",
        2,
    );
    failed(&sandbox, &["member", "show", "nobody"], "MEMBER_NOT_FOUND", 3);
    let foreign = sandbox.write("foreign.json", &statement("2025-01").to_string());
    failed(&sandbox, &["tx", "submit", "-c", "banks", "--as", "bank-2", &foreign], "ACTION_DENIED", 4);
    failed(&sandbox, &["dev", "up"], "HOME_EXISTS", 5);
    let tx = sandbox.submit("banks", "bank-1", &statement("2025-02"));
    let (receipt, genesis) =
        (sandbox.text("receipt.json"), sandbox.home().join("genesis.json").display().to_string());
    sandbox.ok(&["receipt", "get", "-c", "banks", "--as", "bank-2", &tx, "--out", &receipt]);
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    value["bytes"] = json!(value["bytes"].as_str().unwrap().replacen('a', "b", 1));
    let broken = sandbox.write("broken.json", &value.to_string());
    failed(&sandbox, &["receipt", "verify", &broken, "--genesis", &genesis], "RECEIPT_INVALID", 6);
}

#[test]
fn cli_05_a_stale_submission_conflicts_and_says_what_became_of_it() {
    let sandbox = Sandbox::founded();
    let mut draft = statement("2025-01");
    draft["version"] = json!(5);
    let file = sandbox.write("stale.json", &draft.to_string());
    let value = failed(&sandbox, &["tx", "submit", "-c", "banks", "--as", "bank-1", &file], "STALE", 5);
    assert_eq!((value["rule"].as_str(), value["definite"].as_bool()), (Some("STA-04"), Some(true)));
    assert_eq!(value["details"]["verdict"], "refused:STA-04");
    let tx = value["details"]["tx"].as_str().unwrap();
    let shown = sandbox.ok(&["tx", "show", "-c", "banks", "--as", "bank-2", tx]);
    assert_eq!(shown["verdict"], "refused:STA-04", "the refusal is a verdict that every member has");
}

#[test]
fn a_value_changed_on_the_disk_is_found_with_exit_code_6() {
    let sandbox = Sandbox::founded();
    for month in ["2025-01", "2025-02"] {
        sandbox.submit("banks", "bank-1", &statement(month));
    }
    let database = sandbox.home().join("members/bank-2/channels/banks/db");
    let verify = ["channel", "verify", "-c", "banks", "--as", "bank-2"];
    sandbox.ok(&verify);
    let swapped = parclose_node::tamper::swap_records(&database).unwrap().unwrap();
    let run = sandbox.json(&verify);
    assert_eq!(run.0, 6, "{}", run.1);
    parclose_node::tamper::swap_back(&database, &swapped).unwrap();
    sandbox.ok(&verify);
}

#[test]
fn hom_01_a_home_that_another_process_holds_is_in_use() {
    let sandbox = Sandbox::founded();
    let held = parclose_node::Home::open(&sandbox.home()).unwrap();
    let draft = sandbox.write("draft.json", &statement("2025-01").to_string());
    let commands: &[&[&str]] = &[
        &["member", "list"],
        &["channel", "verify", "-c", "banks", "--as", "bank-1"],
        &["tx", "submit", "-c", "banks", "--as", "bank-1", &draft],
    ];
    for command in commands {
        let value = failed(&sandbox, command, "HOME_IN_USE", 5);
        assert_eq!(value["rule"], "HOM-01");
    }
    drop(held);
    assert_eq!(sandbox.records("banks", "bank-1"), [] as [Value; 0]);
}

#[test]
fn cli_07_a_measurement_that_could_not_be_finished_is_an_error() {
    let sandbox = Sandbox::empty();
    let occupied = sandbox.write("occupied", "");
    let below = format!("{occupied}/below");
    let value = failed(&sandbox, &["bench", "record-write", "--directory", &below], "BENCH_FAILED", 1);
    assert_eq!((value["rule"].as_str(), value["fault"].as_str()), (Some("CLI-07"), Some("operator")));
    failed(&sandbox, &["bench", "record-write", "--directory", &occupied], "USAGE", 2);
}

#[test]
fn no_output_shows_what_was_submitted_when_the_submission_fails() {
    let sandbox = Sandbox::founded();
    let mut draft = receivable("SECRET-NUMBER", "supplier-a", "bank-1");
    draft["fields"]["face_amount"] = json!({ "amount_minor": "987654321", "currency": "EURO" });
    let file = sandbox.write("draft.json", &draft.to_string());
    let run: Run = sandbox.run(&["tx", "submit", "-c", "trade-a", "--as", "supplier-a", &file, "--json"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    for secret in ["SECRET-NUMBER", "987654321"] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{}{}", run.stdout, run.stderr);
    }
    assert!(repository().join("channels").is_dir());
}
