//! How RocksDB is set up: small, careful, quiet.
//!
//! A node has a dozen or more directories open, so memory is shared: one cache holds the blocks of all
//! of them and is charged with their write buffers. Nothing is compressed, because sealed values do not
//! shrink and because a leak scan must be able to search raw files.
//!
//! Recovery is point-in-time: a log that is cut short anywhere yields the commits before the cut. That
//! is safe only together with two other settings: closed logs are listed in the manifest with their
//! synced length, so a missing one is noticed; and an owner that has lost its tail learns so from the
//! root chain.

use rocksdb::{
    BlockBasedOptions, BottommostLevelCompaction, Cache, CompactOptions, DBCompressionType, DBRecoveryMode,
    LogLevel, LruCacheOptions, Options, ReadOptions, WriteBufferManager,
};

use super::memory::Medium;

/// RocksDB takes no smaller write buffer.
pub(crate) const WRITE_BUFFER_BYTES_MIN: usize = 64 << 10;

const BLOCK_BYTES: usize = 8 << 10;
const SORTED_FILE_BYTES: u64 = 8 << 20;
const MANIFEST_BYTES_MAX: usize = 1 << 20;
const LOG_FILE_BYTES_MAX: usize = 256 << 10;
const LOG_FILES_KEPT: usize = 2;
const OPEN_FILES_MAX: i32 = 32;
const CACHE_SHARD_BITS: i32 = 2;
const BLOOM_BITS_PER_KEY: f64 = 10.0;
const MEMTABLE_FILTER_SHARE: f64 = 0.01;

/// Memory for the blocks and write buffers of every database of the process.
///
/// Make one and hand it to each [`crate::Database::open`]; clones are handles to the same memory.
#[derive(Clone)]
pub struct SharedCache {
    blocks: Cache,
    write_buffers: WriteBufferManager,
    /// whose directories are opened there, and not in the file system
    medium: Option<Medium>,
}

impl SharedCache {
    /// `bytes` is the limit for everything together: blocks make way for write buffers. Keep it above two
    /// write buffers for each open database, which are in use whatever the limit says.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let mut options = LruCacheOptions::default();
        options.set_capacity(bytes);
        options.set_num_shard_bits(CACHE_SHARD_BITS);
        let blocks = Cache::new_lru_cache_opts(&options);
        // 0: charge, but never flush early. Early flushes of many small buffers come as a storm.
        let write_buffers = WriteBufferManager::new_write_buffer_manager_with_cache(0, false, blocks.clone());
        Self { blocks, write_buffers, medium: None }
    }

    /// For a simulation: every database that is opened with this lies on a disk in memory.
    pub(crate) fn on(medium: &Medium) -> Self {
        Self { medium: Some(medium.clone()), ..Self::new(0) }
    }

    pub(super) fn medium(&self) -> Option<&Medium> {
        self.medium.as_ref()
    }

    /// Bytes in use now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.blocks.get_usage()
    }
}

impl std::fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedCache").finish_non_exhaustive()
    }
}

pub(super) fn database_options(cache: &SharedCache, write_buffer_bytes: usize) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    careful(&mut options);
    small(&mut options, cache, write_buffer_bytes.max(WRITE_BUFFER_BYTES_MIN));
    quiet(&mut options);
    options
}

fn careful(options: &mut Options) {
    options.set_paranoid_checks(true);
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_use_fsync(false); // fdatasync: the length is synced, the access time is not
    options.set_manual_wal_flush(false);
    options.set_recycle_log_file_num(0); // old bytes behind a torn tail would be mistaken for new ones
    options.set_compression_type(DBCompressionType::None);
    options.set_bottommost_compression_type(DBCompressionType::None);
    options.set_wal_compression_type(DBCompressionType::None);
}

fn small(options: &mut Options, cache: &SharedCache, write_buffer_bytes: usize) {
    options.set_write_buffer_size(write_buffer_bytes);
    options.set_max_write_buffer_number(2);
    // Most reads of execution ask for rows that are not there: a filter spares the search for them.
    options.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_SHARE);
    options.set_memtable_whole_key_filtering(true);
    options.set_arena_block_size((write_buffer_bytes / 8).max(4 << 10));
    options.set_write_buffer_manager(&cache.write_buffers);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_file_opening_threads(1);
    options.set_table_cache_num_shard_bits(2);
    options.set_max_background_jobs(2);
    options.set_max_subcompactions(1);
    options.set_target_file_size_base(SORTED_FILE_BYTES);
    options.set_max_manifest_file_size(MANIFEST_BYTES_MAX);
    options.set_manifest_preallocation_size(64 << 10);
    options.set_skip_stats_update_on_db_open(true);
    options.set_block_based_table_factory(&blocks(&cache.blocks));
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(BLOCK_BYTES);
    blocks.set_bloom_filter(BLOOM_BITS_PER_KEY, false);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks
}

fn quiet(options: &mut Options) {
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(LOG_FILES_KEPT);
    options.set_max_log_file_size(LOG_FILE_BYTES_MAX);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
}

/// For reads of single rows.
pub(super) fn read_options() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_verify_checksums(true);
    options
}

/// For walks over many rows, which must not push the working set out of the cache.
pub(super) fn scan_options() -> ReadOptions {
    let mut options = read_options();
    options.fill_cache(false);
    options
}

/// For writing files anew so that nothing of what was deleted is left: down to the last level, which is skipped otherwise.
pub(super) fn shredding_options() -> CompactOptions {
    let mut options = CompactOptions::default();
    options.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
    options.set_exclusive_manual_compaction(true);
    options
}
