//! Where documents go: a record type of a channel, with its parties.

use std::collections::BTreeMap;

use parclose_channel::Channel;
use parclose_documents::Document;
use parclose_keys::MemberSecret;
use parclose_node::{Consortium, RoomHandle, key_file};
use parclose_transaction::DraftOperation;
use parclose_transaction::definition::RecordType;
use parclose_types::{ChannelId, MemberId, RecordId};

use super::fields::field_values;
use super::importer::{Heard, Importer};
use crate::args::OfChannel;
use crate::context::in_room;
use crate::error::CliError;
use crate::transaction::member_named;

/// A record type of a channel, with its parties.
#[derive(Debug)]
pub struct Target {
    channel: ChannelId,
    member: MemberSecret,
    pub(super) record_type: RecordType,
    parties: BTreeMap<String, MemberId>,
}

impl Target {
    /// Finds record type and parties; a slot that one member's role alone fits fills itself.
    pub fn resolve(
        consortium: &Consortium,
        of: &OfChannel,
        room: &RoomHandle,
        record_type: &str,
        parties: &[String],
    ) -> Result<Self, CliError> {
        let directory = consortium.home().member_directory(&of.member)?;
        let member = key_file::member(&directory.key_file(), directory.unlock())?;
        let (wanted, named) = (record_type.to_owned(), parties.to_vec());
        in_room(room, move |channel| {
            let known = channel.definition().record_named(&wanted).cloned();
            let record_type = known.ok_or_else(|| {
                CliError::usage(format!("no record type `{wanted}`"), "parclose channel show")
            })?;
            let parties = slot_parties(channel, &record_type, &named)?;
            Ok(Self { channel: channel.id(), member, record_type, parties })
        })?
    }

    /// Imports documents that are at hand.
    pub fn import(
        &self,
        room: &RoomHandle,
        documents: impl IntoIterator<Item = Document>,
        heard: Heard<'_>,
    ) -> Result<(), CliError> {
        let mut importer = Importer::new(self, room);
        for document in documents {
            importer.push(document, heard)?;
        }
        importer.finish(heard)
    }

    pub(super) fn record_of(&self, document: &Document) -> RecordId {
        self.member.record_id(&self.channel, &self.record_type.name, &document.key)
    }

    /// A document as a new record: each field of the record type from the document's part of that name.
    pub(super) fn operation(&self, document: &Document, record: RecordId) -> DraftOperation {
        DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: self.record_type.name.clone(),
            record,
            version: 1,
            parties: self.parties.clone(),
            fields: field_values(document, &self.record_type),
        }
    }
}

/// Who stands in which slot of a record type: who is named, and the one member whose role alone fits.
pub(crate) fn slot_parties(
    channel: &Channel,
    record_type: &RecordType,
    named: &[String],
) -> Result<BTreeMap<String, MemberId>, CliError> {
    let mut parties = BTreeMap::new();
    for text in named {
        let (slot, member) = text.split_once('=').ok_or_else(|| {
            CliError::usage(format!("`{text}` is not SLOT=MEMBER"), "for example --party bank=bank-1")
        })?;
        parties.insert(slot.to_owned(), member_named(channel, member)?);
    }
    for slot in &record_type.slots {
        let mut holders =
            channel.config().members.iter().filter(|member| member.certificate.roles.contains(&slot.role));
        if let (false, Some(only), None) = (parties.contains_key(&slot.name), holders.next(), holders.next())
        {
            parties.insert(slot.name.clone(), only.id());
        }
    }
    Ok(parties)
}
