//! Numbers, ids and bytes in every form that OTLP/JSON allows.

use std::{fmt, marker::PhantomData};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// A field for which null says the same as leaving it out.
#[derive(Debug, Default)]
pub(super) struct Nullable<T>(pub(super) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

/// Each item of a list in its protobuf form.
pub(super) fn list<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

/// A number, or a string that holds one; null is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Number<T>(pub(super) T);

/// A number as JSON has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// What a JSON number can become.
pub(super) trait FromRaw: Default {
    /// In a sentence: what is allowed.
    const EXPECTED: &'static str;
    fn from_raw(raw: Raw) -> Option<Self>;
}

impl Raw {
    /// As an integer, where it is one: `3.0` is.
    fn integer(self) -> Option<i128> {
        match self {
            Self::Unsigned(value) => Some(value.into()),
            Self::Signed(value) => Some(value.into()),
            // Above 2^64 nothing fits anyway.
            Self::Float(value) => (value.fract() == 0.0 && value.abs() < 2e19).then_some(value as i128),
        }
    }
}

impl FromRaw for u64 {
    const EXPECTED: &'static str = "an integer from 0 to 18446744073709551615";
    fn from_raw(raw: Raw) -> Option<Self> {
        raw.integer()?.try_into().ok()
    }
}

impl FromRaw for i64 {
    const EXPECTED: &'static str = "an integer of 64 bits";
    fn from_raw(raw: Raw) -> Option<Self> {
        raw.integer()?.try_into().ok()
    }
}

impl FromRaw for u32 {
    const EXPECTED: &'static str = "an integer from 0 to 4294967295";
    fn from_raw(raw: Raw) -> Option<Self> {
        raw.integer()?.try_into().ok()
    }
}

impl FromRaw for i32 {
    const EXPECTED: &'static str = "an integer of 32 bits";
    fn from_raw(raw: Raw) -> Option<Self> {
        raw.integer()?.try_into().ok()
    }
}

impl FromRaw for f64 {
    const EXPECTED: &'static str = "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
    fn from_raw(raw: Raw) -> Option<Self> {
        Some(match raw {
            Raw::Unsigned(value) => value as f64,
            Raw::Signed(value) => value as f64,
            Raw::Float(value) => value,
        })
    }
}

impl<'de, T: FromRaw> Deserialize<'de> for Number<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor(PhantomData)).map(Self)
    }
}

struct NumberVisitor<T>(PhantomData<T>);

impl<T: FromRaw> NumberVisitor<T> {
    fn convert<E: Error>(&self, raw: Raw, shown: &dyn fmt::Display) -> Result<T, E> {
        T::from_raw(raw).ok_or_else(|| E::custom(format!("{shown} is not {}", T::EXPECTED)))
    }
}

impl<T: FromRaw> Visitor<'_> for NumberVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.convert(Raw::Unsigned(value), &value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.convert(Raw::Signed(value), &value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        self.convert(Raw::Float(value), &value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let raw = match text {
            "NaN" => Some(Raw::Float(f64::NAN)),
            "Infinity" => Some(Raw::Float(f64::INFINITY)),
            "-Infinity" => Some(Raw::Float(f64::NEG_INFINITY)),
            // Rust's own names of the same are not JSON's.
            _ if text.contains(|character: char| character.is_alphabetic() && !"eE".contains(character)) => {
                None
            }
            _ => (text.parse().map(Raw::Unsigned))
                .or_else(|_| text.parse().map(Raw::Signed))
                .or_else(|_| text.parse().map(Raw::Float))
                .ok(),
        };
        match raw {
            Some(raw) => self.convert(raw, &format_args!("{text:?}")),
            None => Err(E::custom(format!("{text:?} is not {}", T::EXPECTED))),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

/// An id: hex digits in either case. Its length is for the check to judge.
#[derive(Debug, Default)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        // The decoder takes a prefix 0x, which OTLP does not know.
        let digits = Some(&text).filter(|text| !text.starts_with("0x"));
        digits.and_then(|text| const_hex::decode(text).ok()).map(Self).ok_or_else(|| {
            D::Error::custom(format!("{text:?} is not an id: write an even number of hex digits"))
        })
    }
}

/// Bytes: base64 of either alphabet, padded or not.
#[derive(Debug, Default)]
pub(super) struct Base64(pub(super) Vec<u8>);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD
            .decode(&text)
            .or_else(|_| URL_SAFE.decode(&text))
            .map(Self)
            .map_err(|error| D::Error::custom(format!("bytes are not base64: {error}")))
    }
}
