//! Which source decides on each key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::keys::{self, KEYS, Key};
use super::value::Written;
use super::{ConfigError, Origin, Refused, Value, file};

/// Everything that may set a key, as texts.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// the file's path and text, if there is one
    pub file: Option<(PathBuf, String)>,
    /// environment variables whose names begin with `PARCLOSE_`; others are left alone
    pub variables: Vec<(String, String)>,
    /// `KEY=VALUE` of the command line
    pub options: Vec<(String, String)>,
}

/// What holds for one key.
#[derive(Clone, Debug)]
pub struct Setting {
    /// the key
    pub key: &'static Key,
    /// its value
    pub value: Value,
    /// where that came from
    pub origin: Origin,
}

/// What holds, for every key in the order of the table.
#[derive(Clone, Debug)]
pub struct Settings(Vec<Setting>);

type Found = BTreeMap<&'static str, (Written, Origin)>;

/// The variable of a key.
#[must_use]
pub fn variable_of(key: &Key) -> String {
    format!("PARCLOSE_{}", key.name.replace('.', "_").to_ascii_uppercase())
}

/// Decides on every key, and checks the values that count. What is overridden is not looked at, except its name.
///
/// # Rules
///
/// > CFG-04: a key has the value of the command line, else of its variable, else of the file, else its default.
pub fn resolve(sources: &Sources) -> Result<Settings, ConfigError> {
    let mut found = Found::new();
    of_file(sources, &mut found)?;
    of_variables(sources, &mut found)?;
    of_options(sources, &mut found)?;
    let setting = |key: &'static Key| {
        let default = || (Written::Untyped(key.default.into()), Origin::Default);
        let (written, origin) = found.get(key.name).cloned().unwrap_or_else(default);
        let read = key.kind.read(&written);
        let value = read.map_err(|refused| refused.of(key.name).at(origin.clone()))?;
        Ok(Setting { key, value, origin })
    };
    KEYS.iter().map(setting).collect::<Result<_, _>>().map(Settings)
}

/// # Rules
///
/// > CFG-02: a key that does not exist is refused wherever it stands, with the nearest that does.
fn known(name: &str, origin: &Origin) -> Result<&'static Key, ConfigError> {
    let unknown = || Refused::UnknownKey { name: name.into(), near: keys::nearest(name) }.at(origin.clone());
    keys::find(name).ok_or_else(unknown)
}

fn of_file(sources: &Sources, found: &mut Found) -> Result<(), ConfigError> {
    let Some((path, text)) = &sources.file else { return Ok(()) };
    for (name, written, line) in file::read(path, text)? {
        let origin = Origin::File { path: path.clone(), line };
        found.insert(known(&name, &origin)?.name, (written, origin));
    }
    Ok(())
}

/// Other variables of this program begin the same way; only those of a section of keys can be misspelt keys.
fn of_variables(sources: &Sources, found: &mut Found) -> Result<(), ConfigError> {
    for (variable, value) in &sources.variables {
        let Some(rest) = variable.strip_prefix("PARCLOSE_") else { continue };
        let Some(name) = name_of_variable(rest) else { continue };
        let origin = Origin::Variable(variable.clone());
        found.insert(known(&name, &origin)?.name, (Written::Untyped(value.clone()), origin));
    }
    Ok(())
}

/// `section.key` of what follows `PARCLOSE_` in a variable; a section may have several words.
fn name_of_variable(rest: &str) -> Option<String> {
    let rest = rest.to_ascii_lowercase();
    KEYS.iter().find_map(|key| {
        let (section, _) = key.name.split_once('.')?;
        let name = rest.strip_prefix(section)?.strip_prefix('_')?;
        Some(format!("{section}.{name}"))
    })
}

/// # Rules
///
/// > CFG-05: a key is set once on a command line.
fn of_options(sources: &Sources, found: &mut Found) -> Result<(), ConfigError> {
    for (name, value) in &sources.options {
        let key = known(name, &Origin::Option)?.name;
        let before = found.insert(key, (Written::Untyped(value.clone()), Origin::Option));
        if matches!(before, Some((_, Origin::Option))) {
            return Err(Refused::Twice { key }.at(Origin::Option));
        }
    }
    Ok(())
}

impl Settings {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Setting] {
        &self.0
    }

    /// One of them.
    pub fn explain(&self, name: &str) -> Result<&Setting, ConfigError> {
        let key = known(name, &Origin::Option)?;
        let setting = self.0.iter().find(|setting| setting.key.name == key.name);
        setting.ok_or_else(|| Refused::UnknownKey { name: name.into(), near: None }.at(Origin::Option))
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|setting| setting.key.name == name).map(|setting| &setting.value)
    }
}
