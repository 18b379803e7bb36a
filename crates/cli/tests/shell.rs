//! What is for the shell: completions, manual pages, contexts.

mod support;

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::{Sandbox, statement};

fn script(sandbox: &Sandbox, shell: &str) -> String {
    let run = sandbox.run(&["completions", shell]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.stdout
}

/// Names that completions offer after some words.
fn offered(sandbox: &Sandbox, kind: &str, line: &[&str]) -> Vec<String> {
    let words = [&["complete-names", kind, "--", "parclose", "--home"][..], &[&sandbox.text("home")], line];
    let run = sandbox.run(&words.concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line:?}");
    run.stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn cpl_02_names_are_those_of_the_home_even_while_a_command_works_in_it() {
    let sandbox = Sandbox::founded();
    let held = parclose_node::Home::open(&sandbox.home()).unwrap();
    let everybody = ["bank-1", "bank-2", "buyer", "supplier-a", "supplier-b"];
    assert_eq!(offered(&sandbox, "members", &["tx", "list", "--as"]), everybody);
    assert_eq!(offered(&sandbox, "channels", &["tx", "list", "-c"]), ["banks", "trade-a", "trade-b"]);
    assert_eq!(offered(&sandbox, "channels", &["tx", "list", "--as", "bank-1", "-c"]), ["banks", "trade-a"]);
    assert_eq!(
        offered(&sandbox, "channels", &["tx", "list", "--as", "=", "bank-2", "-c"]),
        ["banks", "trade-b"]
    );
    assert_eq!(offered(&sandbox, "channels", &["tx", "list", "--as=nobody", "-c"]).len(), 3);
    drop(held);
    std::fs::remove_file(sandbox.home().join("passphrase")).unwrap();
    assert_eq!(offered(&sandbox, "channels", &[]).len(), 3, "no key is opened");
    std::fs::write(sandbox.home().join("home.json"), "{").unwrap();
    assert_eq!(offered(&sandbox, "members", &[]), [] as [&str; 0]);
    std::fs::remove_dir_all(sandbox.home()).unwrap();
    assert_eq!(offered(&sandbox, "channels", &[]), [] as [&str; 0]);
    assert!(!sandbox.home().exists());
}

#[test]
fn cpl_01_a_name_that_a_shell_could_take_for_something_else_is_not_offered() {
    let sandbox = Sandbox::founded();
    let path = sandbox.home().join("home.json");
    let mut home: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let hostile = ["$(touch pwned)", "`id`", "a b", "--force", "a;b"];
    for (member, name) in home["members"].as_array_mut().unwrap().iter_mut().zip(hostile) {
        member["name"] = name.into();
    }
    std::fs::write(&path, home.to_string()).unwrap();
    assert_eq!(offered(&sandbox, "members", &[]), [] as [&str; 0]);
}

/// A folder with nothing but the command, for a shell's search path.
fn search_path() -> String {
    let command = std::path::Path::new(env!("CARGO_BIN_EXE_parclose"));
    let folder = command.parent().expect("it is in a folder").display();
    format!("{folder}:/usr/bin:/bin")
}

fn shell(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).env("PATH", search_path()).env("PARCLOSE_HOME", sandbox.home());
    command.env("PARCLOSE_CONFIG", sandbox.path("contexts.toml")).env_remove("PARCLOSE_CONTEXT");
    command.stdin(Stdio::null()).output().ok()
}

#[test]
fn bash_offers_the_names_of_the_home_and_the_options_of_a_command() {
    let sandbox = Sandbox::founded();
    let file = sandbox.write("parclose.bash", &script(&sandbox, "bash"));
    let complete = |line: &[&str]| {
        let words = line.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let asked = format!(
            "source '{file}'; COMP_WORDS=({words}); COMP_CWORD=$(({} - 1)); \
             _parclose_or_names parclose \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            line.len()
        );
        let output =
            shell(&sandbox, "bash", &["--norc", "--noprofile", "-c", &asked]).expect("bash is there");
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{told} {:?}", output.stderr);
        told.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete(&["parclose", "tx", "list", "--as", "ba"]), ["bank-1", "bank-2"]);
    assert_eq!(complete(&["parclose", "tx", "list", "--as", "bank-1", "-c", ""]), ["banks", "trade-a"]);
    assert_eq!(complete(&["parclose", "member", "show", "buy"]), ["buyer"]);
    assert!(complete(&["parclose", "tx", ""]).contains(&"views".to_owned()));
    assert!(complete(&["parclose", "tx", "list", "--"]).contains(&"--channel".to_owned()));
}

#[test]
fn zsh_and_fish_read_their_scripts_where_they_are_installed() {
    let sandbox = Sandbox::empty();
    let fish = sandbox.write("parclose.fish", &script(&sandbox, "fish"));
    let zsh = sandbox.write("parclose.zsh", &script(&sandbox, "zsh"));
    for (program, file) in [("fish", fish), ("zsh", zsh)] {
        let Some(output) = shell(&sandbox, program, &["-n", &file]) else { continue };
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_scripts_ask_after_options_and_commands_that_there_are() {
    use clap::CommandFactory;
    let sandbox = Sandbox::empty();
    let mut tree = parclose_cli::args::Args::command();
    tree.build();
    let mut options = std::collections::BTreeSet::new();
    let mut todo = vec![&tree];
    while let Some(command) = todo.pop() {
        options.extend(command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
        todo.extend(command.get_subcommands());
    }
    for option in ["--channel", "--as", "--who", "--owner", "--remove", "--context"] {
        assert!(options.contains(option), "{option}");
        for shell in ["bash", "zsh", "fish"] {
            let ours = script(&sandbox, shell);
            let ours = ours.split("# Names of channels").nth(1).expect("our lines are there");
            assert!(ours.contains(option), "{shell} asks nothing after {option}");
        }
    }
    for line in [["member", "show"], ["context", "use"], ["context", "remove"]] {
        let below = tree.find_subcommand(line[0]).and_then(|noun| noun.find_subcommand(line[1]));
        assert!(below.is_some(), "{line:?}");
    }
    assert!(!script(&sandbox, "bash").contains(&sandbox.text("home")), "a script is of no home");
}

#[test]
fn there_is_a_manual_page_for_every_command_and_it_is_the_same_everywhere() {
    let sandbox = Sandbox::empty();
    let folder = sandbox.text("man");
    let written = sandbox.ok(&["man", "--out", &folder]);
    let pages = written["pages"].as_array().unwrap();
    assert!(pages.len() > 40);
    for page in pages {
        let text = std::fs::read_to_string(sandbox.path("man").join(page["page"].as_str().unwrap())).unwrap();
        assert!(text.contains(".TH") && text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
        assert!(!text.contains(&sandbox.text("home")), "nothing of this machine");
    }
    let names = std::fs::read_dir(sandbox.path("man")).unwrap();
    assert!(names.count() == pages.len() && !sandbox.path("man/parclose-complete-names.1").exists());
    let one = sandbox.run(&["man", "tx", "views"]).stdout;
    let kept = std::fs::read_to_string(sandbox.path("man/parclose-tx-views.1")).unwrap();
    assert_eq!(one.trim_end(), kept.trim_end());
    assert_eq!(sandbox.json(&["man", "tx", "fly"]).0, 3);
    assert_eq!(sandbox.json(&["man", "complete-names"]).0, 3, "what is hidden has no page");
    sandbox.ok(&["man", "--out", &folder]);
}

#[test]
fn with_a_context_channel_and_member_may_be_left_out() {
    let sandbox = Sandbox::founded();
    let tx = sandbox.submit("banks", "bank-1", &statement("2025-01"));
    assert_eq!(sandbox.json(&["tx", "list"]).0, 2, "no context, no default");
    sandbox.ok(&["context", "add", "books", "-c", "banks", "--as", "bank-2"]);
    sandbox.ok(&["context", "add", "shop", "-c", "trade-a", "--as", "buyer"]);
    assert_eq!(sandbox.json(&["tx", "list"]).0, 2, "none is current");
    assert_eq!(sandbox.ok(&["tx", "show", &tx, "--context", "books"])["tx"], tx.as_str());
    let listed = sandbox.ok(&["context", "use", "books"]);
    assert_eq!(
        (listed["current"].as_str(), listed["contexts"][0]["as"].as_str()),
        (Some("books"), Some("bank-2"))
    );
    assert_eq!(sandbox.ok(&["tx", "list"])["channel"], "banks");
    assert_eq!(sandbox.ok(&["tx", "list", "--context", "shop"])["channel"], "trade-a");
    let elsewhere = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parclose"));
        command.args(["tx", "list", "--json"]).current_dir("/").env_remove("PARCLOSE_HOME");
        command.env("PARCLOSE_CONFIG", sandbox.path("contexts.toml")).envs(variables.iter().copied());
        let run: support::Run = command.output().unwrap().into();
        (run.code, run.value())
    };
    assert_eq!(elsewhere(&[]).1["channel"], "banks", "the home is a whole path");
    assert_eq!(elsewhere(&[("PARCLOSE_CONTEXT", "shop")]).1["channel"], "trade-a");
    assert_eq!(
        elsewhere(&[("PARCLOSE_HOME", "/nowhere")]).1["code"],
        "HOME_NOT_FOUND",
        "a variable comes first"
    );
    let (code, error) = elsewhere(&[("PARCLOSE_CONTEXT", "gone")]);
    assert_eq!((code, error["rule"].as_str()), (3, Some("CTX-03")));
    let (code, error) = sandbox.json(&["context", "add", "books"]);
    assert_eq!((code, error["rule"].as_str()), (5, Some("CTX-05")));
    assert_eq!(sandbox.json(&["context", "use", "gone"]).1["rule"], "CTX-03");
    sandbox.ok(&["context", "remove", "books"]);
    assert_eq!(sandbox.json(&["tx", "list"]).0, 2);
    let file = std::fs::read_to_string(sandbox.path("contexts.toml")).unwrap();
    sandbox.write("contexts.toml", &format!("{file}passphrase = \"hunter2\"\n"));
    let run = sandbox.run(&["tx", "list", "-c", "banks", "--as", "bank-1", "--json"]);
    assert_eq!((run.code, run.value()["rule"].as_str()), (2, Some("CTX-01")));
    assert!(run.stderr.contains("line") && !run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn what_names_a_channel_is_written_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::founded();
    let invitation = sandbox.text("invitation.json");
    sandbox.ok(&["channel", "invite", "-c", "trade-a", "--as", "buyer", "--out", &invitation]);
    sandbox.ok(&["context", "add", "shop", "-c", "trade-a", "--as", "buyer"]);
    for file in ["invitation.json", "contexts.toml"] {
        let mode = std::fs::metadata(sandbox.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert_ne!(
        sandbox.run(&["channel", "invite", "-c", "trade-a", "--as", "buyer", "--out", &invitation]).code,
        0
    );
}
