//! Reading a command line, with what the selected context says where the line says nothing.
//!
//! ```text
//!   --context NAME, else PARCLOSE_CONTEXT, else `current` of the file      which context
//!   the option itself, else its variable, else the context, else missing   each of home, channel, member
//! ```
//!
//! `--context` is on the line itself, so its home comes before a variable.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command as Tree, CommandFactory, FromArgMatches};

use super::file::{Context, ContextRefused, Contexts, place};
use crate::args::{Args, Command, Import, MaybeChannel, Policy};
use crate::error::CliError;

/// The variable that names the context.
pub const VARIABLE: &str = "PARCLOSE_CONTEXT";

/// Why a line is not run.
#[derive(Debug)]
pub enum NotParsed {
    /// what clap says, help among it
    Usage(clap::Error),
    /// the context
    Refused(Box<CliError>),
}

/// The line of this process.
pub fn parse() -> Result<Args, NotParsed> {
    parse_from(std::env::args_os().collect(), |name| std::env::var_os(name))
}

/// A line that came from another process, with this one's variables.
pub fn parse_line(line: Vec<OsString>) -> Result<Args, NotParsed> {
    parse_from(line, |name| std::env::var_os(name))
}

fn parse_from(line: Vec<OsString>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Args, NotParsed> {
    let on_line = named_on(&line);
    match selected(on_line.as_deref(), variable) {
        Ok(context) => {
            let args = parse_with(line.clone(), &context.unwrap_or_default(), on_line.is_some())?;
            // A context is made of the line, and not of another context.
            let again = !takes_a_context(&args.command);
            if again { parse_with(line, &Context::default(), on_line.is_some()) } else { Ok(args) }
        }
        Err(refused) => match parse_with(line, &Context::default(), false) {
            Ok(args) if !takes_a_context(&args.command) => Ok(args),
            Err(NotParsed::Usage(told)) if !told.use_stderr() => Err(NotParsed::Usage(told)),
            _ => Err(NotParsed::Refused(Box::new(refused.into()))),
        },
    }
}

/// `--context NAME` on the line, the last one. Clap reads the line again, and decides what counts.
pub(crate) fn named_on(line: &[OsString]) -> Option<String> {
    let words: Vec<&str> = line.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let named = |(at, word): (usize, &&str)| match word.strip_prefix("--context") {
        Some("") => words.get(at + 1).map(|name| (*name).to_owned()),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    };
    words[..end].iter().enumerate().filter_map(named).next_back()
}

/// The context that counts; none where none is named and none is current.
pub(crate) fn selected(
    on_line: Option<&str>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Context>, ContextRefused> {
    let from_variable = variable(VARIABLE).map(|name| name.to_string_lossy().into_owned());
    let from_variable = from_variable.filter(|name| !name.is_empty());
    let named = on_line.map(str::to_owned).or(from_variable);
    let contexts = match place(variable) {
        Some(path) => Contexts::read(&path)?,
        None => Contexts::default(),
    };
    let name = named.or_else(|| contexts.current.clone());
    name.map(|name| contexts.named(&name).cloned()).transpose()
}

/// # Rules
///
/// > CTX-04: home, channel and member come from the line, then a variable, then the context; what is missing after that is named.
fn parse_with(line: Vec<OsString>, context: &Context, by_line: bool) -> Result<Args, NotParsed> {
    let matches = with_defaults(Args::command(), context).try_get_matches_from(line);
    let matches = matches.map_err(NotParsed::Usage)?;
    let mut args = Args::from_arg_matches(&matches).map_err(NotParsed::Usage)?;
    if let (true, Some(home), Some(ValueSource::EnvVariable)) = (by_line, &context.home, source(&matches)) {
        args.global.home = home.into();
    }
    if args.context.is_some() != by_line && takes_a_context(&args.command) {
        let told =
            Args::command().error(ErrorKind::ValueValidation, "`--context` is the value of another option");
        return Err(NotParsed::Usage(told));
    }
    fill(&mut args.command, context);
    Ok(args)
}

/// Where the home comes from: global options are told by the innermost command.
fn source(matches: &ArgMatches) -> Option<ValueSource> {
    matches.subcommand().and_then(|(_, inner)| source(inner)).or_else(|| {
        let known = matches.try_contains_id("home").unwrap_or(false);
        known.then(|| matches.value_source("home")).flatten()
    })
}

/// Options that are required unless the context has them. An option that the line must have, or that may be
/// given several times, stays as it is.
fn with_defaults(tree: Tree, context: &Context) -> Tree {
    let fill = |arg: clap::Arg, value: &Option<String>| match value {
        Some(value) => arg.default_value(value.clone()).hide_default_value(true).required(false),
        None => arg,
    };
    let tree = tree.mut_args(|arg| match arg.get_id().as_str() {
        "home" => fill(arg, &context.home),
        "channel" if arg.is_required_set() => fill(arg, &context.channel),
        "member" if arg.is_required_set() => fill(arg, &context.member),
        _ => arg,
    });
    tree.mut_subcommands(|sub| if sub.get_name() == "context" { sub } else { with_defaults(sub, context) })
}

/// Commands with another source than a channel get the context's only if the line names no such source.
fn fill(command: &mut Command, context: &Context) {
    let maybe = |of: &mut MaybeChannel| {
        of.channel = of.channel.take().or_else(|| context.channel.clone());
        of.member = of.member.take().or_else(|| context.member.clone());
    };
    match command {
        Command::Policy(Policy::Explain(question)) if question.template.is_none() => maybe(&mut question.of),
        Command::Policy(Policy::Diff { of, folders, .. }) if folders.len() < 2 => maybe(of),
        Command::Import(Import::Csv(options)) if !options.suggest => {
            options.channel = options.channel.take().or_else(|| context.channel.clone());
            options.member = options.member.take().or_else(|| context.member.clone());
        }
        _ => {}
    }
}

/// Whether a command looks at home, channel or member.
fn takes_a_context(command: &Command) -> bool {
    !matches!(
        command,
        Command::Context(_)
            | Command::Version
            | Command::Man(_)
            | Command::Completions { .. }
            | Command::CompleteNames(_)
    )
}

#[cfg(test)]
mod tests;
