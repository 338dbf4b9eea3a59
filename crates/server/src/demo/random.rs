//! A small generator of random numbers (SplitMix64): the same seed gives the same workload on every machine.

/// One millisecond in nanoseconds, the unit of OTLP times.
pub const MILLISECOND: u64 = 1_000_000;
/// One second in nanoseconds.
pub const SECOND: u64 = 1_000 * MILLISECOND;

/// The increment of SplitMix64: odd, so that the state visits every value.
const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream with this number of a seed; streams of one seed do not resemble each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(scramble(seed.wrapping_add(scramble(stream.wrapping_add(INCREMENT)))))
    }

    /// 64 random bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(INCREMENT);
        scramble(self.0)
    }

    /// A number from `low` to `high`, both included.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low + 1)
    }

    /// A number from 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        const BITS_OF_A_DOUBLE: u32 = 53;
        (self.draw() >> (u64::BITS - BITS_OF_A_DOUBLE)) as f64 / (1_u64 << BITS_OF_A_DOUBLE) as f64
    }

    /// True in this many of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    /// One of the choices; there must be one.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.range(0, choices.len() as u64 - 1) as usize]
    }

    /// A duration in nanoseconds around a typical one, with the long tail that latencies have.
    pub fn latency(&mut self, typical_millis: f64) -> u64 {
        let unit = self.unit();
        let tail = unit * unit * unit * unit * unit * unit;
        (typical_millis * (0.55 + 0.7 * unit + 1.8 * tail) * MILLISECOND as f64) as u64
    }

    /// Random bytes that are not all zero, as ids must be.
    pub fn id(&mut self, length: usize) -> Vec<u8> {
        let mut id = Vec::with_capacity(length + 8);
        while id.len() < length {
            id.extend_from_slice(&(self.draw() | 1).to_le_bytes());
        }
        id.truncate(length);
        id
    }

    /// Random lowercase hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = const_hex::encode(self.id(digits.div_ceil(2)));
        text.truncate(digits);
        text
    }
}

/// Mixes the bits of a number.
fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
