//! Who plays in the demo: real faces under fictional names and documents.

use anyhow::{Context as _, Result, bail};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use portunus_biometrics::face::{Picture, PictureLimits};
use portunus_core::document::{DocumentKey, DocumentKind, State};
use std::path::{Path, PathBuf};

/// How a traveller's passage is meant to go. What the service makes of it is measured, not assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    /// On the manifest, with a reference: to be confirmed.
    Matched,
    /// The same, with the state's own passport: to be confirmed, and nothing written.
    MatchedCitizen,
    /// On the manifest, without a reference.
    NoReference,
    /// On no manifest.
    NotOnManifest,
    /// On another voyage's manifest.
    WrongVoyage,
    /// Photographed so badly that nothing can be compared.
    PoorQuality,
    /// Boards, and comes again.
    BoardsTwice,
    /// Would rather not be photographed.
    Declines,
}

impl Part {
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::MatchedCitizen => "matched citizen",
            Self::NoReference => "no reference",
            Self::NotOnManifest => "not on the manifest",
            Self::WrongVoyage => "wrong voyage",
            Self::PoorQuality => "poor quality",
            Self::BoardsTwice => "boards twice",
            Self::Declines => "declined",
        }
    }

    pub(super) fn on_manifest(self) -> bool {
        self != Self::NotOnManifest
    }

    fn has_reference(self) -> bool {
        !matches!(self, Self::NoReference | Self::NotOnManifest)
    }
}

/// A traveller: a fictional person with a real face.
#[derive(Clone)]
pub(super) struct Traveller {
    pub(super) family: String,
    pub(super) given: String,
    pub(super) born: String,
    pub(super) sex: char,
    /// Issuer of the passport, and nationality, as in an MRZ.
    pub(super) state: &'static str,
    pub(super) number: String,
    /// A resident card of the state, by number.
    pub(super) resident_card: Option<String>,
    pub(super) reference: Option<PathBuf>,
    pub(super) probes: Vec<PathBuf>,
    pub(super) part: Part,
}

impl Traveller {
    /// The passport.
    pub(super) fn document(&self) -> Result<DocumentKey> {
        Ok(DocumentKey::new(State::new(self.state)?, DocumentKind::new("P")?, &self.number)?)
    }

    /// Would rather not be photographed.
    pub(super) fn declines(&self) -> bool {
        self.part == Part::Declines
    }

    /// The portrait in the passport.
    pub(super) fn portrait(&self) -> Result<Option<Vec<u8>>> {
        self.reference.as_ref().map(|path| read(path)).transpose()
    }

    /// The passport's machine-readable zone (ICAO 9303-4, TD3).
    pub(super) fn mrz(&self) -> String {
        let pad = |text: &str, width: usize| format!("{text:<<width$}").replace(' ', "<");
        let sex = if self.sex == 'X' { '<' } else { self.sex };
        let (number, born) = (pad(&self.number, 9), &self.born[2..]);
        let (state, digit) = (pad(self.state, 3), check_digit);
        let until = crate::house::now().to_zoned_datetime(TimeZone::UTC).date().saturating_add(5.years());
        let until = until.strftime("%y%m%d").to_string();
        let head =
            format!("{number}{}{state}{born}{}{sex}{until}{}", digit(&number), digit(born), digit(&until));
        let personal = format!("{}0", pad("", 14));
        let composite = digit(&format!("{}{}{}{personal}", &head[..10], &head[13..20], &head[21..28]));
        let names = pad(&format!("{}<<{}", self.family, self.given), 39);
        format!("P<{state}{names}\n{head}{personal}{composite}")
    }
}

/// ICAO 9303-3 section 4.9.
fn check_digit(field: &str) -> u32 {
    let value = |c: char| c.to_digit(36).unwrap_or(0);
    field.chars().zip([7, 3, 1].into_iter().cycle()).map(|(c, weight)| value(c) * weight).sum::<u32>() % 10
}

/// Travellers of one voyage.
pub(super) struct Boarding {
    pub(super) flight: u32,
    pub(super) to: &'static str,
    pub(super) travellers: Vec<Traveller>,
}

const FAMILIES: [&str; 24] = [
    "ADEYEMI",
    "BERGER",
    "CASTELLANO",
    "DUBOIS",
    "EKSTROM",
    "FARAH",
    "GREY",
    "HASHIMOTO",
    "IVANOVA",
    "JANSEN",
    "KOVACS",
    "LINDQVIST",
    "MORALES",
    "NAKAMURA",
    "OKONKWO",
    "PETROV",
    "QUINN",
    "ROSSI",
    "SATO",
    "TANAKA",
    "UGARTE",
    "VALENTE",
    "WEBER",
    "YILMAZ",
];
const GIVEN: [&str; 20] = [
    "ALEX", "BO", "CHARLIE", "DANA", "ELI", "FINLEY", "GEORGIE", "HARPER", "INDIGO", "JODIE", "KIM", "LEE",
    "MORGAN", "NOEL", "ORIEL", "PAT", "QUILL", "ROBIN", "SASHA", "TAYLOR",
];
const STATES: [&str; 10] = ["USA", "FRA", "D", "USA", "MEX", "JPN", "USA", "KEN", "BRA", "IND"];

/// The `n`th fictional person.
pub(super) fn person(n: usize, part: Part, reference: Option<PathBuf>, probes: Vec<PathBuf>) -> Traveller {
    let state = match part {
        Part::MatchedCitizen => "USA",
        Part::Matched => ["FRA", "D", "MEX", "JPN", "KEN", "BRA", "IND"][n % 7],
        _ => STATES[n % STATES.len()],
    };
    let family = FAMILIES[n % FAMILIES.len()];
    let round = n / (FAMILIES.len() * GIVEN.len());
    Traveller {
        family: if round == 0 {
            family.to_owned()
        } else {
            format!("{family} {}", (b'A' + round as u8 % 26) as char)
        },
        given: GIVEN[n / FAMILIES.len() % GIVEN.len()].to_owned(),
        born: format!("{}{:02}{:02}", 1950 + n * 7 % 50, 1 + n * 5 % 12, 1 + n * 11 % 28),
        sex: if n.is_multiple_of(2) { 'F' } else { 'M' },
        state,
        number: format!("X{:07}", 1_000_003 + n * 7919),
        resident_card: (part == Part::Matched && n % 6 == 5)
            .then(|| format!("C{:08}", 10_000_019 + n * 6007)),
        reference: reference.filter(|_| part.has_reference()),
        probes,
        part,
    }
}

/// The pictures that the model cache brings: of two public office holders, three of one and one of the other.
pub(super) fn office_holders(pictures: &Path) -> Result<([PathBuf; 3], PathBuf)> {
    let picture = |name: &str| -> Result<PathBuf> {
        let path = pictures.join(name);
        if path.is_file() {
            Ok(path)
        } else {
            bail!("{} is missing; `portunus models fetch` brings it", path.display())
        }
    };
    Ok(([picture("obama.jpg")?, picture("obama2.jpg")?, picture("obama3.jpg")?], picture("biden.jpg")?))
}

/// The recorded boardings from the pictures that the model cache brings. One man plays travellers of two voyages, so that
/// each outcome can occur.
pub(super) fn built_in(pictures: &Path) -> Result<Vec<Boarding>> {
    let ([first, second, third], other) = office_holders(pictures)?;
    let traveller = |n, part, reference: Option<&PathBuf>, probes: &[&PathBuf]| {
        person(n, part, reference.cloned(), probes.iter().map(|p| (*p).clone()).collect())
    };
    Ok(vec![
        Boarding {
            flight: 100,
            to: "CDG",
            travellers: vec![
                traveller(0, Part::Declines, None, &[&other]),
                traveller(1, Part::MatchedCitizen, Some(&first), &[&second, &third]),
                traveller(2, Part::NoReference, None, &[&other]),
                traveller(3, Part::NotOnManifest, None, &[&other]),
            ],
        },
        Boarding {
            flight: 200,
            to: "MEX",
            travellers: vec![
                traveller(4, Part::WrongVoyage, None, &[&other]),
                traveller(5, Part::PoorQuality, None, &[&other]),
                traveller(8, Part::Matched, Some(&first), &[&third, &second]),
                traveller(10, Part::Declines, None, &[&other]),
            ],
        },
    ])
}

/// The pictures of each person: `person/*.jpg`, in order of names.
pub(super) fn people(faces: &Path) -> Result<Vec<Vec<PathBuf>>> {
    let folder = |path: &Path| -> Result<Vec<PathBuf>> {
        let entries =
            std::fs::read_dir(path).with_context(|| format!("reading the folder {}", path.display()))?;
        let mut paths: Vec<PathBuf> = entries.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
        paths.sort();
        Ok(paths)
    };
    let is_picture = |path: &PathBuf| {
        let end = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        matches!(end.as_deref(), Some("jpg" | "jpeg" | "png"))
    };
    let mut people = Vec::new();
    for path in folder(faces)?.into_iter().filter(|path| path.is_dir()) {
        let pictures: Vec<PathBuf> = folder(&path)?.into_iter().filter(is_picture).collect();
        if !pictures.is_empty() {
            people.push(pictures);
        }
    }
    Ok(people)
}

/// A full flight from `person/*.jpg`: of each person one picture as reference, the others as probes.
pub(super) fn from_faces(faces: &Path, passengers: usize) -> Result<Vec<Boarding>> {
    let people = people(faces)?;
    let (several, single): (Vec<_>, Vec<_>) = people.into_iter().partition(|pictures| pictures.len() > 1);
    // Spread over the alphabet, so that a small flight is not one letter.
    let spread = |from: Vec<Vec<PathBuf>>, most: usize| -> Vec<Vec<PathBuf>> {
        let (count, most) = (from.len(), most.min(from.len()));
        let wanted: Vec<usize> = (0..most).map(|n| n * count / most.max(1)).collect();
        from.into_iter()
            .enumerate()
            .filter(|(n, _)| wanted.contains(n))
            .map(|(_, pictures)| pictures)
            .collect()
    };
    let available = several.len();
    let travellers = spread(several, passengers);
    if travellers.len() < passengers {
        bail!(
            "{} has {available} people with two pictures or more, and {passengers} passengers were asked for: \
             say --passengers {available} or fewer",
            faces.display()
        );
    }
    let mut cast: Vec<Traveller> = Vec::new();
    for (n, pictures) in travellers.into_iter().enumerate() {
        let part = match n % 40 {
            6 => Part::Declines,
            14 => Part::NoReference,
            22 => Part::PoorQuality,
            30 => Part::BoardsTwice,
            38 => Part::Declines,
            _ if n % 10 < 3 => Part::MatchedCitizen,
            _ => Part::Matched,
        };
        let (reference, probes) =
            (pictures.first().cloned(), pictures.iter().skip(1).take(3).cloned().collect());
        cast.push(person(n, part, reference, probes));
    }
    // People of one picture play those who should not be here: nobody of this voyage is like them.
    let strangers = (passengers / 40).clamp(1, 10);
    for (n, pictures) in spread(single, 2 * strangers).into_iter().enumerate() {
        let part = if n % 2 == 0 { Part::NotOnManifest } else { Part::WrongVoyage };
        cast.insert((n + 1) * cast.len() / (2 * strangers + 1), person(passengers + n, part, None, pictures));
    }
    Ok(vec![Boarding { flight: 400, to: "FRA", travellers: cast }])
}

/// A traveller's frames as files; a badly photographed one's are taken as if in the dark.
pub(super) fn frames(traveller: &Traveller) -> Result<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    for path in &traveller.probes {
        let bytes = read(path)?;
        frames.push(if traveller.part == Part::PoorQuality { in_the_dark(&bytes)? } else { bytes });
    }
    Ok(frames)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// The picture at a fortieth of its light.
fn in_the_dark(bytes: &[u8]) -> Result<Vec<u8>> {
    let picture = Picture::decode(bytes, &PictureLimits::default())?;
    let dark = picture.rgb().iter().map(|value| value / 40).collect();
    Ok(Picture::from_rgb(picture.width(), picture.height(), dark)?.to_jpeg(90)?.to_vec())
}

/// A voyage of carrier PX, as its list has it: local times without a zone.
pub(super) struct Voyage {
    pub(super) number: u32,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// Hours and minutes: `1800`.
    pub(super) departs: &'static str,
    pub(super) arrives: &'static str,
}

/// A carrier's passenger list (PAXLST D.05B), as it would be sent.
pub(super) fn paxlst(voyage: &Voyage, date: jiff::civil::Date, travellers: &[&Traveller]) -> String {
    let Voyage { number, from, to, departs, arrives } = voyage;
    let (day, reference) = (date.strftime("%y%m%d"), format!("PX{number}"));
    let mut segments: Vec<String> = vec![
        format!("UNB+UNOA:4+PORTUNUS AIR+BORDER+{day}:0600+{reference}"),
        format!("UNG+PAXLST+PORTUNUS AIR+BORDER+{day}:0600+1+UN+D:05B"),
    ];
    let mut message = vec![
        "UNH+1+PAXLST:D:05B:UN:IATA".to_owned(),
        "BGM+745".to_owned(),
        "NAD+MS+++OPERATIONS".to_owned(),
        format!("TDT+20+PX{number}+++PX"),
        format!("LOC+125+{from}"),
        format!("DTM+189:{day}{departs}:201"),
        format!("LOC+87+{to}"),
        format!("DTM+232:{day}{arrives}:201"),
    ];
    for (n, traveller) in travellers.iter().enumerate() {
        message.push(format!("NAD+FL+++{}:{}", traveller.family, traveller.given));
        message.push(format!("ATT+2++{}", traveller.sex));
        message.push(format!("DTM+329:{}:102", traveller.born));
        message.push(format!("LOC+178+{from}"));
        message.push(format!("LOC+179+{to}"));
        message.push(format!("NAT+2+{}", traveller.state));
        message.push(format!("RFF+AVF:PX{:04}", n / 2));
        message.push(format!("RFF+ABO:PX{number}-{n:04}"));
        message.push(format!("DOC+P:110:111+{}", traveller.number));
        message.push(format!("LOC+91+{}", traveller.state));
        if let Some(card) = &traveller.resident_card {
            message.push(format!("DOC+C:110:111+{card}"));
            message.push("LOC+91+USA".to_owned());
        }
    }
    message.push(format!("CNT+42:{}", travellers.len()));
    message.push(format!("UNT+{}+1", message.len() + 1));
    segments.append(&mut message);
    segments.extend(["UNE+1+1".to_owned(), format!("UNZ+1+{reference}")]);
    let mut text = segments.join("'\n");
    text.push('\'');
    format!("UNA:+.? '\n{text}\n")
}
