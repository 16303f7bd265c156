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
    /// Whether the model takes several chips in one run.
    batches: bool,
    planes: Planes,
    side: usize,
    template: [Point; 5],
    dimension: usize,
}

impl Recogniser {
    pub(super) fn load(pack: &Pack, runtime: &Path, workers: usize) -> Result<Self, NetError> {
        let manifest = pack.recogniser();
        let net = Net::load(runtime, "recogniser", pack.recogniser_model(), workers)?;
        let side = manifest.side_px.get() as usize;
        let two = vec![0.0; 2 * 3 * side * side];
        Ok(Self {
            batches: net.run_batch(2, &two, side, side, &[""]).is_ok(),
            net,
            planes: Planes::new(manifest.channels, manifest.mean, manifest.scale),
            side,
            template: manifest.template.points().map(|[x, y]| Point { x, y }),
            dimension: manifest.embedding_length as usize,
        })
    }

    /// The face where the pack's template wants it; `None` when the landmarks are no face.
    pub(super) fn chip(&self, picture: &Picture, landmarks: &Landmarks) -> Option<Picture> {
        align::chip(picture, landmarks, &self.template, self.side)
    }

    /// The network's raw outputs for chips of its side; in one run, which is faster, where the model takes it.
    pub(super) fn run<const N: usize>(
        &self,
        chips: [&Picture; N],
    ) -> Result<[Zeroizing<Vec<f32>>; N], NetError> {
        let inputs = chips.map(|chip| {
            let pixels: Zeroizing<Vec<f32>> =
                Zeroizing::new(chip.rgb().iter().map(|v| f32::from(*v)).collect());
            self.planes.lay(&pixels, self.side, (self.side, self.side))
        });
        let run = |count: usize, input: &[f32]| {
            let output = self.net.run_batch(count, input, self.side, self.side, &[""])?.swap_remove(0);
            match output.len() == count * self.dimension {
                true => Ok(output),
                false => Err(NetError::Output { output: "first".to_owned() }),
            }
        };
        let outputs = if self.batches {
            let mut input = Zeroizing::new(Vec::with_capacity(inputs.iter().map(|each| each.len()).sum()));
            inputs.iter().for_each(|each| input.extend_from_slice(each));
            run(N, &input)?
        } else {
            let mut outputs = Zeroizing::new(Vec::with_capacity(N * self.dimension));
            for input in &inputs {
                outputs.extend_from_slice(&run(1, input)?);
            }
            outputs
        };
        Ok(std::array::from_fn(|n| Zeroizing::new(outputs[n * self.dimension..][..self.dimension].to_vec())))
    }
}
