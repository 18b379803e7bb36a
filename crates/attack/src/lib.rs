//! Attacks that can be run one by one on a throw-away consortium, each with what should notice it.
