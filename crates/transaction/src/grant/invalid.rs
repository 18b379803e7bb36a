//! Why a grant or a wrapped view key is refused. None of it is "decryption failed".

use parclose_keys::ViewKeyInvalid;
use parclose_types::{Failure, Fault, Malformed};

/// Why a grant or a wrapped view key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantInvalid {
    /// The bytes are not the canonical encoding of a wrapped view key.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// KEY-11: what the wrap holds is no view key.
    #[error(transparent)]
    ViewKey(#[from] ViewKeyInvalid),
    /// GRA-01: no epochs, or an audience that the signer cannot read.
    #[error("the grant covers no epoch, or an audience that this member cannot read")]
    Scope,
    /// GRA-02: the signer's own secret gives other check values.
    #[error("the check values of the grant are not those of the keys")]
    CheckValues,
    /// GRA-03: of another channel.
    #[error("the grant is of another channel, generation or audience")]
    OtherChannel,
    /// GRA-04: not two readers of the audience.
    #[error("a grant is given by two different members of its audience")]
    Readers,
    /// GRA-05: a signature does not verify.
    #[error("the grant is not signed by its issuer and its second reader")]
    Signature,
    /// GRA-06: for somebody else.
    #[error("the grant is for the holder of another key")]
    OtherGrantee,
    /// GRA-07: the wrap is not one for this grant.
    #[error("the wrap was not made for this grant and this key")]
    Wrap,
    /// GRA-08: the view key opens something else.
    #[error("the view key has another scope than its grant")]
    OtherScope,
    /// GRA-09: other seeds than the check values say.
    #[error("the seeds of the view key are not those of which the grant lists check values")]
    WrongSeeds,
    /// GRA-19: epochs that the grant does not give
    #[error("a view key gives no more epochs than it has")]
    Wider,
    /// GRA-21: not of one channel and for one holder, or one twice, or none
    #[error("the view keys of a file are of one channel and for one holder, each once")]
    Together,
    /// GRA-10: not the JSON form of a wrapped view key.
    #[error("not a view key file: {reason}")]
    File {
        /// what the parser says
        reason: String,
    },
    /// GRA-11: a readable member says what the bytes do not.
    #[error("the member `{member}` of the file is not what its bytes say")]
    Readable {
        /// name of the member
        member: String,
    },
}

impl Failure for GrantInvalid {
    fn code(&self) -> &'static str {
        "GRANT_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Malformed(reason) => reason.rule(),
            Self::ViewKey(reason) => reason.rule(),
            Self::Scope => "GRA-01",
            Self::CheckValues => "GRA-02",
            Self::OtherChannel => "GRA-03",
            Self::Readers => "GRA-04",
            Self::Signature => "GRA-05",
            Self::OtherGrantee => "GRA-06",
            Self::Wrap => "GRA-07",
            Self::OtherScope => "GRA-08",
            Self::WrongSeeds => "GRA-09",
            Self::File { .. } => "GRA-10",
            Self::Wider => "GRA-19",
            Self::Together => "GRA-21",
            Self::Readable { .. } => "GRA-11",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Scope => "grant an interval of epochs, of an audience that both signers belong to",
            Self::Wider => "narrow it to epochs that it gives: parclose viewkey inspect",
            Self::Together => "give each view key once, and those of one channel and one holder together",
            Self::OtherGrantee => "open it with the key for which it was granted",
            Self::CheckValues => "do not sign; compare the scope with the issuer",
            _ => "ask issuer and second reader for the view key again, and keep this one as evidence",
        }
        .into()
    }
}
