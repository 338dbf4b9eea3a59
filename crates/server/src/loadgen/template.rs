//! Requests that are encoded once; ids and times are written into their bytes each time they are sent.
//!
//! While a request is built, a mark stands wherever something changes: eight bytes that no telemetry of ours holds, with
//! a number. Once it is encoded the marks are looked for, and their places remembered. A mark is a text as well, so that
//! it can stand in attributes.

use bytes::Bytes;

use super::random::mix;

/// U+10FFFF, the last character there is.
const MARK: [u8; 4] = [0xf4, 0x8f, 0xbf, 0xbf];

/// A number in a mark is written in three characters of six bits each.
const DIGITS: u32 = 3;
const FIRST_DIGIT: u8 = b'0';
const MOST_MARKS: usize = 1 << (6 * DIGITS);

/// Ids of a request: far fewer, so that no two requests share one.
const IDS_PER_REQUEST: u64 = 1 << 20;

/// What changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A trace id in sixteen bytes.
    Trace(u64),
    /// A span id in eight bytes.
    Span(u64),
    /// So many nanoseconds after the request's time, in eight bytes.
    Time(u64),
    /// Sixteen hex digits.
    Hex(u64),
}

/// Marks that were given out.
#[derive(Debug, Default)]
pub struct Marks {
    changes: Vec<Change>,
}

impl Marks {
    /// The id of this trace of the request.
    pub fn trace(&mut self, number: u64) -> Vec<u8> {
        [self.mark(Change::Trace(number)), [0; 8]].concat()
    }

    /// The id of this span of the request.
    pub fn span(&mut self, number: u64) -> Vec<u8> {
        self.mark(Change::Span(number)).to_vec()
    }

    /// A time so many nanoseconds after the request's.
    pub fn time(&mut self, offset: u64) -> u64 {
        u64::from_le_bytes(self.mark(Change::Time(offset)))
    }

    /// A text that is another in each request.
    pub fn hex(&mut self, number: u64) -> String {
        let mark = self.mark(Change::Hex(number));
        format!("{}00000000", String::from_utf8_lossy(&mark))
    }

    fn mark(&mut self, change: Change) -> [u8; 8] {
        let number = self.changes.len();
        assert!(
            number < MOST_MARKS,
            "a request has fewer places that change: the command line limits its records"
        );
        self.changes.push(change);
        let digit = |place: u32| FIRST_DIGIT + (number >> (6 * place) & 63) as u8;
        let [a, b, c, d] = MARK;
        [a, b, c, d, b'.', digit(2), digit(1), digit(0)]
    }

    fn of(&self, mark: &[u8]) -> Option<Change> {
        let number =
            mark.iter().fold(0, |number, digit| number << 6 | usize::from(digit.wrapping_sub(FIRST_DIGIT)));
        self.changes.get(number).copied()
    }
}

/// An encoded request with its places.
#[derive(Debug)]
pub struct Template {
    bytes: Vec<u8>,
    places: Vec<(usize, Change)>,
}

impl Template {
    /// What `build` encodes with the marks it takes.
    pub fn new(build: impl FnOnce(&mut Marks) -> Vec<u8>) -> Self {
        let mut marks = Marks::default();
        let bytes = build(&mut marks);
        let mut places = Vec::with_capacity(marks.changes.len());
        for (at, window) in bytes.windows(8).enumerate() {
            if window[..4] == MARK
                && let Some(change) = marks.of(&window[5..])
            {
                places.push((at, change));
            }
        }
        Self { bytes, places }
    }

    /// The request of this number at this time.
    pub fn fill(&self, seed: u64, number: u64, now: u64) -> Bytes {
        let mut bytes = self.bytes.clone();
        let first = number.wrapping_mul(IDS_PER_REQUEST);
        // Seeds that are neighbours would give the same ids in another order.
        let load = mix(seed);
        let id = |kind: u64, number: u64| mix(load ^ kind << 60 ^ first.wrapping_add(number));
        for (at, change) in &self.places {
            let place = &mut bytes[*at..];
            match *change {
                Change::Trace(number) => {
                    place[..8].copy_from_slice(&id(1, number).to_be_bytes());
                    place[8..16].copy_from_slice(&id(2, number).to_be_bytes());
                }
                Change::Span(number) => place[..8].copy_from_slice(&id(3, number).to_be_bytes()),
                Change::Time(offset) => place[..8].copy_from_slice(&now.wrapping_add(offset).to_le_bytes()),
                Change::Hex(number) => {
                    let id = id(4, number);
                    for (digit, out) in place[..16].iter_mut().enumerate() {
                        *out = b"0123456789abcdef"[(id >> (4 * digit) & 15) as usize];
                    }
                }
            }
        }
        bytes.into()
    }
}
