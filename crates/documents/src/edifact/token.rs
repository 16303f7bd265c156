//! EDIFACT's grammar (ISO 9735-1): separators, segments, elements, components, and where each began.
//!
//! Nothing is copied until a text is asked for. Each byte is looked at a constant number of times: once to find the
//! segment's end, then again for each element asked for by number.

use std::borrow::Cow;

/// The characters that structure an interchange, as its `UNA` says or by default (ISO 9735-1 section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    /// Between components of an element; `:` by default.
    pub component: u8,
    /// Between elements of a segment; `+` by default.
    pub element: u8,
    /// Takes the meaning from the character after it; `?` by default, `None` where `UNA` has a space.
    pub release: Option<u8>,
    /// Between repetitions of an element. `None` by default, although syntax version 4 reserves `*`: real
    /// senders without a `UNA` have `*` in their names (`APIS*ABE`).
    pub repetition: Option<u8>,
    /// After each segment; `'` by default.
    pub terminator: u8,
}

impl Separators {
    /// What holds where no `UNA` says otherwise.
    pub const DEFAULT: Self =
        Self { component: b':', element: b'+', release: Some(b'?'), repetition: None, terminator: b'\'' };

    /// Reads the six characters after `UNA`: component, element, decimal mark, release, repetition, terminator.
    ///
    /// The decimal mark is not kept (PAXLST has no decimals that matter here). Refused: a letter, digit, space
    /// or non-ASCII character as a separator, and one character in two roles. A repetition separator that
    /// collides with another role is taken as absent: syntax version 3 has no such separator there.
    pub fn from_advice(advice: [u8; 6]) -> Option<Self> {
        let [component, element, _decimal, release, repetition, terminator] = advice;
        let usable = |c: u8| c.is_ascii() && !c.is_ascii_alphanumeric() && c != b' ';
        let mut roles = vec![component, element, terminator];
        let release = (release != b' ').then_some(release);
        roles.extend(release);
        let distinct = (1..roles.len()).all(|i| !roles[..i].contains(&roles[i]));
        if !distinct || !roles.iter().all(|c| usable(*c)) {
            return None;
        }
        let repetition = (usable(repetition) && !roles.contains(&repetition)).then_some(repetition);
        Some(Self { component, element, release, repetition, terminator })
    }
}

/// What is wrong with a stretch of bytes where a segment was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// `UNA` is cut short or names characters that cannot separate.
    Advice,
    /// The stretch does not begin with a tag of three capital letters or digits.
    Tag,
    /// The stretch is longer than the reader's limit.
    TooLong,
    /// No terminator: a line break before a known tag was taken for one. The segment is delivered as well.
    MissingTerminator,
}

/// A stretch of bytes that is not a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenError {
    /// Where it begins, in bytes from the start of the input.
    pub offset: usize,
    /// What is wrong.
    pub what: Malformed,
}

/// One segment, borrowed from the input. Its content may be personal data: no `Debug`.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// The tag: three capital letters or digits.
    pub tag: &'a str,
    /// Where the tag begins, in bytes from the start of the input.
    pub offset: usize,
    /// Whether a terminator ends it; only the input's last segment may lack one.
    pub terminated: bool,
    body: &'a [u8],
    separators: Separators,
}

impl<'a> Segment<'a> {
    /// Element number `index`; the first after the tag is 1. Empty where the segment has none.
    pub fn element(&self, index: usize) -> Element<'a> {
        let bytes = match index {
            0 => &[],
            _ => self.split(self.body).nth(index).unwrap_or_default(),
        };
        Element { bytes, separators: self.separators }
    }

    /// All elements after the tag.
    pub fn elements(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let separators = self.separators;
        self.split(self.body).skip(1).map(move |bytes| Element { bytes, separators })
    }

    /// The text of component `component` (from 0) of element `element` (from 1); empty where there is none.
    pub fn text(&self, element: usize, component: usize) -> Cow<'a, str> {
        self.element(element).text(component)
    }

    /// Whether component `component` of element `element` is exactly `code`.
    pub fn is(&self, element: usize, component: usize, code: &str) -> bool {
        self.text(element, component) == code
    }

    fn split(&self, bytes: &'a [u8]) -> Split<'a> {
        Split { rest: Some(bytes), at: self.separators.element, release: self.separators.release }
    }
}

/// One element of a segment.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    bytes: &'a [u8],
    separators: Separators,
}

impl<'a> Element<'a> {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its repetitions; one, where `UNA` names no repetition separator.
    pub fn repetitions(&self) -> impl Iterator<Item = Self> + use<'a> {
        let Separators { repetition, release, .. } = self.separators;
        let split = repetition.map(|at| Split { rest: Some(self.bytes), at, release });
        let whole = repetition.is_none().then_some(self.bytes);
        let separators = self.separators;
        split.into_iter().flatten().chain(whole).map(move |bytes| Self { bytes, separators })
    }

    /// The components of its first repetition, decoded.
    pub fn components(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let Separators { repetition, component, release, .. } = self.separators;
        let first = match repetition {
            Some(at) => Split { rest: Some(self.bytes), at, release }.next().unwrap_or_default(),
            None => self.bytes,
        };
        Split { rest: Some(first), at: component, release }.map(move |bytes| decode(bytes, release))
    }

    /// The text of component `index` (from 0) of its first repetition; empty where there is none.
    pub fn text(&self, index: usize) -> Cow<'a, str> {
        self.components().nth(index).unwrap_or_default()
    }
}

/// Splits at a separator that no release character precedes.
struct Split<'a> {
    rest: Option<&'a [u8]>,
    at: u8,
    release: Option<u8>,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let mut i = 0;
        while i < rest.len() {
            if Some(rest[i]) == self.release {
                i += 1;
            } else if rest[i] == self.at {
                self.rest = Some(&rest[i + 1..]);
                return Some(&rest[..i]);
            }
            i += 1;
        }
        self.rest = None;
        Some(rest)
    }
}

/// A component's text: release characters gone, unreleased line breaks gone (senders wrap lines), blanks at
/// either end gone. UTF-8 where it is valid, else ISO 8859-1 (UNOC), byte by byte.
fn decode(bytes: &[u8], release: Option<u8>) -> Cow<'_, str> {
    let plain = |b: &u8| Some(*b) != release && !matches!(b, b'\r' | b'\n');
    if bytes.iter().all(plain)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text.trim());
    }
    let mut clean = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        if Some(bytes[i]) == release {
            i += 1;
            clean.extend(bytes.get(i));
        } else if plain(&bytes[i]) {
            clean.push(bytes[i]);
        }
        i += 1;
    }
    let text = match String::from_utf8(clean) {
        Ok(text) => text,
        Err(error) => error.as_bytes().iter().map(|b| char::from(*b)).collect(),
    };
    Cow::Owned(text.trim().to_owned())
}

/// The segments of an input, in order, with what lies between them.
///
/// `UNA` is recognised at the start and after each `UNZ`, where the default separators come back.
pub struct Segments<'a> {
    input: &'a [u8],
    at: usize,
    separators: Separators,
    advice_may_follow: bool,
    segment_bytes_max: usize,
    pending: Option<Segment<'a>>,
}

/// Tags at which a line break counts as a terminator that the sender forgot.
const KNOWN_TAGS: [&[u8; 3]; 27] = [
    b"UNB", b"UNG", b"UNH", b"UNT", b"UNE", b"UNZ", b"BGM", b"RFF", b"DTM", b"NAD", b"COM", b"CTA", b"TDT",
    b"LOC", b"ATT", b"MEA", b"GEI", b"FTX", b"EMP", b"NAT", b"DOC", b"CNT", b"QTY", b"CPI", b"GID", b"ERP",
    b"ERC",
];

impl<'a> Segments<'a> {
    /// Starts at `at` bytes into `input`; a segment may have `segment_bytes_max` bytes.
    pub fn new(input: &'a [u8], at: usize, segment_bytes_max: usize) -> Self {
        Self {
            input,
            at,
            separators: Separators::DEFAULT,
            advice_may_follow: true,
            segment_bytes_max,
            pending: None,
        }
    }

    /// Bytes from the start of the input to where reading stands.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Whether a known tag and an element separator follow the line break at `i`.
    fn line_starts_a_segment(&self, i: usize) -> bool {
        self.input.get(i + 1..i + 5).is_some_and(|line| {
            line[3] == self.separators.element && KNOWN_TAGS.iter().any(|tag| tag.as_slice() == &line[..3])
        })
    }

    /// The end of the segment that begins at `start`: where it ends, where the next begins, and what ended it.
    fn end_of(&self, start: usize) -> (usize, usize, Option<Malformed>, bool) {
        let Separators { release, terminator, .. } = self.separators;
        let mut i = start;
        while i < self.input.len() {
            let byte = self.input[i];
            if Some(byte) == release {
                i += 1;
            } else if byte == terminator {
                return (i, i + 1, None, true);
            } else if byte == b'\n' && self.line_starts_a_segment(i) {
                return (i, i + 1, Some(Malformed::MissingTerminator), true);
            }
            i += 1;
        }
        (self.input.len(), self.input.len(), None, false)
    }

    fn read_advice(&mut self) -> Option<Result<Segment<'a>, TokenError>> {
        let offset = self.at;
        self.advice_may_follow = false;
        let advice = self.input.get(offset + 3..offset + 9).and_then(|a| <[u8; 6]>::try_from(a).ok());
        match advice.and_then(Separators::from_advice) {
            Some(separators) => {
                self.separators = separators;
                self.at = offset + 9;
                self.next()
            }
            None => {
                // Without separators nothing after it can be read.
                self.at = self.input.len();
                Some(Err(TokenError { offset, what: Malformed::Advice }))
            }
        }
    }

    fn read_segment(&mut self) -> Result<Segment<'a>, TokenError> {
        let offset = self.at;
        let (end, next, fault, terminated) = self.end_of(offset);
        self.at = next;
        if end - offset > self.segment_bytes_max {
            return Err(TokenError { offset, what: Malformed::TooLong });
        }
        let body = &self.input[offset..end];
        let tag_ends = |b: &u8| *b == self.separators.element || *b == self.separators.component;
        let tag = body.get(..3).and_then(|t| std::str::from_utf8(t).ok()).filter(|t| {
            t.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                && body.get(3).is_none_or(tag_ends)
        });
        let tag = tag.ok_or(TokenError { offset, what: Malformed::Tag })?;
        let separators = self.separators;
        if tag == "UNZ" {
            self.advice_may_follow = true;
            self.separators = Separators::DEFAULT;
        }
        let segment = Segment { tag, offset, terminated, body, separators };
        match fault {
            None => Ok(segment),
            Some(what) => {
                self.pending = Some(segment);
                Err(TokenError { offset: end, what })
            }
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, TokenError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(segment) = self.pending.take() {
            return Some(Ok(segment));
        }
        while self.at < self.input.len() {
            let byte = self.input[self.at];
            if byte != self.separators.terminator && byte > b' ' {
                break;
            }
            self.at += 1;
        }
        if self.at >= self.input.len() {
            return None;
        }
        if self.advice_may_follow && self.input[self.at..].starts_with(b"UNA") {
            return self.read_advice();
        }
        self.advice_may_follow = false;
        Some(self.read_segment())
    }
}
