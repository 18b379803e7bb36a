//! Where a secret could come out, and who reads it there.

use std::path::Path;

/// The places that are searched, by class. Each class has its own planted leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surface {
    /// files as the disk has them: sorted tables, logs, manifests, cards, temporary files
    Files,
    /// rows of stores, opened with their owner's storage key
    Rows,
    /// what nodes log, at the level `trace`
    Logs,
    /// errors and panics: their text, their fix, their debug form
    Errors,
    /// what a node tells of itself: health, metrics, status
    Pages,
    /// what arrives at a node, after decryption of the connection
    Packets,
    /// debug and display forms of what a program holds
    Text,
    /// archives
    Archives,
    /// command lines and environments of processes
    Processes,
    /// memory of a node, as a core file would hold it
    Memory,
    /// what commands answer
    Answers,
}

impl Surface {
    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Rows => "rows",
            Self::Logs => "logs",
            Self::Errors => "errors",
            Self::Pages => "pages",
            Self::Packets => "packets",
            Self::Text => "debug texts",
            Self::Archives => "archives",
            Self::Processes => "command lines and environments",
            Self::Memory => "memory",
            Self::Answers => "answers",
        }
    }
}

/// Who reads a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// whoever gets hold of it: a thief, an operator, a collector of logs. Nobody is in its audience.
    Anybody,
    /// a member, with all its keys: it may find there what it may know
    Member(String),
}

/// Some bytes at a place.
#[derive(Debug)]
pub struct Piece<'a> {
    /// the class
    pub surface: Surface,
    /// who reads it
    pub holder: &'a Holder,
    /// where exactly, for people
    pub place: &'a str,
    /// what is there
    pub bytes: &'a [u8],
}

/// Takes in pieces.
pub type See<'a> = dyn FnMut(Piece<'_>) + 'a;

/// Shows every file below a folder, and its name; one that goes away while it is looked at has left nothing.
pub fn see_files(folder: &Path, surface: Surface, see: &mut See<'_>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Ok(about) = path.symlink_metadata() else { continue };
        if about.is_dir() {
            see_files(&path, surface, see)?;
        } else if about.is_file() {
            match std::fs::read(&path) {
                Ok(bytes) => {
                    let place = path.display().to_string();
                    see(Piece { surface, holder: &Holder::Anybody, place: &place, bytes: &bytes });
                    see(Piece { surface, holder: &Holder::Anybody, place: &place, bytes: place.as_bytes() });
                }
                Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
                Err(other) => return Err(other),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_seen_below_every_folder_with_their_names() {
        let folder = tempfile::tempdir().expect("there is room for a test");
        std::fs::create_dir(folder.path().join("below")).expect("a folder is made");
        std::fs::write(folder.path().join("below/named"), b"what it holds").expect("a file is written");
        let mut seen = Vec::new();
        see_files(folder.path(), Surface::Files, &mut |piece| seen.push(piece.bytes.to_vec()))
            .expect("it can be read");
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], b"what it holds");
        assert!(seen[1].ends_with(b"below/named"));
    }
}
