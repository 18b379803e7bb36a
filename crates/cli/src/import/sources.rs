//! The files of an import.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use parclose_documents::Origin;

use crate::error::CliError;

/// A file, under its own name without its folders.
#[derive(Debug, Clone)]
pub struct FileSource {
    name: String,
    path: PathBuf,
}

impl Origin for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(&self.path)?))
    }
}

/// The source files; folders are read in the order of their names. Each can be opened.
pub fn find_files(sources: &[PathBuf]) -> Result<Vec<FileSource>, CliError> {
    let mut paths = Vec::new();
    for source in sources {
        if source.is_dir() {
            paths.extend(tables_in(source)?);
        } else {
            paths.push(source.clone());
        }
    }
    if paths.is_empty() {
        return Err(CliError::usage("there are no CSV files there", "give files, or a folder with *.csv"));
    }
    let file = |path: PathBuf| {
        File::open(&path).map_err(|e| CliError::file(&path, &e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(FileSource { name, path })
    };
    paths.into_iter().map(file).collect()
}

/// Refuses to write over a file that is read: writing begins before reading has ended.
pub(super) fn is_no_source(path: &Path, files: &[FileSource]) -> Result<(), CliError> {
    let Ok(real) = path.canonicalize() else { return Ok(()) };
    if files.iter().any(|file| file.path.canonicalize().is_ok_and(|source| source == real)) {
        let message = format!("`{}` is one of the files to import", path.display());
        return Err(CliError::usage(message, "name another file to write to"));
    }
    Ok(())
}

fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let entries = std::fs::read_dir(folder).map_err(|e| CliError::file(folder, &e))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    found.retain(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")));
    found.sort();
    Ok(found)
}
