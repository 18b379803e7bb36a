//! Founding: a consortium with its genesis, and channels among its members.

use std::path::{Path, PathBuf};

use parclose_channel::setup::{GENERATION, Setup};
use parclose_channel::{Candidate, Channel, Founding};
use parclose_documents::Lei;
use parclose_keys::MemberSecret;
use parclose_root::{Genesis, OpenChannel, Parameters, Validator};
use parclose_store::SharedCache;
use parclose_transaction::{Definition, DefinitionTexts, MemberEntry};
use parclose_types::{ChannelId, Digest, NetworkId, limits};
use rand_core::CryptoRng;

use crate::bounded::read_text;
use crate::home::{
    ChannelCard, HomeError, HomeFile, MemberCard, MemberDirectory, SCHEMA, broken, not_written, write_json,
};
use crate::key_file::{self, KeyKind};
use crate::passphrase_file;
use crate::randomness::generator;
use crate::unlock::Unlock;

/// Makes the home of a consortium for development: its key files open with a passphrase beside them.
pub fn found_consortium(path: &Path, members: &[&str], rng: &mut impl CryptoRng) -> Result<(), HomeError> {
    make_directory(path)?;
    passphrase_file::write_development(path, rng)?;
    fill(path, members, &Unlock::of_home(path), rng)
}

/// Makes the home of a consortium whose key files are sealed under a passphrase that is kept elsewhere.
pub fn found_consortium_under(
    unlock: &Unlock,
    path: &Path,
    members: &[&str],
    rng: &mut impl CryptoRng,
) -> Result<(), HomeError> {
    make_directory(path)?;
    fill(path, members, unlock, rng)
}

/// # Rules
///
/// > HOM-03: a home is made in a new or empty directory, never over something.
pub(crate) fn make_directory(path: &Path) -> Result<(), HomeError> {
    let empty = std::fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    if !empty {
        return Err(HomeError::Exists { path: path.display().to_string() });
    }
    create(path)
}

/// A regulator's name, and that of its directory.
const REGULATOR: &str = "regulator";

/// Makes a regulator's directory for development, with the passphrase of its key beside it.
pub fn found_regulator(path: &Path, genesis: &Genesis, rng: &mut impl CryptoRng) -> Result<(), HomeError> {
    make_directory(path)?;
    passphrase_file::write_development(path, rng)?;
    fill_regulator(path, genesis, &Unlock::of_home(path), rng)
}

fn fill_regulator(
    path: &Path,
    genesis: &Genesis,
    unlock: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<(), HomeError> {
    key_file::generate(&path.join("regulator.key"), KeyKind::Regulator, Some(REGULATOR), unlock, rng)?;
    write_text(&path.join("genesis.json"), &genesis.to_json())
}

/// Members' masters, validator, genesis, regulator.
fn fill(path: &Path, members: &[&str], unlock: &Unlock, rng: &mut impl CryptoRng) -> Result<(), HomeError> {
    let validator = key_file::generate(&path.join("validator.key"), KeyKind::Validator, None, unlock, rng)?;
    let genesis = genesis(&validator.public, rng)?;
    create(&path.join(REGULATOR))?;
    fill_regulator(&path.join(REGULATOR), &genesis, unlock, rng)?;
    let mut cards = Vec::new();
    for name in members {
        let directory = MemberDirectory::at(&path.join("members").join(name), unlock);
        create(&directory.path().join("channels"))?;
        let public = key_file::generate(&directory.key_file(), KeyKind::Member, Some(name), unlock, rng)?;
        write_text(&directory.path().join("genesis.json"), &genesis.to_json())?;
        cards.push(MemberCard { name: (*name).into(), lei: lei(name)?, identity: public.public });
    }
    write_text(&path.join("genesis.json"), &genesis.to_json())?;
    // Last, because a home is what has a home.json.
    write_json(
        &path.join("home.json"),
        &HomeFile { schema: SCHEMA.into(), members: cards, regulator: REGULATOR.into() },
    )
}

/// How far ahead an anchor's last height may lie, in heights.
const WINDOW: u64 = 1024;

fn genesis(validator: &str, rng: &mut impl CryptoRng) -> Result<Genesis, HomeError> {
    let mut nonce = [0_u8; 32];
    rng.fill_bytes(&mut nonce);
    let key = validator.parse().map_err(|_| broken(Path::new("validator.key"), "not a key"))?;
    let validators = vec![Validator { key, power: 1 }];
    let parameters = Parameters { window: WINDOW, ..Parameters::default() };
    Ok(Genesis::new("development".into(), validators, parameters, Digest(nonce))?)
}

/// A made-up but well-formed LEI for a made-up member.
fn lei(name: &str) -> Result<String, HomeError> {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
    let base: String = "PCLD00".chars().chain(letters).chain(std::iter::repeat('0')).take(18).collect();
    Lei::make(&base).map(|lei| lei.as_str().to_owned()).map_err(|e| broken(Path::new(name), &e.to_string()))
}

/// A member that takes part in founding a channel.
#[derive(Clone, Debug)]
pub struct Party {
    /// its directory
    pub directory: MemberDirectory,
    /// its name
    pub name: String,
    /// its roles in the channel
    pub roles: Vec<String>,
}

/// Reads a template folder.
///
/// # Rules
///
/// > HOM-07: a template is a folder with `channel.toml`, `policy.cedar` and `policy.cedarschema`.
pub fn read_template(folder: &Path) -> Result<DefinitionTexts, HomeError> {
    let read = |file: &str| {
        let path = folder.join(file);
        let text = path.is_file().then(|| read_text(&path, limits::DEFINITION_BYTES_MAX));
        let text = text.transpose().map_err(|e| broken(&path, &e.to_string()))?;
        let bounded = text.filter(|text| text.len() <= limits::DEFINITION_BYTES_MAX);
        bounded.ok_or_else(|| HomeError::NoTemplate { name: folder.display().to_string() })
    };
    Ok(DefinitionTexts {
        channel_toml: read("channel.toml")?,
        policy: read("policy.cedar")?,
        policy_schema: read("policy.cedarschema")?,
    })
}

/// Founds a channel among parties: every step is taken by each party with its own key only.
pub fn found_channel(
    name: &str,
    network: NetworkId,
    texts: DefinitionTexts,
    definition: &Definition,
    parties: &[Party],
    cache: &SharedCache,
) -> Result<(OpenChannel, Setup), HomeError> {
    let mut rng = generator();
    let founders = Founders::gather(parties, &mut rng)?;
    let founding = Founding::new(network, founders.channel, texts, definition, founders.entries())
        .map_err(parclose_channel::ChannelError::from)?;
    let (setup, body) = founding.conclude(&mut rng);
    let sign = |founder: &Candidate| founder.sign_open(&body, &network);
    let signatures = founders.in_order().into_iter().map(|(_, founder)| sign(founder)).collect();
    founders.keep(name, &definition.template, &setup, cache)?;
    Ok((Setup::open_channel(body, signatures), setup))
}

/// The parties of a channel to come, each with its key, its pseudonym there and its one-time key.
pub(crate) struct Founders<'a> {
    pub(crate) channel: ChannelId,
    parties: &'a [Party],
    members: Vec<MemberSecret>,
    candidates: Vec<Candidate>,
}

impl<'a> Founders<'a> {
    /// Draws a channel's id, and makes everybody's part in it.
    pub(crate) fn gather(parties: &'a [Party], rng: &mut impl CryptoRng) -> Result<Self, HomeError> {
        let mut id = [0_u8; 32];
        rng.fill_bytes(&mut id);
        let channel = ChannelId(id);
        let members: Vec<MemberSecret> = parties
            .iter()
            .map(|p| Ok(key_file::member(&p.directory.key_file(), p.directory.unlock())?))
            .collect::<Result<_, HomeError>>()?;
        let candidate = |(party, member): (&Party, &MemberSecret)| {
            Candidate::new(&party.name, member, party.roles.clone(), &channel, GENERATION, rng)
        };
        let candidates = parties.iter().zip(&members).map(candidate).collect();
        Ok(Self { channel, parties, members, candidates })
    }

    pub(crate) fn entries(&self) -> Vec<MemberEntry> {
        self.candidates.iter().map(|candidate| candidate.entry().clone()).collect()
    }

    /// The founders in the order in which the root chain has their signatures.
    pub(crate) fn in_order(&self) -> Vec<(&Party, &Candidate)> {
        let mut in_order: Vec<_> = self.parties.iter().zip(&self.candidates).collect();
        in_order.sort_by_key(|(_, candidate)| candidate.pseudonym());
        in_order
    }

    /// Makes everybody's store of the channel.
    pub(crate) fn keep(
        &self,
        name: &str,
        template: &str,
        setup: &Setup,
        cache: &SharedCache,
    ) -> Result<(), HomeError> {
        let card = ChannelCard {
            name: name.into(),
            template: template.into(),
            channel: self.channel,
            tag: setup.tag,
        };
        for ((party, member), candidate) in self.parties.iter().zip(&self.members).zip(&self.candidates) {
            let database = party.directory.database(name);
            clear_unfinished(&party.directory, name)?;
            create(database.parent().unwrap_or(&database))?;
            let key = (GENERATION, candidate.one_time());
            Channel::create(&database, member, setup, key, cache, Box::new(generator()))?;
            party.directory.add_channel(&card)?;
        }
        Ok(())
    }
}

/// Removes what a founding that was cut off left: a folder without a card.
fn clear_unfinished(directory: &MemberDirectory, name: &str) -> Result<(), HomeError> {
    let folder = directory.path().join("channels").join(name);
    if folder.exists() && !folder.join("channel.json").exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| not_written(&folder, &e))?;
    }
    Ok(())
}

pub(crate) fn create(path: &Path) -> Result<(), HomeError> {
    std::fs::create_dir_all(path).map_err(|e| not_written(path, &e))
}

pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), HomeError> {
    std::fs::write(path, text).map_err(|e| not_written(path, &e))
}

/// Where the shipped templates are: beside the executable's source tree, or where `--templates` says.
#[must_use]
pub fn template_folder(templates: &Path, name: &str) -> PathBuf {
    if Path::new(name).join("channel.toml").is_file() { PathBuf::from(name) } else { templates.join(name) }
}

#[cfg(test)]
mod tests;
