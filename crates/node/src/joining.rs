//! Joining a channel, from the invitation until the room of the new member starts.
//!
//! ```text
//!   a member   Invitation   names the channel: confidential, though it opens nothing
//!   the guest  Card         its certificate for the next generation; its one-time key stays with it
//!   members    move, vote, rotate
//!   the guest  admit        asks a member for the setup, then executes the log from the opening on
//! ```
//!
//! A member that should get other roles shows the others a card in the same way.

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

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parclose_channel::joining::Applicant;
use parclose_channel::{Channel, Setup};
use parclose_exchange::transport::Inbox;
use parclose_exchange::{Credentials, Gathering, Message, Network, split};
use parclose_root::GenerationKeys;
use parclose_store::SharedCache;
use parclose_transaction::MemberEntry;
use parclose_types::{ChannelId, Generation, NetworkId, PublicKey, Tag, decode, encode, hex, limits};
use serde::{Deserialize, Serialize};

use crate::bounded::read_bytes;
use crate::home::{ChannelCard, HomeError, MemberDirectory, Waiting, broken, check_channel_name};
use crate::key_file;
use crate::randomness::generator;

/// What a member gives to somebody who shall join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// format of this file
    pub schema: String,
    /// the channel's name among its members
    pub name: String,
    /// its template
    pub template: String,
    /// network
    pub network: NetworkId,
    /// the channel
    pub channel: ChannelId,
    /// its tag on the root chain
    pub tag: Tag,
    /// the generation that comes next
    pub generation: Generation,
    /// roles to choose from
    pub roles: Vec<String>,
    /// members, whose nodes can be asked
    pub members: Vec<String>,
}

/// What somebody who would join, or should get other roles, shows to the members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// format of this file
    pub schema: String,
    /// its name
    pub name: String,
    /// roles that it asks for
    pub roles: Vec<String>,
    /// the generation that it is for
    pub generation: Generation,
    /// tag of the channel
    pub tag: Tag,
    /// its entry in the next configuration, hex
    pub entry: String,
}

/// Schema of an invitation.
pub const INVITATION: &str = "parclose.invitation/1";
/// Schema of a card.
pub const CARD: &str = "parclose.candidate/1";

/// Frames that are looked at before the next member is asked.
const FRAMES_MAX: usize = 64;
/// How long a member is waited for before the next is asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether a member can be reached, before it is left to another time.
const LOOKS_MAX: usize = 100;
/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl Invitation {
    /// An invitation to a channel.
    #[must_use]
    pub fn to(name: &str, channel: &Channel) -> Self {
        let (config, definition) = (channel.config(), channel.definition());
        Self {
            schema: INVITATION.into(),
            name: name.into(),
            template: definition.template.clone(),
            network: config.network,
            channel: config.channel,
            tag: channel.tag(),
            generation: Generation(config.generation.0.saturating_add(1)),
            roles: definition.roles.iter().map(|role| role.name.clone()).collect(),
            members: config.members.iter().map(|member| member.name.clone()).collect(),
        }
    }

    /// What its holder keeps of the channel until it is let in.
    #[must_use]
    pub fn card(&self) -> ChannelCard {
        let Self { name, template, channel, tag, .. } = self.clone();
        ChannelCard { name, template, channel, tag }
    }

    /// Whether it is an invitation to a channel of this network, with a name that a channel can have.
    ///
    /// # Rules
    ///
    /// > HOM-08: an invitation is of this network, and one may have one channel of a name.
    pub fn check(&self, network: NetworkId) -> Result<(), HomeError> {
        if self.schema != INVITATION || self.network != network {
            return Err(HomeError::OtherInvitation);
        }
        check_channel_name(&self.name)
    }

    /// Makes the card of somebody who would join: the one-time key is stored before the card is there.
    ///
    /// # Rules
    ///
    /// > HOM-08: an invitation is of this network, and one may have one channel of a name.
    pub fn accept(
        &self,
        network: NetworkId,
        name: &str,
        directory: &MemberDirectory,
        roles: Vec<String>,
        cache: &SharedCache,
    ) -> Result<Card, HomeError> {
        self.check(network)?;
        let card = self.card();
        let taken = |other: &ChannelCard| other.name == self.name && *other != card;
        let waiting = directory.joining()?;
        if directory.founding_file(&self.name).exists()
            || directory.channels()?.iter().chain(waiting.iter().map(|waiting| &waiting.card)).any(taken)
        {
            return Err(HomeError::NameTaken { name: self.name.clone() });
        }
        let member = key_file::member(&directory.key_file(), directory.unlock())?;
        let applicant =
            Applicant { name, member: &member, roles, channel: self.channel, generation: self.generation };
        directory.add_joining(&Waiting { card, hosts: self.members.clone() })?;
        let database = directory.database(&self.name);
        let candidate = applicant.prepare(&database, cache, Box::new(generator()), &mut generator())?;
        Ok(Card::of(candidate.entry(), self.generation, self.tag))
    }
}

impl Card {
    /// The card of an entry.
    #[must_use]
    pub fn of(entry: &MemberEntry, generation: Generation, tag: Tag) -> Self {
        Self {
            schema: CARD.into(),
            name: entry.name.clone(),
            roles: entry.certificate.roles.clone(),
            generation,
            tag,
            entry: hex::encode(&encode(entry)),
        }
    }

    /// The entry that it shows.
    ///
    /// # Rules
    ///
    /// > HOM-09: what a card says in words is what its entry says.
    pub fn entry(&self) -> Result<MemberEntry, HomeError> {
        let bytes = hex::decode(&self.entry).map_err(|_| HomeError::OtherCard)?;
        let entry: MemberEntry =
            decode("card", &bytes, limits::TRANSACTION_BYTES_MAX).map_err(|_| HomeError::OtherCard)?;
        let same = Self::of(&entry, self.generation, self.tag) == *self;
        if same { Ok(entry) } else { Err(HomeError::OtherCard) }
    }
}

/// Takes what members answer to somebody who has no room yet.
struct SetupInbox(Sender<(PublicKey, Vec<u8>)>);

impl Inbox for SetupInbox {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
        self.0.send((from, frame)).is_ok()
    }
}

/// Lets somebody in whose rotation is ordered: gets the setup from a member and completes the store.
/// `false` when it is not in the newest generation yet, or when no member answers.
pub(crate) fn admit(
    directory: &MemberDirectory,
    Waiting { card, hosts }: &Waiting,
    keys: &GenerationKeys,
    network: &dyn Network,
    cache: &SharedCache,
) -> Result<bool, HomeError> {
    let member = key_file::member(&directory.key_file(), directory.unlock())?;
    let own = member.pseudonym(&card.channel, keys.generation()).public();
    if !keys.endorsers().contains(&own) {
        return Ok(false);
    }
    let credentials = Credentials {
        tag: card.tag,
        key: Arc::new(member.pseudonym(&card.channel, keys.generation())),
        peers: keys.endorsers().to_vec(),
        hosts: hosts.clone(),
    };
    let Some(setup) = ask_setup(credentials, keys, network) else { return Ok(false) };
    let database = directory.database(&card.name);
    let which = (&card.channel, &card.tag);
    Channel::join(&database, &member, which, &setup, cache, Box::new(generator()))?;
    directory.joined(card)?;
    Ok(true)
}

/// Asks the members until one has answered: whoever can be reached, in turn.
fn ask_setup(credentials: Credentials, keys: &GenerationKeys, network: &dyn Network) -> Option<Setup> {
    let (own, tag) = (credentials.own(), credentials.tag);
    let (answer, answers) = channel();
    let transport = network.connect(credentials, Arc::new(SetupInbox(answer)));
    let ask = Message::AskSetup { tag }.to_bytes();
    let mut others: Vec<&PublicKey> = keys.endorsers().iter().filter(|other| **other != own).collect();
    // A connection proves membership first, which takes a moment.
    for _ in 0..LOOKS_MAX {
        let is_asked =
            |other: &&PublicKey| split(1, &ask).into_iter().all(|frame| transport.send(other, frame).is_ok());
        let Some(at) = others.iter().position(is_asked) else {
            if others.is_empty() {
                break;
            }
            let _ = answers.recv_timeout(BETWEEN_LOOKS);
            continue;
        };
        let asked = others.remove(at);
        if let Some(setup) = answer_of(asked, tag, &answers) {
            return Some(setup);
        }
    }
    network.disconnect(&own);
    None
}

/// What a member answers in time, if it is a setup of that tag.
fn answer_of(member: &PublicKey, tag: Tag, answers: &Receiver<(PublicKey, Vec<u8>)>) -> Option<Setup> {
    let mut gathering = Gathering::default();
    for _ in 0..FRAMES_MAX {
        let (from, frame) = answers.recv_timeout(PATIENCE).ok()?;
        let whole = if from == *member { gathering.take(&frame).ok().flatten() } else { None };
        let message = whole.and_then(|bytes| Message::from_bytes(&bytes).ok());
        if let Some(Message::Setup { setup, .. }) = message {
            let setup = decode::<Setup>("setup", &setup, limits::BATCH_BYTES_MAX).ok()?;
            return Some(setup).filter(|setup| setup.tag == tag && setup.check().is_ok());
        }
    }
    None
}

/// Reads an invitation or a card. Somebody else made the file: it is read up to its limit, whatever the
/// system says of its size.
pub fn read_file<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, HomeError> {
    let bytes = read_bytes(path, limits::DEFINITION_BYTES_MAX).map_err(|e| broken(path, &e.to_string()))?;
    parse(path, &bytes)
}

/// Reads the bytes of an invitation or a card; `path` names them in an error.
pub fn parse<T: for<'de> Deserialize<'de>>(path: &Path, bytes: &[u8]) -> Result<T, HomeError> {
    if bytes.len() > limits::DEFINITION_BYTES_MAX {
        return Err(broken(path, "too large"));
    }
    serde_json::from_slice(bytes).map_err(|e| broken(path, &e.to_string()))
}

#[cfg(test)]
mod tests;
