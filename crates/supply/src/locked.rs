//! No build without `--locked`.

use std::fs;
use std::io;
use std::path::Path;

/// Files that run Cargo: what CI runs, and what an image is built from.
const FILES: &[&str] =
    &["Makefile", ".ci/run", "scripts/test", "scripts/lint", "scripts/deps", "deploy/Dockerfile"];

/// Commands that resolve dependencies.
const RESOLVING: &[&str] = &[
    "bench", "build", "check", "clippy", "doc", "fetch", "fuzz", "install", "metadata", "mutants", "nextest",
    "run", "rustc", "test",
];

/// Lines of a checkout's scripts that resolve dependencies and do not keep to the lock file.
pub fn complaints(checkout: &Path) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(checkout.join(file))?;
        wrong.extend(unlocked(&text).map(|line| format!("{file}: `{line}` does not say --locked")));
    }
    Ok(wrong)
}

fn unlocked(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#') && resolves(line) && !line.contains("--locked"))
}

/// Whether a line calls Cargo with such a command. That a subcommand is installed is asked with `--version`.
fn resolves(line: &str) -> bool {
    let line = line.replace("$(CARGO)", "cargo");
    let words: Vec<&str> = line.split_whitespace().collect();
    let calls = |pair: &[&str]| pair[0].ends_with("cargo") && RESOLVING.contains(&pair[1]);
    words.windows(2).any(calls) && !words.iter().any(|word| word.starts_with("--version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_the_lock_file_is_noticed() {
        let text = "# cargo build\ncargo build --locked\n\t$(CARGO) test --profile house\nif cargo nextest --version; then\n  RUSTDOCFLAGS=x cargo doc\n";
        assert_eq!(
            unlocked(text).collect::<Vec<_>>(),
            ["$(CARGO) test --profile house", "RUSTDOCFLAGS=x cargo doc"]
        );
    }
}
