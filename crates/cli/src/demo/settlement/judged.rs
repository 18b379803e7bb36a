//! Whether everybody holds what the plan says: with its own keys, and with the regulator's.

use parclose_audit::{GrantScope, WrappedViewKey};
use parclose_channel::Channel;
use parclose_finance::plan::Holdings;
use parclose_finance::treasury::BuyerClass;
use parclose_node::key_file;
use parclose_types::{Epoch, hex};

use super::market::{CASH, ISSUER, Market, SECURITIES};
use super::minor;
use crate::audit;
use crate::context::in_room;
use crate::error::CliError;
use crate::view_key;

/// What was found.
pub(super) struct Judged {
    pub(super) securities: usize,
    /// par of everything that is held, in cents
    pub(super) held: u128,
    pub(super) confirmed: bool,
    pub(super) failures: Vec<String>,
}

/// Looks at both channels.
pub(super) fn judge(market: &Market, holdings: &Holdings) -> Result<Judged, CliError> {
    market.consortium.quiesce();
    let mut failures = Vec::new();
    let mut held = 0_u128;
    for (cusip, asset) in &market.securities {
        for class in BuyerClass::ALL {
            let sum = market.sum(class.member(), SECURITIES, *asset)?;
            held = held.saturating_add(sum);
            let expected = u128::from(minor(holdings.held(cusip, class)));
            if sum != expected {
                failures.push(format!("{} holds another amount of {cusip}", class.member()));
            }
        }
    }
    let mut cash = market.sum(ISSUER, CASH, market.dollars)?;
    for class in BuyerClass::ALL {
        cash = cash.saturating_add(market.sum(class.member(), CASH, market.dollars)?);
    }
    if cash != market.cash {
        failures.push("cash was made or lost".to_owned());
    }
    for member in [ISSUER].into_iter().chain(BuyerClass::ALL.map(BuyerClass::member)) {
        for channel in [SECURITIES, CASH] {
            let open = in_room(&market.room(member, channel)?, |channel| channel.open_locks().count())?;
            if open > 0 {
                failures.push(format!("{open} locks are open in `{channel}`"));
            }
        }
    }
    let confirmed = market.confirmed(holdings, &mut failures)?;
    Ok(Judged { securities: market.securities.len(), held, confirmed, failures })
}

impl Market {
    /// What a member can spend of an asset.
    fn sum(&self, member: &str, channel: &str, asset: parclose_types::AssetId) -> Result<u128, CliError> {
        let room = self.room(member, channel)?;
        Ok(in_room(&room, move |channel| {
            let notes = channel.own_notes()?;
            let of_asset = notes.iter().filter(|note| note.row.note.asset == asset);
            Ok::<_, parclose_channel::ChannelError>(of_asset.map(|note| u128::from(note.opened.value)).sum())
        })??)
    }

    /// The regulator opens every amount of the securities' channel, from an export, and finds as much issued, less what was redeemed, as
    /// is held, of every security.
    fn confirmed(&self, holdings: &Holdings, failures: &mut Vec<String>) -> Result<bool, CliError> {
        let directory = self.consortium.home().regulator_directory();
        let public = key_file::inspect(&directory.join("regulator.key"))?;
        let grantee =
            hex::decode(&public.public).map_err(|_| CliError::verification("the regulator's key".into()))?;
        let issuer = self.room(ISSUER, SECURITIES)?;
        let head = self.consortium.root().head();
        let mut wrapped: Vec<WrappedViewKey> = Vec::new();
        for second in [ISSUER].into_iter().chain(BuyerClass::ALL.map(BuyerClass::member)) {
            let room = self.room(second, SECURITIES)?;
            let grantee = grantee.clone();
            let scope = move |channel: &Channel| scope(channel, second, channel.epoch_at(head).0);
            let made = view_key::wrap(&issuer, &room, grantee, scope);
            // A class that took nothing has no amounts in common with the issuer.
            wrapped.extend(made.ok());
        }
        let bundle = audit::bundle(&self.consortium, &issuer, None)?;
        let genesis = self.consortium.home().genesis()?;
        let bundle = bundle.verify(&genesis)?;
        let key = key_file::regulator(&directory.join("regulator.key"), self.consortium.home().unlock())?;
        let mut keys = Vec::new();
        for wrapped in &wrapped {
            bundle.accept(&wrapped.grant)?;
            keys.push(wrapped.open(&key)?);
        }
        let assets = bundle.value(&keys);
        let mut confirmed = true;
        for (cusip, asset) in &self.securities {
            let expected: u128 =
                BuyerClass::ALL.map(|class| u128::from(minor(holdings.held(cusip, class)))).iter().sum();
            let found = assets.get(asset);
            let agrees = found.and_then(|audited| audited.agrees()) == Some(true);
            if !agrees || found.and_then(|audited| audited.supply) != Some(expected) {
                failures.push(format!("the regulator finds another amount of {cusip}"));
                confirmed = false;
            }
        }
        Ok(confirmed)
    }
}

/// The amounts of notes between the issuer and another member; its own, where both are one.
fn scope(channel: &Channel, second: &str, to: Epoch) -> Result<GrantScope, CliError> {
    let config = channel.config();
    let missing = || CliError::not_found("member");
    let pseudonym = |name: &str| config.named(name).map(|entry| entry.certificate.pseudonym);
    let mut readers = vec![pseudonym(ISSUER).ok_or_else(missing)?, pseudonym(second).ok_or_else(missing)?];
    readers.sort_unstable();
    readers.dedup();
    let class = channel.definition().class_named("amount").map(|class| class.id);
    let class = class.ok_or_else(|| CliError::not_found("class"))?;
    let audience = config.audience_of(&readers);
    let generation = config.generation;
    Ok(GrantScope { channel: channel.id(), generation, audience, class, from: Epoch(0), to })
}
