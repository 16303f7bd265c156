//! Runs a recogniser: aligned chip in, its raw output out.

use crate::face::align;
use crate::face::geometry::{Landmarks, Point};
use crate::face::net::{Net, NetError, Planes};
use crate::face::picture::Picture;
use crate::pack::Pack;
use std::path::Path;
use zeroize::Zeroizing;

pub(super) struct Recogniser {
    net: Net,
    planes: Planes,
    side: usize,
    template: [Point; 5],
    dimension: usize,
}

impl Recogniser {
    pub(super) fn load(pack: &Pack, runtime: &Path, workers: usize) -> Result<Self, NetError> {
        let manifest = pack.recogniser();
        Ok(Self {
            net: Net::load(runtime, "recogniser", pack.recogniser_model(), workers)?,
            planes: Planes::new(manifest.channels, manifest.mean, manifest.scale),
            side: manifest.side_px.get() as usize,
            template: manifest.template.points().map(|[x, y]| Point { x, y }),
            dimension: manifest.embedding_length as usize,
        })
    }

    /// The face where the pack's template wants it; `None` when the landmarks are no face.
    pub(super) fn chip(&self, picture: &Picture, landmarks: &Landmarks) -> Option<Picture> {
        align::chip(picture, landmarks, &self.template, self.side)
    }

    /// The network's raw output for a chip of its side.
    pub(super) fn run(&self, chip: &Picture) -> Result<Zeroizing<Vec<f32>>, NetError> {
        let pixels: Zeroizing<Vec<f32>> = Zeroizing::new(chip.rgb().iter().map(|v| f32::from(*v)).collect());
        let input = self.planes.lay(&pixels, self.side, (self.side, self.side));
        let output = self.net.run(&input, self.side, self.side, &[""])?.swap_remove(0);
        if output.len() == self.dimension {
            Ok(output)
        } else {
            Err(NetError::Output { output: "first".to_owned() })
        }
    }
}
