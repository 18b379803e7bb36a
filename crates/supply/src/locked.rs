//! No build without `--locked`.

use std::fs;
use std::io;
use std::path::Path;

/// Files that run Cargo, or tell people to: what CI runs, what an image is built from, what is documented.
const FILES: &[&str] = &[
    "Makefile",
    ".ci/run",
    "scripts/test",
    "scripts/lint",
    "scripts/deps",
    "scripts/mutants",
    "deploy/Dockerfile",
    "README.md",
    "CONTRIBUTING.md",
    "docs/how-to-attack.md",
    "docs/mutants.md",
    "fuzz/README.md",
    "fuzz/libfuzzer/README.md",
];

/// Commands that resolve dependencies. `cargo fuzz` is not among them, because it takes no `--locked`.
const RESOLVING: &[&str] = &[
    "bench", "build", "check", "clippy", "doc", "fetch", "install", "metadata", "mutants", "nextest", "run",
    "rustc", "test",
];

/// Lines of a checkout's scripts that resolve dependencies and do not keep to the lock file.
pub fn complaints(checkout: &Path) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(checkout.join(file))?;
        wrong.extend(unlocked(&text).iter().map(|line| format!("{file}: `{line}` does not say --locked")));
    }
    Ok(wrong)
}

/// Commands of a text: a line with its continuations, or a part of it, so that one that is locked covers up for no other.
fn unlocked(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    let lines = whole.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let commands = lines.flat_map(|line| line.split(['`', ';', '&', '|']).map(str::trim));
    commands.filter(|command| resolves(command) && !command.contains("--locked")).map(str::to_owned).collect()
}

/// Whether it calls Cargo with such a command. That a subcommand is installed is asked with `--version`.
fn resolves(command: &str) -> bool {
    let command = command.replace("$(CARGO)", "cargo");
    let words: Vec<&str> = command.split_whitespace().filter(|word| !word.starts_with('+')).collect();
    let calls = |pair: &[&str]| pair[0].ends_with("cargo") && RESOLVING.contains(&pair[1]);
    words.windows(2).any(calls) && !words.iter().any(|word| word.starts_with("--version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_the_lock_file_is_noticed() {
        let text = "# cargo build\ncargo build --locked\n\t$(CARGO) test --profile house\nif cargo nextest --version; then\n  RUSTDOCFLAGS=x cargo doc\n";
        assert_eq!(unlocked(text), ["$(CARGO) test --profile house", "RUSTDOCFLAGS=x cargo doc"]);
    }

    #[test]
    fn so_is_one_in_a_sentence_beside_one_that_is_locked() {
        let text = "First `cargo install tool`, then `cargo +nightly test x` and `cargo build --locked`.\n\
                    cargo mutants \\\n  --cargo-arg=--locked\ncargo +nightly fuzz run --fuzz-dir fuzz x\n";
        assert_eq!(unlocked(text), ["cargo install tool", "cargo +nightly test x"]);
    }
}
