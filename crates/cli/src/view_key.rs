//! `parclose viewkey`: one class of fields over some epochs, for somebody outside the channel.
//!
//! Issuer and second reader sign the same terms, each after comparing them with its own secret. `issue` is for two in
//! one home; at nodes of their own the issuer drafts and the second reader countersigns. The wrapped key is a file that
//! opens for its grantee alone.

use std::collections::BTreeMap;
use std::path::Path;

use parclose_audit::grant::DRAFT_SCHEMA;
use parclose_audit::{DraftedGrant, Grant, GrantScope, GrantTerms, WrappedViewKey};
use parclose_channel::Channel;
use parclose_node::{RoomHandle, key_file, randomness};
use parclose_types::{Epoch, hex};
use serde_json::{Value, json};

use crate::args::{Global, OfChannel, ViewKey, ViewKeyIssue};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::import::slot_parties;
use crate::output::{check_new, write_text};

/// Runs `parclose viewkey …`.
pub fn run(global: &Global, command: &ViewKey) -> Result<Value, CliError> {
    match command {
        ViewKey::Issue(options) => issue(global, options),
        ViewKey::Draft(options) => draft(global, options),
        ViewKey::Countersign { of, draft, out } => countersign(global, of, draft, out),
        ViewKey::Inspect { file } => inspect(file),
    }
}

/// What a view key says of itself; or a drafted grant, before it is signed.
fn inspect(file: &Path) -> Result<Value, CliError> {
    let text = text_of(file)?;
    let schema = serde_json::from_str::<Value>(&text).unwrap_or_default()["schema"].clone();
    if schema == DRAFT_SCHEMA {
        let mut value = terms_json(&DraftedGrant::from_json(&text)?.terms, file);
        value["schema"] = json!("parclose.viewkey-drafted/1");
        value["opens_for"] = json!("nobody: it is a draft");
        return Ok(value);
    }
    Ok(view_key_json(&WrappedViewKey::from_json(&text)?, file))
}

/// The public key of whoever shall read.
fn grantee(options: &ViewKeyIssue) -> Result<Vec<u8>, CliError> {
    let key = key_file::inspect(&options.grantee)?;
    hex::decode(&key.public).map_err(|_| {
        let what = format!("`{}` has no public key", options.grantee.display());
        CliError::usage(what, "give a regulator's key")
    })
}

fn draft(global: &Global, options: &ViewKeyIssue) -> Result<Value, CliError> {
    let (grantee, asked) = (grantee(options)?, options.clone());
    check_new(&options.out)?;
    let drafted = with_consortium(global, |consortium| {
        let issuer = consortium.room(&options.of.member, &options.of.channel)?;
        in_room(&issuer, move |channel| {
            let second = channel.config().named(&asked.second).map(|entry| entry.certificate.pseudonym);
            let second = second.ok_or_else(|| CliError::not_found("member"))?;
            let scope = scope(channel, &asked)?;
            Ok::<_, CliError>(DraftedGrant::draw_up(
                channel.keys(),
                scope,
                grantee,
                channel.pseudonym(),
                second,
            )?)
        })?
    })?;
    write_text(&options.out, &drafted.to_json())?;
    let mut value = terms_json(&drafted.terms, &options.out);
    value["schema"] = json!("parclose.viewkey-drafted/1");
    value["next"] = json!("give it to the second reader: parclose viewkey countersign");
    Ok(value)
}

fn countersign(global: &Global, of: &OfChannel, draft: &Path, out: &Path) -> Result<Value, CliError> {
    let drafted = DraftedGrant::from_json(&text_of(draft)?)?;
    check_new(out)?;
    let wrapped = with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        in_room(&room, move |channel| {
            let GrantScope { generation, audience, .. } = drafted.terms.scope;
            let (row, _, deals) = channel.kept_of(generation)?;
            let members = deals.into_iter().map(|row| row.deal).find(|deal| deal.audience == audience);
            let members = members.map(|deal| deal.members).unwrap_or_default();
            let (keys, own) = (channel.keys(), channel.pseudonym());
            Ok::<_, CliError>(drafted.complete(
                keys,
                own,
                &row.config,
                &members,
                &mut randomness::generator(),
            )?)
        })?
    })?;
    write_text(out, &wrapped.to_json())?;
    Ok(view_key_json(&wrapped, out))
}

fn issue(global: &Global, options: &ViewKeyIssue) -> Result<Value, CliError> {
    let grantee = grantee(options)?;
    let wrapped = with_consortium(global, |consortium| {
        let issuer = consortium.room(&options.of.member, &options.of.channel)?;
        let second = consortium.room(&options.second, &options.of.channel)?;
        let asked = options.clone();
        wrap(&issuer, &second, grantee, move |channel| scope(channel, &asked))
    })?;
    write_text(&options.out, &wrapped.to_json())?;
    Ok(view_key_json(&wrapped, &options.out))
}

/// What is asked for, as the definition in force names it.
fn scope(channel: &Channel, options: &ViewKeyIssue) -> Result<GrantScope, CliError> {
    let definition = channel.definition();
    let unknown =
        || CliError::usage(format!("there is no field `{}`", options.field), "parclose channel visibility");
    let (record_type, field) = options.field.split_once('.').ok_or_else(unknown)?;
    let record_type = definition.record_named(record_type).ok_or_else(unknown)?;
    let field = record_type.field_named(field).ok_or_else(unknown)?;
    let rule = definition.audience(&field.audience).ok_or_else(unknown)?;
    let parties = slot_parties(channel, record_type, &options.parties)?;
    if let Some(slot) = rule.slots.iter().find(|slot| !parties.contains_key(*slot)) {
        return Err(CliError::usage(format!("nobody stands in `{slot}`"), "say who: --party SLOT=MEMBER"));
    }
    let parties: BTreeMap<&str, _> = parties.iter().map(|(slot, member)| (slot.as_str(), *member)).collect();
    let config = channel.config();
    Ok(GrantScope {
        channel: channel.id(),
        generation: config.generation,
        audience: config.audience_of(&config.audience_members(rule, &parties)),
        class: field.class,
        from: Epoch(options.from),
        to: Epoch(options.to),
    })
}

/// Draws up the terms as the issuer, has both readers sign them, and wraps the key to its grantee.
pub(crate) fn wrap(
    issuer: &RoomHandle,
    second: &RoomHandle,
    grantee: Vec<u8>,
    scope: impl FnOnce(&Channel) -> Result<GrantScope, CliError> + Send + 'static,
) -> Result<WrappedViewKey, CliError> {
    let second_key = in_room(second, |channel| channel.pseudonym().public())?;
    let to_grantee = grantee.clone();
    let terms = in_room(issuer, move |channel| {
        let (scope, own) = (scope(channel)?, channel.pseudonym().public());
        Ok::<_, CliError>(GrantTerms::draw_up(channel.keys(), scope, &to_grantee, own, second_key)?)
    })??;
    let signed_by = |room: &RoomHandle| {
        let terms = terms.clone();
        in_room(room, move |channel| terms.sign(channel.keys(), channel.pseudonym()))
    };
    let grant = Grant {
        issuer_signature: signed_by(issuer)??,
        second_signature: signed_by(second)??,
        terms: terms.clone(),
    };
    Ok(in_room(issuer, move |channel| {
        WrappedViewKey::issue(channel.keys(), grant, &grantee, &mut randomness::generator())
    })??)
}

/// Reads a view key file.
pub(crate) fn read(file: &Path) -> Result<WrappedViewKey, CliError> {
    Ok(WrappedViewKey::from_json(&text_of(file)?)?)
}

fn text_of(file: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(file).map_err(|e| CliError::file(file, &e))
}

fn view_key_json(wrapped: &WrappedViewKey, file: &Path) -> Value {
    terms_json(&wrapped.grant.terms, file)
}

fn terms_json(terms: &GrantTerms, file: &Path) -> Value {
    json!({
        "schema": "parclose.viewkey-public/1",
        "file": file.display().to_string(),
        "generation": terms.scope.generation,
        "audience": terms.scope.audience.to_string(),
        "class": terms.scope.class.0,
        "from": terms.scope.from.0,
        "to": terms.scope.to.0,
        "grantee": terms.grantee.to_string(),
        "issuer": terms.issuer.to_string(),
        "second_reader": terms.second_reader.to_string(),
        "opens_for": "its grantee's key alone",
    })
}
