//! `parclose policy`: explanations and comparisons as people and programs get them.
//!
//! Whole outputs stand in `policy/*.txt`; `PARCLOSE_APPROVE=1` writes them anew, to be looked at.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Sandbox, receivable, repository, statement};

const SCF: &[&str] = &[
    "--template",
    "scf-receivable",
    "--member",
    "acme=buyer",
    "--member",
    "forge=supplier",
    "--member",
    "northbank=bank",
];

const BILATERAL: &[&str] = &[
    "--template",
    "bilateral",
    "--member",
    "north=member",
    "--member",
    "south=member",
    "--member",
    "east=member",
];

/// Compares the table that a command prints with the file of that name.
fn shows(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Value {
    let run = sandbox.run(arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy").join(format!("{name}.txt"));
    if std::env::var_os("PARCLOSE_APPROVE").is_some() {
        std::fs::write(&file, &run.stdout).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(run.stdout == expected, "{} is not\n{}", file.display(), run.stdout);
    sandbox.ok(arguments)
}

fn explain<'a>(template: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [&["policy", "explain"], template, rest].concat()
}

/// A copy of a template with pieces of its files replaced.
fn variant(sandbox: &Sandbox, template: &str, changes: &[(&str, &str, &str)]) -> String {
    let count = std::fs::read_dir(sandbox.path("")).unwrap().count();
    let folder = sandbox.path(&format!("variant-{count}"));
    std::fs::create_dir(&folder).unwrap();
    for file in ["channel.toml", "policy.cedar", "policy.cedarschema"] {
        let mut text =
            std::fs::read_to_string(repository().join("channels").join(template).join(file)).unwrap();
        for (of, from, to) in changes.iter().filter(|(of, ..)| *of == file) {
            assert!(text.contains(from), "{of} has not `{from}`");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(folder.join(file), text).unwrap();
    }
    folder.display().to_string()
}

fn answer(value: &Value) -> (&str, Option<&str>) {
    (value["answer"].as_str().unwrap(), value["rule"].as_str())
}

#[test]
fn acc_19_the_receivables_template_says_why_yes_and_why_no() {
    let sandbox = Sandbox::empty();
    let issue = explain(SCF, &["--who", "forge", "create", "receivable"]);
    assert_eq!(answer(&shows(&sandbox, "scf-supplier-issues", &issue)), ("yes", None));
    let accept = explain(SCF, &["--who", "northbank", "create", "acceptance"]);
    assert_eq!(answer(&shows(&sandbox, "scf-bank-accepts", &accept)), ("no", Some("ACC-04")));
    let both = [
        "--template",
        "scf-receivable",
        "--member",
        "conglomerate=buyer+supplier",
        "--member",
        "northbank=bank",
    ];
    let dealing = explain(&both, &["create", "receivable"]);
    assert_eq!(answer(&shows(&sandbox, "scf-self-dealing", &dealing)), ("no", Some("ACC-03")));
    let update = explain(SCF, &["--who", "acme", "update", "acceptance"]);
    assert_eq!(answer(&sandbox.ok(&update)), ("no", Some("ACC-05")));
    assert!(!sandbox.home().exists(), "a template needs no consortium");
}

#[test]
fn acc_19_the_bilateral_template_says_why_yes_and_why_no() {
    let sandbox = Sandbox::empty();
    let parties = ["--party", "preparer=north", "--party", "counterparty=south", "--owner", "north"];
    let update = |who: &'static str| [&["--who", who, "update", "statement"], &parties[..]].concat();
    let yes = explain(BILATERAL, &update("south"));
    assert_eq!(answer(&shows(&sandbox, "bilateral-counterparty-updates", &yes)), ("yes", None));
    let no = explain(BILATERAL, &update("east"));
    assert_eq!(answer(&shows(&sandbox, "bilateral-third-updates", &no)), ("no", Some("ACC-04")));
    let missing = sandbox.ok(&explain(BILATERAL, &["--party", "preparer=north", "create", "statement"]));
    assert_eq!(answer(&missing), ("no", Some("ACC-08")));
}

/// The statements that are said to decide are taken out of the policy: the answer turns.
#[test]
fn acc_19_a_statement_that_decides_is_what_decides() {
    let sandbox = Sandbox::empty();
    let ask = |template: &str, rest: &[&str]| {
        sandbox.ok(&[
            &[
                "policy",
                "explain",
                "--template",
                template,
                "--member",
                "c=buyer+supplier",
                "--member",
                "b=bank",
            ],
            rest,
        ]
        .concat())
    };
    let policy = std::fs::read_to_string(repository().join("channels/scf-receivable/policy.cedar")).unwrap();
    let text_of = |id: &str| {
        let start = policy.find(&format!("@id(\"{id}\")")).unwrap();
        policy[start..=start + policy[start..].find(';').unwrap()].to_owned()
    };
    let without = |id: &str| variant(&sandbox, "scf-receivable", &[("policy.cedar", &text_of(id), "")]);
    let decides = |value: &Value| value["statements"][0]["statement"].as_str().unwrap().to_owned();

    let forbidden = ask("scf-receivable", &["create", "receivable"]);
    assert_eq!((decides(&forbidden).as_str(), answer(&forbidden).0), ("no-self-dealing", "no"));
    let allowed = ask(&without("no-self-dealing"), &["create", "receivable"]);
    assert_eq!((decides(&allowed).as_str(), answer(&allowed).0), ("supplier-issues", "yes"));
    let other = ["create", "acceptance"];
    let accepts = ask("scf-receivable", &other);
    assert_eq!((decides(&accepts).as_str(), answer(&accepts).0), ("buyer-accepts", "yes"));
    assert_eq!(answer(&ask(&without("buyer-accepts"), &other)), ("no", Some("ACC-04")));
    assert_eq!(
        answer(&ask(&without("supplier-corrects"), &other)).0,
        "yes",
        "another statement changes nothing"
    );
}

#[test]
fn aud_01_a_field_is_explained_by_rule_slot_and_line() {
    let sandbox = Sandbox::empty();
    let lines = shows(&sandbox, "scf-read-lines", &explain(SCF, &["--read", "lines"]));
    let opens = |value: &Value| -> Vec<(String, String)> {
        let members = value["members"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        members.map(|member| (text(&member["member"]), text(&member["opens"]))).collect()
    };
    let expected =
        |rows: [(&str, &str); 3]| rows.map(|(name, opens)| (name.to_owned(), opens.to_owned())).to_vec();
    assert_eq!(opens(&lines), expected([("acme", "yes"), ("forge", "yes"), ("northbank", "no")]));
    let toml = std::fs::read_to_string(repository().join("channels/scf-receivable/channel.toml")).unwrap();
    let rule_line: usize = lines["rule_at"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(toml.lines().nth(rule_line - 1), Some("slots = [\"buyer\", \"supplier\"]"));

    let figures = explain(BILATERAL, &["--party", "preparer=north", "--read", "statement.total"]);
    let figures = shows(&sandbox, "bilateral-read-total", &figures);
    assert_eq!(
        opens(&figures),
        expected([("north", "yes"), ("south", "as counterparty"), ("east", "as counterparty")])
    );
    let of_one = sandbox.ok(&explain(SCF, &["--who", "acme", "--read", "receivable.requested_advance"]));
    assert_eq!(of_one["members"].as_array().unwrap().len(), 1);
    assert_eq!(of_one["members"][0]["opens"], "no");
}

#[test]
fn acc_20_a_comparison_of_the_receivables_template_tells_who_gains() {
    let sandbox = Sandbox::empty();
    let bank = "@id(\"bank-accepts\")\npermit (principal, action == Action::\"create\", resource is Acceptance)\n\
                when { principal.roles.contains(\"bank\") && resource.bank == principal && resource.owner == principal };\n";
    let dealing = "when { resource.buyer == resource.supplier };";
    let wider = variant(
        &sandbox,
        "scf-receivable",
        &[
            (
                "policy.cedar",
                dealing,
                &format!("when {{ false && resource.buyer == resource.bank }};\n{bank}"),
            ),
            ("channel.toml", "version = 1", "version = 2"),
            ("channel.toml", "grace = 16", "grace = 8"),
            (
                "channel.toml",
                "slots = [\"buyer\", \"supplier\"]",
                "slots = [\"buyer\", \"supplier\", \"bank\"]",
            ),
        ],
    );
    // The validator knows that the forbid can never apply, and refuses it.
    assert_eq!(sandbox.json(&["policy", "diff", "scf-receivable", &wider]).1["rule"], "ACC-15");
    let wider = variant(
        &sandbox,
        "scf-receivable",
        &[
            ("policy.cedar", dealing, &format!("when {{ resource.buyer == resource.bank }};\n{bank}")),
            ("channel.toml", "version = 1", "version = 2"),
            ("channel.toml", "grace = 16", "grace = 8"),
            (
                "channel.toml",
                "slots = [\"buyer\", \"supplier\"]",
                "slots = [\"buyer\", \"supplier\", \"bank\"]",
            ),
            ("channel.toml", "class = \"pricing\"\naudience", "class = \"amount\"\naudience"),
        ],
    );
    let value = shows(&sandbox, "scf-diff", &["policy", "diff", "scf-receivable", &wider]);
    let doing = value["doing"].as_array().unwrap();
    let row = |change: &str, action: &str, record: &str| {
        doing
            .iter()
            .filter(|row| row["change"] == change && row["action"] == action && row["type"] == record)
            .count()
    };
    assert_eq!((row("gains", "create", "acceptance"), row("loses", "create", "acceptance")), (1, 0));
    assert!(row("gains", "create", "receivable") > 0 && row("loses", "update", "receivable") > 0);
    assert_eq!(value["classes"][0]["field"], "receivable.requested_advance");
}

#[test]
fn acc_20_a_comparison_of_the_bilateral_template_tells_who_loses() {
    let sandbox = Sandbox::empty();
    let narrower = variant(
        &sandbox,
        "bilateral",
        &[
            (
                "policy.cedar",
                "(resource.preparer == principal || resource.counterparty == principal)",
                "resource.preparer == principal",
            ),
            (
                "channel.toml",
                "name = \"both\"\nslots = [\"preparer\", \"counterparty\"]",
                "name = \"both\"\nslots = [\"preparer\"]",
            ),
        ],
    );
    let value = shows(&sandbox, "bilateral-diff", &["policy", "diff", "bilateral", &narrower]);
    assert!(
        value["result"]
            .as_str()
            .unwrap()
            .starts_with("nobody gains anything; loses: 1 in doing, 5 in reading")
    );
    let back = sandbox.ok(&["policy", "diff", &narrower, "bilateral"]);
    assert!(back["result"].as_str().unwrap().ends_with("nobody loses anything"));
}

#[test]
fn acc_20_whoever_gains_nothing_is_told_so() {
    let sandbox = Sandbox::empty();
    for template in ["scf-receivable", "bilateral", "dvp-cash", "dvp-securities", "netting"] {
        let same = sandbox.ok(&["policy", "diff", template, template]);
        assert_eq!(same["result"], "nobody gains anything; nobody loses anything");
        assert_eq!(
            (&same["doing"], &same["reading"], &same["definition"]),
            (&json!([]), &json!([]), &json!([]))
        );
        assert_eq!(same["not_tried"], json!([]));
    }
    // Other words, and a parameter: nobody gains, and what changed is listed.
    let reworded = variant(
        &sandbox,
        "scf-receivable",
        &[
            (
                "policy.cedar",
                "principal.roles.contains(\"buyer\") &&",
                "principal.roles.containsAny([\"buyer\"]) &&",
            ),
            ("channel.toml", "grace = 16", "grace = 15"),
        ],
    );
    let value = sandbox.ok(&["policy", "diff", "scf-receivable", &reworded]);
    assert_eq!(value["result"], "nobody gains anything; nobody loses anything");
    assert_eq!(value["definition"], json!([{ "what": "parameters.grace", "before": "16", "after": "15" }]));
    assert!(value["situations"].as_u64().unwrap() > 0, "it was tried, not compared as text");
}

#[test]
fn def_06_def_11_a_folder_is_checked_as_the_next_version() {
    let sandbox = Sandbox::empty();
    let version = ("channel.toml", "version = 1", "version = 2");
    let next = variant(&sandbox, "scf-receivable", &[version]);
    let checked = sandbox.ok(&["policy", "check", &next, "--follows", "scf-receivable"]);
    assert_eq!(checked["may_follow_version"], 1);
    let (code, refused) =
        sandbox.json(&["policy", "check", "channels/scf-receivable", "--follows", "scf-receivable"]);
    assert_eq!(
        (code, refused["rule"].as_str(), refused["code"].as_str()),
        (2, Some("DEF-06"), Some("DEFINITION_CANNOT_FOLLOW"))
    );
    let moved = variant(
        &sandbox,
        "scf-receivable",
        &[version, ("channel.toml", "type = \"json\"", "type = \"text\"")],
    );
    assert_eq!(sandbox.json(&["policy", "check", &moved, "--follows", "scf-receivable"]).1["rule"], "DEF-11");
    // A number that an earlier version used stays taken, in whatever order the folders are named.
    let advance = "id = 9\nname = \"requested_advance\"";
    let third = variant(
        &sandbox,
        "scf-receivable",
        &[
            ("channel.toml", "version = 1", "version = 3"),
            ("channel.toml", advance, "id = 9\nname = \"fee\""),
        ],
    );
    let field = "[[record.field]]\nid = 9\nname = \"requested_advance\"\nclass = \"pricing\"\naudience = \"financing\"\ntype = \"amount\"\n";
    let second = variant(&sandbox, "scf-receivable", &[version, ("channel.toml", field, "")]);
    assert_eq!(sandbox.ok(&["policy", "check", &third, "--follows", &second])["may_follow_version"], 2);
    for order in [[&second, "scf-receivable"], ["scf-receivable", &second]] {
        let (_, refused) =
            sandbox.json(&["policy", "check", &third, "--follows", order[0], "--follows", order[1]]);
        assert_eq!(refused["rule"], "DEF-10");
    }
}

#[test]
fn a_channel_in_force_explains_itself_and_compares_with_a_folder() {
    let sandbox = Sandbox::founded();
    let tx = sandbox.submit("trade-a", "supplier-a", &receivable("A-1", "supplier-a", "bank-1"));
    let shown = sandbox.ok(&["tx", "show", "-c", "trade-a", "--as", "buyer", &tx]);
    let record = shown["operations"][0]["record"].as_str().unwrap();
    let ask = |rest: &[&str]| {
        sandbox.ok(&[&["policy", "explain", "-c", "trade-a", "--as", "supplier-a"], rest].concat())
    };
    let update = ask(&["update", "--record", record]);
    assert_eq!(answer(&update), ("yes", None));
    assert_eq!(update["owner"], "supplier-a");
    let other = ask(&["--who", "bank-1", "update", "--record", record]);
    assert_eq!((answer(&other), &other["owner"]), (("no", Some("ACC-04")), &json!("supplier-a")));
    let told = other["because"].as_str().unwrap();
    assert!(told.contains("supplier-corrects") && told.contains("policy.cedar:"), "{told}");
    let read = ask(&["--read", "receivable.lines", "--record", record]);
    let bank = read["members"].as_array().unwrap().iter().find(|row| row["member"] == "bank-1").unwrap();
    assert_eq!(bank["opens"], "no");
    // What is explained is what is decided: the same refusal as a submission gets.
    let mut draft = receivable("A-2", "supplier-a", "bank-1");
    draft["fields"].as_object_mut().unwrap().remove("requested_advance");
    let draft = sandbox.write("draft.json", &draft.to_string());
    let (code, denied) = sandbox.json(&["tx", "submit", "-c", "trade-a", "--as", "buyer", &draft]);
    let asked = ask(&["--who", "buyer", "create", "receivable"]);
    assert_eq!((code, denied["rule"].as_str()), (4, asked["rule"].as_str()));

    let wider = variant(
        &sandbox,
        "scf-receivable",
        &[(
            "policy.cedar",
            "resource.buyer == principal &&\n  resource.owner == principal",
            "resource.owner == principal",
        )],
    );
    let value = sandbox.ok(&["policy", "diff", "-c", "trade-a", "--as", "bank-1", &wider]);
    assert_eq!(value["doing"][0]["members"], json!(["buyer"]));
    assert_eq!(
        (&value["doing"][0]["roles"], &value["doing"][0]["standing"]),
        (&json!(["buyer"]), &json!(["owner"]))
    );
}

#[test]
fn cli_01_a_question_that_says_nothing_is_refused() {
    let sandbox = Sandbox::founded();
    sandbox.submit("banks", "bank-1", &statement("2025-01"));
    let refused = |arguments: &[&str]| {
        let (code, value) = sandbox.json(&[&["policy"], arguments].concat());
        assert_eq!(
            (code, value["code"].as_str(), value["rule"].as_str()),
            (2, Some("USAGE"), Some("CLI-01")),
            "{arguments:?}"
        );
    };
    let scf = |rest: &[&'static str]| [&["explain"], SCF, rest].concat();
    refused(&["explain"]);
    refused(&["explain", "-c", "banks"]);
    refused(&scf(&[]));
    refused(&scf(&["create"]));
    refused(&scf(&["--who", "nobody", "create", "receivable"]));
    refused(&scf(&["--party", "buyer", "create", "receivable"]));
    refused(&scf(&["--party", "buyer=nobody", "create", "receivable"]));
    refused(&scf(&["--member", "x=king", "create", "receivable"]));
    refused(&scf(&["--member", "acme=bank", "create", "receivable"]));
    refused(&scf(&["--member", "x", "create", "receivable"]));
    refused(&scf(&["--read", "nothing"]));
    refused(&scf(&["--read", "invoice_number"]));
    refused(&scf(&["--record", "ab", "create", "receivable"]));
    refused(&["explain", "--template", "scf-receivable", "create", "receivable"]);
    refused(&["explain", "-c", "banks", "--as", "bank-1", "update", "--record", "xyz"]);
    refused(&["diff", "scf-receivable"]);
    refused(&["diff", "-c", "banks", "--as", "bank-1", "bilateral", "bilateral"]);
    let unknown = "ab".repeat(32);
    let absent = ["policy", "explain", "-c", "banks", "--as", "bank-1", "update", "--record", &unknown];
    assert_eq!(sandbox.json(&absent).0, 3);
    let nowhere: PathBuf = sandbox.path("nowhere");
    assert_eq!(sandbox.json(&["policy", "diff", "bilateral", &nowhere.display().to_string()]).0, 3);
}
