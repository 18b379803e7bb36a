//! The command tree as data: every command and option says what it is, and the documents name what there is.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory};
use support::repository;

fn tree() -> Command {
    let mut tree = parclose_cli::args::Args::command();
    tree.build();
    tree
}

/// Every command with its path, the hidden ones too.
fn all<'t>(command: &'t Command, path: &str, found: &mut Vec<(String, &'t Command)>) {
    found.push((path.to_owned(), command));
    for sub in command.get_subcommands() {
        all(sub, &format!("{path} {}", sub.get_name()), found);
    }
}

fn commands(tree: &Command) -> Vec<(String, &Command)> {
    let mut found = Vec::new();
    all(tree, tree.get_name(), &mut found);
    found
}

/// Commands that do something, without the name of the binary.
fn leaves(tree: &Command) -> BTreeSet<String> {
    let shown = commands(tree).into_iter().filter(|(_, c)| !c.has_subcommands() && !c.is_hide_set());
    shown.filter_map(|(path, _)| Some(path.split_once(' ')?.1.to_owned())).collect()
}

/// What is wrong with the help of a tree.
fn complaints(tree: &Command) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut shorts: BTreeMap<char, String> = BTreeMap::new();
    for (path, command) in commands(tree) {
        wrong.extend(about(command).into_iter().map(|what| format!("{path}: {what}")));
        wrong.extend(siblings(command).into_iter().map(|what| format!("{path}: {what}")));
        for arg in command.get_arguments() {
            wrong.extend(help(arg).into_iter().map(|what| format!("{path} {}: {what}", arg.get_id())));
            let (Some(short), Some(long)) = (arg.get_short(), arg.get_long()) else { continue };
            let first = shorts.entry(short).or_insert_with(|| long.to_owned());
            if first != long {
                wrong.push(format!("{path}: -{short} is --{long} here and --{first} elsewhere"));
            }
        }
    }
    wrong
}

fn about(command: &Command) -> Vec<&'static str> {
    let text = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut wrong = form(&text);
    if !text.starts_with(|c: char| c.is_uppercase()) {
        wrong.push("a command's help begins with a capital letter");
    }
    wrong
}

fn help(arg: &Arg) -> Vec<&'static str> {
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut wrong = form(&text);
    for value in arg.get_possible_values() {
        let flag = arg.get_action().takes_values();
        if flag && value.get_help().is_none_or(|help| !form(&help.to_string()).is_empty()) {
            wrong.push("one of its values has no help, or help of another form");
        }
    }
    wrong
}

/// Help is one line, a phrase without a full stop.
fn form(text: &str) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    if text.trim().is_empty() {
        wrong.push("no help");
    }
    if text.ends_with('.') {
        wrong.push("help ends with a full stop");
    }
    if text.trim() != text || text.contains('\n') || text.contains("  ") {
        wrong.push("help is not one line");
    }
    wrong
}

/// A name that begins another's is a trap for whoever abbreviates, and for completions.
fn siblings(command: &Command) -> Vec<String> {
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let names: Vec<&str> = shown.map(Command::get_name).collect();
    let mut wrong = Vec::new();
    for name in &names {
        for other in names.iter().filter(|other| *other != name && other.starts_with(*name)) {
            wrong.push(format!("`{name}` begins `{other}`"));
        }
    }
    wrong
}

#[test]
fn every_command_and_option_has_help_of_one_form() {
    assert_eq!(complaints(&tree()), [] as [String; 0]);
    assert!(commands(&tree()).len() > 40, "the walk reaches the whole tree");
}

#[test]
fn what_is_wrong_with_a_tree_is_noticed() {
    let planted = |change: &dyn Fn(Command) -> Command| {
        let good = Command::new("good").about("Good").arg(Arg::new("x").long("xx").short('x').help("one"));
        complaints(&Command::new("p").about("All").subcommand(change(good)))
    };
    assert_eq!(planted(&|good| good), [] as [String; 0]);
    let silent = |good: Command| good.arg(Arg::new("y").long("yy"));
    let changes: &[(&dyn Fn(Command) -> Command, &str)] = &[
        (&|_| Command::new("silent"), "no help"),
        (&silent, "no help"),
        (&|good| good.about("Ends."), "full stop"),
        (&|good| good.about("small"), "capital"),
        (&|good| good.about("Two\nlines"), "one line"),
        (&|good| good.arg(Arg::new("y").long("yy").help("ends.")), "full stop"),
        (&|good| good.arg(Arg::new("y").long("yy").help("one").value_parser(["a", "b"])), "values"),
        (
            &|good| good.subcommands([Command::new("im").about("A"), Command::new("import").about("B")]),
            "begins",
        ),
        (
            &|good| {
                let other = Arg::new("y").long("yy").short('x').help("one");
                good.subcommand(Command::new("sub").about("Sub").arg(other))
            },
            "elsewhere",
        ),
    ];
    for (change, what) in changes {
        let found = planted(change);
        assert!(found.iter().any(|told| told.contains(what)), "{what}: {found:?}");
    }
}

fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).expect("the document is there")
}

/// The commands that a chapter lists: `noun verb|verb` between `Commands:` and the next empty line.
fn listed(chapter: &str) -> BTreeSet<String> {
    let list =
        chapter.split("\nCommands: ").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let quoted = list.split('`').skip(1).step_by(2);
    let each = |entry: &str| match entry.split_once(' ') {
        Some((noun, verbs)) => verbs.split('|').map(|verb| format!("{noun} {verb}")).collect(),
        None => vec![entry.to_owned()],
    };
    quoted.flat_map(each).collect()
}

#[test]
fn the_chapter_lists_the_commands_that_there_are() {
    let chapter = text("specs/09-documents.md");
    let (there, listed) = (leaves(&tree()), listed(&chapter));
    assert_eq!(listed.difference(&there).collect::<Vec<_>>(), [] as [&String; 0], "not there");
    assert_eq!(there.difference(&listed).collect::<Vec<_>>(), [] as [&String; 0], "not listed");
}

#[test]
fn a_command_that_one_of_the_two_does_not_have_is_noticed() {
    let there = leaves(&tree());
    let planted = self::listed("x\n\nCommands: `version`, `tx list|fly`.\n\nAnd `tx show` elsewhere.");
    assert_eq!(planted.difference(&there).collect::<Vec<_>>(), ["tx fly"]);
    assert!(there.contains("tx show") && !planted.contains("tx show") && !there.contains("complete-names"));
}

/// Lines of a document that call the command: words, without remarks, redirections and the prompt.
fn examples(document: &str) -> Vec<Vec<String>> {
    let lines = document.lines().map(str::trim).map(|line| line.trim_start_matches("$ "));
    let calls = lines.filter(|line| line.starts_with("parclose ") && !line.contains('{'));
    calls
        .map(|line| {
            let words = line.split_whitespace().map(|word| word.trim_matches('"').to_owned());
            let is_of_the_shell =
                |word: &str| ["#", ">", "|", ">>", "&"].contains(&word) || word.starts_with("<<");
            words.take_while(|word| !is_of_the_shell(word)).collect()
        })
        .collect()
}

fn refusals(examples: &[Vec<String>]) -> Vec<String> {
    let parse = |words: &Vec<String>| tree().try_get_matches_from(words).err();
    let told = |words: &Vec<String>| Some(format!("{}: {}", words.join(" "), parse(words)?));
    examples.iter().filter_map(told).collect()
}

#[test]
fn every_example_of_the_readme_parses() {
    let examples = examples(&text("README.md"));
    assert!(examples.len() >= 15, "{}", examples.len());
    assert_eq!(refusals(&examples), [] as [String; 0]);
}

#[test]
fn an_example_that_does_not_parse_is_noticed() {
    let examples =
        examples("text\n    parclose version\n    $ parclose tx fly  # x\n    parclose tx show > file\n");
    assert_eq!(examples.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3, 3]);
    assert_eq!(refusals(&examples).len(), 2);
}
