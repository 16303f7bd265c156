//! The envelope: UNB, UNG, UNH around messages, UNT, UNE, UNZ after them (ISO 9735-1 annex C).
//!
//! A count or a reference that disagrees is a warning: senders get them wrong, and the people between are
//! readable all the same. What a wrong count does to a list that must be whole is the message's affair.

use super::problem::{Cost, Place, Problem, Problems};
use super::token::{Malformed, Segment, Segments, TokenError};

/// A segment and its number within its message, `UNH` being 1.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) position: usize,
}

impl Placed<'_> {
    pub(super) fn place(&self) -> Place {
        let Self { segment, position } = self;
        Place { segment: segment.tag.to_owned(), position: Some(*position), offset: segment.offset }
    }
}

/// How sure we are that a message arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wholeness {
    /// `UNT` is there and counts what is there, or fewer.
    Whole,
    /// `UNT` is missing or counts more than is there, or a stretch was unreadable.
    Doubtful,
}

/// A message, unread.
pub(super) struct RawMessage<'a> {
    /// `UNH` first; without `UNT`.
    pub(super) segments: Vec<Placed<'a>>,
    pub(super) wholeness: Wholeness,
    /// Where the input ended before `UNT`: the tag of the segment that it ended in, empty after a whole one.
    pub(super) cut_in: Option<&'a str>,
    /// The sender as the nearest of UNG and UNB names it; may be empty.
    pub(super) sender: String,
}

/// Limits of an envelope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) segment_bytes: usize,
    pub(super) segments_per_message: usize,
    pub(super) messages: usize,
}

#[derive(Default)]
struct Level {
    reference: String,
    sender: String,
    inside: usize,
}

struct Open<'a> {
    message: RawMessage<'a>,
    count: usize,
    overflow: bool,
}

/// Walks an input and hands every message to `take`.
pub(super) struct Walk<'a, 'p, F> {
    limits: Limits,
    problems: &'p mut Problems,
    take: F,
    interchange: Option<Level>,
    group: Option<Level>,
    open: Option<Open<'a>>,
    cut_in: &'a str,
    messages: usize,
    strays: bool,
    ended: bool,
}

/// Who sent it (data elements 0004, 0040), at most 70 characters: every message gets a copy.
fn sender(header: &Segment<'_>) -> String {
    header.text(2, 0).chars().take(70).collect()
}

fn outside(segment: &Segment<'_>) -> Place {
    Place { segment: segment.tag.to_owned(), position: None, offset: segment.offset }
}

impl<'a, 'p, F: FnMut(RawMessage<'a>, &mut Problems)> Walk<'a, 'p, F> {
    pub(super) fn new(limits: Limits, problems: &'p mut Problems, take: F) -> Self {
        let (interchange, group, open) = (None, None, None);
        let (cut_in, messages, strays, ended) = ("", 0, false, false);
        Self { limits, problems, take, interchange, group, open, cut_in, messages, strays, ended }
    }

    pub(super) fn run(mut self, input: &'a [u8], start: usize) {
        let mut segments = Segments::new(input, start, self.limits.segment_bytes);
        while let Some(next) = segments.next() {
            match next {
                Ok(segment) if !segment.terminated => self.cut_off(segment),
                Ok(segment) => self.segment(segment),
                Err(error) if self.ended => {
                    self.after_the_end(error.offset);
                    break;
                }
                Err(error) => self.malformed(error),
            }
            if self.messages > self.limits.messages {
                let place = Place { segment: "UNH".into(), position: None, offset: segments.offset() };
                let expected = format!("at most {} messages", self.limits.messages);
                self.problems.push(Problem::new(place, "more messages", expected, Cost::Input));
                return;
            }
        }
        let end = Place { segment: String::new(), position: None, offset: input.len() };
        if let Some(open) = &mut self.open {
            open.message.cut_in = Some(self.cut_in);
        }
        self.close_message(None, &end);
        if self.messages == 0 {
            let expected = "at least one message, from UNH to UNT";
            self.problems.push(Problem::new(end.clone(), "no message", expected, Cost::Input));
        }
        if self.interchange.is_some() {
            self.warn(end, "the end of the input", "UNZ, the interchange's trailer");
        }
    }

    fn warn(&mut self, place: Place, found: impl Into<String>, expected: impl Into<String>) {
        self.problems.push(Problem::new(place, found.into(), expected.into(), Cost::Nothing));
    }

    fn segment(&mut self, segment: Segment<'a>) {
        let place = outside(&segment);
        self.ended = false;
        match segment.tag {
            "UNB" => {
                self.close_message(None, &place);
                if self.interchange.is_some() {
                    self.warn(place, "another interchange", "UNZ, the trailer of the one before");
                }
                self.group = None;
                let sender = sender(&segment);
                let reference = segment.text(5, 0).into_owned();
                self.interchange = Some(Level { reference, sender, inside: 0 });
            }
            "UNG" => {
                self.close_message(None, &place);
                if let Some(interchange) = &mut self.interchange {
                    interchange.inside += 1;
                }
                let sender = sender(&segment);
                let reference = segment.text(5, 0).into_owned();
                self.group = Some(Level { reference, sender, inside: 0 });
            }
            "UNH" => self.open_message(segment),
            "UNT" => self.close_message(Some(segment), &place),
            "UNE" => {
                self.close_message(None, &place);
                let group = self.group.take();
                self.trailer(&segment, group, "UNG", "messages in its group");
            }
            "UNZ" => {
                self.close_message(None, &place);
                self.group = None;
                let interchange = self.interchange.take();
                self.trailer(&segment, interchange, "UNB", "groups or messages in its interchange");
                self.ended = true;
            }
            _ => self.content(segment),
        }
    }

    fn open_message(&mut self, segment: Segment<'a>) {
        self.close_message(None, &outside(&segment));
        self.messages += 1;
        // UNZ counts the groups of an interchange that has groups, and its messages otherwise.
        if let Some(level) = self.group.as_mut().or(self.interchange.as_mut()) {
            level.inside += 1;
        }
        let level = self.group.as_ref().filter(|g| !g.sender.is_empty()).or(self.interchange.as_ref());
        let sender = level.map(|l| l.sender.clone()).unwrap_or_default();
        let segments = vec![Placed { segment, position: 1 }];
        let message = RawMessage { segments, wholeness: Wholeness::Whole, cut_in: None, sender };
        self.open = Some(Open { message, count: 1, overflow: false });
    }

    fn content(&mut self, segment: Segment<'a>) {
        match &mut self.open {
            Some(open) => {
                open.count += 1;
                if open.message.segments.len() < self.limits.segments_per_message {
                    open.message.segments.push(Placed { segment, position: open.count });
                } else {
                    open.overflow = true;
                }
            }
            None if !self.strays => {
                self.strays = true;
                let expected = "UNH, a message's header, before it (further such segments are not reported)";
                let problem =
                    Problem::new(outside(&segment), "a segment outside any message", expected, Cost::Value);
                self.problems.push(problem);
            }
            None => {}
        }
    }

    fn close_message(&mut self, trailer: Option<Segment<'a>>, place: &Place) {
        let Some(Open { mut message, count, overflow }) = self.open.take() else {
            if trailer.is_some() {
                self.warn(
                    place.clone(),
                    "a trailer without its header",
                    "UNH, a message's header, before it",
                );
            }
            return;
        };
        if overflow {
            let expected = format!("at most {} segments in a message", self.limits.segments_per_message);
            let head = message.segments[0].place();
            self.problems.push(Problem::new(head, format!("{count} segments"), expected, Cost::Message));
            return;
        }
        match trailer {
            None => {
                message.wholeness = Wholeness::Doubtful;
                self.warn(place.clone(), "no trailer of the message before", "UNT");
            }
            Some(trailer) => {
                let place = Place { position: Some(count + 1), ..place.clone() };
                let counted = count + 1;
                match trailer.text(1, 0).parse::<usize>() {
                    Ok(stated) if stated == counted => {}
                    Ok(stated) => {
                        let found = format!("a count of {stated}");
                        self.warn(place.clone(), found, format!("{counted}, from UNH to UNT inclusive"));
                        if stated > counted {
                            message.wholeness = Wholeness::Doubtful;
                        }
                    }
                    Err(_) => {
                        let expected = format!("a count of segments, {counted}");
                        self.warn(place.clone(), "no count", expected);
                    }
                }
                if trailer.text(2, 0) != message.segments[0].segment.text(1, 0) {
                    self.warn(place, "another reference", "the reference of the UNH before");
                }
            }
        }
        (self.take)(message, self.problems);
    }

    fn trailer(&mut self, trailer: &Segment<'a>, level: Option<Level>, header: &str, counts: &str) {
        let place = outside(trailer);
        let Some(Level { reference, inside, .. }) = level else {
            self.warn(place, "a trailer without its header", format!("{header}, its header, before it"));
            return;
        };
        match trailer.text(1, 0).parse::<usize>() {
            Ok(stated) if stated == inside => {}
            Ok(stated) => {
                self.warn(place.clone(), format!("a count of {stated}"), format!("{inside}, the {counts}"));
            }
            Err(_) => self.warn(place.clone(), "no count", format!("{inside}, the {counts}")),
        }
        if trailer.text(2, 0) != reference {
            self.warn(place, "another reference", format!("the reference of its {header}"));
        }
    }

    fn malformed(&mut self, error: TokenError) {
        let position = self.open.as_ref().map(|open| open.count + 1);
        let place = Place { segment: String::new(), position, offset: error.offset };
        let (found, expected, cost) = match error.what {
            Malformed::Advice => {
                ("a UNA that cannot be used", "six distinct separators, none a letter or digit", Cost::Input)
            }
            Malformed::Tag => ("no tag", "a segment that begins with three capital letters", Cost::Value),
            Malformed::TooLong => ("a segment that is too long", "a segment within the limit", Cost::Value),
            Malformed::MissingTerminator => {
                ("a line break before a known tag", "the segment's terminator", Cost::Nothing)
            }
        };
        self.problems.push(Problem::new(place, found, expected, cost));
        if let (Some(open), true) = (&mut self.open, cost != Cost::Nothing) {
            open.count += 1;
            open.message.wholeness = Wholeness::Doubtful;
        }
    }

    /// The input ends within a segment: what it says is not trusted, but for trailers, which say little.
    fn cut_off(&mut self, segment: Segment<'a>) {
        let trailer = matches!(segment.tag, "UNT" | "UNE" | "UNZ");
        let cost = if trailer { Cost::Nothing } else { Cost::Value };
        let position = self.open.as_ref().map(|open| open.count + 1);
        let place = Place { position, ..outside(&segment) };
        let expected = "the segment's terminator";
        self.problems.push(Problem::new(place, "the end of the input", expected, cost));
        if trailer {
            self.segment(segment);
        } else {
            self.cut_in = segment.tag;
        }
    }

    fn after_the_end(&mut self, offset: usize) {
        let place = Place { segment: String::new(), position: None, offset };
        self.warn(place, "bytes after the interchange", "UNA, UNB or the end of the input");
    }
}
