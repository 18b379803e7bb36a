//! Whole-system scenarios live in `tests/`; this library is empty.
