//! OTLP values as JSON and back, without loss.
//!
//! Most values are what one expects: a string is a string, a list an array, a key-value list an object, no value
//! is null. An int is a number without a point, a double one with a point or an exponent. What JSON or PostgreSQL's
//! `jsonb` can not say by itself is an object with one key:
//!
//! | value | JSON |
//! |---|---|
//! | bytes | `{"$bytes": "base64"}` |
//! | NaN, infinities, negative zero | `{"$double": "NaN"}`, `"Infinity"`, `"-Infinity"`, `"-0"` |
//! | a string that holds NUL | `{"$text": "a\\0b"}`: NUL is `\0` and a backslash `\\` |
//! | a list of pairs that is no object (a key twice, NUL in a key, one key that begins with `$`) | `{"$pairs": [["k", 1]]}` |
//! | an index into a string table | `{"$strindex": 1}` |

mod read;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub use read::{attributes_from_json, value_from_json};
pub(crate) use view::{write_attribute_views, write_value_view};
#[cfg(test)]
pub(crate) use write::write_value;
pub(crate) use write::{write_array, write_attributes, write_double, write_key, write_string};
