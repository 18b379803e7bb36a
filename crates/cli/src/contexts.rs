//! `parclose context`: a home, a channel and a member under one name, so that `-c` and `--as` may be left out.

pub mod file;
pub mod select;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::args::{ContextCommand, Global, NewContext};
use crate::error::CliError;
use file::{Context, Contexts, place};

/// Runs `parclose context …`.
pub fn run(global: &Global, command: &ContextCommand) -> Result<Value, CliError> {
    let path = file()?;
    let mut contexts = Contexts::read(&path)?;
    match command {
        ContextCommand::List => return Ok(listed(&contexts, &path)),
        ContextCommand::Use { name } => {
            contexts.named(name)?;
            contexts.current = Some(name.clone());
        }
        ContextCommand::Add(new) => contexts.add(&new.name, context(global, new)?)?,
        ContextCommand::Remove { name } => contexts.remove(name)?,
    }
    contexts.write(&path)?;
    Ok(listed(&contexts, &path))
}

fn file() -> Result<PathBuf, CliError> {
    let no_folder =
        || CliError::usage("there is no folder for configurations", "name a file: PARCLOSE_CONFIG");
    place(|name| std::env::var_os(name)).ok_or_else(no_folder)
}

/// The home is kept as a whole path: a context means the same in every folder.
fn context(global: &Global, new: &NewContext) -> Result<Context, CliError> {
    let home = std::path::absolute(&global.home).map_err(|e| CliError::file(&global.home, &e))?;
    let home = home.into_os_string().into_string();
    let home = home.map_err(|_| CliError::usage("the home's path is not text", "use another --home"))?;
    Ok(Context { home: Some(home), channel: new.channel.clone(), member: new.member.clone() })
}

fn listed(contexts: &Contexts, path: &std::path::Path) -> Value {
    let row = |(name, context): (&String, &Context)| {
        json!({
            "name": name,
            "current": contexts.current.as_ref() == Some(name),
            "home": context.home,
            "channel": context.channel,
            "as": context.member,
        })
    };
    json!({
        "schema": "parclose.contexts/1",
        "file": path.display().to_string(),
        "current": contexts.current,
        "contexts": contexts.contexts.iter().map(row).collect::<Vec<_>>(),
    })
}
