//! One transaction, side by side: each column from its reader's own directory and key, and the picture of it.

mod support;

use std::path::{Path, PathBuf};

use parclose_audit::bundle::OrderedEvent;
use parclose_audit::{Bundle, Grant, GrantScope, GrantTerms, WrappedViewKey};
use parclose_node::{Consortium, Home, RoomHandle, key_file};
use parclose_transaction::MemberEntry;
use parclose_types::{Epoch, Sequence, hex};
use serde_json::{Value, json};
use support::{GENERATED, Sandbox, generated, repository};

const ROOM: &str = "receivables";

/// A room in which two banks compete, with generated invoices of which `bank-1` is the bank: the sandbox, and
/// the first transaction.
fn room_of_two_banks() -> (Sandbox, String) {
    let sandbox = Sandbox::founded();
    let member = |name: &'static str| ["--member", name];
    sandbox.ok(&[
        &["channel", "create", ROOM, "--template", "scf-receivable"][..],
        &["buyer=buyer", "supplier-a=supplier", "bank-1=bank", "bank-2=bank"].map(member).concat(),
    ]
    .concat());
    let (folder, _) = generated(&sandbox, 3);
    let import = ["import", "csv", &folder, "-c", ROOM, "--as", "supplier-a", "--mapping", GENERATED];
    sandbox.ok(&[&import[..], &["--party", "bank=bank-1"]].concat());
    let tx = sandbox.records(ROOM, "buyer")[0]["tx"].as_str().expect("a running consortium").to_owned();
    (sandbox, tx)
}

fn in_room<T: Send + 'static>(
    room: &RoomHandle,
    look: impl FnOnce(&mut parclose_channel::Channel) -> T + Send + 'static,
) -> T {
    room.call(look).expect("the room works")
}

/// The parties grant the regulator one class from the first epoch on, and the rival exports: two files.
fn granted(sandbox: &Sandbox, class: &'static str) -> [String; 2] {
    let consortium = Consortium::open(Home::open(&sandbox.home()).expect("a running consortium"))
        .expect("a running consortium");
    let key = key_file::inspect(&consortium.home().regulator_directory().join("regulator.key"))
        .expect("a running consortium");
    let grantee = hex::decode(&key.public).expect("a running consortium");
    let room = |member: &str| consortium.room(member, ROOM).expect("a running consortium");
    let (issuer, second) = (room("supplier-a"), room("buyer"));
    let second_key = in_room(&second, |channel| channel.pseudonym().public());
    let wrapped = in_room(&issuer, {
        let grantee = grantee.clone();
        move |channel| {
            let (config, definition) = (channel.config(), channel.definition());
            let named = |name: &str| config.named(name).map(MemberEntry::id).expect("a running consortium");
            let parties = [("buyer", "buyer"), ("supplier", "supplier-a"), ("bank", "bank-1")];
            let parties = parties.into_iter().map(|(slot, member)| (slot, named(member))).collect();
            let rule = definition.audience("parties").expect("a running consortium");
            let scope = GrantScope {
                channel: channel.id(),
                generation: config.generation,
                audience: config.audience_of(&config.audience_members(rule, &parties)),
                class: definition.class_named(class).expect("a running consortium").id,
                from: Epoch(0),
                to: Epoch(7),
            };
            GrantTerms::draw_up(channel.keys(), scope, &grantee, channel.pseudonym().public(), second_key)
        }
    })
    .expect("a running consortium");
    let signed = |room: &RoomHandle| {
        let terms = wrapped.clone();
        in_room(room, move |channel| terms.sign(channel.keys(), channel.pseudonym()))
            .expect("a running consortium")
    };
    let grant = Grant {
        issuer_signature: signed(&issuer),
        second_signature: signed(&second),
        terms: wrapped.clone(),
    };
    let wrapped = in_room(&issuer, move |channel| {
        let mut generator = parclose_node::randomness::generator();
        WrappedViewKey::issue(channel.keys(), grant, &grantee, &mut generator).expect("a running consortium")
    });
    let root = consortium.root().clone();
    let bundle = in_room(&room("bank-2"), move |channel| {
        let tag = channel.tag();
        let events = root.events(&tag, Sequence(0), usize::MAX).expect("a running consortium").into_iter();
        let ordered = |event: parclose_consensus::FinalEvent| OrderedEvent {
            height: event.height,
            transaction: event.transaction.encode(),
        };
        let proof = root.prove_tag(&tag).expect("a running consortium").expect("a running consortium");
        Bundle::export(channel, events.map(ordered).collect(), proof, Some((Epoch(0), Epoch(7))))
            .expect("a running consortium")
    });
    drop(consortium.close());
    let key = sandbox.write(&format!("{class}.viewkey.json"), &wrapped.to_json());
    let export = sandbox.path("export.bundle");
    std::fs::write(&export, bundle.encode()).expect("a running consortium");
    [key, export.display().to_string()]
}

fn views(sandbox: &Sandbox, tx: &str, readers: &[&str]) -> Value {
    sandbox.ok(&[&["tx", "views", tx, "-c", ROOM], readers].concat())
}

/// Field and cell of a column.
fn column(views: &Value, name: &str) -> Vec<(String, Value)> {
    let rows = views["fields"].as_array().expect("rows").iter();
    rows.map(|row| (row["field"].as_str().expect("a name").to_owned(), row[name].clone())).collect()
}

#[test]
fn txv_01_each_column_is_what_its_reader_sees_alone() {
    let (sandbox, tx) = room_of_two_banks();
    let readers =
        ["--as", "buyer", "--as", "supplier-a", "--as", "bank-1", "--as", "bank-2", "--as", "supplier-b"];
    let side_by_side = views(&sandbox, &tx, &readers);
    for member in ["buyer", "supplier-a", "bank-1", "bank-2"] {
        let shown = sandbox.ok(&["tx", "show", "-c", ROOM, "--as", member, &tx]);
        let fields = shown["operations"][0]["fields"].as_array().unwrap().iter();
        let cell = |field: &Value| match field["state"].as_str() {
            Some("opened") => json!({ "opened": field["value"] }),
            _ => field["state"].clone(),
        };
        let alone: Vec<_> =
            fields.map(|field| (field["field"].as_str().unwrap().to_owned(), cell(field))).collect();
        assert_eq!(column(&side_by_side, &format!("as {member}")), alone, "{member}");
    }
    let count = |member: &str, state: &str| {
        let readers = side_by_side["readers"].as_array().unwrap().iter();
        readers.filter(|r| r["reader"] == member).map(|r| r[state].as_u64().unwrap()).sum::<u64>()
    };
    let all = count("supplier-a", "opened");
    assert_eq!((count("buyer", "opened"), count("buyer", "sealed")), (all - 1, 1), "not the advance");
    assert_eq!((count("bank-1", "opened"), count("bank-1", "sealed")), (all - 1, 1), "not the lines");
    assert_eq!((count("bank-2", "opened"), count("bank-2", "sealed")), (0, all), "the rival in the room");
    assert_eq!(count("supplier-b", "absent"), all, "not in the room");
    let alone = views(&sandbox, &tx, &["--as", "buyer"]);
    assert_eq!(column(&alone, "as buyer"), column(&side_by_side, "as buyer"));
    let commitment = side_by_side["root_chain"]["commitment"].as_str().unwrap();
    assert!(commitment.len() == 64 && hex::decode(commitment).is_ok());
}

#[test]
fn txv_02_a_regulators_column_needs_an_export_that_verifies_and_a_key_of_its_own() {
    let (sandbox, tx) = room_of_two_banks();
    let [key, bundle] = granted(&sandbox, "amount");
    let regulator = ["--as", "bank-2", "--view-key", &key, "--bundle", &bundle];
    let seen = views(&sandbox, &tx, &regulator);
    for (field, cell) in column(&seen, "with view key") {
        assert_eq!(cell.get("opened").is_some(), field == "face_amount", "{field}: {cell}");
    }
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(&bundle).unwrap();
        change(&mut bytes);
        let file = sandbox.path("changed.bundle");
        std::fs::write(&file, &bytes).unwrap();
        let file = file.display().to_string();
        let line = ["tx", "views", &tx, "-c", ROOM, "--as", "bank-2", "--view-key", &key, "--bundle", &file];
        sandbox.json(&line)
    };
    assert_eq!(refused(&|_| {}).0, 0, "a copy is as good");
    for at in [200, 2000, 20_000] {
        let (code, error) = refused(&|bytes| {
            let at = at % bytes.len();
            bytes[at] ^= 1;
        });
        assert_ne!(code, 0, "byte {at}: {error}");
    }
    let line = ["tx", "views", &tx, "-c", ROOM, "--as", "bank-2", "--view-key", &key];
    assert_eq!(sandbox.json(&line).0, 2, "a view key alone opens nothing");
    let other = Sandbox::founded();
    std::fs::copy(
        other.home().join("regulator/regulator.key"),
        sandbox.home().join("regulator/regulator.key"),
    )
    .unwrap();
    let (code, _) = sandbox.json(&[&["tx", "views", &tx, "-c", ROOM], &regulator[..]].concat());
    assert_ne!(code, 0, "somebody else's key");
}

#[test]
fn what_nobody_has_is_not_found_and_nobody_looks_twice() {
    let (sandbox, tx) = room_of_two_banks();
    let code = |line: &[&str]| {
        let (exit, value) = sandbox.json(&[&["tx", "views"], line].concat());
        (exit, value["code"].as_str().unwrap().to_owned())
    };
    let nothing = "00".repeat(32);
    assert_eq!(code(&[&nothing, "-c", ROOM, "--as", "buyer"]), (3, "NOT_FOUND".into()));
    assert_eq!(code(&[&tx, "-c", ROOM, "--as", "supplier-b"]), (3, "CHANNEL_NOT_FOUND".into()));
    assert_eq!(code(&[&tx, "-c", "nowhere", "--as", "buyer"]), (3, "CHANNEL_NOT_FOUND".into()));
    assert_eq!(code(&[&tx, "-c", ROOM, "--as", "nobody"]), (3, "MEMBER_NOT_FOUND".into()));
    assert_eq!(code(&[&tx, "-c", ROOM, "--as", "buyer", "--as", "buyer"]), (2, "USAGE".into()));
    let picture = sandbox.text("picture.svg");
    let line = ["tx", "views", &tx, "-c", ROOM, "--as", "buyer", "--svg", &picture];
    sandbox.ok(&line);
    assert_eq!(sandbox.json(&line).0, 2, "no file is written over");
}

/// The picture without what every run has otherwise: the commitment, and the height of its block.
fn without_chance(svg: &str) -> String {
    let masked = |line: &str| match (line.contains(r#"class="hex""#), line.split_once(", height ")) {
        (true, _) => "COMMITMENT".to_owned(),
        (_, Some((before, after))) => {
            format!("{before}, height H{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        _ => line.to_owned(),
    };
    svg.lines().map(masked).collect::<Vec<_>>().join("\n")
}

fn approved(path: &Path, drawn: &str) {
    if std::env::var_os("PARCLOSE_APPROVE").is_some() {
        std::fs::write(path, drawn).expect("the folder is there");
    }
}

/// `PARCLOSE_APPROVE=1` with this test draws it anew.
#[test]
fn the_picture_in_the_readme_is_what_a_run_draws() {
    let (sandbox, tx) = room_of_two_banks();
    let [key, bundle] = granted(&sandbox, "amount");
    let drawn = sandbox.text("three-views.svg");
    let readers =
        ["--as", "buyer", "--as", "bank-2", "--view-key", &key, "--bundle", &bundle, "--svg", &drawn];
    let value = views(&sandbox, &tx, &readers);
    let drawn = std::fs::read_to_string(&drawn).unwrap();
    assert!(drawn.contains(value["root_chain"]["commitment"].as_str().unwrap()));
    let kept: PathBuf = repository().join("specs/pictures/three-views.svg");
    approved(&kept, &drawn);
    let kept = std::fs::read_to_string(kept).expect("the picture is in the repository");
    assert_eq!(without_chance(&kept), without_chance(&drawn));
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    assert!(readme.contains("(specs/pictures/three-views.svg)"));
}
