//! `parclose channel propose|vote|motions|invite|join|card`: how members change their channel.

use std::path::Path;

use parclose_channel::governance::{Decided, MotionOutcome, MotionRow, MotionStanding};
use parclose_channel::{Channel, ChannelError, Verdict};
use parclose_node::found::{read_template, template_folder};
use parclose_node::joining::{Card, Invitation, read_file};
use parclose_node::{Consortium, Outcome};
use parclose_transaction::{Act, Change, Motion};
use parclose_types::{Generation, Height, TransactionDigest};
use serde_json::{Value, json};

use crate::args::{Global, OfChannel, Proposal};
use crate::context::{in_room, with_channel, with_consortium};
use crate::error::CliError;
use crate::output::write_file;
use crate::transaction::member_named;

/// Moves changes; the mover is for them.
pub fn propose(global: &Global, of: &OfChannel, proposal: &Proposal) -> Result<Value, CliError> {
    let read = Changes::read(global, proposal)?;
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let changes = in_room(&room, move |channel| read.changes(channel))??;
        let mut blinder = [0_u8; 32];
        rand_core::Rng::fill_bytes(&mut parclose_node::randomness::generator(), &mut blinder);
        let outcome = room.act_and_wait(Act::Move(Motion { changes, blinder }))?;
        followed(consortium, of, outcome.transaction, &outcome)
    })
}

/// Votes on a motion.
pub fn vote(global: &Global, of: &OfChannel, motion: &str, approve: bool) -> Result<Value, CliError> {
    let motion = parse_motion(motion)?;
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let outcome = room.act_and_wait(Act::Vote { motion, approve })?;
        followed(consortium, of, motion, &outcome)
    })
}

/// A member's own leaving.
pub fn leave(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let proposal = Proposal { remove: vec![of.member.clone()], ..Proposal::default() };
    propose(global, of, &proposal)
}

/// A motion, by its digest.
pub fn parse_motion(text: &str) -> Result<TransactionDigest, CliError> {
    text.parse().map_err(|e| CliError::usage(format!("`{text}`: {e}"), "parclose channel motions"))
}

/// What an act has led to, once everything that follows from it has settled.
fn followed(
    consortium: &Consortium,
    of: &OfChannel,
    motion: TransactionDigest,
    outcome: &Outcome,
) -> Result<Value, CliError> {
    if let Verdict::Refused(rule) = &outcome.verdict {
        return Err(CliError::refused(rule));
    }
    consortium.settle();
    consortium.admit()?;
    let (height, sequence) = (consortium.root().head(), outcome.sequence.0);
    let room = consortium.room(&of.member, &of.channel)?;
    in_room(&room, move |channel| {
        let row = channel.motion(&motion)?.ok_or_else(|| CliError::not_found("motion"))?;
        let mut value = motion_json(channel, &row, height)?;
        value["schema"] = json!("parclose.motion/1");
        value["sequence"] = json!(sequence);
        value["in_force"] = json!(channel.config().generation);
        Ok(value)
    })?
}

/// All motions of a channel, the oldest first.
pub fn motions(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let height = consortium.root().head();
        let room = consortium.room(&of.member, &of.channel)?;
        in_room(&room, move |channel| {
            let rows = channel.motions()?;
            let rows = rows.iter().map(|row| motion_json(channel, row, height));
            let rows: Vec<Value> = rows.collect::<Result<_, ChannelError>>()?;
            let mut value = json!({ "schema": "parclose.motions/1", "motions": rows });
            if let Some(decision) = channel.governance().decision_at(height) {
                let closes = decision.decided == Decided::Close;
                value["decided"] = json!(decision.motion.to_string());
                value["takes_force_by"] = json!(if closes { "close" } else { "rotation" });
                value["deadline"] = json!(decision.deadline.0);
            }
            Ok(value)
        })?
    })
}

fn motion_json(channel: &Channel, row: &MotionRow, height: Height) -> Result<Value, ChannelError> {
    let made_in = channel.kept_of(row.generation)?.0;
    let name = |member: &parclose_types::MemberId| {
        let of_then = made_in.config.by_id(member).map(|entry| entry.name.clone());
        of_then.unwrap_or_else(|| member.to_string())
    };
    let votes = |approve: bool| -> Vec<String> {
        row.votes.iter().filter(|(_, vote)| *vote == approve).map(|(member, _)| name(member)).collect()
    };
    let (standing, needed, until) = standing_of(channel, row, height);
    Ok(json!({
        "motion": row.transaction.to_string(),
        "generation": row.generation,
        "changes": row.motion.changes.iter().map(|change| told(change, &name)).collect::<Vec<_>>().join("; "),
        "mover": name(&row.mover),
        "for": votes(true),
        "against": votes(false),
        "standing": standing,
        "needed": needed,
        "until": until,
    }))
}

fn standing_of(channel: &Channel, row: &MotionRow, height: Height) -> (String, Option<usize>, Option<u64>) {
    let latest = channel.governance().latest();
    if row.outcome == MotionOutcome::Open && row.generation != latest.config.generation {
        return ("lapsed with its generation".into(), None, None);
    }
    match row.standing(height, latest) {
        MotionStanding::Open { until, needed } => ("open".into(), Some(needed), Some(until.0)),
        MotionStanding::Lapsed => ("lapsed".into(), None, None),
        MotionStanding::Closed(MotionOutcome::Passed) => ("passed".into(), None, None),
        MotionStanding::Closed(MotionOutcome::Rejected) => ("rejected".into(), None, None),
        MotionStanding::Closed(MotionOutcome::Failed(rule)) => (format!("failed: {rule}"), None, None),
        MotionStanding::Closed(MotionOutcome::Open) => ("open".into(), None, None),
    }
}

fn told(change: &Change, name: &impl Fn(&parclose_types::MemberId) -> String) -> String {
    match change {
        Change::Join(entry) => {
            format!("{} joins as {}, identity {}", entry.name, entry.certificate.roles.join("+"), entry.id())
        }
        Change::Remove(member) => format!("{} leaves", name(member)),
        Change::Roles(certificate) => {
            let member = parclose_transaction::generation::id_of(certificate);
            format!("{} becomes {}", name(&member), certificate.roles.join("+"))
        }
        Change::Redefine(texts) => format!("definition {} (parclose policy diff --motion)", texts.digest()),
        Change::Rekey => "new keys".into(),
        Change::Close => "the channel ends".into(),
    }
}

/// What a proposal names, read before anything is opened.
struct Changes {
    admitted: Vec<Card>,
    roles: Vec<Card>,
    removed: Vec<String>,
    redefined: Option<parclose_transaction::DefinitionTexts>,
    rekey: bool,
    close: bool,
}

impl Changes {
    fn read(global: &Global, proposal: &Proposal) -> Result<Self, CliError> {
        let cards = |files: &[std::path::PathBuf]| {
            files.iter().map(|file| Ok(read_file::<Card>(file)?)).collect::<Result<Vec<_>, CliError>>()
        };
        let template = proposal.definition.as_ref().map(|folder| {
            let folder = template_folder(&global.templates, &folder.to_string_lossy());
            let texts = read_template(&folder)?;
            crate::policy::check::agreed(&texts)?;
            Ok::<_, CliError>(texts)
        });
        Ok(Self {
            admitted: cards(&proposal.admit)?,
            roles: cards(&proposal.roles)?,
            removed: proposal.remove.clone(),
            redefined: template.transpose()?,
            rekey: proposal.rekey,
            close: proposal.close,
        })
    }

    fn changes(self, channel: &Channel) -> Result<Vec<Change>, CliError> {
        let mut changes = Vec::new();
        for card in self.admitted {
            changes.push(Change::Join(entry_of(&card, channel)?));
        }
        for name in &self.removed {
            changes.push(Change::Remove(member_named(channel, name)?));
        }
        for card in self.roles {
            changes.push(Change::Roles(entry_of(&card, channel)?.certificate));
        }
        changes.extend(self.redefined.map(|texts| Change::Redefine(Box::new(texts))));
        changes.extend(self.rekey.then_some(Change::Rekey));
        changes.extend(self.close.then_some(Change::Close));
        Ok(changes)
    }
}

/// The entry of a card, which must be for the generation that comes next here.
fn entry_of(card: &Card, channel: &Channel) -> Result<parclose_transaction::MemberEntry, CliError> {
    let next = Generation(channel.config().generation.0.saturating_add(1));
    if (card.tag, card.generation) != (channel.tag(), next) {
        return Err(CliError::usage(
            format!("the card of `{}` is for generation {} of its channel", card.name, card.generation.0),
            &format!("ask for one for generation {} of this channel", next.0),
        ));
    }
    Ok(card.entry()?)
}

/// An invitation for somebody who shall join.
pub fn invite(global: &Global, of: &OfChannel, out: &Path) -> Result<Value, CliError> {
    let name = of.channel.clone();
    let invitation = with_channel(global, of, move |channel| Ok(Invitation::to(&name, channel)))?;
    write_file(out, &invitation)?;
    Ok(json!({
        "schema": "parclose.invite/1",
        "channel": of.channel,
        "generation": invitation.generation,
        "roles": invitation.roles,
        "file": out.display().to_string(),
        "confidential": "it names the channel; it opens nothing",
    }))
}

/// The card of somebody who would join.
pub fn join(
    global: &Global,
    member: &str,
    invitation: &Path,
    roles: &[String],
    out: &Path,
) -> Result<Value, CliError> {
    let invitation: Invitation = read_file(invitation)?;
    check_roles(&invitation.roles, roles)?;
    let card = with_consortium(global, |consortium| Ok(consortium.accept(member, &invitation, roles)?))?;
    card_written(&card, out)
}

/// The card of a member that should get other roles.
pub fn card(global: &Global, of: &OfChannel, roles: &[String], out: &Path) -> Result<Value, CliError> {
    let card = with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let (known, next) = in_room(&room, |channel| {
            let known: Vec<String> =
                channel.definition().roles.iter().map(|role| role.name.clone()).collect();
            (known, Generation(channel.config().generation.0.saturating_add(1)))
        })?;
        check_roles(&known, roles)?;
        Ok(consortium.show_card(&of.member, &room, next, roles)?)
    })?;
    card_written(&card, out)
}

fn card_written(card: &Card, out: &Path) -> Result<Value, CliError> {
    write_file(out, card)?;
    Ok(json!({
        "schema": "parclose.card/1",
        "name": card.name,
        "roles": card.roles,
        "generation": card.generation,
        "file": out.display().to_string(),
    }))
}

fn check_roles(known: &[String], roles: &[String]) -> Result<(), CliError> {
    match roles.iter().find(|role| !known.contains(role)) {
        None => Ok(()),
        Some(role) => Err(CliError::usage(
            format!("there is no role `{role}`"),
            &format!("one of {}", known.join(", ")),
        )),
    }
}
