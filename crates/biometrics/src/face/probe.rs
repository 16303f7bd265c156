//! The frames of one encounter become one template: the best usable frames of one and the same person, fused.

use crate::face::explain::{Explanation, FrameExplanation};
use crate::face::net::NetError;
use crate::face::{Analysis, FaceEngine, FaceError, Outcome, Picture, PresentationAttack, Subject};
use crate::face::{Template, similarity};
use portunus_core::biometric::Score;

/// Most frames of a probe.
pub const FRAMES_MAX: usize = 8;
/// Most frames that are fused; more cost time and gain little.
pub(super) const FUSED_MAX: usize = 3;

/// What became of one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameUse {
    /// Its template is part of the probe's.
    Fused,
    /// It is good enough, but others are better.
    Spare,
    /// It shows somebody else than most frames do, or the same person past recognition.
    Unlike,
    /// Its quality is unusable.
    PoorQuality,
    /// It shows no face.
    NoFace,
    /// It shows several people, none of whom stands out.
    Several,
    /// It is no picture.
    Refused(crate::face::PictureError),
}

/// What became of a frame; its subject and how many bystanders, where it has one; and what stands behind that.
type Framed = (FrameUse, Option<(Subject, u32)>, FrameExplanation);

/// A person's probe. Biometric data: no `Debug`.
pub struct Probe {
    /// The fused template.
    pub template: Template,
    /// The person as the best frame shows them: crop, quality, place.
    pub subject: Subject,
    /// Other faces in the best frame.
    pub bystanders: u32,
    /// What became of each frame, in order.
    pub frames: Vec<FrameUse>,
    /// Whether the face was tested for being a real one.
    pub presentation_attack: PresentationAttack,
}

impl Probe {
    /// How many frames its template is made of.
    pub fn fused(&self) -> u32 {
        self.frames.iter().filter(|used| **used == FrameUse::Fused).count() as u32
    }
}

/// What the frames of one encounter gave.
pub enum ProbeOutcome {
    /// No frame shows a face.
    NoFace,
    /// Several people, none of whom stands out: in every frame, or from one frame to the next.
    Several,
    /// There is a person, but no frame is usable; the best of them, for the officer and for advice.
    PoorQuality(Subject),
    /// A template to search with.
    Found(Probe),
}

impl FaceEngine {
    /// Analyses the frames of one encounter (JPEG or PNG files, 1 to [`FRAMES_MAX`]) and fuses the best.
    ///
    /// Frames that do not show the person whom most frames show are left out: a fused template never mixes two
    /// people. Without such a person the outcome is [`ProbeOutcome::Several`]. What stands behind the result is put into `explain`, where one is given.
    ///
    /// # Errors
    /// [`FaceError::Frames`] for none or too many; [`FaceError::Picture`] when no frame is a picture;
    /// [`FaceError::Net`] when a model fails.
    pub fn probe(
        &self,
        frames: &[&[u8]],
        mut explain: Option<&mut Explanation>,
    ) -> Result<ProbeOutcome, FaceError> {
        if !(1..=FRAMES_MAX).contains(&frames.len()) {
            return Err(FaceError::Frames(frames.len()));
        }
        let seen = self.each(frames, |bytes| self.frame(bytes, explain.is_some()));
        let (mut uses, mut subjects, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (index, seen) in seen.into_iter().enumerate() {
            let (used, subject, note) = seen?;
            uses.push(used);
            notes.push(note);
            subjects.extend(subject.map(|(subject, bystanders)| (index, subject, bystanders)));
        }
        let outcome = self.fuse(subjects, &mut uses, &mut notes)?;
        if let Some(explain) = explain.as_mut() {
            notes.iter_mut().zip(&uses).for_each(|(note, used)| note.used = Some(used.clone()));
            explain.frames = notes;
        }
        Ok(match outcome {
            Some(ProbeOutcome::Found(probe)) => ProbeOutcome::Found(Probe { frames: uses, ..probe }),
            Some(other) => other,
            None => nobody(uses)?,
        })
    }

    /// One frame: what it is good for, its subject and how many bystanders, and what stands behind that.
    fn frame(&self, bytes: &[u8], explained: bool) -> Result<Framed, NetError> {
        let mut note = FrameExplanation::default();
        let picture = match Picture::decode(bytes, &self.limits) {
            Ok(picture) => picture,
            Err(error) => return Ok((FrameUse::Refused(error), None, note)),
        };
        let Analysis { outcome, bystanders, .. } =
            self.analyse_picture(&picture, explained.then_some(&mut note))?;
        Ok(match outcome {
            Outcome::NoFace => (FrameUse::NoFace, None, note),
            Outcome::Several => (FrameUse::Several, None, note),
            Outcome::Subject(subject) => {
                let used = if subject.quality.usable() { FrameUse::Spare } else { FrameUse::PoorQuality };
                (used, Some((subject, bystanders)), note)
            }
        })
    }

    /// Does the same with each of a few things, on as many threads as there are workers; in order.
    pub(super) fn each<T: Sync, R: Send>(&self, things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let share = things.len().div_ceil(self.workers.max(1)).max(1);
        let (mine, others) = things.split_at(share.min(things.len()));
        std::thread::scope(|scope| {
            let all = |part: &[T]| part.iter().map(&work).collect::<Vec<R>>();
            let others: Vec<_> = others.chunks(share).map(|part| scope.spawn(move || all(part))).collect();
            let mut done = all(mine);
            for part in others {
                // A panic there is a panic here.
                done.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        })
    }

    /// Fuses the usable subjects that show one person, where more than half of them do.
    fn fuse(
        &self,
        mut subjects: Vec<(usize, Subject, u32)>,
        uses: &mut [FrameUse],
        notes: &mut [FrameExplanation],
    ) -> Result<Option<ProbeOutcome>, FaceError> {
        // Best first, so the usable come before the others.
        subjects.sort_by(|a, b| {
            b.1.quality.rank().partial_cmp(&a.1.quality.rank()).unwrap_or(std::cmp::Ordering::Equal)
        });
        let usable = subjects.iter().filter(|(_, subject, _)| subject.quality.usable()).count();
        if usable == 0 {
            let best = (!subjects.is_empty()).then(|| subjects.swap_remove(0).1);
            return Ok(best.map(ProbeOutcome::PoorQuality));
        }
        let templates = self
            .each(&subjects[..usable], |(_, s, _)| self.template(s))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let Some((anchor, alike)) = majority(&templates, self.same_person) else {
            subjects[..usable].iter().for_each(|(index, ..)| uses[*index] = FrameUse::Unlike);
            return Ok(Some(ProbeOutcome::Several));
        };
        let mut fused = Vec::new();
        for (at, (index, ..)) in subjects[..usable].iter().enumerate() {
            notes[*index].score_to_anchor = Some(score(&templates[anchor], &templates[at]));
            uses[*index] = match alike.contains(&at) {
                false => FrameUse::Unlike,
                true if fused.len() == FUSED_MAX => FrameUse::Spare,
                true => {
                    fused.push((&templates[at], 1.0));
                    FrameUse::Fused
                }
            };
        }
        let template = Template::fuse(&fused)?;
        let (_, subject, bystanders) = subjects.swap_remove(alike[0]);
        let presentation_attack = PresentationAttack::NotTested;
        Ok(Some(ProbeOutcome::Found(Probe {
            template,
            subject,
            bystanders,
            frames: Vec::new(),
            presentation_attack,
        })))
    }
}

/// The frame that most others are like, and those that are like it (itself among them), when these are more than
/// half; the earlier frame where two have as many. A frame that slipped in from the next in line cannot win.
fn majority(templates: &[Template], same_person: Score) -> Option<(usize, Vec<usize>)> {
    let alike = |anchor: usize| {
        let like = |at: &usize| *at == anchor || score(&templates[anchor], &templates[*at]) >= same_person;
        (0..templates.len()).filter(like).collect::<Vec<_>>()
    };
    let sets = (0..templates.len()).map(|anchor| (anchor, alike(anchor)));
    let best = sets.max_by_key(|(anchor, set)| (set.len(), std::cmp::Reverse(*anchor)))?;
    (best.1.len() * 2 > templates.len()).then_some(best)
}

/// Templates of one engine are of one pack: their comparison cannot fail; if it did, they would be unlike.
fn score(left: &Template, right: &Template) -> Score {
    similarity(left, right).unwrap_or(Score(f32::NEG_INFINITY))
}

/// No frame shows a subject: says the most telling reason.
fn nobody(uses: Vec<FrameUse>) -> Result<ProbeOutcome, FaceError> {
    if uses.contains(&FrameUse::Several) {
        return Ok(ProbeOutcome::Several);
    }
    if uses.contains(&FrameUse::NoFace) {
        return Ok(ProbeOutcome::NoFace);
    }
    let refused = uses.into_iter().find_map(|used| match used {
        FrameUse::Refused(error) => Some(error),
        _ => None,
    });
    refused.map_or(Ok(ProbeOutcome::NoFace), |error| Err(FaceError::Picture(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::biometric::PackId;

    fn of(angles_deg: &[f32]) -> Vec<Template> {
        let unit = |a: &f32| [a.to_radians().cos(), a.to_radians().sin()];
        angles_deg.iter().map(|a| Template::new(PackId("test".into()), &unit(a)).unwrap()).collect()
    }

    fn majority_of(angles_deg: &[f32]) -> Option<Vec<usize>> {
        majority(&of(angles_deg), Score(0.9)).map(|(_, alike)| alike)
    }

    #[test]
    fn the_best_frame_of_somebody_else_does_not_win() {
        assert_eq!(majority_of(&[90.0, 0.0, 5.0, 10.0]), Some(vec![1, 2, 3]));
    }

    #[test]
    fn one_frame_is_enough_and_two_people_in_equal_parts_are_none() {
        assert_eq!(majority_of(&[0.0]), Some(vec![0]));
        assert_eq!(majority_of(&[0.0, 90.0]), None);
        assert_eq!(majority_of(&[0.0, 5.0, 90.0, 95.0]), None);
    }
}
