//! Text from telemetry is hostile, and numbers want units.

use anstyle::{AnsiColor, Style};

/// Failing.
pub const RED: Style = AnsiColor::Red.on_default();
/// Slow, or a warning.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What stands behind.
pub const DIM: Style = Style::new().dimmed();
/// What stands in front.
pub const BOLD: Style = Style::new().bold();
/// Bars.
pub const BLUE: Style = AnsiColor::Cyan.on_default();

/// A text in a style.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A text on one line, without anything that could move the cursor, colour what follows or turn its direction.
pub fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => clean.push(' '),
            // Marks and overrides of direction, and separators of lines.
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{2028}'
            | '\u{2029}' => {
                clean.push('\u{fffd}');
            }
            _ if character.is_control() => clean.push('\u{fffd}'),
            _ => clean.push(character),
        }
    }
    clean
}

/// A text of at most `width` characters, with an ellipsis where something was left out.
pub fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(width.saturating_sub(1)).collect();
    clipped.push('\u{2026}');
    clipped
}

/// `1.24 s`, `312 ms`, `48 us`.
pub fn duration(milliseconds: f64) -> String {
    match milliseconds.abs() {
        ms if ms >= 120_000.0 => format!("{:.1} min", milliseconds / 60_000.0),
        ms if ms >= 1000.0 => format!("{:.2} s", milliseconds / 1000.0),
        ms if ms >= 10.0 => format!("{milliseconds:.0} ms"),
        ms if ms >= 1.0 => format!("{milliseconds:.1} ms"),
        _ => format!("{:.0} \u{b5}s", milliseconds * 1000.0),
    }
}

/// `987`, `12.4 k`, `3.1 M`.
pub fn count(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1} k", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} M", number as f64 / 1e6),
        _ => format!("{:.1} G", number as f64 / 1e9),
    }
}

/// The style of a level.
pub fn level_style(severity: i32) -> Style {
    match severity {
        17.. => RED,
        13..=16 => YELLOW,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_telemetry_can_not_write_to_the_terminal() {
        let hostile = "a\u{1b}[31mred\u{7}\u{202e}txt.exe\nnext\u{9b}2J";
        assert_eq!(printable(hostile), "a\u{fffd}[31mred\u{fffd}\u{fffd}txt.exe next\u{fffd}2J");
    }

    #[test]
    fn numbers_have_units() {
        let shown: Vec<String> = [1240.0, 312.4, 3.25, 0.0484, 600_000.0].into_iter().map(duration).collect();
        assert_eq!(shown, ["1.24 s", "312 ms", "3.2 ms", "48 \u{b5}s", "10.0 min"]);
        assert_eq!([987, 12_400, 3_100_000].map(count), ["987", "12.4 k", "3.1 M"]);
    }
}
