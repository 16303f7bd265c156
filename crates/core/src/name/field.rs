//! The name field of a machine-readable zone: components apart by `<`, identifiers by `<<`, cut where it is too short
//! (ICAO 9303-3 section 4.6, 9303-4 section 4.2.3, 9303-5 and 9303-6 section 4.2.3).

/// Characters of the name field of a passport or a visa of format A.
pub const TD3_NAME_CHARS: usize = 39;
/// Characters of the name field of a card of size TD2 or a visa of format B.
pub const TD2_NAME_CHARS: usize = 31;
/// Characters of the name field of a card of size TD1.
pub const TD1_NAME_CHARS: usize = 30;

/// Writes a field of `width` characters from a primary and a secondary identifier as [`super::spell`](fn@super::spell)
/// gives them.
///
/// Too long a name is cut as the standard's own "primary truncated" and "secondary truncated" examples: the secondary
/// identifier gives way down to its first letter, then the primary one. A field that ends with a letter may have been cut.
pub fn write(primary: &str, secondary: &str, width: usize) -> String {
    let mut field = primary.to_owned();
    if !secondary.is_empty() {
        // Two fillers and the first letter of the secondary identifier always have a place.
        let room = width.saturating_sub(3).max(1);
        cut(&mut field, room);
        field.push_str("<<");
        field.push_str(secondary);
    }
    cut(&mut field, width);
    while field.len() < width {
        field.push('<');
    }
    field
}

/// Cuts to `width` characters, the last of them a letter. Where the cut falls between two components the longest before it
/// gives up its last letter, and the next one's first letter moves up.
fn cut(field: &mut String, width: usize) {
    if field.len() > width && field.as_bytes().get(width - 1) == Some(&b'<') {
        let (mut longest, mut start) = (0..0, 0);
        for component in field[..width - 1].split('<') {
            let here = start..start + component.len();
            if here.len() > longest.len() {
                longest = here.clone();
            }
            start = here.end + 1;
        }
        field.remove(longest.end.saturating_sub(1));
    }
    field.truncate(width);
}

/// A name field, read. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NameField {
    /// The primary identifier, components apart by `<`.
    pub primary: String,
    /// The secondary identifier; may be empty.
    pub secondary: String,
    /// It ends with a letter: characters may be missing, of any component.
    pub may_be_cut: bool,
}

/// Reads a field of a machine-readable zone with all its fillers.
pub fn read(field: &str) -> NameField {
    let may_be_cut = field.bytes().last().is_some_and(|last| last != b'<');
    let (primary, secondary) = field.split_once("<<").unwrap_or((field, ""));
    let plain = |text: &str| text.split('<').filter(|c| !c.is_empty()).collect::<Vec<_>>().join("<");
    NameField { primary: plain(primary), secondary: plain(secondary), may_be_cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passports_names_are_written_as_the_standard_shows() {
        let td3 = |primary, secondary| write(primary, secondary, TD3_NAME_CHARS);
        assert_eq!(td3("ERIKSSON", "ANNA<MARIA"), "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<");
        assert_eq!(td3("ARKFREITH", ""), "ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<");
        assert_eq!(
            td3("NILAVADHANANANDA", "CHAYAPA<DEJTHAMRONG<KRASUANG"),
            "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"
        );
        assert_eq!(
            td3("NILAVADHANANANDA", "ARNPOL<PETCH<CHARONGUANG"),
            "NILAVADHANANANDA<<ARNPOL<PETCH<CHARONGU"
        );
        assert_eq!(
            td3("PAPANDROPOULOUS", "JONATHON<WARREN<TREVOR"),
            "PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR"
        );
        let card = write("PAPANDROPOULOUS", "JONATHON<ALEC", TD1_NAME_CHARS);
        assert_eq!(card, "PAPANDROPOULOUS<<JONATHON<ALEC");
    }

    #[test]
    fn a_full_field_is_taken_as_cut_and_any_other_is_not() {
        let full = read("PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR");
        assert!(full.may_be_cut && full.secondary == "JONATHON<WARREN<TREVOR");
        let short = read("ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<");
        assert!(!short.may_be_cut && short.primary == "ERIKSSON" && short.secondary == "ANNA<MARIA");
        let one = read("ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<");
        assert!(one.primary == "ARKFREITH" && one.secondary.is_empty());
    }

    proptest! {
        #[test]
        fn every_field_has_its_width_and_says_when_it_was_cut(
            primary in "[A-Z]{1,20}(<[A-Z]{1,20}){0,3}", secondary in "([A-Z]{1,20}(<[A-Z]{1,20}){0,3})?",
            width in prop::sample::select(vec![TD3_NAME_CHARS, TD2_NAME_CHARS, TD1_NAME_CHARS]),
        ) {
            let field = write(&primary, &secondary, width);
            prop_assert_eq!(field.len(), width);
            let read = read(&field);
            let whole = read.primary == primary && read.secondary == secondary;
            prop_assert!(whole || read.may_be_cut, "cut and not said");
            prop_assert_eq!(read.secondary.is_empty(), secondary.is_empty());
        }
    }
}
