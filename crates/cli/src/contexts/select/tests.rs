use std::collections::BTreeMap;

use super::*;
use crate::args::{Channel, Tx};

const FILE: &str = "current = \"one\"\n\
    [contexts.one]\nhome = \"/one\"\nchannel = \"trade-a\"\nas = \"buyer\"\n\
    [contexts.two]\nhome = \"/two\"\nchannel = \"trade-b\"\nas = \"bank-2\"\n\
    [contexts.bare]\n";

/// Reads a line with variables, and a file of contexts in place of the user's.
#[allow(clippy::unwrap_in_result, reason = "the folder of a test is no part of what is refused")]
fn read(file: &str, variables: &[(&str, &str)], line: &[&str]) -> Result<Args, NotParsed> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contexts.toml");
    std::fs::write(&path, file).expect("a test writes its own folder");
    let mut set: BTreeMap<String, OsString> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
    set.insert(super::super::file::VARIABLE.into(), path.into_os_string());
    let line = std::iter::once("parclose").chain(line.iter().copied()).map(OsString::from).collect();
    parse_from(line, move |name| set.get(name).cloned())
}

/// Home, channel and member of a line that lists transactions.
fn listed(variables: &[(&str, &str)], options: &[&str]) -> [String; 3] {
    let line = [&["tx", "list"], options].concat();
    let args = read(FILE, variables, &line).unwrap_or_else(|refused| panic!("{line:?}: {refused:?}"));
    let Command::Tx(Tx::List { of, .. }) = args.command else { panic!("another command") };
    [args.global.home.display().to_string(), of.channel, of.member]
}

fn refused(file: &str, variables: &[(&str, &str)], line: &[&str]) -> String {
    match read(file, variables, line) {
        Err(NotParsed::Refused(error)) => error.to_json()["rule"].as_str().unwrap().to_owned(),
        Err(NotParsed::Usage(told)) => told.to_string(),
        Ok(args) => panic!("{line:?}: {args:?}"),
    }
}

#[test]
fn ctx_04_the_line_comes_before_the_variable_and_the_variable_before_the_current_context() {
    assert_eq!(listed(&[], &[]), ["/one", "trade-a", "buyer"]);
    assert_eq!(listed(&[(VARIABLE, "two")], &[]), ["/two", "trade-b", "bank-2"]);
    assert_eq!(listed(&[(VARIABLE, "")], &[]), ["/one", "trade-a", "buyer"]);
    assert_eq!(listed(&[(VARIABLE, "two")], &["--context", "one"]), ["/one", "trade-a", "buyer"]);
    assert_eq!(listed(&[], &["--context=two", "-c", "banks"]), ["/two", "banks", "bank-2"]);
    assert_eq!(listed(&[], &["--as", "bank-1", "--home", "h"]), ["h", "trade-a", "bank-1"]);
    assert_eq!(listed(&[], &["--context", "two", "--home", "h"]), ["h", "trade-b", "bank-2"]);
}

#[test]
fn ctx_04_what_is_missing_is_named() {
    for line in [&["--context", "bare", "tx", "list"], &["tx", "list", "--context=bare"] as &[&str]] {
        let told = refused(FILE, &[], line);
        assert!(told.contains("--channel <CHANNEL>") && told.contains("--as <MEMBER>"), "{told}");
    }
    let told = refused("", &[], &["tx", "list", "-c", "banks"]);
    assert!(!told.contains("--channel <CHANNEL>\n") && told.contains("--as <MEMBER>"), "{told}");
    assert!(
        refused(FILE, &[], &["tx", "views", "00"]).contains("--as <MEMBERS>"),
        "several are named on the line"
    );
}

#[test]
fn ctx_03_a_named_context_that_is_not_there_is_an_error() {
    assert_eq!(refused(FILE, &[], &["tx", "list", "--context", "three"]), "CTX-03");
    assert_eq!(refused(FILE, &[(VARIABLE, "three")], &["tx", "list"]), "CTX-03");
    assert_eq!(refused("current = \"gone\"\n", &[], &["member", "list"]), "CTX-03");
}

#[test]
fn a_file_that_cannot_be_read_stops_what_needs_it_and_nothing_else() {
    let broken = "current = 1\n";
    assert_eq!(refused(broken, &[], &["tx", "list", "-c", "a", "--as", "b"]), "CTX-01");
    assert!(read(broken, &[], &["version"]).is_ok());
    assert!(read(broken, &[], &["context", "list"]).is_ok(), "which tells what is wrong itself");
    let help = read(broken, &[], &["--help"]);
    assert!(matches!(help, Err(NotParsed::Usage(told)) if !told.use_stderr()));
}

#[test]
fn a_template_or_two_folders_take_nothing_from_a_context() {
    let of = |line: &[&str]| match read(FILE, &[], line).unwrap().command {
        Command::Policy(Policy::Explain(question)) => (question.of.channel, question.of.member),
        Command::Policy(Policy::Diff { of, .. }) => (of.channel, of.member),
        Command::Import(Import::Csv(options)) => (options.channel, options.member),
        other => panic!("{other:?}"),
    };
    let both = (Some("trade-a".to_owned()), Some("buyer".to_owned()));
    assert_eq!(of(&["policy", "explain", "create", "receivable"]), both);
    assert_eq!(of(&["policy", "explain", "--template", "t", "create", "receivable"]), (None, None));
    assert_eq!(of(&["policy", "diff", "new"]), both);
    assert_eq!(of(&["policy", "diff", "old", "new"]), (None, None));
    assert_eq!(of(&["policy", "diff", "--motion", "00"]), both);
    assert_eq!(of(&["import", "csv", "--mapping", "m", "f"]), both);
    assert_eq!(of(&["import", "csv", "--suggest", "f"]), (None, None));
}

#[test]
fn a_context_names_who_leaves_only_what_the_line_leaves_out() {
    let args = read(FILE, &[], &["channel", "list"]).unwrap();
    assert!(matches!(args.command, Command::Channel(Channel::List { member }) if member == "buyer"));
    let args = read(FILE, &[], &["context", "add", "new"]).unwrap();
    assert_eq!(args.global.home.display().to_string(), ".parclose", "no context is made of another");
}

#[test]
fn the_word_context_as_a_value_selects_nothing() {
    let line = ["tx", "list", "--as", "--context", "two"];
    assert!(matches!(read(FILE, &[], &line), Err(NotParsed::Usage(_))));
    assert_eq!(named_on(&["tx", "--", "--context", "x"].map(OsString::from)), None);
    assert_eq!(named_on(&["--context"].map(OsString::from)), None);
}
