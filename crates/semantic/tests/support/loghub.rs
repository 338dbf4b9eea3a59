//! The recorded logs of eight systems, with the groups that people found in them.

use std::{collections::HashMap, fs};

use mahavishnu_semantic::Miner;
use mahavishnu_test_util::data_dir;

pub const SYSTEMS: [&str; 8] =
    ["Android", "BGL", "HealthApp", "Linux", "Mac", "Proxifier", "Thunderbird", "Windows"];

/// Of one system.
#[derive(Debug)]
pub struct Grouping {
    pub accuracy: f64,
    pub found: usize,
    pub expected: usize,
}

/// Lines with their true group; `None` where this checkout has no recorded logs.
pub fn load(system: &str) -> Option<Vec<(String, String)>> {
    let file = data_dir()?.join("loghub").join(system).join(format!("{system}_2k.log_structured.csv"));
    let text = fs::read_to_string(file).ok()?;
    let mut rows = rows(&text).into_iter();
    let head = rows.next()?;
    let column = |name: &str| head.iter().position(|field| field.trim_start_matches('\u{feff}') == name);
    let (content, event) = (column("Content")?, column("EventId")?);
    Some(rows.filter_map(|row| Some((row.get(content)?.clone(), row.get(event)?.clone()))).collect())
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

/// The rows of a CSV file: fields in quotes may hold commas, line feeds and doubled quotes.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            other => field.push(other),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}
