//! Founding a channel among members who each have a node of their own, by files that they pass round.
//!
//! ```text
//!   one of them   draft     name, definition, founders, the channel's id       --> draft, to every founder
//!   each founder  enter     looks at it; its one-time key stays with it        --> part, to every founder
//!   each founder  sign      all parts make one setup, the same for everybody   --> signature, to any of them
//!   any of them   open      all signatures                                     --> the root chain
//! ```
//!
//! Nobody is trusted with it: whoever has the draft and all parts concludes the same setup and the same tag, and signs
//! nothing but that. A draft and the parts are for the eyes of the founders.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod draft;
mod entered;
mod files;
mod refused;

use std::path::Path;

use parclose_channel::joining::Applicant;
use parclose_channel::setup::GENERATION;
use parclose_channel::{Channel, ChannelError, Founding, Setup};
use parclose_root::OpenChannel;
use parclose_store::SharedCache;
use parclose_transaction::MemberEntry;
use parclose_types::SignatureBytes;

use crate::address_book::AddressBook;
use crate::found::create;
use crate::home::{ChannelCard, Home, HomeError, MemberDirectory, broken};
use crate::key_file;
use crate::node_home;
use crate::randomness::generator;

pub use draft::{ChannelDraft, DRAFT_BYTES_MAX, Founder};
pub use files::{FounderSignature, PART_BYTES_MAX, Part, Signatures, read};
pub use refused::FoundingRefused;

use entered::Entered;

/// What a founder has signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// the channel, as this member keeps it from now on
    pub card: ChannelCard,
    /// its signature under the opening
    pub signature: FounderSignature,
}

/// Drafts a channel among members of the consortium, each named with its roles.
pub fn draft(
    home: &Path,
    name: &str,
    texts: parclose_transaction::DefinitionTexts,
    founders: &[(String, Vec<String>)],
) -> Result<ChannelDraft, FoundingRefused> {
    let book = address_book(home)?;
    let draft = ChannelDraft::new(name, &book, texts, founders, &mut generator())?;
    draft.check(&book)?;
    Ok(draft)
}

/// # Rules
///
/// > FOU-07: a channel is founded by files between nodes that belong to a consortium.
fn address_book(home: &Path) -> Result<AddressBook, FoundingRefused> {
    if !node_home::address_book(home).exists() {
        return Err(FoundingRefused::NoNode);
    }
    let book = node_home::read_address_book(home);
    Ok(book.map_err(|e| broken(&node_home::address_book(home), &e.to_string()))?)
}

/// Takes part in founding a channel: the one-time key is stored before the part is there.
pub fn enter(
    home: &Home,
    member: &str,
    draft: &ChannelDraft,
    cache: &SharedCache,
) -> Result<Part, FoundingRefused> {
    let book = address_book(home.path())?;
    draft.check(&book)?;
    let founder = draft.founder(member).ok_or(FoundingRefused::NotAFounder)?;
    let directory = home.member_directory(member)?;
    if let Some(entered) = check_unknown(&directory, draft)? {
        return Ok(entered.part);
    }
    let master = key_file::member(&directory.key_file(), directory.unlock()).map_err(HomeError::from)?;
    let applicant = Applicant {
        name: member,
        member: &master,
        roles: founder.roles.clone(),
        channel: draft.channel,
        generation: GENERATION,
    };
    let database = directory.database(&draft.name);
    create(database.parent().unwrap_or(&database))?;
    let prepared = applicant.prepare(&database, cache, Box::new(generator()), &mut generator());
    let part = Part::of(draft, prepared.map_err(HomeError::from)?.entry());
    Entered { draft: draft.clone(), part: part.clone() }.keep(&directory)?;
    Ok(part)
}

/// What this member has entered of the same draft; none if the draft is new to it.
///
/// # Rules
///
/// > FOU-02: a founder enters a draft only if it has no other channel of its name or its id.
fn check_unknown(
    directory: &MemberDirectory,
    draft: &ChannelDraft,
) -> Result<Option<Entered>, FoundingRefused> {
    if let Some(entered) = Entered::read(directory, &draft.name)? {
        let same = entered.draft == *draft;
        return if same { Ok(Some(entered)) } else { Err(FoundingRefused::Known) };
    }
    let own =
        directory.channels()?.into_iter().chain(directory.joining()?.into_iter().map(|waiting| waiting.card));
    let begun = Entered::all(directory)?;
    let has = |name: &str, id| name == draft.name || id == draft.channel;
    let known = own.into_iter().any(|card| has(&card.name, card.channel))
        || begun.into_iter().any(|other| has(&other.draft.name, other.draft.channel));
    if known { Err(FoundingRefused::Known) } else { Ok(None) }
}

/// Concludes a draft with everybody's part, keeps the channel, and signs its opening.
///
/// # Rules
///
/// > FOU-05: a founder signs one conclusion of a draft and no other.
pub fn sign(
    home: &Home,
    member: &str,
    name: &str,
    parts: &[Part],
    cache: &SharedCache,
) -> Result<Signed, FoundingRefused> {
    let directory = home.member_directory(member)?;
    let Entered { draft, part } = Entered::read(&directory, name)?.ok_or(HomeError::ChannelNotFound)?;
    let book = address_book(home.path())?;
    let definition = draft.check(&book)?;
    let entries = draft.entries(&part, parts)?;
    let founding =
        Founding::new(draft.network, draft.channel, draft.texts(), &definition, entries).map_err(invalid)?;
    let (setup, body) = founding.conclude_with(draft.blinder.0);
    let card = ChannelCard {
        name: name.into(),
        template: definition.template,
        channel: draft.channel,
        tag: setup.tag,
    };
    let master = key_file::member(&directory.key_file(), directory.unlock()).map_err(HomeError::from)?;
    match directory.channel(name) {
        Ok(kept) if kept.tag != card.tag => return Err(FoundingRefused::SignedAnother { tag: kept.tag }),
        Ok(_) => {}
        Err(_) => {
            let (which, database) = ((&card.channel, &card.tag), directory.database(name));
            let joined = Channel::join(&database, &master, which, &setup, cache, Box::new(generator()));
            joined.map_err(HomeError::from)?;
            directory.add_channel(&card)?;
        }
    }
    let own = master.pseudonym(&card.channel, GENERATION);
    let signature = own.sign(&body.signing_bytes(&draft.network));
    let signature = FounderSignature::new(&card, member, signature);
    Ok(Signed { card, signature })
}

/// The opening that everybody has signed.
///
/// # Rules
///
/// > FOU-06: an opening has the signature of every founder under the setup that this member keeps.
pub fn opening(setup: &Setup, signatures: &Signatures) -> Result<OpenChannel, FoundingRefused> {
    let body = setup.body().map_err(invalid)?;
    let signed = body.signing_bytes(&setup.config.network);
    let made: Vec<(&MemberEntry, Option<SignatureBytes>)> =
        setup.config.members.iter().map(|entry| (entry, signatures.of(&setup.tag, &entry.name))).collect();
    let missing: Vec<String> =
        made.iter().filter(|(_, made)| made.is_none()).map(|(entry, _)| entry.name.clone()).collect();
    if !missing.is_empty() {
        return Err(FoundingRefused::NotSigned { missing });
    }
    // The members of a configuration stand in the order of their pseudonyms, as the endorsers do.
    let in_order = made.into_iter().filter_map(|(entry, made)| Some((entry, made?)));
    let checked = in_order.map(|(entry, signature)| {
        let by = &entry.certificate.pseudonym;
        let wrong = |_| FoundingRefused::WrongSignature { name: entry.name.clone() };
        parclose_crypto::verify(by, &signed, &signature).map_err(wrong)?;
        Ok(signature)
    });
    let signatures = checked.collect::<Result<Vec<_>, FoundingRefused>>()?;
    Ok(Setup::open_channel(body, signatures))
}

fn invalid(reason: parclose_channel::setup::SetupInvalid) -> FoundingRefused {
    HomeError::from(ChannelError::from(reason)).into()
}

#[cfg(test)]
mod tests;
