//! Erasure by commands: asked for, approved, carried out, certified, and told in an audit.

mod support;

use serde_json::{Value, json};
use support::{Sandbox, refused, statement};

fn record_of(sandbox: &Sandbox, month: &str) -> String {
    let listed = sandbox.ok(&["record", "list", "-c", "banks", "--as", "bank-1"]);
    let rows = listed["records"].as_array().expect("records");
    let found = rows.iter().find(|row| row["fields"]["month"] == month).expect("it was written");
    found["record"].as_str().expect("an id").to_owned()
}

fn names(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| row["member"].as_str().or(row.as_str()))
        .collect()
}

#[test]
fn era_12_a_certificate_says_what_was_erased_and_what_is_out_of_reach() {
    let sandbox = Sandbox::founded();
    sandbox.submit("banks", "bank-1", &statement("2025-01"));
    sandbox.submit("banks", "bank-1", &statement("2025-02"));
    let archive = sandbox.text("banks.backup");
    sandbox.ok(&["backup", "create", "-c", "banks", "--as", "bank-1", "--out", &archive]);
    let record = record_of(&sandbox, "2025-01");
    let of = |member: &'static str| ["-c", "banks", "--as", member];
    let what = ["--record", &record, "--reason", "asked for by the person concerned"];
    let asked = sandbox.ok(&[&["erase", "record"], &of("bank-1")[..], &what].concat());
    assert_eq!(
        (&asked["schema"], &asked["standing"]),
        (&json!("parclose.erasure/1"), &json!("waits for approval"))
    );
    let erasure = asked["erasure"].as_str().expect("a digest").to_owned();
    let out = sandbox.text("certificate.json");
    let certify =
        [&["erase", "certificate"], &of("bank-1")[..], &["--erasure", &erasure, "--out", &out]].concat();
    assert_eq!(refused(&sandbox, &certify).1, "NOT_FOUND", "it is not in force");
    let again = [&["erase", "record"], &of("bank-1")[..], &what].concat();
    assert_eq!(refused(&sandbox, &again).2, "ERA-02");
    let shown = sandbox.ok(&[&["record", "show", &record], &of("bank-2")[..]].concat());
    assert!(shown.to_string().contains("2025-01"), "nothing is gone yet: {shown}");

    let approved = sandbox.ok(&[&["erase", "record"], &of("bank-2")[..], &what].concat());
    assert_eq!((&approved["erasure"], &approved["standing"]), (&json!(erasure), &json!("in force")));
    let listed = sandbox.ok(&[&["erase", "list"], &of("bank-2")[..]].concat());
    let [row] = listed["erasures"].as_array().expect("a list").as_slice() else { panic!("{listed}") };
    assert_eq!(names(&row["confirmed_by"]).len() + names(&row["not_confirmed_by"]).len(), 2, "{row}");
    assert_eq!(names(&row["not_confirmed_by"]), [""; 0], "both are in this home: {row}");
    let shown = sandbox.ok(&[&["record", "show", &record], &of("bank-2")[..]].concat());
    assert!(shown.to_string().contains("erased") && !shown.to_string().contains("2025-01"), "{shown}");

    let certificate = sandbox.ok(&certify);
    assert_eq!(certificate["schema"], "parclose.erasure-certificate/1");
    assert_eq!(certificate["reason"], "asked for by the person concerned");
    assert_eq!(names(&certificate["asked_by"]), ["bank-1", "bank-2"]);
    let [written] = certificate["transactions"].as_array().expect("a list").as_slice() else { panic!("one") };
    assert_eq!((&written["erased_fields"], &written["salt"]), (&json!(3), &json!("erased")));
    let [backup] = certificate["backups"].as_array().expect("a list").as_slice() else {
        panic!("{certificate}")
    };
    assert!(backup["file"].as_str().is_some_and(|file| file.ends_with("banks.backup")));
    assert!(backup["standing"].as_str().is_some_and(|text| text.contains("outside")));
    let file: Value =
        serde_json::from_str(&std::fs::read_to_string(&out).expect("it was written")).expect("JSON");
    assert_eq!(file["confirmed_by"], certificate["confirmed_by"]);
    assert_eq!(refused(&sandbox, &certify).0, 2, "never over a file");

    let verified = sandbox.ok(&[&["channel", "verify"], &of("bank-1")[..]].concat());
    assert!(verified.to_string().contains("\"withheld_batches\":0"), "{verified}");
    let (bundle, genesis) = (sandbox.text("banks.bundle"), sandbox.home().join("genesis.json"));
    // What the nodes have confirmed has to be attested: by the next batch at the latest.
    let export = || sandbox.json(&[&["channel", "export"], &of("bank-2")[..], &["--out", &bundle]].concat());
    let mut exported = export();
    for month in ["2025-03", "2025-04", "2025-05"] {
        if exported.0 != 0 {
            assert_eq!(exported.1["code"], "NOT_YET_ATTESTED", "{}", exported.1);
            sandbox.submit("banks", "bank-1", &statement(month));
            exported = export();
        }
    }
    assert_eq!(exported.0, 0, "{}", exported.1);
    let report = sandbox.ok(&["audit", "report", &bundle, "--genesis", &genesis.display().to_string()]);
    assert_eq!((&report["erased_fields"], &report["malformed"]), (&json!(3), &json!([])));
    let [told_of] = report["erased"].as_array().expect("a list").as_slice() else { panic!("{report}") };
    assert_eq!((&told_of["record"], names(&told_of["asked"])), (&json!(record), vec!["bank-1", "bank-2"]));
    let nothing = sandbox
        .json(&[&["erase", "record"], &of("bank-1")[..], &["--record", "x", "--reason", "y"]].concat());
    assert_eq!(nothing.0, 2);
}

/// What a home's members have to do by themselves is done while commands run.
fn rotated(sandbox: &Sandbox, of: &[&str]) -> bool {
    let shown = sandbox.ok(&[&["channel", "show"], of].concat());
    shown["generation"] == 1
}

#[test]
fn era_15_a_generation_goes_with_its_keys_and_the_certificate_lists_who_was_granted_some() {
    let sandbox = Sandbox::founded();
    let [first, second] = [["-c", "banks", "--as", "bank-1"], ["-c", "banks", "--as", "bank-2"]];
    sandbox.submit("banks", "bank-1", &statement("2025-01"));
    let record = record_of(&sandbox, "2025-01");
    let passphrase = sandbox.secret("passphrase", "of the authority");
    let (key, view_key) = (sandbox.text("authority.key"), sandbox.text("viewkey.json"));
    sandbox.ok(&["key", "generate", "--kind", "regulator", "--out", &key, "--passphrase-file", &passphrase]);
    let issue = ["--field", "statement.total", "--from-epoch", "0", "--to-epoch", "900", "--to", &key];
    let more = ["--name", "authority", "--second", "bank-2", "--out", &view_key];
    let issued = sandbox.ok(&[&["viewkey", "issue"], &first[..], &issue, &more].concat());
    let grant = issued["grant"].as_str().expect("a digest").to_owned();

    let erase = |of: &[&str], what: &[&str]| {
        sandbox.json(&[&["erase"], what, of, &["--reason", "kept for as long as the law asks"]].concat())
    };
    let (code, refused) = erase(&first, &["generation", "--generation", "0"]);
    assert_eq!((code, &refused["rule"]), (2, &json!("ERA-13")), "it goes on: {refused}");
    let moved = sandbox.ok(&[&["channel", "propose", "--rekey"], &first[..]].concat());
    let motion = moved["motion"].as_str().expect("a digest").to_owned();
    sandbox.ok(&[&["channel", "vote", &motion], &second[..]].concat());
    assert!(rotated(&sandbox, &first), "all keys are renewed");
    sandbox.submit("banks", "bank-1", &statement("2025-02"));

    let asked = erase(&first, &["generation", "--generation", "0"]).1;
    assert_eq!(
        (&asked["generation"], &asked["standing"]),
        (&json!(0), &json!("waits for approval")),
        "{asked}"
    );
    let approved = erase(&second, &["generation", "--generation", "0"]).1;
    assert_eq!(approved["standing"], "in force", "{approved}");
    let shown =
        |of: &[&str], record: &str| sandbox.ok(&[&["record", "show", record], of].concat()).to_string();
    for of in [&first[..], &second] {
        let gone = shown(of, &record);
        assert!(gone.contains("erased") && !gone.contains("2025-01"), "{gone}");
        let kept = shown(of, &record_of(&sandbox, "2025-02"));
        assert!(kept.contains("2025-02"), "{kept}");
    }
    let out = sandbox.text("certificate.json");
    let erasure = asked["erasure"].as_str().expect("a digest");
    let certify = [&["erase", "certificate"], &first[..], &["--erasure", erasure, "--out", &out]].concat();
    let certificate = sandbox.ok(&certify);
    assert_eq!((&certificate["generation"], &certificate["keys"]["generation"]), (&json!(0), &json!(0)));
    assert_eq!(certificate["keys"]["whole_secrets_held_here"], 0);
    let [granted] = certificate["view_keys"].as_array().expect("a list").as_slice() else {
        panic!("{certificate}")
    };
    assert_eq!((&granted["grant"], &granted["to"]), (&json!(grant), &json!("authority")));
    assert_eq!(names(&certificate["confirmed_by"]).len(), 2, "{certificate}");
    // What was taken along stays with its holder; nothing of it is handed out again.
    let again = sandbox.text("again.json");
    let export = [&["viewkey", "export", &grant, "--out", &again], &second[..]].concat();
    let exported = sandbox.ok(&export);
    let keys = exported["keys"].as_array().expect("a list");
    assert!(keys.iter().all(|key| key["generation"] == 1), "{exported}");
}
