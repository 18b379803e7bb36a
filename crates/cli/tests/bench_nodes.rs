//! Record writes measured in a consortium of processes: a short run, of which every write is accounted for.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

use std::process::Command;

use serde_json::Value;

#[test]
fn every_write_of_a_run_on_nodes_is_accounted_for_and_so_is_what_it_cost() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("bench");
    let run = Command::new(env!("CARGO_BIN_EXE_parclose"))
        .args(["--json", "--quiet", "bench", "record-write", "--nodes", "--writes", "300"])
        .args(["--seconds", "1", "--channels", "1,2", "--directory"])
        .arg(&directory)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{told}");
    let measured: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(measured["saturation"]["applied"], 300.0, "{measured}");
    assert_eq!(measured["steady"]["applied"], 20.0, "{measured}");
    assert_eq!(measured["catching_up"]["writes"], 300.0, "{measured}");
    let spread = measured["channels"].as_array().unwrap();
    assert_eq!(spread.iter().map(|run| &run["channels"]).collect::<Vec<_>>(), [1, 2]);
    let phases = spread.iter().chain([&measured["saturation"], &measured["steady"], &measured["overload"]]);
    for phase in phases {
        for load in phase["loads"].as_array().unwrap() {
            assert_eq!(load["failed"], serde_json::json!({}), "{phase}");
            assert!(load["latency_ms"]["p50"].as_f64().unwrap() > 0.0, "{phase}");
        }
        let of_nodes = phase["cpu_ms_per_write_by_node"].as_object().unwrap();
        let sum: f64 = of_nodes.values().filter_map(Value::as_f64).sum();
        let all = phase["cpu_ms_per_write"].as_f64().unwrap();
        assert!(of_nodes.len() == 4 && all > 0.0 && (sum - all).abs() < 0.01 * all, "{phase}");
        assert!(phase["synced_commits_per_write"].as_f64().unwrap() > 0.0, "{phase}");
    }
    assert!(!directory.exists(), "nothing is left");
}
