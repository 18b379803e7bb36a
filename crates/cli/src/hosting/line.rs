//! A command line that means the same in another directory: its paths are whole.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use crate::args::Args;
use crate::error::CliError;

/// Values of a line, apart by what they are.
#[derive(Default)]
struct Values {
    paths: BTreeSet<String>,
    others: BTreeSet<String>,
}

impl Values {
    fn of(&mut self, matches: &ArgMatches) {
        for id in matches.ids().map(clap::Id::as_str) {
            if matches.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            let Ok(Some(values)) = matches.try_get_raw(id) else { continue };
            let values = values.map(|value| value.to_string_lossy().into_owned());
            match matches.try_get_many::<PathBuf>(id) {
                Ok(_) => self.paths.extend(values),
                Err(_) => self.others.extend(values),
            }
        }
        if let Some((name, inner)) = matches.subcommand() {
            self.others.insert(name.to_owned());
            self.of(inner);
        }
    }
}

/// The line with its paths made whole, and whether it reads from standard input (`-`).
///
/// A word that is a path in one place and something else in another is refused, because it could be taken for
/// either.
pub(super) fn whole(line: Vec<OsString>) -> Result<(Vec<String>, bool), CliError> {
    // What a context or a variable says is looked up by the node again; what is missing it will say.
    let matches = Args::command().ignore_errors(true).try_get_matches_from(line.clone());
    let mut values = Values::default();
    if let Ok(matches) = matches {
        values.of(&matches);
    }
    let reads_input = values.paths.contains("-");
    let relative: BTreeSet<&String> =
        values.paths.iter().filter(|path| *path != "-" && Path::new(path).is_relative()).collect();
    if let Some(both) = relative.iter().find(|path| values.others.contains(**path)) {
        return Err(CliError::usage(
            format!("`{both}` is a path and a name on this line"),
            "write ./ before the path",
        ));
    }
    let made = |word: OsString| {
        let word = word.to_string_lossy().into_owned();
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (format!("{option}="), value.to_owned()),
            _ => (String::new(), word),
        };
        if !relative.contains(&value) {
            return Ok(option + &value);
        }
        let whole = std::path::absolute(&value).map_err(|e| CliError::file(Path::new(&value), &e))?;
        Ok(option + &whole.to_string_lossy())
    };
    Ok((line.into_iter().map(made).collect::<Result<_, CliError>>()?, reads_input))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(words: &[&str]) -> Result<(Vec<String>, bool), CliError> {
        whole(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn cli_11_paths_are_whole_and_nothing_else_is_changed() {
        let here = std::env::current_dir().unwrap();
        let path = |name: &str| here.join(name).display().to_string();
        let (line, reads_input) =
            made(&["parclose", "--home=node", "tx", "submit", "-c", "trade-a", "--as", "a", "draft.json"])
                .unwrap();
        let home = format!("--home={}", path("node"));
        let draft = path("draft.json");
        assert_eq!(line, ["parclose", &home, "tx", "submit", "-c", "trade-a", "--as", "a", &draft]);
        assert!(!reads_input);
        let given = ["parclose", "tx", "submit", "-c", "trade-a", "--as", "a", "-"];
        assert_eq!(made(&given).unwrap(), (given.map(str::to_owned).to_vec(), true));
        let given = ["parclose", "tx", "submit", "-c", "trade-a", "--as", "a", "/tmp/draft.json"];
        assert_eq!(made(&given).unwrap().0, given);
        // What a context fills in may be missing here.
        assert_eq!(made(&["parclose", "tx", "submit", "draft.json"]).unwrap().0[3], draft);
    }

    #[test]
    fn a_word_that_is_a_path_and_a_name_is_refused() {
        let refused =
            made(&["parclose", "tx", "submit", "-c", "trade-a", "--as", "a", "trade-a"]).unwrap_err();
        assert_eq!(refused.to_json()["rule"], "CLI-01");
        assert!(made(&["parclose", "tx", "submit", "-c", "trade-a", "--as", "a", "./trade-a"]).is_ok());
    }
}
