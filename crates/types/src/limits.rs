//! The sizes that decoders enforce (overview section 8; specs/01-encoding.md).
//!
//! Bytes unless said otherwise.

/// One frame between nodes.
pub const FRAME_BYTES_MAX: usize = 1 << 20;
/// One batch, both parts together.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// One transaction, both parts together.
pub const TRANSACTION_BYTES_MAX: usize = 256 << 10;
/// One field's plaintext.
pub const FIELD_BYTES_MAX: usize = 64 << 10;
/// Fields of one record.
pub const RECORD_FIELDS_MAX: usize = 256;
/// Operations of one transaction.
pub const OPERATIONS_MAX: usize = 64;
/// Readers that sign one transaction.
pub const OPENERS_MAX: usize = 64;
/// Transactions of one batch.
pub const BATCH_TRANSACTIONS_MAX: usize = 4096;
/// Audience rules of one channel definition.
pub const AUDIENCES_MAX: usize = 64;
/// Concrete member sets of one generation that have a secret.
pub const AUDIENCE_SETS_MAX: usize = 4096;
/// Members of one audience, and of one channel.
pub const MEMBERS_MAX: usize = 512;
/// Nesting of structured input.
pub const NESTING_MAX: usize = 32;
/// Policy text.
pub const POLICY_BYTES_MAX: usize = 256 << 10;
/// Channel definition text.
pub const DEFINITION_BYTES_MAX: usize = 256 << 10;
/// Names: members, channels, roles, record types, fields.
pub const NAME_BYTES_MAX: usize = 64;
/// One receipt file.
pub const RECEIPT_BYTES_MAX: usize = 1 << 20;
/// The manifest of an archive of a channel.
pub const BACKUP_MANIFEST_BYTES_MAX: usize = 1 << 20;
/// Database files in an archive of a channel.
pub const BACKUP_FILES_MAX: usize = 8192;
/// One key file.
pub const KEY_FILE_BYTES_MAX: usize = 4 << 10;
/// A passphrase, its last line feed not counted.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;
/// One root transaction: a certificate of [`MEMBERS_MAX`] signatures fits.
pub const ROOT_TRANSACTION_BYTES_MAX: usize = 128 << 10;
/// Root transactions of one root block.
pub const ROOT_BLOCK_TRANSACTIONS_MAX: usize = 4096;
/// Notes that one transfer or redemption spends.
pub const INPUTS_MAX: usize = 64;
/// Amounts that one transfer, issue or redemption commits to: what one range proof covers.
pub const OUTPUTS_MAX: usize = 8;
/// Amounts of which one statement says something together.
pub const STATED_AMOUNTS_MAX: usize = 1024;
/// What a statement about amounts is for, in words.
pub const PURPOSE_BYTES_MAX: usize = 256;
/// Obligations that one netting takes.
pub const NETTED_MAX: usize = 512;
/// Obligations that one netting makes: each has a record, and so has the netting.
pub const NET_MADE_MAX: usize = OPERATIONS_MAX - 1;
/// One transfer, issue or redemption with its proofs.
pub const TRANSFER_BYTES_MAX: usize = 16 << 10;
/// Transfers, issues and redemptions of one transaction.
pub const MOVEMENTS_MAX: usize = 16;
