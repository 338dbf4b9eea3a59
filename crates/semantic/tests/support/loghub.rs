//! The recorded logs of eight systems, with the groups that people found in them.

use std::fs;

use mahavishnu_test_util::data_dir;

pub const SYSTEMS: [&str; 8] =
    ["Android", "BGL", "HealthApp", "Linux", "Mac", "Proxifier", "Thunderbird", "Windows"];

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
