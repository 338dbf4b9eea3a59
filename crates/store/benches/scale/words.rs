//! Texts from the words of the model's vocabulary, and numbers that look random and are always the same.

/// Whole words that people use, from the vocabulary of the bundled model.
pub fn vocabulary() -> Vec<&'static str> {
    let file = include_str!("../../../semantic/model/vocab.txt");
    let word = |line: &&str| line.len() > 3 && line.bytes().all(|byte| byte.is_ascii_lowercase());
    file.lines().filter(word).take(4000).collect()
}

/// Well mixed bits of a number (the finaliser of SplitMix64; Steele, Lea and Flood, 2014).
pub fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number below `most`.
pub fn below(seed: u64, most: usize) -> usize {
    (mixed(seed) % most as u64) as usize
}

/// A number below `most`, small ones far more often, as patterns come: the density falls with the square root of the rank.
pub fn often_small(seed: u64, most: usize) -> usize {
    let share = mixed(seed) as f64 / u64::MAX as f64;
    ((share * share * most as f64) as usize).min(most - 1)
}
