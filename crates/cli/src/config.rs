//! `parclose config`: what holds for a node, and why.

use std::path::Path;

use parclose_node::bounded::read_text;
use parclose_node::config::{CONFIG_BYTES_MAX, Setting, Settings, Sources, resolve, variable_of};
use parclose_node::node_home;
use serde_json::{Value, json};

use crate::args::{Config, Global, Set};
use crate::error::CliError;

/// Runs `parclose config …`.
pub fn run(global: &Global, command: &Config) -> Result<Value, CliError> {
    match command {
        Config::Show { set } => show(global, set),
        Config::Check { set } => check(global, set),
        Config::Explain { key, set } => explain(global, key, set),
    }
}

/// What holds for the node of the home.
pub fn settings(global: &Global, set: &Set) -> Result<Settings, CliError> {
    let options = set.set.iter().map(|text| assignment(text)).collect::<Result<Vec<_>, _>>()?;
    let file = read(&node_home::configuration(&global.home))?;
    let file = file.map(|text| (node_home::configuration(&global.home), text));
    // A name that is no UTF-8 is no key's; a value that is none is no key's value, and shows as one.
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with("PARCLOSE_").then(|| (name, value.to_string_lossy().into_owned()))
    });
    Ok(resolve(&Sources { file, variables: variables.collect(), options })?)
}

fn assignment(text: &str) -> Result<(String, String), CliError> {
    let parts = text.split_once('=');
    let parts = parts.map(|(key, value)| (key.to_owned(), value.to_owned()));
    parts.ok_or_else(|| {
        CliError::usage(format!("`{text}` is not KEY=VALUE"), "for example --set log.level=debug")
    })
}

fn read(path: &Path) -> Result<Option<String>, CliError> {
    match read_text(path, CONFIG_BYTES_MAX) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::file(path, &error)),
    }
}

fn show(global: &Global, set: &Set) -> Result<Value, CliError> {
    let settings = settings(global, set)?;
    let rows: Vec<Value> = settings.all().iter().map(row).collect();
    Ok(json!({ "schema": "parclose.config/1", "settings": rows }))
}

fn row(setting: &Setting) -> Value {
    json!({
        "key": setting.key.name,
        "value": setting.value.to_string(),
        "from": setting.origin.to_string(),
    })
}

fn check(global: &Global, set: &Set) -> Result<Value, CliError> {
    let settings = settings(global, set)?;
    let path = node_home::configuration(&global.home);
    let changed = settings.all().iter().filter(|s| s.origin != parclose_node::config::Origin::Default);
    Ok(json!({
        "schema": "parclose.config-check/1",
        "file": path.display().to_string(),
        "file_exists": path.exists(),
        "keys": settings.all().len(),
        "set": changed.count(),
    }))
}

fn explain(global: &Global, key: &str, set: &Set) -> Result<Value, CliError> {
    let settings = settings(global, set)?;
    let setting = settings.explain(key)?;
    let mut value = row(setting);
    value["schema"] = json!("parclose.config-explain/1");
    value["default"] = json!(setting.key.default);
    value["allowed"] = json!(setting.key.allowed());
    value["variable"] = json!(variable_of(setting.key));
    value["meaning"] = json!(setting.key.meaning);
    Ok(value)
}
