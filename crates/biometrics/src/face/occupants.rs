//! The people of a vehicle: several faces in several frames of one camera become one template for each occupant.
//!
//! ```text
//! frames ─ detect ─ who is near ─ (too many? nobody) ─ quality ─ template ─ link over frames ─ fuse
//! ```
//!
//! Who sits in the vehicle is told from who stands behind it by size: see [`NEAR_SHARE`]. Faces further off are counted
//! and painted over, never measured, cropped or templated. Where more people are near than have chosen to be
//! photographed, nobody is templated at all: which of them declined cannot be seen.

use crate::face::detect::Detection;
use crate::face::net::NetError;
use crate::face::template::{Template, similarity};
use crate::face::{
    FRAMES_MAX, FUSED_MAX, FaceEngine, FaceError, Picture, PictureError, PresentationAttack, Subject,
};
use portunus_core::assign::assign;
use portunus_core::biometric::Score;

/// Most occupants that are looked for: a minibus.
pub const OCCUPANTS_MAX: usize = 16;
/// A face is an occupant's when its side is at least this share of the largest face's in all frames (each measured
/// against its frame's longer side). With a camera three metres before the windscreen a third row of seats is at 0.6, a child's
/// face there at 0.5; the next vehicle and who walks behind are under 0.4.
pub const NEAR_SHARE: f32 = 0.45;

/// One person of the vehicle. Biometric data: no `Debug`.
pub struct Occupant {
    /// The fused template.
    pub template: Template,
    /// How many frames it is made of.
    pub fused: u32,
    /// The person as the best frame shows them: crop, quality, place.
    pub subject: Subject,
    /// Which frame that is.
    pub frame: usize,
    /// In how many frames the person was seen and usable.
    pub seen: u32,
}

/// Who was found in a vehicle. Biometric data: no `Debug`.
pub struct Occupants {
    /// At most as many as were asked for, from left to right.
    pub people: Vec<Occupant>,
    /// Most people near at once, in any frame; more than `people` where some were of no use.
    pub near_max: u32,
    /// Most faces further off in any frame: counted and nothing else.
    pub bystanders_max: u32,
    /// Where somebody near has no template: who was of no use in the frame that shows most. For advice and the officer.
    pub unusable: Vec<Subject>,
    /// Frames that are pictures.
    pub frames: u32,
    /// Whether the faces were tested for being real ones.
    pub presentation_attack: PresentationAttack,
}

/// What the frames of a vehicle gave.
pub enum VehicleOutcome {
    /// No frame shows a face.
    NoFace,
    /// A frame shows more people near than may be photographed. Nobody was templated.
    TooMany {
        /// Most people near at once.
        near_max: u32,
    },
    /// The people.
    Found(Occupants),
}

/// A frame, with the faces in it; those of occupants come first.
struct Frame {
    picture: Picture,
    found: Vec<Detection>,
    near: usize,
}

/// One usable face of one frame.
struct Sight {
    frame: usize,
    subject: Subject,
    template: Template,
}

impl FaceEngine {
    /// Finds the people of a vehicle in some frames of it (JPEG or PNG files, 1 to [`FRAMES_MAX`], of one camera). `most`
    /// is how many have chosen to be photographed, at most [`OCCUPANTS_MAX`].
    ///
    /// The same person is linked over frames one to one, by the similarity of templates; two faces of one frame are
    /// never one person. A link that fails makes one person seem two: of more than `most`, those are kept that most
    /// frames show, and the others' templates are dropped.
    ///
    /// # Errors
    /// [`FaceError::Frames`] for none or too many; [`FaceError::Picture`] when no frame is a picture;
    /// [`FaceError::Net`] when a model fails.
    pub fn occupants(&self, frames: &[&[u8]], most: usize) -> Result<VehicleOutcome, FaceError> {
        if !(1..=FRAMES_MAX).contains(&frames.len()) {
            return Err(FaceError::Frames(frames.len()));
        }
        let most = most.min(OCCUPANTS_MAX);
        let mut frames = self.detected(frames)?;
        if frames.iter().all(|frame| frame.found.is_empty()) {
            return Ok(VehicleOutcome::NoFace);
        }
        part_near_from_far(&mut frames);
        let near_max = frames.iter().map(|frame| frame.near).max().unwrap_or(0);
        if near_max > most {
            return Ok(VehicleOutcome::TooMany { near_max: near_max as u32 });
        }
        let (sights, unusable) = self.sights(&frames)?;
        let mut people = fused(self.linked(sights)?)?;
        // Those whom most frames show; of as many, the better seen.
        people.sort_by(|a, b| {
            let key = |o: &Occupant| (o.seen, o.subject.quality.rank());
            key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal)
        });
        people.truncate(most);
        people.sort_by(|a, b| a.subject.area.centre().x.total_cmp(&b.subject.area.centre().x));
        let bystanders = frames.iter().map(|frame| frame.found.len() - frame.near).max().unwrap_or(0);
        Ok(VehicleOutcome::Found(Occupants {
            unusable: if people.len() < near_max { unusable } else { Vec::new() },
            people,
            near_max: near_max as u32,
            bystanders_max: bystanders as u32,
            frames: frames.len() as u32,
            presentation_attack: PresentationAttack::NotTested,
        }))
    }

    /// The frames that are pictures, with the faces in them.
    fn detected(&self, frames: &[&[u8]]) -> Result<Vec<Frame>, FaceError> {
        let looked = self.each(frames, |bytes| -> Result<Result<Frame, PictureError>, NetError> {
            Ok(match Picture::decode(bytes, &self.limits) {
                Ok(picture) => Ok(Frame { found: self.detector.detect(&picture)?, picture, near: 0 }),
                Err(error) => Err(error),
            })
        });
        let (mut taken, mut refused) = (Vec::new(), None);
        for frame in looked {
            match frame? {
                Ok(frame) => taken.push(frame),
                Err(error) => refused = Some(error),
            }
        }
        match (taken.is_empty(), refused) {
            (true, Some(error)) => Err(FaceError::Picture(error)),
            _ => Ok(taken),
        }
    }

    /// The usable faces of occupants, frame by frame, templated; and the unusable ones of the frame that shows most.
    fn sights(&self, frames: &[Frame]) -> Result<(Vec<Vec<Sight>>, Vec<Subject>), FaceError> {
        let fullest = (0..frames.len()).max_by_key(|at| (frames[*at].near, std::cmp::Reverse(*at)));
        let places: Vec<(usize, usize)> = frames
            .iter()
            .enumerate()
            .flat_map(|(at, frame)| (0..frame.near).map(move |face| (at, face)))
            .collect();
        let looked =
            self.each(&places, |(at, face)| -> Result<Option<(Subject, Option<Template>)>, FaceError> {
                let Frame { picture, found, .. } = &frames[*at];
                let Some(subject) = self.subject(picture, &found[*face], found)? else { return Ok(None) };
                let template = subject.quality.usable().then(|| self.template(&subject)).transpose()?;
                Ok(Some((subject, template)))
            });
        let mut sights: Vec<Vec<Sight>> = frames.iter().map(|_| Vec::new()).collect();
        let mut unusable = Vec::new();
        for (looked, (frame, _)) in looked.into_iter().zip(places) {
            match looked? {
                Some((subject, Some(template))) => sights[frame].push(Sight { frame, subject, template }),
                Some((subject, None)) if Some(frame) == fullest => unusable.push(subject),
                _ => {}
            }
        }
        Ok((sights, unusable))
    }

    /// The sights of each person: frame by frame, fullest first, each face given to the person it is most like or to a
    /// new one, one to one.
    fn linked(&self, mut frames: Vec<Vec<Sight>>) -> Result<Vec<Vec<Sight>>, FaceError> {
        frames.sort_by_key(|sights| std::cmp::Reverse(sights.len()));
        let mut people: Vec<Vec<Sight>> = Vec::new();
        for sights in frames {
            let alike =
                |sight: &Sight| people.iter().map(|person| likeness(sight, person)).collect::<Vec<f32>>();
            let matrix: Vec<Vec<f32>> = sights.iter().map(alike).collect();
            let of = links(&matrix, people.len(), self.same_person);
            for (sight, person) in sights.into_iter().zip(of) {
                match person {
                    Some(person) => people[person].push(sight),
                    None => people.push(vec![sight]),
                }
            }
        }
        Ok(people)
    }
}

/// Puts the faces of occupants first in each frame, and counts them.
fn part_near_from_far(frames: &mut [Frame]) {
    let size = |picture: &Picture, face: &Detection| {
        face.area.size().sqrt() / picture.width().max(picture.height()).max(1) as f32
    };
    let all = frames.iter().flat_map(|frame| frame.found.iter().map(|face| size(&frame.picture, face)));
    let least = all.fold(0.0, f32::max) * NEAR_SHARE;
    for Frame { picture, found, near } in frames {
        found.sort_by(|a, b| b.area.size().total_cmp(&a.area.size()));
        *near = found.partition_point(|face| size(picture, face) >= least);
    }
}

/// How much a face is like the sights of a person: like the one it is most like.
fn likeness(sight: &Sight, person: &[Sight]) -> f32 {
    // Templates of one engine are of one pack: their comparison cannot fail; if it did, they would be unlike.
    let scores = person
        .iter()
        .map(|other| similarity(&sight.template, &other.template).map_or(f32::NEG_INFINITY, |s| s.0));
    scores.fold(f32::NEG_INFINITY, f32::max)
}

/// The person whom each row is given; none where it is like none of them. More people than are ever assigned at once
/// (many frames, none of which links) are each one's own.
fn links(matrix: &[Vec<f32>], people: usize, same_person: Score) -> Vec<Option<usize>> {
    let mut of = vec![None; matrix.len()];
    if let Ok(found) = assign(matrix, people, same_person.0, 0.0) {
        for pair in found.pairs {
            of[pair.row] = Some(pair.column);
        }
    }
    of
}

/// Each person's best sights, fused.
fn fused(people: Vec<Vec<Sight>>) -> Result<Vec<Occupant>, FaceError> {
    let mut occupants = Vec::new();
    for mut sights in people {
        sights.sort_by(|a, b| {
            b.subject
                .quality
                .rank()
                .partial_cmp(&a.subject.quality.rank())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let seen = sights.len() as u32;
        sights.truncate(FUSED_MAX);
        let weighted: Vec<(&Template, f32)> = sights.iter().map(|sight| (&sight.template, 1.0)).collect();
        let template = Template::fuse(&weighted)?;
        let used = sights.len() as u32;
        let best = sights.swap_remove(0);
        occupants.push(Occupant { template, fused: used, subject: best.subject, frame: best.frame, seen });
    }
    Ok(occupants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::geometry::{Area, Landmarks, Point};

    fn frame(side: u32, faces_px: &[f32]) -> Frame {
        let at = |size: f32| {
            let p = Point { x: 0.0, y: 0.0 };
            let landmarks = Landmarks { eyes: [p; 2], nose: p, mouth: [p; 2] };
            let area = Area { left: 0.0, top: 0.0, width: size, height: size };
            Detection { area, landmarks, confidence: 0.9 }
        };
        let picture = Picture::from_rgb(side, 1, vec![0; side as usize * 3]).unwrap();
        Frame { picture, found: faces_px.iter().map(|size| at(*size)).collect(), near: 0 }
    }

    #[test]
    fn who_is_near_is_told_by_the_largest_face_of_all_frames() {
        // A frame in which the driver looks away shows only who walks behind; another has half the resolution.
        let mut frames =
            [frame(1000, &[40.0, 100.0, 46.0, 44.0]), frame(1000, &[44.0]), frame(500, &[50.0, 22.0])];
        part_near_from_far(&mut frames);
        assert_eq!(frames.each_ref().map(|frame| (frame.near, frame.found.len())), [(2, 4), (0, 1), (1, 2)]);
        assert_eq!(frames[0].found[0].area.width, 100.0);
    }

    #[test]
    fn two_faces_of_one_frame_are_never_one_person() {
        let same = Score(0.5);
        assert_eq!(links(&[vec![0.9], vec![0.8]], 1, same), [Some(0), None]);
        assert_eq!(links(&[vec![0.9, 0.8], vec![0.85, 0.1]], 2, same), [Some(1), Some(0)]);
        assert_eq!(links(&[vec![0.4, 0.3]], 2, same), [None]);
        assert_eq!(links(&[vec![], vec![]], 0, same), [None, None]);
        let many = vec![vec![0.9; 65]; 2];
        assert_eq!(links(&many, 65, same), [None, None]);
    }
}
