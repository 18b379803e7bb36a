//! The real state machines under seeded faults, in one thread and virtual time.
