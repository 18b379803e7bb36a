//! Real files for tests, where they are.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The twelve files of the invoice set, or `None` where the data set is not beside the repository.
pub(crate) fn real_files() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/invoices-calderdale");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        // The test harness hides what `eprintln!` writes; this it does not.
        writeln!(std::io::stderr(), "skipped: the invoice set is not at {}", folder.display()).unwrap();
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    Some(paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect())
}
