//! Validators that cheat.

/// How a validator cheats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// two machines vote with its key, each as if it were the only one: two proposals, two votes, for whoever hears both
    Twins,
    /// it loses its memory again and again, its signing record and its log, and votes all the same
    Amnesia,
    /// some of the others never hear it
    Silence,
    /// whoever fetches from it gets certificates with too few signatures, or signatures of others
    BadCertificates,
    /// whoever fetches from it gets blocks of another chain, or none that decode
    WrongChain,
    /// its messages arrive with a bit changed now and then, and again much later
    Garbage,
    /// its machine is put back to an earlier state, signing record and all
    Stale,
}

impl Manner {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Twins,
        Self::Amnesia,
        Self::Silence,
        Self::BadCertificates,
        Self::WrongChain,
        Self::Garbage,
        Self::Stale,
    ];

    /// Under which name what it does is counted.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Twins => "validator: equivocates (a cloned machine)",
            Self::Amnesia => "validator: amnesia",
            Self::Silence => "validator: selective silence",
            Self::BadCertificates => "validator: bad certificates",
            Self::WrongChain => "validator: blocks of a wrong chain",
            Self::Garbage => "validator: garbled and replayed messages",
            Self::Stale => "validator: an old image of its machine",
        }
    }
}
