//! A text as tokens, with what is surely a value as `<*>`.
//!
//! Values are words with a digit, long hexadecimal words, paths, addresses and host names; a duration, a date and a size
//! in brackets are one value each. Values that stand side by side are one, and so are brackets around nothing else: how
//! many there are changes from text to text.

/// What stands for a value.
pub(super) const VALUE: &str = "<*>";

/// Bytes of a text that are looked at: the rest of a longer one is mostly a dump of something.
const MOST_BYTES: usize = 4096;

/// Tokens of a pattern.
const MOST_TOKENS: usize = 128;

/// Hexadecimal words are at least so long; shorter ones are often words.
const HEX_DIGITS: usize = 6;

/// A part of a name with so many digits has a value in it; `v2` and `http11` have none.
const NAME_DIGITS: usize = 3;

/// Hexadecimal digits that no word has.
const LONG_HEX: usize = 16;

/// What stands between the parts of a name.
const NAME_JOINTS: [char; 4] = ['/', '.', '-', ':'];

/// A port has so many digits.
const PORT_DIGITS: usize = 5;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const TIME_UNITS: [&str; 13] = [
    "sec", "secs", "second", "seconds", "ms", "msec", "us", "min", "minute", "minutes", "hours", "days",
    "hour",
];
const SIZE_UNITS: [&str; 9] = ["b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib"];

/// A token, and whether white space was before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) space: bool,
}

/// The tokens of a text.
pub(super) fn cut(text: &str) -> Vec<Piece<'_>> {
    let end = text.floor_char_boundary(MOST_BYTES);
    let mut pieces = Vec::with_capacity(MOST_TOKENS.min(32));
    let raw = split(&text[..end]);
    let mut at = 0;
    while at < raw.len() && pieces.len() < MOST_TOKENS {
        let space = raw[at].space;
        let (piece, used) = match measure(&raw[at..]) {
            Some((true, used)) => (Some(Piece { text: VALUE, space }), used),
            // A size in brackets says again what was said before it.
            Some((false, used)) => (None, used),
            None if is_value(raw[at].text) => (Some(Piece { text: VALUE, space }), 1),
            None => (Some(raw[at]), 1),
        };
        if let Some(piece) = piece {
            push(&mut pieces, piece);
        }
        at += used;
    }
    pieces
}

/// The tokens of a name, such as that of a span.
///
/// Names are made to be few: what has a slash or points in it is what the name is about, and only a part with many digits
/// is a value that slipped in.
pub(super) fn cut_name(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let end = text.floor_char_boundary(MOST_BYTES);
    for (number, word) in text[..end].split_whitespace().enumerate() {
        let segments = word.split_inclusive(['/', '.', ':']);
        // A UUID is one value, though it has joints.
        let parts = segments.flat_map(|segment| {
            segment.split_inclusive(move |character| character == '-' && !is_long_hex(segment))
        });
        for (part, segment) in parts.enumerate() {
            let (name, joint) = segment.split_at(segment.trim_end_matches(NAME_JOINTS).len());
            let space = number > 0 && part == 0;
            let text = if is_inserted(name) { VALUE } else { name };
            let name = Some(Piece { text, space }).filter(|piece| !piece.text.is_empty());
            let joint =
                Some(Piece { text: joint, space: space && name.is_none() }).filter(|it| !it.text.is_empty());
            pieces.extend(name.into_iter().chain(joint));
            if pieces.len() >= MOST_TOKENS {
                return pieces;
            }
        }
    }
    pieces
}

/// Whether this is hexadecimal with joints, and long.
fn is_long_hex(segment: &str) -> bool {
    let hex = segment.bytes().filter(u8::is_ascii_hexdigit).count();
    hex >= LONG_HEX
        && segment.bytes().all(|byte| byte.is_ascii_hexdigit() || NAME_JOINTS.contains(&char::from(byte)))
}

/// Whether this part of a name is a number, an id or has one in it.
fn is_inserted(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let hex = part.len() >= HEX_DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    part == VALUE || digits >= NAME_DIGITS || (digits > 0 && (hex || digits == part.len()))
}

/// Adds a token to those before it, where it does not become one with them.
fn push<'a>(pieces: &mut Vec<Piece<'a>>, mut piece: Piece<'a>) {
    let nth = |pieces: &[Piece<'a>], back: usize| pieces.len().checked_sub(back).map(|at| pieces[at].text);
    if let Some(open) = opening(piece.text) {
        if nth(pieces, 1) == Some(open) {
            pieces.pop();
            return;
        }
        if nth(pieces, 1) == Some(VALUE) && nth(pieces, 2) == Some(open) && open != "<" {
            pieces.pop();
            piece = Piece { text: VALUE, space: pieces.pop().is_some_and(|open| open.space) };
        }
    }
    if piece.text == VALUE {
        if nth(pieces, 1) == Some(VALUE) {
            return;
        }
        if nth(pieces, 2) == Some(VALUE) && nth(pieces, 1).is_some_and(joins) {
            pieces.pop();
            return;
        }
    }
    pieces.push(piece);
}

fn opening(close: &str) -> Option<&'static str> {
    match close {
        ")" => Some("("),
        "]" => Some("["),
        ">" => Some("<"),
        _ => None,
    }
}

/// What stands between the parts of one value: of a time, a list, a version.
fn joins(text: &str) -> bool {
    matches!(text, ":" | "." | "," | "-" | "/" | "#" | "x" | "|")
}

/// Words of letters, digits and what stands within names; anything else by itself.
fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut space, mut word_space) = (None, false, false);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if is_word(character) {
            if start.is_none() {
                (start, word_space) = (Some(at), space);
            }
            continue;
        }
        if let Some(from) = start.take() {
            pieces.push(Piece { text: &text[from..at], space: word_space });
            space = false;
        }
        if text[at..].starts_with(VALUE) {
            pieces.push(Piece { text: VALUE, space });
            space = false;
            characters.next();
            characters.next();
        } else if character.is_whitespace() {
            space = true;
        } else {
            pieces.push(Piece { text: &text[at..at + character.len_utf8()], space });
            space = false;
        }
    }
    if let Some(from) = start {
        pieces.push(Piece { text: &text[from..], space: word_space });
    }
    pieces
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '_' | '.' | '-' | '+' | '*' | '$' | '#' | '%' | '&' | '~' | '\\' | '/' | '@')
}

/// What begins here and is several tokens long: whether it is a value (or nothing), and its tokens.
fn measure(raw: &[Piece<'_>]) -> Option<(bool, usize)> {
    size(raw).map(|used| (false, used)).or_else(|| {
        duration(raw).or_else(|| date(raw)).or_else(|| host_and_port(raw)).map(|used| (true, used))
    })
}

/// `(1.16 KB)`.
fn size(raw: &[Piece<'_>]) -> Option<usize> {
    let (number, unit) = (raw.get(1)?.text, raw.get(2)?.text);
    let is_size = raw[0].text == "("
        && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        && is_one_of(unit, &SIZE_UNITS)
        && raw.get(3)?.text == ")";
    is_size.then_some(4)
}

/// `5 seconds`, `<1 sec`.
fn duration(raw: &[Piece<'_>]) -> Option<usize> {
    let less = usize::from(raw[0].text == "<");
    let (number, unit) = (raw.get(less)?.text, raw.get(less + 1)?.text);
    let digits = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (digits && number.as_bytes()[0].is_ascii_digit() && is_one_of(unit, &TIME_UNITS)).then_some(less + 2)
}

/// `Sun Jul 3`, `Jul 3`.
fn date(raw: &[Piece<'_>]) -> Option<usize> {
    let weekday = usize::from(is_name_of(raw[0].text, &WEEKDAYS));
    let (month, day) = (raw.get(weekday)?.text, raw.get(weekday + 1)?.text);
    let is_day = day.len() <= 2 && day.bytes().all(|byte| byte.is_ascii_digit());
    (is_name_of(month, &MONTHS) && is_day).then_some(weekday + 2)
}

/// `proxy.example:5070`, by itself.
fn host_and_port(raw: &[Piece<'_>]) -> Option<usize> {
    let (colon, port) = (raw.get(1)?, raw.get(2)?);
    let glued = colon.text == ":" && !colon.space && !port.space;
    let is_port = port.text.len() <= PORT_DIGITS && port.text.bytes().all(|byte| byte.is_ascii_digit());
    let host =
        raw[0].text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let ends = raw.get(3).is_none_or(|next| next.space || next.text == ",");
    (glued && is_port && host && ends).then_some(3)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| one.eq_ignore_ascii_case(word))
}

/// Whether this is such a name or its first three letters.
fn is_name_of(word: &str, names: &[&str]) -> bool {
    word.len() >= 3
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && names.iter().any(|name| name.eq_ignore_ascii_case(&word[..3]))
        && word.len() <= 9
}

/// Whether this word is surely a value.
fn is_value(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.iter().any(u8::is_ascii_digit)
        || (bytes.len() >= HEX_DIGITS && bytes.iter().all(u8::is_ascii_hexdigit))
        || (bytes.len() > 1 && bytes.contains(&b'/'))
        || bytes.contains(&b'@')
        || is_host(bytes)
}

/// Three parts or more with points between, all in small letters.
fn is_host(bytes: &[u8]) -> bool {
    let parts = bytes.split(|byte| *byte == b'.');
    let small =
        |part: &[u8]| part.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'*'));
    let whole = bytes.strip_suffix(b".").unwrap_or(bytes);
    parts.clone().all(small) && whole.split(|byte| *byte == b'.').filter(|part| !part.is_empty()).count() >= 3
}
