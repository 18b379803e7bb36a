//! The register of rules: `specs/rules.md` and the code name the same rules in the same words.
//!
//! A register line is `| ID | sentence | function | test |`. Each rule stands in a doc comment of the
//! function that enforces it as `> ID: sentence`, is named by a test whose name begins with its id, and
//! is mentioned in a chapter of `specs/`. The code names no rule that the register does not have.
//! Everything that is wrong is listed at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A source file with its text, the path below the repository.
struct Source {
    path: String,
    text: String,
}

/// What is compared.
#[derive(Default)]
struct Repository {
    register: String,
    /// chapters of `specs/` other than the register
    chapters: Vec<Source>,
    /// `crates/*/src/**`
    code: Vec<Source>,
    /// every file with tests
    tests: Vec<Source>,
}

/// One line of the register.
struct Line {
    id: String,
    sentence: String,
    function: String,
}

/// A rule as a doc comment states it.
struct Stated {
    sentence: String,
    /// the crate's folder
    krate: String,
}

/// `ABC-01` at the start of a text, with what follows.
fn id_at(text: &str) -> Option<(&str, &str)> {
    let (id, rest) = text.split_at_checked(6)?;
    let shape = |(at, byte): (usize, u8)| match at {
        0..3 => byte.is_ascii_uppercase(),
        3 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let whole = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    (id.bytes().enumerate().all(shape) && whole).then_some((id, rest))
}

/// Every id that a text mentions; `ROO-01..07` and `ROO-01 to ROO-07` mention their ends only.
fn ids(text: &str) -> BTreeSet<String> {
    let starts = text.char_indices().filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-')
    });
    starts.filter_map(|(at, _)| id_at(&text[at..])).map(|(id, _)| id.to_owned()).collect()
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn register(text: &str) -> Vec<Line> {
    let cells = |line: &str| -> Option<Line> {
        // A bar inside a sentence is written `\|`.
        let line = line.trim().replace("\\|", "\u{1}");
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [id, sentence, function, _] = cells.as_slice() else { return None };
        let (id, "") = id_at(id.trim_matches('`'))? else { return None };
        let whole = |text: &str| normal(&text.replace('\u{1}', "|"));
        Some(Line {
            id: id.to_owned(),
            sentence: whole(sentence),
            function: function.trim_matches('`').to_owned(),
        })
    };
    text.lines().filter_map(cells).collect()
}

/// Rules that doc comments state: `> ID: sentence`, which may go on in the next `>` lines.
fn stated(code: &[Source]) -> BTreeMap<String, Vec<Stated>> {
    let mut found: BTreeMap<String, Vec<Stated>> = BTreeMap::new();
    for source in code {
        let mut last: Option<String> = None;
        for line in source.text.lines() {
            let doc = line.trim().strip_prefix("///").or_else(|| line.trim().strip_prefix("//!"));
            let Some(quoted) = doc.and_then(|doc| doc.trim().strip_prefix('>')).map(str::trim) else {
                last = None;
                continue;
            };
            match (id_at(quoted).and_then(|(id, rest)| Some((id, rest.strip_prefix(':')?))), &last) {
                (Some((id, sentence)), _) => {
                    let rule = Stated { sentence: normal(sentence), krate: crate_of(&source.path) };
                    found.entry(id.to_owned()).or_default().push(rule);
                    last = Some(id.to_owned());
                }
                (None, Some(id)) => {
                    if let Some(rule) = found.get_mut(id).and_then(|rules| rules.last_mut()) {
                        rule.sentence = normal(&format!("{} {quoted}", rule.sentence));
                    }
                }
                (None, None) => {}
            }
        }
    }
    found
}

fn crate_of(path: &str) -> String {
    path.split("/src/").next().unwrap_or_default().to_owned()
}

/// Ids that the code names as string literals.
fn literal_ids(code: &[Source]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in code {
        for part in source.text.split('"') {
            if let Some((id, "")) = id_at(part) {
                found.entry(id.to_owned()).or_insert_with(|| source.path.clone());
            }
        }
    }
    found
}

/// Ids that test names begin with: `sto_07_sto_12_something` carries two.
fn tested_ids(tests: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in tests {
        for part in source.text.split("fn ").skip(1) {
            let mut words = part
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default()
                .split('_');
            while let (Some(prefix), Some(number)) = (words.next(), words.next()) {
                let id = format!("{}-{number}", prefix.to_ascii_uppercase());
                if prefix.chars().any(|c| c.is_ascii_uppercase())
                    || id_at(&id).is_none_or(|(_, rest)| !rest.is_empty())
                {
                    break;
                }
                found.insert(id);
            }
        }
    }
    found
}

/// Whether a crate has a function of that name, the last segment of a path.
fn has_function(code: &[Source], krate: &str, function: &str) -> bool {
    let name = function.rsplit("::").next().unwrap_or_default().trim_end_matches("()");
    let call = |text: &str, end: char| text.contains(&format!("fn {name}{end}"));
    !name.is_empty()
        && code
            .iter()
            .filter(|source| crate_of(&source.path) == krate)
            .any(|s| call(&s.text, '(') || call(&s.text, '<'))
}

/// Everything that is wrong.
fn complaints(repository: &Repository) -> Vec<String> {
    let Repository { register: text, chapters, code, tests } = repository;
    let lines = register(text);
    let stated = stated(code);
    let tested = tested_ids(tests);
    let mentioned: BTreeSet<String> = chapters.iter().flat_map(|chapter| ids(&chapter.text)).collect();
    let mut wrong = Vec::new();
    let mut registered = BTreeSet::new();
    for Line { id, sentence, function } in &lines {
        if !registered.insert(id) {
            wrong.push(format!("{id}: stands twice in the register"));
        }
        match stated.get(id).map(Vec::as_slice) {
            None => wrong.push(format!("{id}: no doc comment states it")),
            Some(places) => {
                for place in places.iter().filter(|place| place.sentence != *sentence) {
                    wrong.push(format!(
                        "{id}: the register says `{sentence}`, {} says `{}`",
                        place.krate, place.sentence
                    ));
                }
                if !places.iter().any(|place| has_function(code, &place.krate, function)) {
                    wrong.push(format!("{id}: no function `{function}` in the crate that states it"));
                }
            }
        }
        if !tested.contains(id) {
            wrong.push(format!("{id}: no test is named after it"));
        }
        if !mentioned.contains(id) {
            wrong.push(format!("{id}: no chapter of specs/ mentions it"));
        }
    }
    for (id, places) in stated.iter().filter(|(id, _)| !registered.contains(id)) {
        let crates: Vec<&str> = places.iter().map(|place| place.krate.as_str()).collect();
        wrong.push(format!("{id}: stated in {}, not in the register", crates.join(", ")));
    }
    for (id, path) in
        literal_ids(code).iter().filter(|(id, _)| !registered.contains(id) && !stated.contains_key(*id))
    {
        wrong.push(format!("{id}: named in {path}, not in the register"));
    }
    if lines.is_empty() {
        wrong.push("specs/rules.md has no line `| ID | sentence | function | test |`".into());
    }
    wrong
}

fn repository() -> Repository {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let all = |folder: &str, extension: &str| {
        let mut found = Vec::new();
        collect(&root, &root.join(folder), extension, &mut found);
        found
    };
    let is_code = |source: &Source| source.path.contains("/src/");
    let register = std::fs::read_to_string(root.join("specs/rules.md")).unwrap_or_default();
    Repository {
        register,
        chapters: all("specs", "md").into_iter().filter(|source| source.path != "specs/rules.md").collect(),
        code: all("crates", "rs").into_iter().filter(is_code).collect(),
        tests: all("crates", "rs").into_iter().chain(all("tests", "rs")).collect(),
    }
}

fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<Source>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension)
            && let (Ok(text), Ok(below)) = (std::fs::read_to_string(&path), path.strip_prefix(root))
        {
            found.push(Source { path: below.display().to_string(), text });
        }
    }
}

#[test]
fn register_code_tests_and_chapters_name_the_same_rules() {
    let wrong = complaints(&repository());
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

/// A repository of one rule in which everything is right.
fn planted() -> Repository {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    // The id is put together so that this file names no rule by itself.
    let with_id = |text: &str| text.replace("@", "PLA-01");
    Repository {
        register: with_id(
            "| id | rule | function | test |\n|--|--|--|--|\n| @ | it holds \\| always. | `a::hold` | `t` |\n",
        ),
        chapters: vec![source("specs/01.md", &with_id("see @."))],
        code: vec![source(
            "crates/a/src/b.rs",
            &with_id("/// > @: it holds\n/// > | always.\nfn hold() { \"@\"; }\n"),
        )],
        tests: vec![source("crates/a/src/c.rs", "fn pla_01_pla_02_it_holds() {}\n")],
    }
}

/// Breaks one thing.
type Change = fn(&mut Repository);

#[test]
fn each_way_to_be_wrong_is_noticed() {
    assert_eq!(complaints(&planted()), Vec::<String>::new());
    let broken = |change: Change| {
        let mut repository = planted();
        change(&mut repository);
        complaints(&repository)
    };
    let cases: [(&str, Change); 9] = [
        ("no doc comment", |r| r.code[0].text = r.code[0].text.replace("///", "//")),
        ("the register says", |r| r.register = r.register.replace("holds", "hold")),
        ("no function", |r| r.code[0].text = r.code[0].text.replace("fn hold()", "fn holds()")),
        ("no test", |r| r.tests[0].text = r.tests[0].text.replace("fn pla_01", "fn it_is_pla_01")),
        ("no chapter", |r| r.chapters[0].text = r.chapters[0].text.replace("-01", "-011")),
        ("not in the register", |r| r.code[0].text += "/// > PLA-02: it does not.\n"),
        ("not in the register", |r| r.code[0].text += "\"PLA-03\"\n"),
        ("stands twice", |r| r.register += &r.register.clone()),
        ("has no line", |r| *r = Repository::default()),
    ];
    for (word, change) in cases {
        let found = broken(change);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "`{word}` is not among {found:?}");
    }
}

#[test]
fn a_test_name_may_carry_several_ids() {
    let tests = planted().tests;
    assert_eq!(tested_ids(&tests), BTreeSet::from(["PLA-01".to_owned(), "PLA-02".to_owned()]));
}
