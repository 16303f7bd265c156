//! The protobuf wire format, as much as rewriting an ONNX file needs: a message is a list of fields, kept in
//! order and byte for byte unless one is replaced, so that what this code does not know survives.
//!
//! Nothing recurses: a nested message stays bytes until the caller, who knows the schema, parses it.
//! Source: "Encoding", protobuf.dev/programming-guides/encoding.

use super::OnnxError;
use std::borrow::Cow;

/// A message holds at most this many fields; the models in use have a few thousand at the widest level.
pub(super) const FIELDS_MAX: usize = 1 << 20;

/// The value of a field by its wire type; groups (3, 4) were deprecated before ONNX existed and are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(Cow<'a, [u8]>),
    Fixed32([u8; 4]),
}

/// One field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) value: Value<'a>,
}

/// A message: its fields in the order they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) fields: Vec<Field<'a>>,
}

impl<'a> Message<'a> {
    /// Reads `bytes`, which begin at `base` in the file (errors name file offsets).
    pub(super) fn parse(bytes: &'a [u8], base: usize) -> Result<Self, OnnxError> {
        let mut reader = Reader { bytes, at: 0, base };
        let mut fields = Vec::new();
        while reader.at < bytes.len() {
            if fields.len() == FIELDS_MAX {
                return Err(reader.wrong("more fields in one message than any model needs"));
            }
            fields.push(reader.field()?);
        }
        Ok(Self { fields })
    }

    /// The bytes of this message.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for field in &self.fields {
            let (wire, key) = (field.value.wire_type(), u64::from(field.number) << 3);
            put_varint(&mut out, key | wire);
            match &field.value {
                Value::Varint(value) => put_varint(&mut out, *value),
                Value::Fixed64(bytes) => out.extend_from_slice(bytes),
                Value::Bytes(bytes) => {
                    put_varint(&mut out, bytes.len() as u64);
                    out.extend_from_slice(bytes);
                }
                Value::Fixed32(bytes) => out.extend_from_slice(bytes),
            }
        }
        out
    }

    /// The last varint field of that number (protobuf: the last one wins).
    pub(super) fn varint(&self, number: u32) -> Option<u64> {
        self.fields.iter().rev().find_map(|field| match field.value {
            Value::Varint(value) if field.number == number => Some(value),
            _ => None,
        })
    }

    /// The last field of that number that is a 32-bit float.
    pub(super) fn float(&self, number: u32) -> Option<f32> {
        self.fields.iter().rev().find_map(|field| match field.value {
            Value::Fixed32(bytes) if field.number == number => Some(f32::from_le_bytes(bytes)),
            _ => None,
        })
    }

    /// All length-delimited fields of that number: strings, bytes, nested messages.
    pub(super) fn all_bytes(&self, number: u32) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().filter_map(move |field| match &field.value {
            Value::Bytes(bytes) if field.number == number => Some(bytes.as_ref()),
            _ => None,
        })
    }

    /// The last length-delimited field of that number.
    pub(super) fn bytes(&self, number: u32) -> Option<&[u8]> {
        self.all_bytes(number).last()
    }

    /// A string field; names that are not UTF-8 are kept distinct enough by the lossy reading to be refused
    /// later, since nothing refers to them.
    pub(super) fn text(&self, number: u32) -> String {
        String::from_utf8_lossy(self.bytes(number).unwrap_or_default()).into_owned()
    }

    /// Repeated integers, whether packed or one by one.
    pub(super) fn integers(&self, number: u32) -> Result<Vec<i64>, OnnxError> {
        let mut out = Vec::new();
        for field in self.fields.iter().filter(|field| field.number == number) {
            match &field.value {
                Value::Varint(value) => out.push(value.cast_signed()),
                Value::Bytes(bytes) => {
                    let mut reader = Reader { bytes, at: 0, base: 0 };
                    while reader.at < bytes.len() {
                        out.push(reader.varint()?.cast_signed());
                    }
                }
                _ => return Err(OnnxError::Unsupported("repeated integers of a fixed width".to_owned())),
            }
        }
        Ok(out)
    }

    /// Appends a field.
    pub(super) fn push(&mut self, number: u32, value: Value<'a>) {
        self.fields.push(Field { number, value });
    }

    /// Appends a length-delimited field.
    pub(super) fn push_bytes(&mut self, number: u32, bytes: Vec<u8>) {
        self.push(number, Value::Bytes(Cow::Owned(bytes)));
    }

    /// Puts `bytes` where the last length-delimited field of that number was, or at the end.
    pub(super) fn replace_bytes(&mut self, number: u32, bytes: Vec<u8>) {
        let last = self
            .fields
            .iter()
            .rposition(|field| field.number == number && matches!(field.value, Value::Bytes(_)));
        match last {
            Some(at) => self.fields[at].value = Value::Bytes(Cow::Owned(bytes)),
            None => self.push_bytes(number, bytes),
        }
    }
}

impl Value<'_> {
    fn wire_type(&self) -> u64 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(_) => 2,
            Self::Fixed32(_) => 5,
        }
    }
}

/// A position in a byte string.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Reader<'a> {
    fn wrong(&self, expected: &'static str) -> OnnxError {
        OnnxError::Wire { offset: self.base.saturating_add(self.at), expected }
    }

    fn field(&mut self) -> Result<Field<'a>, OnnxError> {
        let start = self.at;
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let Some(number) = number else {
            self.at = start;
            return Err(self.wrong("a field number between 1 and 536870911"));
        };
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.array()?),
            2 => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                Value::Bytes(Cow::Borrowed(self.take(length)?))
            }
            5 => Value::Fixed32(self.array()?),
            _ => {
                self.at = start;
                return Err(self.wrong("a wire type of 0, 1, 2 or 5"));
            }
        };
        Ok(Field { number, value })
    }

    fn varint(&mut self) -> Result<u64, OnnxError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(self.wrong("the rest of a variable-length integer"));
            };
            if shift == 63 && byte > 1 {
                return Err(self.wrong("an integer of at most 64 bits"));
            }
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.wrong("an integer of at most ten bytes"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], OnnxError> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.wrong("as many bytes as the length says; the file is cut short"));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], OnnxError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            any::<u64>().prop_map(Value::Varint),
            any::<[u8; 8]>().prop_map(Value::Fixed64),
            any::<[u8; 4]>().prop_map(Value::Fixed32),
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| Value::Bytes(Cow::Owned(bytes))),
        ]
    }

    proptest! {
        #[test]
        fn a_message_reads_back_what_it_wrote(
            fields in proptest::collection::vec((1_u32..1 << 29, any_value()), 0..20)
        ) {
            let fields = fields.into_iter().map(|(number, value)| Field { number, value }).collect();
            let message = Message { fields };
            let bytes = message.to_bytes();
            let Ok(again) = Message::parse(&bytes, 0) else { panic!("own bytes refused") };
            prop_assert!(again == message);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Message::parse(&bytes, 0) {
                prop_assert!(message.fields.len() <= bytes.len());
                let _ = message.integers(1);
            }
        }
    }

    #[test]
    fn a_length_beyond_the_file_is_refused_with_its_offset() {
        let error = Message::parse(&[0x0a, 0x7f, 1, 2], 100).err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("at byte 102: expected as many bytes as the length says; the file is cut short")
        );
    }
}
