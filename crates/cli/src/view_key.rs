//! `parclose viewkey`: what somebody outside may read, recorded in the channel and taken along as a file.
//!
//! Members agree to a grant; from then on their nodes cover every secret that it spans, and a second reader signs each
//! cover. The file that goes out holds those covers, each wrapped to its grantee's key alone.

use std::path::Path;

use parclose_audit::grant::FILE_BYTES_MAX;
use parclose_audit::{Grant, GrantedKey, NarrowedViewKey, ViewKeys, WrappedViewKey};
use parclose_channel::governance::{CoverState, GrantRow, GrantStanding};
use parclose_channel::{Channel, Verdict};
use parclose_node::bounded::read_text;
use parclose_node::{Consortium, key_file, randomness};
use parclose_transaction::grant::StandingGrant;
use parclose_transaction::{Act, Handed};
use parclose_types::{Epoch, Fault, MemberId, TransactionDigest, hex};
use serde_json::{Value, json};

use crate::access_log;
use crate::args::{Global, Handing, OfChannel, ViewKey, ViewKeyIssue, ViewKeyNarrow};
use crate::context::{in_room, with_channel, with_consortium};
use crate::error::CliError;
use crate::import::slot_parties;
use crate::output::{check_new, write_text};
use crate::transaction::member_named;

/// Runs `parclose viewkey …`.
pub fn run(global: &Global, command: &ViewKey) -> Result<Value, CliError> {
    match command {
        ViewKey::Issue(options) => issue(global, options),
        ViewKey::Approve { of, grant } => {
            let grant = named(grant)?;
            acted(global, of, Act::Approve { grant }, grant)
        }
        ViewKey::RevokeFuture { of, grant } => {
            let grant = named(grant)?;
            acted(global, of, Act::Revoke { grant }, grant)
        }
        ViewKey::List { of } => list(global, of),
        ViewKey::Export { of, grant, out, partial, handing } => {
            let grant = named(grant)?;
            check_new(out)?;
            let to = (out.as_path(), handing);
            with_consortium(global, |consortium| export(consortium, of, grant, to, *partial))
        }
        ViewKey::Inspect { file } => Ok(keys_json(&read(file)?, file)),
        ViewKey::Narrow(options) => narrow(global, options),
    }
}

fn named(grant: &str) -> Result<TransactionDigest, CliError> {
    grant.parse().map_err(|_| CliError::usage(format!("`{grant}` is no grant"), "parclose viewkey list"))
}

/// The public key of whoever shall read.
pub(crate) fn grantee(file: &Path) -> Result<Vec<u8>, CliError> {
    let key = key_file::inspect(file)?;
    hex::decode(&key.public).map_err(|_| {
        let what = format!("`{}` has no public key", file.display());
        CliError::usage(what, "give a regulator's key")
    })
}

fn issue(global: &Global, options: &ViewKeyIssue) -> Result<Value, CliError> {
    let grantee = grantee(&options.to)?;
    options.out.iter().try_for_each(|out| check_new(out))?;
    with_consortium(global, |consortium| {
        let (named, sequence) = agreed(consortium, options, grantee)?;
        let mut value = told(consortium, &options.of, named)?;
        value["sequence"] = json!(sequence);
        if let Some(out) = &options.out {
            let handing = Handing { recipient: options.name.clone(), unnoted: false };
            let written = export(consortium, &options.of, named, (out, &handing), false)?;
            value["file"] = written["file"].clone();
            value["keys"] = written["keys"].clone();
        }
        Ok(value)
    })
}

/// Proposes a grant, and agrees to it as the second member if that is one of this home: the grant, and where it was ordered.
pub(crate) fn agreed(
    consortium: &Consortium,
    options: &ViewKeyIssue,
    grantee: Vec<u8>,
) -> Result<(TransactionDigest, u64), CliError> {
    let room = consortium.room(&options.of.member, &options.of.channel)?;
    let asked = options.clone();
    let grant = in_room(&room, move |channel| standing_grant(channel, &asked, grantee))??;
    let proposed = room.act_and_wait(Act::Grant(Box::new(grant)))?;
    applied(&proposed.verdict)?;
    let (named, sequence) = (proposed.transaction, proposed.sequence.0);
    let Some(second) = &options.second else { return Ok((named, sequence)) };
    consortium.settle();
    let second = consortium.room(second, &options.of.channel)?;
    let approved = second.act_and_wait(Act::Approve { grant: named })?;
    applied(&approved.verdict)?;
    Ok((named, approved.sequence.0))
}

/// What is asked for, as the definition in force names it.
fn standing_grant(
    channel: &Channel,
    options: &ViewKeyIssue,
    grantee: Vec<u8>,
) -> Result<StandingGrant, CliError> {
    let definition = channel.definition();
    let unknown =
        |what: &str| CliError::usage(format!("the definition has no {what}"), "parclose channel visibility");
    let (audience, class) = match (&options.field, &options.audience, &options.class) {
        (Some(text), ..) => {
            let field = || format!("field `{text}`");
            let (record_type, field_name) = text.split_once('.').ok_or_else(|| unknown(&field()))?;
            let record_type = definition.record_named(record_type).ok_or_else(|| unknown(&field()))?;
            let schema = record_type.field_named(field_name).ok_or_else(|| unknown(&field()))?;
            (schema.audience.clone(), schema.class)
        }
        (None, Some(audience), Some(class)) => {
            let known = definition.class_named(class).ok_or_else(|| unknown(&format!("class `{class}`")))?;
            (audience.clone(), known.id)
        }
        _ => {
            return Err(CliError::usage("nothing is named to be read", "--audience and --class, or --field"));
        }
    };
    let members = narrowed_to(channel, options, &audience)?;
    Ok(StandingGrant {
        name: options.name.clone(),
        grantee,
        audience,
        class,
        from: Epoch(options.from_epoch),
        to: Epoch(options.to_epoch),
        members,
        alone: !options.parties.is_empty(),
    })
}

/// The members of the sets that are meant: those with some members, or the one that parties make.
fn narrowed_to(channel: &Channel, options: &ViewKeyIssue, audience: &str) -> Result<Vec<MemberId>, CliError> {
    let config = channel.config();
    let mut members = match &options.field {
        Some(field) if !options.parties.is_empty() => {
            let definition = channel.definition();
            let record_type = field.split_once('.').and_then(|(name, _)| definition.record_named(name));
            let (Some(record_type), Some(rule)) = (record_type, definition.audience(audience)) else {
                return Err(CliError::not_found("field"));
            };
            let parties = slot_parties(channel, record_type, &options.parties)?;
            let parties = parties.iter().map(|(slot, member)| (slot.as_str(), *member)).collect();
            let set = config.audience_members(rule, &parties);
            set.iter().filter_map(|key| config.member(key)).map(|entry| entry.id()).collect()
        }
        _ => {
            let named = options.members.iter().map(|name| member_named(channel, name));
            named.collect::<Result<Vec<MemberId>, _>>()?
        }
    };
    members.sort_unstable();
    members.dedup();
    Ok(members)
}

fn applied(verdict: &Verdict) -> Result<(), CliError> {
    match verdict {
        Verdict::Refused(rule) => Err(CliError::refused(rule)),
        Verdict::Applied => Ok(()),
    }
}

fn acted(global: &Global, of: &OfChannel, act: Act, grant: TransactionDigest) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let outcome = room.act_and_wait(act)?;
        applied(&outcome.verdict)?;
        let mut value = told(consortium, of, grant)?;
        value["sequence"] = json!(outcome.sequence.0);
        Ok(value)
    })
}

/// A grant, once everything that follows from it has settled.
fn told(consortium: &Consortium, of: &OfChannel, grant: TransactionDigest) -> Result<Value, CliError> {
    consortium.settle();
    let room = consortium.room(&of.member, &of.channel)?;
    in_room(&room, move |channel| {
        let rows = channel.grants()?;
        let row = rows.iter().find(|row| row.transaction == grant);
        let mut value = grant_json(channel, row.ok_or_else(|| CliError::not_found("grant"))?)?;
        value["schema"] = json!("parclose.grant/1");
        Ok(value)
    })?
}

fn list(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    with_channel(global, of, |channel| {
        let rows = channel.grants()?;
        let grants: Vec<Value> = rows.iter().map(|row| grant_json(channel, row)).collect::<Result<_, _>>()?;
        Ok(json!({ "schema": "parclose.grants/1", "grants": grants }))
    })
}

fn grant_json(channel: &Channel, row: &GrantRow) -> Result<Value, parclose_channel::ChannelError> {
    let (config, definition) = (channel.config(), channel.definition());
    let name = |member: &MemberId| {
        config.by_id(member).map_or_else(|| member.to_string(), |entry| entry.name.clone())
    };
    let names = |members: &[MemberId]| members.iter().map(name).collect::<Vec<_>>();
    let covers = channel.covers(&row.transaction)?;
    let count = |is: fn(&CoverState) -> bool| covers.iter().filter(|cover| is(&cover.state)).count();
    let granted = &row.grant;
    let class = definition.classes.iter().find(|class| class.id == granted.class);
    let (standing, at) = match row.standing {
        GrantStanding::Proposed => ("proposed", row.proposed_at),
        GrantStanding::Standing { since } => ("standing", since),
        GrantStanding::Revoked { at } => ("revoked", at),
    };
    Ok(json!({
        "grant": row.transaction.to_string(),
        "name": granted.name,
        "grantee": hex::encode(&parclose_crypto::hash::sha256(&granted.grantee)),
        "audience": granted.audience,
        "class": class.map_or_else(|| granted.class.0.to_string(), |class| class.name.clone()),
        "from_epoch": granted.from.0,
        "to_epoch": granted.to.0,
        "with": names(&granted.members),
        "alone": granted.alone,
        "standing": standing,
        "at_height": at.0,
        "agreed": names(&row.approvals),
        "ended_by": names(&row.revocations),
        "needed": definition.governance.grants_need(config.members.len()),
        "covers": {
            "awaited": channel.covers_awaited(&row.transaction)?,
            "unsigned": count(|state| matches!(state, CoverState::Made { .. })),
            "count": count(|state| matches!(state, CoverState::Counts { .. })),
        },
    }))
}

/// Writes what the channel has recorded for a grant.
pub(crate) fn export(
    consortium: &Consortium,
    of: &OfChannel,
    grant: TransactionDigest,
    (out, handing): (&Path, &Handing),
    partial: bool,
) -> Result<Value, CliError> {
    let (mut row, mut recorded) = recorded_for(consortium, of, grant)?;
    // Readers' nodes cover and sign one after another: each needs an event of its own.
    for _ in 0..COVERING_ROUNDS_MAX {
        if is_standing(&row) && is_awaited(&row) && !partial {
            (row, recorded) = recorded_for(consortium, of, grant)?;
        }
    }
    if row["standing"] == "proposed" || (is_standing(&row) && is_awaited(&row) && !partial) {
        return Err(pending(&row));
    }
    if recorded.is_empty() {
        let what = "the grant has no cover: no secret that it spans was dealt".to_owned();
        return Err(CliError::new("NOT_FOUND", "CLI-03", Fault::Sender, what, "parclose viewkey list"));
    }
    let whole = |(grant, wrap)| GrantedKey::Whole(WrappedViewKey { grant, wrap });
    let keys = ViewKeys::new(recorded.into_iter().map(whole).collect())?;
    let text = keys.to_json();
    let note = access_log::note(consortium, of, Handed::ViewKeys(grant), handing, text.as_bytes())?;
    write_text(out, &text)?;
    let mut value = keys_json(&keys, out);
    value["grant"] = row["grant"].clone();
    value["note"] = json!(note.map(|note| note.to_string()));
    Ok(value)
}

/// Times that covers are looked for again.
const COVERING_ROUNDS_MAX: usize = 8;

fn is_standing(row: &Value) -> bool {
    row["standing"] == "standing"
}

fn is_awaited(row: &Value) -> bool {
    row["covers"]["awaited"] != 0
}

/// What both readers have signed, each with its wrap.
type Recorded = Vec<(Grant, Vec<u8>)>;

/// A grant, and the view keys that are recorded for it, once what follows from acts has settled.
fn recorded_for(
    consortium: &Consortium,
    of: &OfChannel,
    grant: TransactionDigest,
) -> Result<(Value, Recorded), CliError> {
    consortium.settle();
    let room = consortium.room(&of.member, &of.channel)?;
    in_room(&room, move |channel| {
        let rows = channel.grants()?;
        let row = rows.iter().find(|row| row.transaction == grant);
        let row = grant_json(channel, row.ok_or_else(|| CliError::not_found("grant"))?)?;
        Ok::<_, CliError>((row, channel.granted(&grant)?))
    })?
}

fn pending(row: &Value) -> CliError {
    let what = match row["standing"].as_str() {
        Some("proposed") => "too few members have agreed to the grant".to_owned(),
        _ => format!("covers are owed still: {}", row["covers"]),
    };
    let fix = "parclose viewkey approve, or wait until the readers' nodes have covered everything (--partial: what there is)";
    CliError::new("STALE", "GRA-16", Fault::Sender, what, fix)
}

/// Passes a part on; what the file holds of other epochs is left out.
fn narrow(global: &Global, options: &ViewKeyNarrow) -> Result<Value, CliError> {
    let (keys, to) = (read(&options.file)?, grantee(&options.to)?);
    check_new(&options.out)?;
    let own = key_file::regulator(&options.with, &global.passphrase.opening(&options.with, &global.home)?)?;
    let epochs = (Epoch(options.from_epoch), Epoch(options.to_epoch));
    let mut generator = randomness::generator();
    let parts = keys.keys().iter().map(|key| {
        let held = key.open(&own)?;
        Ok(GrantedKey::Narrowed(NarrowedViewKey::cut(&held, key.grant(), epochs, &to, &mut generator)?))
    });
    let parts = ViewKeys::new(parts.collect::<Result<_, CliError>>()?)?;
    write_text(&options.out, &parts.to_json())?;
    Ok(keys_json(&parts, &options.out))
}

/// Reads a view key file.
pub(crate) fn read(file: &Path) -> Result<ViewKeys, CliError> {
    let text = read_text(file, FILE_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    Ok(ViewKeys::from_json(&text)?)
}

fn keys_json(keys: &ViewKeys, file: &Path) -> Value {
    let rows = keys.keys().iter().map(|key| {
        let (scope, terms) = (key.scope(), &key.grant().terms);
        json!({
            "generation": scope.generation,
            "audience": scope.audience.to_string(),
            "class": scope.class.0,
            "from_epoch": scope.from.0,
            "to_epoch": scope.to.0,
            "narrowed": matches!(key, GrantedKey::Narrowed(_)),
            "issuer": terms.issuer.to_string(),
            "second_reader": terms.second_reader.to_string(),
        })
    });
    let first = keys.keys().first();
    json!({
        "schema": "parclose.viewkeys-public/1",
        "file": file.display().to_string(),
        "channel": first.map(|key| key.scope().channel.to_string()),
        "grantee": first.map(|key| key.grantee().to_string()),
        "keys": rows.collect::<Vec<Value>>(),
        "opens_for": "its grantee's key alone",
    })
}
