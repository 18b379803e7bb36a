//! `parclose channel draft|enter|sign|open`: members with nodes of their own found a channel.

use std::path::{Path, PathBuf};

use parclose_node::consortium::open_channel;
use parclose_node::found::{read_template, template_folder};
use parclose_node::founding::{
    self, ChannelDraft, DRAFT_BYTES_MAX, FounderSignature, PART_BYTES_MAX, Part, Signatures, read,
};
use parclose_node::{Home, shared_cache};
use serde_json::{Value, json};

use crate::args::{Global, OfChannel};
use crate::error::CliError;
use crate::hosting;
use crate::member::with_roles;
use crate::output::{check_new, write_file};

/// Block cache of a store that is made or looked at here.
const CACHE_BYTES: usize = 8 << 20;

/// Drafts a channel.
pub fn draft(
    global: &Global,
    name: &str,
    template: &str,
    members: &[String],
    out: &Path,
) -> Result<Value, CliError> {
    let founders = members.iter().map(|text| with_roles(text)).collect::<Result<Vec<_>, _>>()?;
    let texts = read_template(&template_folder(&global.templates, template))?;
    let draft = founding::draft(&global.home, name, texts, &founders)?;
    write_file(out, &draft)?;
    Ok(json!({
        "schema": "parclose.channel-drafted/1",
        "name": name,
        "draft": draft.digest().to_string(),
        "channel": draft.channel.to_string(),
        "members": founders_json(&draft),
        "file": out.display().to_string(),
        "next": "give it to every founder; each takes part: parclose channel enter",
    }))
}

fn founders_json(draft: &ChannelDraft) -> Vec<Value> {
    let told = |founder: &founding::Founder| json!({ "name": founder.name, "roles": founder.roles, "identity": founder.identity.to_string() });
    draft.founders.iter().map(told).collect()
}

/// Takes part.
pub fn enter(global: &Global, member: &str, draft: &Path, out: &Path) -> Result<Value, CliError> {
    let draft: ChannelDraft = read(draft, DRAFT_BYTES_MAX)?;
    check_new(out)?;
    let part =
        in_home(global, |home| Ok(founding::enter(home, member, &draft, &shared_cache(CACHE_BYTES))?))?;
    write_file(out, &part)?;
    Ok(json!({
        "schema": "parclose.channel-entered/1",
        "name": draft.name,
        "draft": draft.digest().to_string(),
        "member": member,
        "members": founders_json(&draft),
        "file": out.display().to_string(),
        "next": "compare the draft's digest with the others, give them this part, and when all are there: parclose channel sign",
    }))
}

/// Concludes and signs.
pub fn sign(global: &Global, of: &OfChannel, parts: &[PathBuf], out: &Path) -> Result<Value, CliError> {
    let parts = parts.iter().map(|path| read::<Part>(path, PART_BYTES_MAX));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    check_new(out)?;
    let signed = match hosting::here() {
        Some(consortium) => consortium.sign_founding(&of.member, &of.channel, &parts)?,
        None => in_home(global, |home| {
            Ok(founding::sign(home, &of.member, &of.channel, &parts, &shared_cache(CACHE_BYTES))?)
        })?,
    };
    write_file(out, &signed.signature)?;
    Ok(json!({
        "schema": "parclose.channel-signed/1",
        "name": of.channel,
        "member": of.member,
        "tag": signed.card.tag.to_string(),
        "file": out.display().to_string(),
        "next": "compare the tag with the others; with all signatures one of you opens it: parclose channel open",
    }))
}

/// Opens: at once in a running node, else when it starts.
pub fn open(global: &Global, of: &OfChannel, signatures: &[PathBuf]) -> Result<Value, CliError> {
    let signatures = signatures.iter().map(|path| read::<FounderSignature>(path, PART_BYTES_MAX));
    let signatures = Signatures::from(signatures.collect::<Result<Vec<_>, _>>()?);
    let result = match hosting::here() {
        Some(consortium) if consortium.open_founded(&of.member, &of.channel, &signatures)? => "opened",
        Some(_) => "was open",
        None => {
            in_home(global, |home| keep(home, of, &signatures))?;
            "will be handed in when the node runs"
        }
    };
    Ok(json!({
        "schema": "parclose.channel-opened/1",
        "name": of.channel,
        "member": of.member,
        "result": result,
    }))
}

fn keep(home: &Home, of: &OfChannel, signatures: &Signatures) -> Result<(), CliError> {
    let directory = home.member_directory(&of.member)?;
    let card = directory.channel(&of.channel)?;
    let channel = open_channel(&directory, &card, &shared_cache(CACHE_BYTES))?;
    let opening = founding::opening(channel.setup(), signatures)?;
    Ok(directory.keep_opening(&card, &opening)?)
}

fn in_home<T>(global: &Global, work: impl FnOnce(&Home) -> Result<T, CliError>) -> Result<T, CliError> {
    match hosting::here() {
        Some(here) => work(here.home()),
        None => work(&global.passphrase.unlock(Home::open(&global.home)?)?),
    }
}
