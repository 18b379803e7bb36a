//! Legs as people write them, and as the parties' rooms know them.

use std::collections::BTreeMap;

use parclose_channel::{Channel, LegTerms, Terms};
use parclose_node::{Consortium, RoomHandle};
use parclose_types::{MemberId, PublicKey, RecordId};
use serde_json::{Value, json};

use crate::args::DvpPropose;
use crate::asset::known::{self, Known};
use crate::context::in_room;
use crate::error::CliError;
use crate::transaction::member_named;

/// Legs of a deal, as one member's rooms know them.
pub(super) struct Legs {
    pub(super) own: MemberId,
    legs: Vec<Leg>,
}

struct Leg {
    /// its number in the deal
    number: u8,
    channel: String,
    room: RoomHandle,
    asset: Option<Known>,
    names: [String; 2],
    terms: LegTerms,
}

const FORM: &str = "--give securities:US912828M805:1000.00 --get cash:USD:998.50";

impl Legs {
    /// The legs of a proposal.
    pub(super) fn of(consortium: &Consortium, options: &DvpPropose) -> Result<Self, CliError> {
        let member = &options.of.member;
        let room = consortium.room(member, &options.of.channel)?;
        let own = in_room(&room, |channel| channel.own_id())?;
        let mut legs = Vec::new();
        for text in &options.give {
            legs.push(Leg::read(consortium, member, [member, &options.to], text)?);
        }
        for text in &options.get {
            legs.push(Leg::read(consortium, member, [&options.to, member], text)?);
        }
        for text in &options.leg {
            let odd = || CliError::usage(format!("`{text}` is no leg"), "--leg FROM:TO:CHANNEL:ASSET:AMOUNT");
            let (from, rest) = text.split_once(':').ok_or_else(odd)?;
            let (to, rest) = rest.split_once(':').ok_or_else(odd)?;
            legs.push(Leg::read(consortium, member, [from, to], rest)?);
        }
        if legs.len() < 2 {
            return Err(CliError::usage("a deal has at least two legs", FORM));
        }
        for (number, leg) in (0_u8..).zip(&mut legs) {
            leg.number = number;
        }
        Ok(Self { own, legs })
    }

    /// The legs of terms that somebody has proposed: this member has to be in the channel of each that it gives or gets.
    pub(super) fn of_terms(consortium: &Consortium, member: &str, terms: &Terms) -> Result<Self, CliError> {
        let mut legs = Vec::new();
        let rooms = consortium.rooms_of(member);
        let own = consortium.member_id(member)?;
        for (number, terms) in (0_u8..).zip(&terms.legs) {
            let of_own = terms.sender == own || terms.receiver == own;
            let Some((channel, room)) =
                rooms.iter().find(|(_, tag, _)| *tag == terms.tag).map(|(n, _, r)| (n, r))
            else {
                if of_own {
                    let told = format!("this member is in no channel of tag `{}`", terms.tag);
                    return Err(CliError::usage(told, "join that channel first"));
                }
                continue;
            };
            let terms = *terms;
            let (asset, names) = in_room(room, move |channel| {
                let asset = known::one(channel, &terms.asset).ok().flatten();
                (asset, [terms.sender, terms.receiver].map(|member| name(channel, &member)))
            })?;
            legs.push(Leg { number, channel: channel.clone(), room: room.clone(), asset, names, terms });
        }
        Ok(Self { own, legs })
    }

    pub(super) fn terms(&self) -> Vec<LegTerms> {
        self.legs.iter().map(|leg| leg.terms).collect()
    }

    /// The keys by which a member approves what it gets, by leg. It has to have an account in each channel.
    pub(super) fn approvers(
        &self,
        instruction: &RecordId,
        member: MemberId,
    ) -> Result<BTreeMap<u8, PublicKey>, CliError> {
        let mut keys = BTreeMap::new();
        for leg in &self.legs {
            let number = leg.number;
            if leg.terms.receiver == member {
                let record = *instruction;
                let key = in_room(&leg.room, move |channel| {
                    let accounts = channel.accounts()?;
                    let paid = accounts.iter().any(|account| account.owner == channel.own_id());
                    Ok::<_, parclose_channel::ChannelError>(
                        paid.then(|| channel.approver_key(&record, number)),
                    )
                })??;
                let told = format!("this member has no account in `{}`", leg.channel);
                keys.insert(number, key.ok_or_else(|| CliError::usage(told, "parclose asset open"))?);
            }
        }
        Ok(keys)
    }

    pub(super) fn to_json(&self) -> Value {
        self.legs.iter().map(Leg::to_json).collect()
    }
}

impl Leg {
    fn read(
        consortium: &Consortium,
        member: &str,
        [from, to]: [&str; 2],
        text: &str,
    ) -> Result<Self, CliError> {
        let odd = || CliError::usage(format!("`{text}` is not CHANNEL:ASSET:AMOUNT"), FORM);
        let (name, rest) = text.split_once(':').ok_or_else(odd)?;
        let (asset, amount) = rest.rsplit_once(':').ok_or_else(odd)?;
        let room = consortium.room(member, name)?;
        let (asset, amount) = (asset.to_owned(), amount.to_owned());
        let names = [from.to_owned(), to.to_owned()];
        let of = names.clone();
        let (asset, terms) = in_room(&room, move |channel| {
            let asset = known::named(channel, &asset)?;
            let [sender, receiver] = of.map(|name| member_named(channel, &name));
            let amount = asset.units(&amount)?;
            if amount == 0 {
                return Err(CliError::usage("nobody gives nothing", FORM));
            }
            let terms = LegTerms {
                tag: channel.tag(),
                sender: sender?,
                receiver: receiver?,
                asset: asset.id,
                amount,
            };
            Ok::<_, CliError>((asset, terms))
        })??;
        Ok(Self { number: 0, channel: name.to_owned(), room, asset: Some(asset), names, terms })
    }

    fn to_json(&self) -> Value {
        let Self { number, channel, asset, names: [from, to], terms, .. } = self;
        json!({
            "leg": number,
            "channel": channel,
            "from": from,
            "to": to,
            "asset": terms.asset.to_string(),
            "code": asset.as_ref().map(|asset| asset.code.clone()),
            "quantity_minor": terms.amount.to_string(),
            "quantity": asset.as_ref().map(|asset| asset.written(terms.amount.into())),
        })
    }
}

fn name(channel: &Channel, member: &MemberId) -> String {
    channel.name_of(member).ok().flatten().unwrap_or_else(|| member.to_string())
}
