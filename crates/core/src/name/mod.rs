//! Names as travel documents spell them (ICAO 9303-3 sections 4.6 and 6), and how alike two of them are.
//!
//! | module | what it holds |
//! |---|---|
//! | [`spell`](mod@spell) | any Latin, Cyrillic or Arabic name in the letters A to Z: tables A, B and C |
//! | [`field`] | the name field of a machine-readable zone: written, cut where it must be, read |
//! | [`alike`](mod@alike) | a published similarity of two names, whatever the order of their parts |
//!
//! ```
//! use portunus_core::name::{Language, PersonName, TD3_NAME_CHARS, alike, field, spell};
//!
//! assert_eq!(spell("Jürgen Müller-Groß", Language::Other).text, "JUERGEN<MUELLER<GROSS");
//! assert_eq!(spell("Юрий", Language::Other).text, "IURII");
//! assert!(field::write("ERIKSSON", "ANNA<MARIA", TD3_NAME_CHARS).starts_with("ERIKSSON<<ANNA<MARIA<"));
//! let (one, other) = (PersonName::new("MUELLER", "JUERGEN"), PersonName::new("Jurgen", "Muller"));
//! assert!(alike(&one, &other).percent() >= 95);
//! ```
//!
//! Names are personal data: none of these types has a `Debug` or a `Display`.

pub mod alike;
pub mod field;
pub mod fold;
pub mod spell;

mod arabic;
mod cyrillic;
mod latin;

pub use alike::{Part, PersonName, Similarity, alike, alike_parts};
pub use field::{TD1_NAME_CHARS, TD2_NAME_CHARS, TD3_NAME_CHARS};
pub use spell::{Language, Spelled, spell, spellings};

/// A name is read up to this many characters: the longest name field of PAXLST, several times over.
pub const NAME_CHARS_MAX: usize = 256;
/// A name is read up to this many components.
pub const COMPONENTS_MAX: usize = 12;
