//! `parclose backup`: archives of a member's side of a channel.

use std::path::Path;

use parclose_keys::MemberSecret;
use parclose_node::backup::{self, Checked, Manifest, Scratch};
use parclose_node::consortium::open_root;
use parclose_node::home::MemberDirectory;
use parclose_node::randomness::generator;
use parclose_node::{Home, key_file, shared_cache};
use serde_json::{Value, json};

use crate::args::{Backup, Global, OfChannel};
use crate::context::with_consortium;
use crate::error::CliError;

/// Block cache of the one store that is checked.
const CACHE_BYTES: usize = 16 << 20;
/// What an archive does not bring back.
const NOT_IN_IT: &str =
    "the member's key file: without it nothing in an archive can be read (parclose key export)";

/// Runs `parclose backup …`.
pub fn run(global: &Global, command: &Backup) -> Result<Value, CliError> {
    match command {
        Backup::Create { of, to, out } => create(global, of, to.as_deref(), out),
        Backup::Verify { file, with, member } => verify(global, file, with.as_deref(), member.as_deref()),
        Backup::Restore { file, with, member } => restore(global, file, with.as_deref(), member),
    }
}

fn create(global: &Global, of: &OfChannel, to: Option<&Path>, out: &Path) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        // What the others attest of the state is better in the archive than after it.
        consortium.quiesce();
        let room = consortium.room(&of.member, &of.channel)?;
        let directory = consortium.home().member_directory(&of.member)?;
        let card = directory.channel(&of.channel)?;
        let own = directory.key_file();
        let recipient = backup::recipient(to.unwrap_or(&own), directory.unlock())?;
        let network = consortium.root().network();
        let target = (recipient.as_slice(), out);
        let made = backup::create(&room, &card, network, directory.path(), target, &mut generator())?;
        // An erasure names the archives that it does not reach.
        backup::register::keep(directory.path(), out, &made).map_err(|e| CliError::file(out, &e))?;
        let mut value = manifest_json("parclose.backup/1", out, &made)?;
        value["member"] = json!(of.member);
        value["sealed_to"] = json!(to.unwrap_or(&own).display().to_string());
        value["not_in_it"] = json!(NOT_IN_IT);
        Ok(value)
    })
}

fn verify(
    global: &Global,
    file: &Path,
    with: Option<&Path>,
    member: Option<&str>,
) -> Result<Value, CliError> {
    let home = maybe_home(global)?;
    let directory = match (&home, member) {
        (Some(home), Some(member)) => Some(home.member_directory(member)?),
        // Says why there is none.
        (None, Some(member)) => Some(Home::open(&global.home)?.member_directory(member)?),
        (_, None) => None,
    };
    let own = directory.as_ref().map(MemberDirectory::key_file);
    let Some(with) = with.or(own.as_deref()) else {
        return Err(CliError::usage(
            "it is not said what opens the archive",
            "give --with KEYFILE or --as MEMBER",
        ));
    };
    let member = rows_key(global, with, directory.as_ref())?;
    let key = backup::opening_key(with, &global.passphrase.opening(with, &global.home)?)?;
    let cache = shared_cache(CACHE_BYTES);
    let scratch = Scratch::within(&std::env::temp_dir())?;
    let database = scratch.path().join("db");
    let manifest = backup::extract(file, &key, &database)?;
    let root = home.as_ref().map(|home| open_root(home, &cache)).transpose()?;
    let root = root.as_ref().map(|root| root as &dyn parclose_node::RootChain);
    let checked = backup::check(&database, &manifest, &member, root, &cache)?;
    let mut value = manifest_json("parclose.backup-verify/1", file, &manifest)?;
    add_checked(&mut value, &checked);
    Ok(value)
}

/// The master under which the rows are sealed: that of the member, or of the key file that opens the
/// archive when it is a member's.
fn rows_key(
    global: &Global,
    with: &Path,
    directory: Option<&MemberDirectory>,
) -> Result<MemberSecret, CliError> {
    if let Some(directory) = directory {
        let file = directory.key_file();
        return Ok(key_file::member(&file, &global.passphrase.opening(&file, &global.home)?)?);
    }
    if key_file::inspect(with)?.kind != key_file::KeyKind::Member {
        return Err(CliError::usage(
            "the rows of a store open with its member's key only",
            "give --as MEMBER, whose home has that key",
        ));
    }
    Ok(key_file::member(with, &global.passphrase.opening(with, &global.home)?)?)
}

fn maybe_home(global: &Global) -> Result<Option<Home>, CliError> {
    if !global.home.join("home.json").is_file() {
        return Ok(None);
    }
    Ok(Some(global.passphrase.unlock(Home::open(&global.home)?)?))
}

fn restore(global: &Global, file: &Path, with: Option<&Path>, member: &str) -> Result<Value, CliError> {
    let home = global.passphrase.unlock(Home::open(&global.home)?)?;
    let directory = home.member_directory(member)?;
    let own = directory.key_file();
    let with = with.unwrap_or(&own);
    let key = backup::opening_key(with, &global.passphrase.opening(with, &global.home)?)?;
    let cache = shared_cache(CACHE_BYTES);
    let root = open_root(&home, &cache)?;
    let (manifest, checked) = backup::restore(file, &key, &directory, &root, &cache)?;
    let mut value = manifest_json("parclose.backup-restore/1", file, &manifest)?;
    value["member"] = json!(member);
    add_checked(&mut value, &checked);
    value["next"] = json!("the next command catches up; until then this member endorses nothing");
    Ok(value)
}

fn manifest_json(schema: &str, file: &Path, manifest: &Manifest) -> Result<Value, CliError> {
    let size = std::fs::metadata(file).map_err(|e| CliError::file(file, &e))?.len();
    Ok(json!({
        "schema": schema,
        "file": file.display().to_string(),
        "file_bytes": size,
        "channel": manifest.name,
        "tag": manifest.tag.to_string(),
        "network": manifest.network.to_string(),
        "events": manifest.next.0,
        "height": manifest.height.0,
        "state_root": manifest.root.to_string(),
        "database_files": manifest.files.len(),
        "database_bytes": manifest.database_bytes(),
    }))
}

fn add_checked(value: &mut Value, checked: &Checked) {
    let root_chain = match checked.behind {
        None => "not compared: there is no home".to_owned(),
        Some(0) => "every event is the one that it has, up to the last".to_owned(),
        Some(behind) => format!("every event is the one that it has; {behind} more are ordered"),
    };
    value["recomputed_state_root"] = json!(checked.verified.root.to_string());
    value["rows"] = json!(checked.verified.rows);
    value["records"] = json!(checked.verified.records);
    value["attested_event"] = json!(checked.attested.map(|event| event.0));
    value["all_attested"] = json!(checked.all_attested);
    value["events_behind"] = json!(checked.behind);
    value["root_chain"] = json!(root_chain);
}
