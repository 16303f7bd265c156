//! Text that people write and others read: what it says is what is seen.

/// Whether all of it is seen, on one line: no control character, none that breaks a line, is not there to the eye or turns the
/// order of others round (Unicode's bidirectional controls; UAX #9, UTR #36). Joiners are letters' own in several scripts.
pub fn is_line(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_or_turns_others_round_is_no_text_to_read() {
        for text in ["a\nb", "a\u{202e}b", "a\u{200b}", "a\u{2028}b", "\u{feff}a", "a\u{2066}b", "a\0"] {
            assert!(!is_line(text), "{text:?}");
        }
        for text in ["Port of São Tomé", "ميناء", "क्\u{200d}ष", "می\u{200c}خواهم", "港"]
        {
            assert!(is_line(text), "{text:?}");
        }
    }
}
