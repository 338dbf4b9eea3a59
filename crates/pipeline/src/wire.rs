//! Protobuf as it is on the wire: one field after the other, borrowed, without building objects.
//!
//! What is read here is what the decoder of objects reads, and no more: groups, which nobody has sent for twenty years,
//! are [`Odd`], and so is everything that is not protobuf. Whoever meets something odd asks the decoder of objects.

/// Something that only the decoder of objects can judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Integers of any size, enumerations and booleans.
    Varint(u64),
    /// Times, counts and doubles.
    Fixed64(u64),
    /// Flags.
    Fixed32(u32),
    /// Texts, bytes, messages and packed lists.
    Bytes(&'a [u8]),
}

/// The fields of one message, in their order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// The value of the field of this number, below 16, at the start of a message, and the rest of it, where the field is of bytes
/// and its length is one byte: so are nearly all fields of attributes, of which a request has more than of anything else.
#[must_use]
#[inline]
pub fn short_bytes(message: &[u8], number: u8) -> Option<(&[u8], &[u8])> {
    match message {
        [key, length @ ..0x80, rest @ ..] if *key == number << WIRE_BITS | 2 => {
            rest.split_at_checked(usize::from(*length))
        }
        _ => None,
    }
}

/// The values of a message that is just its fields 1 and 2, both short: nearly every `KeyValue`.
#[must_use]
#[inline]
pub fn short_pair(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = short_bytes(message, 1)?;
    match short_bytes(rest, 2)? {
        (second, []) => Some((first, second)),
        _ => None,
    }
}

/// Seven bits of a varint are in each of its bytes; a tenth byte holds the last one.
const VARINT_BYTES: usize = 10;

/// Of the key of a field, the bits that say how its value is written.
const WIRE_BITS: u32 = 3;

impl<'a> Fields<'a> {
    /// The fields of the message that these bytes are.
    #[must_use]
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field: its number and its value; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Odd`] where the rest is not protobuf, or is a group.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results is not stopped by a question mark"
    )]
    pub fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, Odd> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = u32::try_from(self.varint()?).map_err(|_| Odd)?;
        let tag = key >> WIRE_BITS;
        if tag == 0 {
            return Err(Odd);
        }
        let value = match key & ((1 << WIRE_BITS) - 1) {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Odd)?;
                let (value, rest) = self.rest.split_at_checked(length).ok_or(Odd)?;
                self.rest = rest;
                Value::Bytes(value)
            }
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(Odd),
        };
        Ok(Some((tag, value)))
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Odd> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Odd)?;
        self.rest = rest;
        Ok(*array)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Odd> {
        let (&first, rest) = self.rest.split_first().ok_or(Odd)?;
        if first < 0x80 {
            self.rest = rest;
            return Ok(first.into());
        }
        let (value, rest) = long_varint(self.rest)?;
        self.rest = rest;
        Ok(value)
    }
}

fn long_varint(bytes: &[u8]) -> Result<(u64, &[u8]), Odd> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().enumerate().take(VARINT_BYTES) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            // The tenth byte has room for one bit.
            return if index == VARINT_BYTES - 1 && byte > 1 {
                Err(Odd)
            } else {
                Ok((value, &bytes[index + 1..]))
            };
        }
    }
    Err(Odd)
}

/// The integers of a packed list, or the one of an unpacked field.
///
/// # Errors
///
/// [`Odd`] where it is neither.
pub fn varints(value: Value<'_>, mut each: impl FnMut(u64)) -> Result<(), Odd> {
    match value {
        Value::Varint(one) => each(one),
        Value::Bytes(packed) => {
            let mut list = Fields::of(packed);
            while !list.rest.is_empty() {
                each(list.varint()?);
            }
        }
        _ => return Err(Odd),
    }
    Ok(())
}

/// The same for values of eight bytes.
///
/// # Errors
///
/// [`Odd`] where it is neither.
pub fn fixed64s(value: Value<'_>, mut each: impl FnMut(u64)) -> Result<(), Odd> {
    match value {
        Value::Fixed64(one) => each(one),
        Value::Bytes(packed) => {
            let (list, []) = packed.as_chunks() else { return Err(Odd) };
            list.iter().for_each(|bytes| each(u64::from_le_bytes(*bytes)));
        }
        _ => return Err(Odd),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::{
        prelude::{Just, any, prop},
        prop_assert_eq, prop_oneof, proptest,
    };
    use prost::encoding::encode_varint;

    use super::{Fields, Odd, Value, fixed64s, long_varint, short_bytes, varints};

    #[test]
    fn the_last_byte_of_a_varint_has_one_bit() {
        let with = |last| [[0xff; 9].as_slice(), &[last]].concat();
        assert_eq!(long_varint(&with(1)), Ok((u64::MAX, &[][..])));
        assert_eq!(long_varint(&with(2)), Err(Odd));
        assert_eq!(long_varint(&[0x80; 11]), Err(Odd));
        assert_eq!(long_varint(&[0x80; 3]), Err(Odd));
        // A zero may be written long.
        assert_eq!(long_varint(&[0x80, 0x80, 0]), Ok((0, &[][..])));
    }

    #[test]
    fn groups_and_the_field_zero_are_odd() {
        for bytes in [&[0x0b, 0x0c][..], &[0x0c], &[0x00, 0x00], &[0x0e], &[0x0a, 5, 1], &[0x09, 1, 2]] {
            assert_eq!(Fields::of(bytes).next(), Err(Odd), "{bytes:?}");
        }
    }

    #[test]
    fn a_field_is_short_up_to_127_bytes() {
        let message = |length: u8| [&[0x0a, length], [7; 130].as_slice()].concat();
        let (value, rest) =
            short_bytes(&message(127), 1).map(|(value, rest)| (value.len(), rest.len())).unwrap();
        assert_eq!((value, rest), (127, 3));
        assert_eq!(short_bytes(&message(128), 1), None);
        assert_eq!(short_bytes(&message(3), 2), None);
        assert_eq!(short_bytes(&[0x0a, 3, 1, 2], 1), None);
    }

    #[test]
    fn lists_are_packed_or_not() {
        let mut found = Vec::new();
        varints(Value::Bytes(&[1, 0x80, 1, 3]), |one| found.push(one)).expect("varints");
        varints(Value::Varint(4), |one| found.push(one)).expect("a varint");
        assert_eq!(found, [1, 128, 3, 4]);
        assert_eq!(varints(Value::Fixed32(1), |_| ()), Err(Odd));
        assert_eq!(fixed64s(Value::Bytes(&[0; 15]), |_| ()), Err(Odd));
        let mut count = 0;
        fixed64s(Value::Bytes(&[0; 16]), |_| count += 1).expect("two");
        assert_eq!(count, 2);
    }

    proptest! {
        #[test]
        fn what_is_short_is_the_next_field(message in prop::collection::vec(prop_oneof![Just(0x0a), Just(3), any::<u8>()], 0..200)) {
            if let Some((value, rest)) = short_bytes(&message, 1) {
                let mut fields = Fields::of(&message);
                prop_assert_eq!(fields.next(), Ok(Some((1, Value::Bytes(value)))));
                prop_assert_eq!(fields.rest, rest);
            }
        }

        #[test]
        fn any_varint_comes_back(value in any::<u64>()) {
            let mut bytes = vec![0x08];
            encode_varint(value, &mut bytes);
            prop_assert_eq!(Fields::of(&bytes).next(), Ok(Some((1, Value::Varint(value)))));
        }
    }
}
