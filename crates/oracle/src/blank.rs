//! Which bytes of what somebody sees are pseudo-random, field by field. All others are not, and must be equal in two worlds.
//!
//! Each function takes a value as it was seen and sets the declared fields to zeros, lists of them to the same number of
//! zeros. What is left is encoded again: lengths, counts, order, heights, kinds and texts stay as they were.

use parclose_channel::batch::{BatchHeader, Proposal};
use parclose_channel::tables::{
    BATCHES, BatchRow, EVENTS, EventOutcome, EventRow, HEAD, Head, PERMANENT, PRUNABLE, RECORDS, RecordRow,
    TRANSACTIONS, TransactionRow, VERDICTS, VerdictRow,
};
use parclose_exchange::Message;
use parclose_root::{Certificate, RootTransaction};
use parclose_transaction::{Body, Operation, SealedPart, UnverifiedTransaction};
use parclose_types::{
    AudienceId, ChannelCommitment, ChannelId, Digest, KeyedTag, MemberId, NetworkId, PublicKey, RecordId,
    SignatureBytes, StateRoot, Tag, TransactionDigest, decode, encode,
};

const ZEROS: [u8; 32] = [0; 32];
const NO_KEY: PublicKey = PublicKey(ZEROS);
const NO_SIGNATURE: SignatureBytes = SignatureBytes([0; 64]);
const NO_COMMITMENT: ChannelCommitment = ChannelCommitment(Digest(ZEROS));
/// More than any row or message has.
const BYTES_MAX: usize = 64 << 20;

/// Bytes that could not be read as what they should be: they count as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// A message, with its kind.
pub fn message(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let message = Message::from_bytes(bytes).map_err(|_| Unreadable)?;
    let tag = Tag(ZEROS);
    Ok(match message {
        Message::Propose { proposal, .. } => {
            Message::Propose { tag, proposal: self::proposal(&proposal)? }.to_bytes()
        }
        Message::Fetched { proposal, .. } => {
            Message::Fetched { tag, proposal: self::proposal(&proposal)? }.to_bytes()
        }
        Message::Endorse { .. } => {
            Message::Endorse { tag, commitment: NO_COMMITMENT, endorser: NO_KEY, signature: NO_SIGNATURE }
                .to_bytes()
        }
        Message::Refuse { rule, .. } => Message::Refuse { tag, commitment: NO_COMMITMENT, rule }.to_bytes(),
        Message::Fetch { .. } => Message::Fetch { tag, commitment: NO_COMMITMENT }.to_bytes(),
        Message::AskSetup { .. } => Message::AskSetup { tag }.to_bytes(),
        // None of the others is declared: if one comes, it is compared as it is.
        other => other.to_bytes(),
    })
}

fn proposal(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut proposal = Proposal::decode(bytes).map_err(|_| Unreadable)?;
    proposal.blinder = ZEROS;
    proposal.batch.signature = NO_SIGNATURE;
    header(&mut proposal.batch.header);
    for part in &mut proposal.batch.permanent {
        *part = permanent(part)?;
    }
    for part in &mut proposal.batch.prunable {
        *part = prunable(part)?;
    }
    Ok(encode(&proposal))
}

fn header(header: &mut BatchHeader) {
    header.network = NetworkId(ZEROS);
    header.channel = ChannelId(ZEROS);
    header.sponsor = NO_KEY;
    header.attested_root = StateRoot(ZEROS);
    header.permanent_root = ZEROS;
    header.prunable_root = ZEROS;
}

/// The permanent part of a transaction. Its signatures stand at its end; their number stays.
fn permanent(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let decoded = UnverifiedTransaction::decode(bytes).map_err(|_| Unreadable)?;
    let whole = decoded.claimed_body();
    let rest = bytes.len().checked_sub(encode(whole).len()).ok_or(Unreadable)?;
    let mut blank = encode(&body(whole.clone()));
    blank.resize(blank.len() + rest, 0);
    Ok(blank)
}

fn body(mut body: Body) -> Body {
    body.network = NetworkId(ZEROS);
    body.channel = ChannelId(ZEROS);
    body.sponsor = NO_KEY;
    body.author = NO_KEY;
    body.salt_digest = ZEROS;
    body.operations.iter_mut().for_each(operation);
    body
}

fn operation(operation: &mut Operation) {
    operation.record = RecordId(ZEROS);
    operation.parties.iter_mut().for_each(|(_, member)| *member = MemberId(ZEROS));
    operation.keyed_tag = operation.keyed_tag.map(|_| KeyedTag(ZEROS));
    for entry in &mut operation.fields {
        entry.audience = AudienceId(ZEROS);
        entry.leaf = ZEROS;
    }
}

/// The prunable part: the salt, key commitments and ciphertexts, which keep their lengths.
fn prunable(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut sealed: SealedPart = decode("sealed part", bytes, BYTES_MAX).map_err(|_| Unreadable)?;
    sealed.salt = ZEROS;
    for field in sealed.fields.iter_mut().flatten() {
        field.commitment = ZEROS;
        field.ciphertext.fill(0);
    }
    sealed.wraps.iter_mut().for_each(|wrap| wrap.fill(0));
    Ok(encode(&sealed))
}

/// What validators order. Which endorsers of a channel have signed first is a matter of their keys.
pub fn root_transaction(transaction: &RootTransaction) -> Vec<u8> {
    match transaction.clone() {
        RootTransaction::Anchor(mut anchor) => {
            anchor.tag = Tag(ZEROS);
            anchor.commitment = NO_COMMITMENT;
            certificate(&mut anchor.certificate);
            RootTransaction::Anchor(anchor).encode()
        }
        RootTransaction::OpenChannel(mut open) => {
            open.body.genesis_commitment = Digest(ZEROS);
            open.signatures.fill(NO_SIGNATURE);
            // The keys cannot be set to zeros, for they stand in order; their number and the threshold stay.
            let keys = (open.body.keys.endorsers().len(), open.body.keys.threshold());
            let generation = open.body.keys.generation();
            format!(
                "open {:?} {keys:?} {generation:?} {}",
                open.body.genesis_commitment,
                open.signatures.len()
            )
            .into_bytes()
        }
        other => other.encode(),
    }
}

fn certificate(certificate: &mut Certificate) {
    certificate.signatures.iter_mut().for_each(|signature| *signature = (0, NO_SIGNATURE));
}

/// How a table's rows compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// keys and values byte for byte, but for the declared fields
    Exactly,
    /// keys are pseudo-random: the rows are compared in the order of what is left of them
    Unordered,
    /// what founding has drawn: how many rows, and how long each of them is
    Lengths,
    /// its very shape follows from pseudo-random keys
    Random,
}

/// How the rows of each table compare. A table that is not named here compares exactly.
pub fn compared(table: u8) -> Compared {
    use parclose_channel::tables::{
        COVERS, DEALS, GENERATIONS, NODES, PUBLISHED, REPLACED, SALTS, SECRETS, SETUP, UNWRAP,
    };
    let unordered = [BATCHES.id(), RECORDS.id(), TRANSACTIONS.id()];
    let lengths = [
        0,
        SETUP.id(),
        SECRETS.id(),
        GENERATIONS.id(),
        PUBLISHED.id(),
        DEALS.id(),
        UNWRAP.id(),
        COVERS.id(),
        SALTS.id(),
    ];
    // A tree over hashes: where it branches, and so how many nodes it has, follows from them.
    let random = [NODES.id(), REPLACED.id()];
    if unordered.contains(&table) {
        Compared::Unordered
    } else if lengths.contains(&table) {
        Compared::Lengths
    } else if random.contains(&table) {
        Compared::Random
    } else {
        Compared::Exactly
    }
}

/// A row's value after unsealing.
pub fn row(table: u8, plain: &[u8]) -> Result<Vec<u8>, Unreadable> {
    fn read<T: borsh::BorshDeserialize>(plain: &[u8]) -> Result<T, Unreadable> {
        borsh::from_slice(plain).map_err(|_| Unreadable)
    }
    let is = |of: u8| table == of;
    Ok(if is(HEAD.id()) {
        let mut head: Head = read(plain)?;
        head.root = StateRoot(ZEROS);
        format!("{:?} {:?} {} {}", head.next, head.height, head.closed, encode(&head.verdicts).len())
            .into_bytes()
    } else if is(EVENTS.id()) {
        event(read(plain)?)
    } else if is(BATCHES.id()) {
        let mut row: BatchRow = read(plain)?;
        header(&mut row.header);
        (row.signature, row.blinder) = (NO_SIGNATURE, ZEROS);
        encode(&row)
    } else if is(PERMANENT.id()) {
        encode(&permanent(&read::<Vec<u8>>(plain)?)?)
    } else if is(PRUNABLE.id()) {
        encode(&prunable(&read::<Vec<u8>>(plain)?)?)
    } else if is(RECORDS.id()) {
        record(read(plain)?)
    } else if is(VERDICTS.id()) {
        let mut rows: Vec<VerdictRow> = read(plain)?;
        rows.iter_mut().for_each(|row| row.transaction = TransactionDigest(ZEROS));
        encode(&rows)
    } else if is(TRANSACTIONS.id()) {
        let mut row: TransactionRow = read(plain)?;
        row.transaction = TransactionDigest(ZEROS);
        encode(&row)
    } else {
        // Definitions, and whatever is not declared.
        plain.to_vec()
    })
}

fn event(mut row: EventRow) -> Vec<u8> {
    row.entry.tag = Tag(ZEROS);
    row.entry.transaction = Digest(ZEROS);
    row.entry.chain = Digest(ZEROS);
    row.root = StateRoot(ZEROS);
    row.head.verdicts_root = ZEROS;
    if let EventOutcome::Executed { commitment, .. } | EventOutcome::Void { commitment, .. } =
        &mut row.outcome
    {
        *commitment = NO_COMMITMENT;
    }
    // The proof's length follows from where the state tree branches.
    let rest = (row.height, row.entry.sequence, row.entry.kind, row.head.sequence, row.head.verdicts);
    [encode(&row.entry), encode(&row.outcome), format!("{rest:?}").into_bytes()].concat()
}

fn record(mut row: RecordRow) -> Vec<u8> {
    row.record = RecordId(ZEROS);
    row.owner = MemberId(ZEROS);
    row.parties.iter_mut().for_each(|(_, member)| *member = MemberId(ZEROS));
    row.keyed_tag = row.keyed_tag.map(|_| KeyedTag(ZEROS));
    for field in &mut row.fields {
        field.state.entry.audience = AudienceId(ZEROS);
        field.state.entry.leaf = ZEROS;
        field.state.transaction = TransactionDigest(ZEROS);
    }
    encode(&row)
}
