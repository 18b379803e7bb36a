//! The one table of domain labels. A label names what the bytes are for; no two uses share one.

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = concat!("parclose/v1/", $text);)*
        /// Every label; a test holds that they differ.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

labels! {
    /// member master -> identity seed
    IDENTITY = "identity";
    /// member master -> encryption seed
    ENCRYPTION = "enc";
    /// member master -> channel pseudonym seed
    CHANNELS = "channels";
    /// member master -> secret of the keys that spend notes
    OWNERS = "owners";
    /// member master -> node storage master
    NODE = "node";
    /// audience secret -> root key check value
    ROOT_KCV = "root-kcv";
    /// audience secret -> class seed
    CLASS = "class";
    /// one step of the GGM tree over epochs
    GGM = "ggm";
    /// leaf key -> leaf key check value
    LEAF_KCV = "leaf-kcv";
    /// field key and value -> blinding of an amount commitment
    BLIND = "blind";
    /// asset id -> value base of its amount commitments
    ASSET = "asset";
    /// note id
    NOTE = "note";
    /// obligation id
    OBLIGATION = "obligation";
    /// commitment of a note to its owner's key
    OWNER = "owner";
    /// field key -> what blinds the commitment to an owner's key
    OWNER_BLIND = "owner-blind";
    /// member secret -> one-time owner key
    OWNER_KEY = "owner-key";
    /// what the owners of spent notes sign, and the proofs of a transfer are for
    TRANSFER_STATEMENT = "transfer-stmt";
    /// what the owners of spent notes sign of a note that is held for a deal
    LOCK_STATEMENT = "lock-stmt";
    /// hides what becomes of a held note from the root chain
    LOCK_OUTCOME = "lock-outcome";
    /// hides the terms of a deal's leg from the root chain
    DEAL_TERMS = "deal-terms";
    /// owners' secret, channel, instruction, leg -> key that approves what is got by it
    APPROVER = "approver-key";
    /// what an issuer signs of new notes, and their range proof is for
    ISSUE_STATEMENT = "issue-stmt";
    /// what issuer and owners sign of notes that leave circulation
    REDEEM_STATEMENT = "redeem-stmt";
    /// what the range proof of new obligations is for
    OBLIGE_STATEMENT = "oblige-stmt";
    /// what the proofs of a netting are for
    NET_STATEMENT = "net-stmt";
    /// what the owners of spent notes sign that pay an obligation
    DISCHARGE_STATEMENT = "discharge-stmt";
    /// what the range proof of a statement about disclosed amounts is for
    DISCLOSURE_STATEMENT = "disclose-stmt";
    /// transcript of a range proof
    RANGE_PROOF = "rangeproof";
    /// transcript of a balance proof
    BALANCE = "balance";
    /// transcript of the weights of a batch of range proofs
    BATCH_WEIGHTS = "batch-weights";
    /// transcript of the weights of a batch of openings
    OPENING_WEIGHTS = "opening-weights";
    /// digest of a transaction without its movements, for which they hold
    MOVEMENT_CONTEXT = "movement-context";
    /// record id of a channel's business day
    CALENDAR = "calendar";
    /// record id of a channel's tag key
    TAG_KEY = "tag-key";
    /// tag key, parties, texts -> keyed tag
    KEYED_TAG = "keyed-tag";
    /// tag key -> what members compare to see that they have the same one
    TAG_KEY_CHECK = "tag-key-check";
    /// cover node -> cover node check value
    NODE_KCV = "node-kcv";
    /// digest of a transaction's salt
    SALT = "salt";
    /// field context: associated data of every field
    FCTX = "fctx";
    /// leaf key -> field key
    FIELD = "field";
    /// field key -> AEAD key, nonce, key commitment
    SEAL = "seal";
    /// blinded name of a record inside field contexts
    RECORD_KEY = "record-key";
    /// leaf of a sealed field
    FIELD_LEAF = "field-leaf";
    /// root of a transaction's field leaves
    FIELD_LEAVES = "field-leaves";
    /// HPKE info of a key wrap
    WRAP_INFO = "wrap-info";
    /// digest of a wrap's recipient key, inside its info
    WRAP_RECIPIENT = "wrap-recipient";
    /// what an audience dealer signs
    DEAL = "deal";
    /// associated data of a cover of the past that a joiner gets
    PAST = "past";
    /// associated data of a part of a view key that its holder passes on
    NARROWED = "narrowed";
    /// note of what was handed out of a channel
    ACCESS_NOTE = "access-note";
    /// name of a concrete member set
    AUDIENCE = "audience";
    /// pseudonym seed of a channel and generation
    PSEUDONYM_SIGN = "pseudonym-sign";
    /// binding of an identity to a pseudonym
    PSEUDONYM_CERT = "pseudonym-cert";
    /// member secret -> record id of a business key
    RECORD_ID = "record-id";
    /// digest of a transaction's permanent part
    TRANSACTION = "transaction";
    /// what the author of a transaction signs
    TRANSACTION_SIGN = "transaction-sign";
    /// what a reader signs that has opened what a transaction seals
    TRANSACTION_OPENED = "transaction-opened";
    /// digest of a batch header
    BATCH = "batch";
    /// leaf of a batch's transaction tree
    BATCH_LEAF = "batch-leaf";
    /// leaf of a batch's prunable tree
    BATCH_PRUNABLE = "batch-prunable";
    /// the channel commitment that the root chain orders
    CHANNEL_COMMIT = "channel-commit";
    /// what an endorser signs
    ENDORSE = "endorse";
    /// blinded commitment to a channel's genesis
    GENESIS_COMMIT = "genesis-commit";
    /// blinded commitment to the genesis of a successor, and to the end of its predecessor
    SUCCESSOR_COMMIT = "successor-commit";
    /// digest of a channel definition
    DEFINITION = "definition";
    /// digest of a generation record
    CONFIG = "config";
    /// tag: hash of an OpenChannel body
    OPEN_CHANNEL = "open-channel";
    /// what each endorser signs of an OpenChannel body
    OPEN_CHANNEL_SIGN = "open-channel-sign";
    /// what endorsers sign of a Close
    CLOSE = "close";
    /// what endorsers of the current and the next generation sign of a Rotate
    ROTATE = "rotate";
    /// blinded commitment of a Rotate to what a channel decided
    ROTATE_COMMIT = "rotate-commit";
    /// id of a deal between channels
    DEAL_ID = "deal-id";
    /// what endorsers sign of a Prepare
    PREPARE = "prepare";
    /// what the approver of a deal's leg signs
    APPROVE_PREPARE = "approve-prepare";
    /// what endorsers sign of a Refuse
    REFUSE = "refuse";
    /// what the approver of a deal's leg signs so that its channel refuses it
    APPROVE_REFUSE = "approve-refuse";
    /// what endorsers sign of a ClaimTag
    CLAIM_TAG = "claim-tag";
    /// what endorsers sign of a ReleaseTag
    RELEASE_TAG = "release-tag";
    /// hash chain over the events of a tag's log
    LOG_CHAIN = "log-chain";
    /// digest of a root log event
    LOG_EVENT = "log-event";
    /// leaf of a root block's transaction tree
    ROOT_TRANSACTION = "root-transaction";
    /// root block header hash: the engine's value id
    ROOT_HEADER = "root-header";
    /// validator set hash
    VALIDATOR_SET = "validator-set";
    /// tag of the log that holds the changes of a network's validators
    VALIDATORS_LOG = "validators-log";
    /// what current and new validators sign of a change of the validators
    UPDATE_VALIDATORS = "update-validators";
    /// what a validator's precommit signs
    PRECOMMIT = "precommit";
    /// what every other vote of a validator signs: prevotes, and precommits for no value
    VOTE = "vote";
    /// digest of a message that a validator has signed, in its record
    SIGNED = "signed";
    /// what stands in the deal by which a validator without a record marks the present
    MARK = "mark";
    /// what the proposer of a round signs
    PROPOSAL = "proposal";
    /// what the proposer of a round signs under the parts of a block
    PROPOSAL_PARTS = "proposal-parts";
    /// what a node signs to prove a channel pseudonym to the node that it has called
    CHANNEL_PROOF = "channel-proof";
    /// what the called node signs in answer
    CHANNEL_ANSWER = "channel-answer";
    /// network id: hash of the genesis
    GENESIS = "genesis";
    /// leaf of a state tree
    STATE_LEAF = "state-leaf";
    /// key of a state tree leaf
    STATE_KEY = "state-key";
    /// leaf of the verdict log
    VERDICT = "verdict";
    /// node master -> storage key of a channel
    NODE_AT_REST = "node-at-rest";
    /// storage key -> one row's AEAD key, nonce, commitment
    ROW_SEAL = "row-seal";
    /// context of a row: associated data of every stored row
    ROW = "row";
    /// storage key -> key that blinds row keys
    ROW_BLIND = "row-blind";
    /// stretched passphrase -> AEAD key and key commitment of a sealed key
    KEYSTORE = "keystore";
    /// header and public part: associated data of a sealed key
    KEYSTORE_PLACE = "keystore-place";
    /// check value of a key file
    KEY_FILE = "key-file";
    /// digest of the draft of a channel, which its founders' parts name
    CHANNEL_DRAFT = "channel-draft";
    /// what each key signs of the card by which its node joins a consortium
    NODE_CARD = "node-card";
    /// name of a room in metrics and health, which names no channel
    ROOM_NAME = "room-name";
    /// what the issuer of a view key signs
    GRANT = "grant";
    /// what the signer of an evidence pack signs
    EVIDENCE_PACK = "evidence-pack";
    /// associated data of the wrap that an archive of a channel begins with
    BACKUP = "backup";
    /// archive key -> one chunk's AEAD key, nonce, key commitment
    BACKUP_SEAL = "backup-seal";
    /// place of a chunk in its archive: associated data of every chunk
    BACKUP_CHUNK = "backup-chunk";
    /// associated data of the wrap that a sealed export begins with
    AUDIT_DESK = "audit-desk";
    /// export key -> one chunk's AEAD key, nonce, key commitment
    AUDIT_DESK_SEAL = "audit-desk-seal";
    /// place of a chunk in its sealed export: associated data of every chunk
    AUDIT_DESK_CHUNK = "audit-desk-chunk";
    /// digest over a nonce and a batch, which only who has the batch can make
    HELD_COPY = "held-copy";
    /// what a member signs that is asked whether it holds a batch
    HOLDING = "holding";
    /// proof of possession that opens a connection between members
    HELLO = "hello";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wir_01_labels_are_unique_and_short() {
        let mut sorted = ALL.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), ALL.len());
        assert!(ALL.iter().all(|label| label.len() < 256 && label.starts_with("parclose/v1/")));
    }

    /// What is not in the table of the specification does not exist, and the other way round.
    #[test]
    fn wir_01_the_specification_has_every_label_and_no_other() {
        let text = include_str!("../../../specs/01-encoding.md");
        let table = text.split_once("| label |").expect("a table of labels").1;
        let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| `"));
        let known = rows.filter(|row| !row.contains("| retired |"));
        let mut specified: Vec<&str> = known.filter_map(|row| row.split('`').next()).collect();
        let mut all: Vec<&str> = ALL.iter().filter_map(|label| label.strip_prefix("parclose/v1/")).collect();
        specified.sort_unstable();
        all.sort_unstable();
        assert_eq!(specified, all);
    }
}
