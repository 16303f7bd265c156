//! Whom the day is about: fictional people of the demo's cast, each of whom comes to one place.

use crate::demo::cast::{self, Part, Traveller};
use anyhow::{Result, bail};
use portunus_biometrics::face::{Picture, PictureLimits};
use std::path::{Path, PathBuf};

/// A car needs so many faces.
const FACES_MIN: usize = 4;
/// As many as a day shows.
const FACES_MAX: usize = 150;
/// Of a picture of several people, in pixels.
const HEIGHT_MAX: u32 = 480;
/// With fewer faces than these most travellers choose no photo.
const FACES_MANY: usize = 20;

/// Real faces, and how many people have been played. Everybody is somebody new; faces come again when all were seen, and
/// never twice in one gallery.
pub(crate) struct Cast {
    /// Of each face the first picture is the passport's, the others are taken today.
    faces: Vec<Vec<PathBuf>>,
    people: usize,
    photographed: usize,
}

impl Cast {
    fn new(faces: Vec<Vec<PathBuf>>) -> Self {
        Self { faces, people: 0, photographed: 0 }
    }

    /// Two public office holders, of whom the model cache brings pictures.
    pub(crate) fn built_in(pictures: &Path) -> Result<Self> {
        let (first, second) = cast::office_holders(pictures)?;
        Ok(Self::new(vec![first.into(), vec![second.clone(), second]]))
    }

    /// From `DIR/person/*.jpg`.
    pub(crate) fn from_faces(faces: &Path) -> Result<Self> {
        let several: Vec<_> =
            cast::people(faces)?.into_iter().filter(|pictures| pictures.len() > 1).collect();
        if several.len() < FACES_MIN {
            let (folder, have) = (faces.display(), several.len());
            bail!("{folder} has {have} people with two pictures or more: the day needs {FACES_MIN}");
        }
        // Over the whole alphabet, so that a small day is not one letter.
        let most = several.len().min(FACES_MAX);
        Ok(Self::new((0..most).map(|n| several[n * several.len() / most].clone()).collect()))
    }

    /// So few faces that most travellers choose no photo.
    pub(crate) fn is_small(&self) -> bool {
        self.faces.len() < FACES_MANY
    }

    /// People of one gallery: so many who are photographed, as far as there are faces, and so many others, who choose no photo.
    pub(crate) fn group(&mut self, photographed: usize, others: usize) -> Vec<Traveller> {
        let faces = photographed.min(self.faces.len());
        let mut group: Vec<Traveller> = (0..faces).map(|_| self.one(true)).collect();
        for n in 0..photographed - faces + others {
            group.insert((2 * n + 1).min(group.len()), self.one(false));
        }
        group
    }

    /// People who are each compared with their own document alone: the same face may come again under another.
    pub(crate) fn by_document(&mut self, photographed: usize, others: usize) -> Vec<Traveller> {
        let photographed: Vec<Traveller> = (0..photographed).map(|_| self.one(true)).collect();
        photographed.into_iter().chain((0..others).map(|_| self.one(false))).collect()
    }

    /// Foreign visitors, as a stay has.
    pub(crate) fn visitors(&mut self, people: usize) -> Vec<Traveller> {
        let mut visitors = self.group(people, 0);
        for visitor in visitors.iter_mut().filter(|one| one.state == "USA") {
            visitor.state = "FRA";
        }
        visitors
    }

    fn one(&mut self, photographed: bool) -> Traveller {
        let n = self.people;
        self.people += 1;
        if !photographed {
            return cast::person(n, Part::Declines, None, Vec::new());
        }
        let pictures = &self.faces[self.photographed % self.faces.len()];
        self.photographed += 1;
        let part = if n % 4 == 1 { Part::MatchedCitizen } else { Part::Matched };
        let probes = pictures.iter().skip(1).take(3).cloned().collect();
        cast::person(n, part, pictures.first().cloned(), probes)
    }
}

/// One picture of several people, each as high as the others, as a camera before a windscreen has it.
pub(crate) fn side_by_side(pictures: &[Vec<u8>]) -> Result<Vec<u8>> {
    let limits = PictureLimits::default();
    let pictures: Vec<Picture> =
        pictures.iter().map(|bytes| Picture::decode(bytes, &limits)).collect::<Result<_, _>>()?;
    // None is made larger than it is: what is blown up is not sharp.
    let height = pictures.iter().map(Picture::height).fold(HEIGHT_MAX, u32::min);
    let widths: Vec<u32> = pictures.iter().map(|one| one.width() * height / one.height()).collect();
    let whole: u32 = widths.iter().sum();
    let mut rgb = vec![96_u8; (whole * height * 3) as usize];
    let mut left = 0;
    for (one, width) in pictures.iter().zip(&widths) {
        // The nearest pixel will do: the faces are large.
        for (x, y) in (0..*width).flat_map(|x| (0..height).map(move |y| (x, y))) {
            let from = (y * one.height() / height * one.width() + x * one.width() / width) as usize * 3;
            let to = (y * whole + left + x) as usize * 3;
            rgb[to..to + 3].copy_from_slice(&one.rgb()[from..from + 3]);
        }
        left += width;
    }
    Ok(Picture::from_rgb(whole, height, rgb)?.to_jpeg(95)?.to_vec())
}
