//! Opening the successor of a channel that has ended.
//!
//! ```text
//!   one member   end         what the close has fixed, the members and the definition of the end
//!   all of them  gather      a new channel's pseudonyms, one-time keys and certificates
//!   each         sign        its own room compares with its own store, and signs once
//!   root chain   open        with every signature, or not at all
//! ```
//!
//! A successor is founded as any channel is. Nothing is copied into it: the store of the channel that has
//! ended stays, opens, and proves what it proved.

use parclose_channel::{Channel, ChannelError, Founding, Predecessor, Setup, SuccessorRefused};
use parclose_consensus::RootUnavailable;
use parclose_transaction::{Definition, DefinitionTexts, MemberEntry};
use parclose_types::{SignatureBytes, Tag};

use crate::consortium::Consortium;
use crate::found::{Founders, Party};
use crate::home::{HomeError, MemberDirectory, check_channel_name};
use crate::randomness::generator;
use crate::room::RoomHandle;

/// What a channel has left when it ended.
struct Ended {
    end: Predecessor,
    members: Vec<MemberEntry>,
    texts: DefinitionTexts,
    definition: Definition,
}

/// A member of a channel that has ended: its name in the home, and its part in the successor.
struct Heir {
    member: String,
    party: Party,
}

impl Consortium {
    /// Opens the successor of a channel that has ended, with everybody who belonged to it at the end.
    pub fn succeed(&self, member: &str, ended: &str, name: &str) -> Result<Setup, HomeError> {
        check_channel_name(name)?;
        let Ended { end, members, texts, definition } = within(&self.room(member, ended)?, Ended::read)??;
        let heirs = members.iter().map(|entry| self.heir(entry, name)).collect::<Result<Vec<_>, _>>()?;
        let parties: Vec<Party> = heirs.iter().map(|heir| heir.party.clone()).collect();
        let (mut rng, network) = (generator(), self.root().network());
        let founders = Founders::gather(&parties, &mut rng)?;
        let founding = Founding::new(network, founders.channel, texts, &definition, founders.entries())
            .map_err(ChannelError::from)?;
        let (setup, body) = founding.after(end).conclude(&mut rng);
        let sign = |(party, _): (&Party, _)| {
            let heir = heirs.iter().find(|heir| heir.party.name == party.name);
            let heir = heir.ok_or(HomeError::ChannelNotFound)?;
            self.sign_successor(heir, &end.tag, &setup)
        };
        let signatures = founders.in_order().into_iter().map(sign).collect::<Result<Vec<_>, _>>()?;
        founders.keep(name, &definition.template, &setup, self.cache())?;
        let names: Vec<String> = heirs.into_iter().map(|heir| heir.member).collect();
        self.open_on_root(name, &names, Setup::open_channel(body, signatures))?;
        Ok(setup)
    }

    /// Who somebody of the channel is in this home. Its name for the successor must be free (HOM-08).
    fn heir(&self, entry: &MemberEntry, name: &str) -> Result<Heir, HomeError> {
        let (identity, roles) = (entry.id().to_string(), entry.certificate.roles.clone());
        let found = self.home().members().iter().find(|member| member.identity == identity);
        let member = found.ok_or_else(|| HomeError::NoMember { name: entry.name.clone() })?.name.clone();
        let directory = self.home().member_directory(&member)?;
        let taken = directory
            .channels()?
            .into_iter()
            .chain(directory.joining()?.into_iter().map(|waiting| waiting.card));
        if taken.into_iter().any(|card| card.name == name) {
            return Err(HomeError::NameTaken { name: name.into() });
        }
        Ok(Heir { member, party: Party { directory, name: entry.name.clone(), roles } })
    }

    /// The signature of a member, after its own room has compared the successor with its own store.
    fn sign_successor(&self, heir: &Heir, ended: &Tag, setup: &Setup) -> Result<SignatureBytes, HomeError> {
        let name = channel_of(&heir.party.directory, ended)?.ok_or(HomeError::ChannelNotFound)?;
        let (root, setup) = (self.root().clone(), setup.clone());
        // A root chain that cannot be asked counts as one that has it: nobody signs twice on a doubt.
        let opened = move |tag: &Tag| root.tag_state(tag).map_or(true, |state| state.is_some());
        let room = self.room(&heir.member, &name)?;
        Ok(within(&room, move |channel| channel.sign_successor(&setup, opened))??)
    }

    /// Compares what a member's channel names as its predecessor with this member's own store of it;
    /// `None` when it names none, or the member has no store of that channel.
    pub fn compare_predecessor(&self, member: &str, channel: &str) -> Result<Option<Predecessor>, HomeError> {
        let setup = within(&self.room(member, channel)?, |channel| channel.setup().clone())?;
        let Some(predecessor) = setup.predecessor else { return Ok(None) };
        let directory = self.home().member_directory(member)?;
        let Some(name) = channel_of(&directory, &predecessor.tag)? else { return Ok(None) };
        within(&self.room(member, &name)?, move |ended| ended.is_named_by(&setup))??;
        Ok(Some(predecessor))
    }
}

impl Ended {
    fn read(channel: &mut Channel) -> Result<Self, SuccessorRefused> {
        let end = channel.end()?;
        let latest = channel.governance().latest();
        Ok(Self {
            end,
            members: latest.config.members.clone(),
            texts: latest.texts.clone(),
            definition: latest.definition.clone(),
        })
    }
}

/// What a member calls the channel of a tag.
fn channel_of(directory: &MemberDirectory, tag: &Tag) -> Result<Option<String>, HomeError> {
    Ok(directory.channels()?.into_iter().find(|card| card.tag == *tag).map(|card| card.name))
}

fn within<T: Send + 'static>(
    room: &RoomHandle,
    call: impl FnOnce(&mut Channel) -> T + Send + 'static,
) -> Result<T, HomeError> {
    Ok(room.call(call).ok_or(RootUnavailable::Stopped)?)
}
