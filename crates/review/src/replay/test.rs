use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::checkout;

const SOURCE: &str = "\
#[test]
fn short() {}

#[test]
#[ignore = \"takes an hour\"]
fn long() {}

fn helper() {}
";

fn wrong(command: &str) -> String {
    complaint(command, &checkout::folder()).unwrap_or_default()
}

#[test]
fn attributes_are_those_of_a_test() {
    assert_eq!(attributes(SOURCE, "short"), Some(Attributes { is_ignored: false }));
    assert_eq!(attributes(SOURCE, "long"), Some(Attributes { is_ignored: true }));
    assert_eq!(attributes(SOURCE, "helper"), None);
    assert_eq!(attributes(SOURCE, "shor"), None);
}

#[test]
fn a_test_that_is_left_out_or_not_there_is_noticed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tests = folder.path().join("crates/one/tests");
    fs::create_dir_all(&tests).expect("a folder");
    fs::write(tests.join("binary.rs"), SOURCE).expect("a file");
    let wrong =
        |arguments: &str| complaint(&format!("cargo test {arguments}"), folder.path()).unwrap_or_default();
    for good in [
        "--locked --test binary -- --exact short",
        "--locked --test binary -- --include-ignored --exact short",
        "--locked --test binary -- --include-ignored --exact long",
        "--locked --test binary -- --ignored --exact long",
    ] {
        assert_eq!(wrong(good), "", "{good}");
    }
    for (bad, says) in [
        ("--locked --test binary -- --ignored --exact short", "it leaves out `short`"),
        ("--locked --test binary -- --exact long", "it leaves out `long`"),
        ("--locked --test binary -- --exact helper", "`binary.rs` has no test `helper`"),
        ("--locked --test other -- --exact short", "there is no file `other.rs` of tests"),
        ("--locked --test binary", "it names no test"),
        ("--test binary -- --exact short", "it does not say --locked"),
    ] {
        assert_eq!(wrong(bad), says, "{bad}");
    }
}

#[test]
fn what_begins_with_no_program_of_the_kit_is_noticed() {
    for good in [
        "make fuzz TARGET=F01",
        "SEED=2 make fuzz",
        "parclose-review leaks --seed 7",
        "parclose-simulate --all",
    ] {
        assert_eq!(wrong(good), "", "{good}");
    }
    assert_eq!(wrong("make nothing"), "the Makefile has no `nothing`");
    assert!(wrong("parclose-review nothing").contains("no suite is named `nothing`"));
    for bad in
        ["a split of four", "cargo nextest run -p parclose-oracle x (seed 7)", "parclose attack", "", "A=1"]
    {
        assert!(wrong(bad).contains("begins with no program"), "{bad}");
    }
}

/// Where the kit's items are made, beside the tests that [`crate::tests`] names.
const KIT: [&str; 6] = [
    "crates/attack/src",
    "crates/oracle/src",
    "crates/simulation/src",
    "crates/supply/src",
    "fuzz/targets/src/runner.rs",
    "fuzz/targets/src/suites.rs",
];

/// Texts of the kit, without their tests.
fn texts() -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    let mut open: Vec<PathBuf> = KIT.iter().map(|path| checkout::folder().join(path)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if !path.ends_with("test.rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).expect("it is text");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            texts.insert(path, code);
        }
    }
    texts
}

/// What stands between the quotes of the first text in quotes, with 7 for whatever is filled in.
fn quoted(text: &str) -> Option<String> {
    let inside = text.split('"').nth(1)?;
    let mut parts = inside.split('{');
    let first = parts.next()?.to_owned();
    Some(parts.fold(first, |so_far, part| so_far + "7" + part.split_once('}').map_or("", |(_, after)| after)))
}

/// The arguments of a call, from behind its bracket on.
fn arguments(text: &str) -> Vec<String> {
    let (mut arguments, mut depth, mut is_quoted) = (vec![String::new()], 0_usize, false);
    for letter in text.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted && depth == 0 => break,
            ')' if !is_quoted => depth -= 1,
            ',' if !is_quoted && depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().expect("there is one").push(letter);
    }
    arguments
}

/// The commands of the items that a text makes: the third argument of each, or what its name stands for.
fn commands(text: &str, all: &[&str]) -> Vec<Result<String, String>> {
    const NEW: &str = "Item::new(";
    let command = |(at, _)| {
        let (before, item) = text.split_at(at);
        let arguments = arguments(&item[NEW.len()..]);
        let third = arguments.get(2).map(|argument| argument.trim()).unwrap_or_default();
        if let Some(text) = quoted(third) {
            return Ok(text);
        }
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let name =
            third.trim_start_matches('&').split(|letter| !is_of_name(letter)).next().unwrap_or_default();
        let made = [format!("let {name} = "), format!("const {name}: "), format!("fn {name}(")];
        let find = |text: &str| made.iter().find_map(|made| quoted(text.rsplit_once(made)?.1));
        let found = find(before).or_else(|| all.iter().find_map(|text| find(text)));
        found.ok_or_else(|| format!("what is `{third}`?"))
    };
    text.match_indices(NEW).map(command).collect()
}

/// Commands of all the kit that would run nothing.
fn complaints(texts: &[&str]) -> (usize, Vec<String>) {
    let found: Vec<_> = texts.iter().flat_map(|text| commands(text, texts)).collect();
    let wrong = found.iter().filter_map(|command| match command {
        Ok(command) => complaint(command, &checkout::folder()),
        Err(unknown) => Some(unknown.clone()),
    });
    (found.len(), wrong.collect())
}

#[test]
fn every_item_of_the_kit_names_a_command_that_would_run_it() {
    let texts = texts();
    let texts: Vec<&str> = texts.values().map(String::as_str).collect();
    let (found, wrong) = complaints(&texts);
    assert_eq!(wrong, Vec::<String>::new());
    assert!(found >= 15, "{found} items were looked at");
}

#[test]
fn an_item_with_another_command_is_found_out() {
    let good = "let item = Item::new(\"a\", \"holds\", \"parclose-simulate --all\");";
    let named =
        "let replay = format!(\"make fuzz TARGET={id}\");\nlet item = Item::new(\"a\", \"holds\", &replay);";
    assert_eq!(complaints(&[good, named]), (2, Vec::new()));
    let bad = good.replace("parclose-simulate --all", "a split of four");
    let unnamed = named.replace("&replay", "&again");
    let older = "Item::new(\n    \"a\",\n    \"holds\",\n    \"cargo nextest run -p x y\",\n);";
    assert_eq!(complaints(&[&bad, &unnamed, older]).1.len(), 3);
}
