//! Where a command's passphrase comes from.
//!
//! ```text
//!   --passphrase-file, --passphrase-fd
//!     else the file that PARCLOSE_PASSPHRASE_FILE names
//!     else HOME/passphrase of a development home, for key files of that home
//!     else the terminal, if standard input is one and --no-input is not given
//!     else the key stays locked
//! ```
//!
//! Never an argument and never the value of a variable: other processes can read both. A source that is
//! named and fails ends the command; no other is tried in its place.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::Args as ClapArgs;
use parclose_crypto::Passphrase;
use parclose_node::{Home, Unlock, passphrase_file};
use parclose_types::Fault;

use crate::error::CliError;
use crate::terminal;

/// The variable that names a passphrase file.
pub const VARIABLE: &str = "PARCLOSE_PASSPHRASE_FILE";

/// Options of every command that say how key files are unlocked.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct PassphraseOptions {
    /// File with the passphrase of the key files, readable by you alone [env: PARCLOSE_PASSPHRASE_FILE]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Open descriptor to read the passphrase from, to its end
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// Never ask for a passphrase
    #[arg(long, global = true)]
    pub no_input: bool,
    /// what was read: a descriptor can be read once only
    #[arg(skip)]
    read: Arc<OnceLock<Unlock>>,
}

/// Where the passphrase comes from under which a key is sealed anew.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct NewPassphrase {
    /// File with the new passphrase, readable by you alone
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_fd")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Open descriptor to read the new passphrase from, to its end
    #[arg(long, value_name = "N")]
    pub new_passphrase_fd: Option<u32>,
}

impl PassphraseOptions {
    /// What was given by option or variable.
    pub fn given(&self) -> Result<Option<Unlock>, CliError> {
        if let Some(read) = self.read.get() {
            return Ok(Some(read.clone()));
        }
        let named = match (&self.passphrase_file, self.passphrase_fd) {
            (None, None) => variable().map(|path| from_file(Path::new(&path))),
            (file, descriptor) => from_options(file.as_deref(), descriptor),
        };
        let Some(read) = named.transpose()? else { return Ok(None) };
        Ok(Some(self.read.get_or_init(|| read).clone()))
    }

    /// The home with what opens its key files; without anything it is returned as it is, and stays locked.
    pub fn unlock(&self, home: Home) -> Result<Home, CliError> {
        let any = home.path().join("validator.key");
        let asked_for = format!("the key files in `{}`", home.path().display());
        let unlock = self.open_with(&any, home.path(), &asked_for)?;
        Ok(home.with_unlock(unlock))
    }

    /// What opens a key file.
    ///
    /// # Rules
    ///
    /// > PAS-05: a passphrase comes from an option, the variable's file, a development home or a terminal, in this order, and is never an argument or a variable's value.
    pub fn opening(&self, key_file: &Path, home: &Path) -> Result<Unlock, CliError> {
        self.open_with(key_file, home, &format!("`{}`", key_file.display()))
    }

    fn open_with(&self, key_file: &Path, home: &Path, asked_for: &str) -> Result<Unlock, CliError> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let of_home = Unlock::of_home(home);
        if of_home.reaches(key_file) || !self.may_ask() {
            return Ok(of_home);
        }
        let asked = terminal::ask(&format!("Passphrase of {asked_for}: "))?;
        Ok(self.read.get_or_init(|| Unlock::with(asked, terminal::NAME)).clone())
    }

    /// What seals a fresh key file.
    pub fn sealing(&self, key_file: &Path, home: &Path) -> Result<Unlock, CliError> {
        match self.given()? {
            Some(given) => Ok(given),
            None => self.of_home_or_asked(key_file, home, "--passphrase-file FILE or --passphrase-fd N"),
        }
    }

    /// What seals a copy of a key: never what opened it, unless it is named once more.
    pub fn sealing_copy(&self, copy: &Path, home: &Path, new: &NewPassphrase) -> Result<Unlock, CliError> {
        match new.given() {
            Some(given) => given,
            None => self.of_home_or_asked(copy, home, NewPassphrase::OPTIONS),
        }
    }

    /// What seals a key file from now on. Named or typed: nobody changes a passphrase to that of a home.
    pub fn changing(&self, key_file: &Path, new: &NewPassphrase) -> Result<Unlock, CliError> {
        new.given().unwrap_or_else(|| self.asked(key_file, NewPassphrase::OPTIONS))
    }

    fn of_home_or_asked(&self, key_file: &Path, home: &Path, options: &str) -> Result<Unlock, CliError> {
        let of_home = Unlock::of_home(home);
        if of_home.reaches(key_file) { Ok(of_home) } else { self.asked(key_file, options) }
    }

    fn asked(&self, key_file: &Path, options: &str) -> Result<Unlock, CliError> {
        if self.may_ask() {
            return Ok(Unlock::with(ask_twice(key_file)?, terminal::NAME));
        }
        Err(CliError::new(
            "KEY_LOCKED",
            "KEF-05",
            Fault::Operator,
            format!("there is no passphrase to seal `{}` under", key_file.display()),
            &format!("give {options}, or run it on a terminal"),
        ))
    }

    fn may_ask(&self) -> bool {
        !self.no_input && std::io::stdin().is_terminal()
    }
}

impl NewPassphrase {
    const OPTIONS: &str = "--new-passphrase-file FILE or --new-passphrase-fd N";

    fn given(&self) -> Option<Result<Unlock, CliError>> {
        from_options(self.new_passphrase_file.as_deref(), self.new_passphrase_fd)
    }
}

/// The variable's value, if there is one.
fn variable() -> Option<OsString> {
    std::env::var_os(VARIABLE).filter(|path| !path.is_empty())
}

fn from_options(file: Option<&Path>, descriptor: Option<u32>) -> Option<Result<Unlock, CliError>> {
    match (file, descriptor) {
        // clap refuses two options; this is for two that stand on different sides of a subcommand.
        (Some(_), Some(_)) => {
            Some(Err(CliError::usage("there are two sources of one passphrase", "give one")))
        }
        (Some(file), None) => Some(from_file(file)),
        (None, Some(descriptor)) => Some(from_descriptor(descriptor)),
        (None, None) => None,
    }
}

fn from_file(path: &Path) -> Result<Unlock, CliError> {
    Ok(Unlock::with(passphrase_file::read(path)?, &format!("`{}`", path.display())))
}

/// The descriptor by its name in the file system, which opens it without `unsafe`.
fn from_descriptor(descriptor: u32) -> Result<Unlock, CliError> {
    let name = format!("descriptor {descriptor}");
    let path = PathBuf::from(format!("/dev/fd/{descriptor}"));
    let mut file = std::fs::File::open(&path).map_err(|e| CliError::file(&path, &e))?;
    if file.is_terminal() {
        return Err(CliError::usage(
            format!("{name} is a terminal, which would show the passphrase"),
            "leave --passphrase-fd out to be asked",
        ));
    }
    Ok(Unlock::with(passphrase_file::read_from(&mut file, &name)?, &name))
}

/// # Rules
///
/// > PAS-06: a new passphrase that is typed is typed twice, and nothing is sealed unless both agree.
fn ask_twice(key_file: &Path) -> Result<Passphrase, CliError> {
    let first = terminal::ask(&format!("New passphrase for `{}`: ", key_file.display()))?;
    let again = terminal::ask("Once more: ")?;
    if first.same_as(&again) {
        return Ok(first);
    }
    Err(CliError::new(
        "PASSPHRASE_REFUSED",
        "PAS-06",
        Fault::Sender,
        "the two passphrases differ".into(),
        "type the same twice, or give it in a file",
    ))
}
