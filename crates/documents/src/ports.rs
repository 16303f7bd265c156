//! Which country a port lies in, and the two and three letter codes of states.
//!
//! The tables are small texts in the binary (about 45 kB), searched in place: no parsing at start, no network. The
//! crate `airport-data` was weighed: it unpacks and parses 11 MB of JSON on first use and keeps it in memory.

use portunus_core::document::State;

const IATA: &str = include_str!("ports/iata.txt");
const ISO_3166: &str = include_str!("ports/iso3166.txt");

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

/// The country a port lies in, as ISO 3166-1 alpha-2: `JFK` and `USNYC` are `US`. Either case.
///
/// Three letters are an IATA location code (airport or city), five a UN/LOCODE, whose first two letters are
/// the country. `None` for other lengths, codes that are unknown, and UN/LOCODEs of no known country.
/// Ports in Puerto Rico and the US Virgin Islands are `US`; those in Guam, for example, are `GU`: which
/// countries are home is for the operator to say.
pub fn country_of(port: &str) -> Option<&'static str> {
    let port = port.trim().to_ascii_uppercase();
    match port.len() {
        3 => rows(IATA)
            .find(|(_, codes)| codes.split(' ').any(|code| code == port))
            .map(|(country, _)| country),
        5 => rows(ISO_3166).find(|(two, _)| port.starts_with(two)).map(|(two, _)| two),
        _ => None,
    }
}

/// The state a port lies in, with three letters as passports have it (`USA`; Germany is `D`).
pub fn state_of(port: &str) -> Option<State> {
    state_of_country(country_of(port)?)
}

/// The state of an ISO 3166-1 alpha-2 code, as passports have it: `US` is `USA`, `DE` is `D`.
pub fn state_of_country(alpha_2: &str) -> Option<State> {
    let (_, three) = rows(ISO_3166).find(|(two, _)| two.eq_ignore_ascii_case(alpha_2))?;
    as_in_passports(three)
}

/// A state as a carrier codes it, made what a passport's machine-readable zone has (ICAO 9303-3 section 5).
///
/// Carriers send ISO 3166-1 alpha-3, where Germany is `DEU`; its passports say `D`. One document must have one
/// key, so `DEU` becomes `D`. Two letters become the three of the same country. `None` where it is no code.
pub fn as_in_passports(code: &str) -> Option<State> {
    let code = code.trim();
    match code.len() {
        2 => state_of_country(code),
        3 if code.eq_ignore_ascii_case("DEU") => State::new("D").ok(),
        _ => State::new(code).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_known_by_airport_city_and_un_locode() {
        let known = [
            ("JFK", "US"),
            ("NYC", "US"),
            ("LON", "GB"),
            ("cdg", "FR"),
            ("FRA", "DE"),
            ("SZX", "CN"),
            ("HKG", "HK"),
            ("TPE", "TW"),
            ("PNH", "KH"),
            ("PRN", "XK"),
            ("SJU", "US"),
            ("GUM", "GU"),
            ("USNYC", "US"),
            ("DEHAM", "DE"),
            ("nlrtm", "NL"),
        ];
        for (port, country) in known {
            assert_eq!(country_of(port), Some(country), "{port}");
        }
        for unknown in ["", "Q", "US", "KJFK", "ZZZZZ", "QQQ", "J F", "JFKLHR", "# I", "ÄÖ"] {
            assert_eq!(country_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_state_is_what_its_passports_say() {
        let state = |code| as_in_passports(code).map(String::from);
        assert_eq!(state("USA").as_deref(), Some("USA"));
        assert_eq!(state("DEU").as_deref(), Some("D"));
        assert_eq!(state("de").as_deref(), Some("D"));
        assert_eq!(state("GB").as_deref(), Some("GBR"));
        assert_eq!(state("XXA").as_deref(), Some("XXA"));
        assert_eq!(state("Q9"), None);
        assert_eq!(state("FRANCE"), None);
        assert_eq!(state_of("FRA").map(String::from).as_deref(), Some("D"));
    }

    #[test]
    fn the_tables_hold_each_code_once_and_only_countries_that_have_a_state() {
        let mut codes: Vec<_> = rows(IATA).flat_map(|(_, codes)| codes.split(' ')).collect();
        assert!(codes.len() > 8_000);
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphanumeric())));
        codes.sort_unstable();
        assert!(codes.is_sorted_by(|a, b| a < b), "a code stands in two countries");
        for (country, _) in rows(IATA) {
            assert!(state_of_country(country).is_some(), "{country}");
        }
    }
}
