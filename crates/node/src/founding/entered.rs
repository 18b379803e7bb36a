//! What a founder keeps from its part until the channel is opened: `channels/NAME/founding.json`.

use serde::{Deserialize, Serialize};

use super::draft::{ChannelDraft, DRAFT_BYTES_MAX};
use super::files::{PART_BYTES_MAX, Part, read};
use super::refused::FoundingRefused;
use crate::home::{MemberDirectory, broken, check_channel_name, write_json};

/// A draft, and the own part in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entered {
    pub(super) draft: ChannelDraft,
    pub(super) part: Part,
}

impl Entered {
    /// What was entered under a name.
    pub(super) fn read(directory: &MemberDirectory, name: &str) -> Result<Option<Self>, FoundingRefused> {
        check_channel_name(name)?;
        let path = directory.founding_file(name);
        if !path.exists() {
            return Ok(None);
        }
        read(&path, DRAFT_BYTES_MAX + PART_BYTES_MAX).map(Some)
    }

    /// Everything that was entered and is not opened yet.
    pub(super) fn all(directory: &MemberDirectory) -> Result<Vec<Self>, FoundingRefused> {
        let folder = directory.path().join("channels");
        let unreadable = |e: std::io::Error| broken(&folder, &e.to_string());
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
            if check_channel_name(&name).is_ok() {
                all.extend(Self::read(directory, &name)?);
            }
        }
        Ok(all)
    }

    /// Keeps it, synced.
    pub(super) fn keep(&self, directory: &MemberDirectory) -> Result<(), FoundingRefused> {
        Ok(write_json(&directory.founding_file(&self.draft.name), self)?)
    }
}
