//! How well lines are grouped, as in Zhu et al., "Tools and Benchmarks for Automated Log Parsing" (ICSE-SEIP 2019).

use std::collections::HashMap;

use mahavishnu_semantic::Miner;

/// Of one system.
#[derive(Debug)]
pub struct Grouping {
    pub accuracy: f64,
    pub found: usize,
    pub expected: usize,
}

/// The share of lines whose group holds exactly the lines of their true group.
pub fn grouping_accuracy(data: &[(String, String)]) -> Grouping {
    let mut miner = Miner::new("loghub");
    let mut found: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut expected: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, (line, event)) in data.iter().enumerate() {
        found.entry(miner.mine(line).pattern.0).or_default().push(number);
        expected.entry(event).or_default().push(number);
    }
    let right: usize =
        found.values().filter(|lines| expected[data[lines[0]].1.as_str()] == **lines).map(Vec::len).sum();
    let accuracy = right as f64 / data.len() as f64;
    Grouping { accuracy, found: found.len(), expected: expected.len() }
}
