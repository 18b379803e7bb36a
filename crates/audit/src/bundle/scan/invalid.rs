//! Why a scan tells nothing.

use parclose_types::{Failure, Fault};

use super::super::BundleInvalid;

/// Why a scan tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanInvalid {
    /// BUN-02 to BUN-14, SCN-01, SCN-02: the export does not hold.
    #[error(transparent)]
    Bundle(Box<BundleInvalid>),
    /// SCN-03: no progress that this program wrote.
    #[error("not the progress of a scan: {reason}")]
    Progress {
        /// what is wrong
        reason: &'static str,
    },
    /// SCN-04: a progress of another export.
    #[error("the progress is that of a scan of another export")]
    OtherBundle,
    /// SCN-04: a progress with other view keys.
    #[error("the progress is that of a scan with other view keys")]
    OtherKeys,
    /// SCN-07: somebody wrote to the file.
    #[error("the export was changed while it was scanned")]
    Changed,
}

impl From<BundleInvalid> for ScanInvalid {
    fn from(reason: BundleInvalid) -> Self {
        Self::Bundle(Box::new(reason))
    }
}

impl Failure for ScanInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Bundle(reason) => reason.code(),
            Self::Changed => "BUNDLE_NOT_READ",
            Self::Progress { .. } | Self::OtherBundle | Self::OtherKeys => "SCAN_PROGRESS_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Bundle(reason) => reason.rule(),
            Self::Progress { .. } => "SCN-03",
            Self::OtherBundle | Self::OtherKeys => "SCN-04",
            Self::Changed => "SCN-07",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Bundle(reason) => reason.fault(),
            _ => Fault::Operator,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Bundle(reason) => return reason.fix(),
            Self::Progress { .. } => "scan from the beginning, into another progress file",
            Self::OtherBundle => {
                "give the export that the progress was written for, or another progress file"
            }
            Self::OtherKeys => {
                "give the view keys that the progress was written for, or another progress file"
            }
            Self::Changed => "copy the export to where nobody writes, and scan the copy",
        }
        .into()
    }
}
