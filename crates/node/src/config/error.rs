//! Why a configuration is refused: the broken rule, and where it is broken.

use parclose_types::{Failure, Fault};

use super::Origin;

/// A refused configuration.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {cause}")]
pub struct ConfigError {
    /// where it stands
    pub origin: Origin,
    /// what is wrong
    pub cause: Refused,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// CFG-01: no TOML
    #[error("this is not a configuration: {reason}")]
    NotToml {
        /// what the parser says
        reason: String,
    },
    /// CFG-02: no such key
    #[error("there is no key `{name}`{}", .near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// as it was written
        name: String,
        /// the nearest that there is
        near: Option<&'static str>,
    },
    /// CFG-03: not a value of this key
    #[error("it should be {allowed}, and {found}")]
    Value {
        /// what it may be
        allowed: String,
        /// what it is
        found: String,
    },
    /// CFG-03: not a value of this key, which is named
    #[error("`{key}`: it should be {allowed}, and {found}")]
    Setting {
        /// the key
        key: &'static str,
        /// what it may be
        allowed: String,
        /// what it is
        found: String,
    },
    /// CFG-05: the same key twice on one command line
    #[error("`{key}` is set twice")]
    Twice {
        /// the key
        key: &'static str,
    },
}

impl Refused {
    pub(super) fn at(self, origin: Origin) -> ConfigError {
        ConfigError { origin, cause: self }
    }

    pub(super) fn of(self, key: &'static str) -> Self {
        match self {
            Self::Value { allowed, found } => Self::Setting { key, allowed, found },
            other => other,
        }
    }
}

impl Failure for ConfigError {
    fn code(&self) -> &'static str {
        match self.cause {
            Refused::NotToml { .. } => "CONFIG_INVALID",
            Refused::UnknownKey { .. } => "CONFIG_KEY_UNKNOWN",
            Refused::Value { .. } | Refused::Setting { .. } => "CONFIG_VALUE",
            Refused::Twice { .. } => "CONFIG_TWICE",
        }
    }

    fn rule(&self) -> &'static str {
        match self.cause {
            Refused::NotToml { .. } => "CFG-01",
            Refused::UnknownKey { .. } => "CFG-02",
            Refused::Value { .. } | Refused::Setting { .. } => "CFG-03",
            Refused::Twice { .. } => "CFG-05",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match &self.cause {
            Refused::NotToml { .. } => "write it anew: parclose node init".into(),
            Refused::UnknownKey { .. } => "see all keys: parclose config show".into(),
            Refused::Setting { key, .. } => format!("see what it means: parclose config explain {key}"),
            Refused::Value { .. } => "see what it means: parclose config explain KEY".into(),
            Refused::Twice { .. } => "set it once".into(),
        }
    }
}
