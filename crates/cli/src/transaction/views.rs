//! `parclose tx views`: one transaction, side by side, as several readers see it.
//!
//! ```text
//!   consortium, open      what the root chain ordered: tag, height, commitment
//!        | close
//!   members/NAME/         a member's column: its key file, its own database
//!   regulator/ + export   a regulator's column: its key, the view key, an export that is verified first
//! ```
//!
//! A reader that does not have the transaction gets a column too: everything in it is `absent`. Somebody must
//! have it, or there is no such transaction.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use parclose_audit::{Bundle, GrantedKey};
use parclose_channel::{Channel, StoredTransaction};
use parclose_node::consortium::open_channel;
use parclose_node::home::{HomeError, read_genesis};
use parclose_node::{Consortium, Home, key_file};
use parclose_root::RootTransaction;
use parclose_transaction::{FieldState, FieldView};
use parclose_types::{Height, Sequence, Tag, TransactionDigest};
use serde_json::{Value, json};

use super::{parse_digest, picture, state_json, verdict_text};
use crate::args::{Global, TxViews};
use crate::context::in_room;
use crate::error::CliError;
use crate::output;

/// A transaction and what each reader sees of it.
#[derive(Debug)]
pub(super) struct Views {
    pub(super) transaction: TransactionDigest,
    pub(super) channel: String,
    pub(super) ordered: Ordered,
    pub(super) frame: Frame,
    pub(super) readers: Vec<Reader>,
}

/// What the root chain has of it.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) tag: Tag,
    pub(super) sequence: Sequence,
    pub(super) height: Height,
    /// the 32 bytes that stand for its batch, in hex
    pub(super) commitment: String,
}

/// What every member of the channel sees: who wrote which fields, and what became of it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) verdict: String,
    pub(super) author: Option<String>,
    pub(super) rows: Vec<Row>,
}

/// A field that the transaction writes.
#[derive(Debug)]
pub(super) struct Row {
    /// index of its operation
    pub(super) operation: usize,
    pub(super) action: String,
    pub(super) record_type: String,
    pub(super) field: String,
    pub(super) class: String,
    /// how long the sealed value is, unless it was pruned
    pub(super) sealed_bytes: Option<usize>,
}

/// Somebody who looks.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// a cell for each row; none where this reader has nothing of the transaction
    pub(super) cells: Option<Vec<FieldState>>,
}

/// With what a reader looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// a member's directory and key
    Member,
    /// a view key, and an export
    ViewKey { class: String, from: u32, to: u32 },
}

/// Runs `parclose tx views`.
pub(super) fn run(global: &Global, options: &TxViews) -> Result<Value, CliError> {
    let views = look(global, options)?;
    let mut value = views.to_json();
    if let Some(path) = &options.svg {
        output::write_text(path, &picture::draw(&views))?;
        value["picture"] = json!(path.display().to_string());
    }
    Ok(value)
}

fn look(global: &Global, options: &TxViews) -> Result<Views, CliError> {
    let transaction = parse_digest(&options.transaction)?;
    if let Some(twice) = repeated(&options.members) {
        return Err(CliError::usage(format!("`{twice}` looks twice"), "name each member once"));
    }
    let consortium = Consortium::open(global.passphrase.unlock(Home::open(&global.home)?)?)?;
    let ordered = ordered(&consortium, options, transaction);
    let home = consortium.close();
    let ordered = ordered?;
    let (mut frame, mut readers) = (None, Vec::new());
    for member in &options.members {
        let (reader, own) = of_member(&home, member, &options.channel, transaction)?;
        frame = frame.or(own);
        readers.push(reader);
    }
    if let (Some(view_key), Some(bundle)) = (&options.view_key, &options.bundle) {
        readers.push(of_view_key(&home, view_key, bundle, transaction)?);
    }
    let frame = frame.ok_or_else(|| CliError::not_found("transaction"))?;
    Ok(Views { transaction, channel: options.channel.clone(), ordered, frame, readers })
}

fn repeated(names: &[String]) -> Option<&String> {
    (1..).zip(names).find(|(next, name)| names.iter().skip(*next).any(|other| other == *name)).map(|(_, n)| n)
}

/// What the root chain ordered. Only one who has the transaction knows where to look.
fn ordered(
    consortium: &Consortium,
    options: &TxViews,
    transaction: TransactionDigest,
) -> Result<Ordered, CliError> {
    let mut missing = CliError::from(HomeError::ChannelNotFound);
    for member in &options.members {
        let room = match consortium.room(member, &options.channel) {
            Ok(room) => room,
            Err(HomeError::ChannelNotFound) => continue,
            Err(other) => return Err(other.into()),
        };
        let place = in_room(&room, move |channel| {
            let stored = channel.transaction(&transaction)?;
            Ok::<_, CliError>(stored.map(|stored| (channel.tag(), stored.place.sequence)))
        })??;
        match place {
            Some((tag, sequence)) => return anchored(consortium, tag, sequence),
            None => missing = CliError::not_found("transaction"),
        }
    }
    Err(missing)
}

fn anchored(consortium: &Consortium, tag: Tag, sequence: Sequence) -> Result<Ordered, CliError> {
    let events = consortium.root().events(&tag, sequence, 1)?;
    match events.first().map(|event| (event.height, &event.transaction)) {
        Some((height, RootTransaction::Anchor(anchor))) => {
            Ok(Ordered { tag, sequence, height, commitment: anchor.commitment.to_string() })
        }
        _ => Err(CliError::not_found("anchor")),
    }
}

/// What a member sees; with it the frame, if it has the transaction.
///
/// # Rules
///
/// > TXV-01: a member's column is made from that member's directory and key alone, and one without the transaction has everything absent.
fn of_member(
    home: &Home,
    member: &str,
    channel: &str,
    transaction: TransactionDigest,
) -> Result<(Reader, Option<Frame>), CliError> {
    let absent = || Reader { name: member.into(), kind: Kind::Member, cells: None };
    let directory = home.member_directory(member)?;
    let card = match directory.channel(channel) {
        Ok(card) => card,
        Err(HomeError::ChannelNotFound) => return Ok((absent(), None)),
        Err(other) => return Err(other.into()),
    };
    let channel = open_channel(&directory, &card, &parclose_node::shared_cache(CACHE_BYTES))?;
    let Some(stored) = channel.transaction(&transaction)? else { return Ok((absent(), None)) };
    let cells = states(channel.view_transaction(channel.keys(), &stored)?);
    Ok((Reader { cells: Some(cells), ..absent() }, Some(frame(&channel, &stored)?)))
}

const CACHE_BYTES: usize = 8 << 20;

fn states(fields: Vec<Vec<FieldView>>) -> Vec<FieldState> {
    fields.into_iter().flatten().map(|field| field.state).collect()
}

fn frame(channel: &Channel, stored: &StoredTransaction) -> Result<Frame, CliError> {
    let definition = channel.definition_in(stored.body.generation)?;
    let mut rows = Vec::new();
    for (at, operation) in stored.body.operations.iter().enumerate() {
        let record_type = definition.record(operation.record_type);
        let sealed = stored.sealed.as_ref().and_then(|sealed| sealed.fields.get(at));
        for (position, entry) in operation.fields.iter().enumerate() {
            let schema = record_type.and_then(|r| r.field(entry.field));
            rows.push(Row {
                operation: at,
                action: operation.action.clone(),
                record_type: record_type.map(|r| r.name.clone()).unwrap_or_default(),
                field: schema.map_or_else(|| entry.field.to_string(), |f| f.name.clone()),
                class: schema.map(|f| f.class_name.clone()).unwrap_or_default(),
                sealed_bytes: sealed.and_then(|fields| Some(fields.get(position)?.ciphertext.len())),
            });
        }
    }
    let author = channel.name_in(stored.body.generation, &stored.body.author)?;
    Ok(Frame { verdict: verdict_text(&stored.verdict.verdict), author, rows })
}

/// What the home's regulator sees: with its key, the view key and the genesis, from an export that it believes
/// in nothing. A member's store would show the same ciphertexts, but no regulator has one.
///
/// # Rules
///
/// > TXV-02: a regulator's column is made from an export that verifies against its genesis and whose signers were entitled to the grant.
fn of_view_key(
    home: &Home,
    view_key: &Path,
    bundle: &Path,
    transaction: TransactionDigest,
) -> Result<Reader, CliError> {
    let directory = home.regulator_directory();
    let genesis = read_genesis(&directory.join("genesis.json"))?;
    let key = key_file::regulator(&directory.join("regulator.key"), home.unlock())?;
    let keys = crate::view_key::read(view_key)?;
    let file = File::open(bundle).map_err(|e| CliError::file(bundle, &e))?;
    let bundle = Bundle::read_from(&mut BufReader::new(file))?.verify(&genesis)?;
    let open = |granted: &GrantedKey| {
        bundle.accept(granted.grant())?;
        Ok(granted.open(&key)?)
    };
    let opened = keys.keys().iter().map(open).collect::<Result<Vec<_>, CliError>>()?;
    let scopes = || keys.keys().iter().map(GrantedKey::scope);
    let scope = scopes().next().ok_or_else(|| CliError::not_found("view key"))?;
    let classes = bundle.definition_in(scope.generation).map(|definition| definition.classes.as_slice());
    let class = classes.unwrap_or_default().iter().find(|class| class.id == scope.class);
    let kind = Kind::ViewKey {
        class: class.map_or_else(|| scope.class.to_string(), |class| class.name.clone()),
        from: scopes().map(|scope| scope.from.0).min().unwrap_or_default(),
        to: scopes().map(|scope| scope.to.0).max().unwrap_or_default(),
    };
    let cells = bundle.view_transaction(&opened, &transaction).map(states);
    Ok(Reader { name: "regulator".into(), kind, cells })
}

impl Views {
    /// The table has a column `as NAME` for each member and `with view key` for the regulator: no name of a
    /// member can be taken for a column of the frame.
    fn to_json(&self) -> Value {
        let rows = (0..).zip(&self.frame.rows).map(|(at, row)| self.row_json(at, row)).collect::<Vec<_>>();
        json!({
            "schema": "parclose.tx-views/1",
            "tx": self.transaction.to_string(),
            "channel": self.channel,
            "verdict": self.frame.verdict,
            "author": self.frame.author,
            "root_chain": {
                "commitment": self.ordered.commitment,
                "height": self.ordered.height.0,
                "sequence": self.ordered.sequence.0,
                "tag": self.ordered.tag.to_string(),
            },
            "readers": self.readers.iter().map(|reader| self.reader_json(reader)).collect::<Vec<_>>(),
            "fields": rows,
        })
    }

    fn row_json(&self, at: usize, row: &Row) -> Value {
        let mut value = json!({
            "operation": row.operation,
            "type": row.record_type,
            "field": row.field,
            "class": row.class,
            "sealed_bytes": row.sealed_bytes,
        });
        for reader in &self.readers {
            value[reader.column()] = match reader.cell(at) {
                Some(state @ FieldState::Opened(_)) => json!({ "opened": state_json(state).1 }),
                Some(state) => json!(state_json(state).0),
                None => json!("absent"),
            };
        }
        value
    }

    fn reader_json(&self, reader: &Reader) -> Value {
        let count = |wanted: &str| {
            let cells = reader.cells.iter().flatten();
            cells.filter(|state| state_json(state).0 == wanted).count()
        };
        json!({
            "reader": reader.name,
            "column": reader.column(),
            "looks_with": reader.kind.words(),
            "opened": count("opened"),
            "sealed": count("sealed"),
            "malformed": count("malformed"),
            "absent": if reader.cells.is_some() { 0 } else { self.frame.rows.len() },
        })
    }
}

impl Reader {
    /// What this reader gets of a row; none where it has nothing.
    pub(super) fn cell(&self, row: usize) -> Option<&FieldState> {
        self.cells.as_ref().and_then(|cells| cells.get(row))
    }

    fn column(&self) -> String {
        match self.kind {
            Kind::Member => format!("as {}", self.name),
            Kind::ViewKey { .. } => "with view key".into(),
        }
    }
}

impl Kind {
    /// In words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Member => "its own directory and key".into(),
            Self::ViewKey { class, from, to } => {
                format!("a view key for `{class}`, epochs {from} to {to}, and an export")
            }
        }
    }
}
