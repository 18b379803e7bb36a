//! The CPU baseline: released binaries are built for x86-64-v3, and say so on an older CPU.

use parclose_types::Fault;

use crate::error::CliError;

/// What this binary was compiled for.
#[must_use]
pub fn compiled_for() -> &'static str {
    if cfg!(all(
        target_arch = "x86_64",
        target_feature = "avx2",
        target_feature = "bmi2",
        target_feature = "fma"
    )) {
        "x86-64-v3"
    } else {
        "portable"
    }
}

/// Whether this CPU has what the binary was compiled for.
///
/// # Rules
///
/// > CLI-06: a binary that needs a newer CPU says so at start, with the portable build as the fix.
pub fn check() -> Result<(), CliError> {
    if compiled_for() == "portable" || has_v3() {
        return Ok(());
    }
    Err(CliError::new(
        "CPU_TOO_OLD",
        "CLI-06",
        Fault::Operator,
        "this binary needs a CPU with AVX2, BMI2 and FMA (x86-64-v3)".into(),
        "use the portable build: make PORTABLE=1 build",
    ))
}

#[cfg(target_arch = "x86_64")]
fn has_v3() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("fma")
        && std::arch::is_x86_feature_detected!("lzcnt")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_v3() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_06_this_machine_runs_this_binary() {
        assert!(check().is_ok());
        assert!(["x86-64-v3", "portable"].contains(&compiled_for()));
    }
}
