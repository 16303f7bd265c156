//! Neural networks, run by ONNX Runtime.
//!
//! Before a network comes [`Planes`]: pixels put into the order and range that its pack's manifest names.
//!
//! A [`Net`] is a bounded pool of sessions over one model, each on one thread of its caller's: throughput comes
//! from callers in parallel, and a machine of N cores needs N sessions. Callers beyond that wait.

use crate::pack::manifest::{Channels, Finite};
use memchr::memmem;
use ort::environment::Environment;
use ort::session::{Session, builder::GraphOptimizationLevel};
use ort::value::TensorRef;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use zeroize::Zeroizing;

/// Why a network could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// ONNX Runtime's shared library does not load.
    #[error(
        "ONNX Runtime cannot be loaded from {path}: {reason}; fetch it again with `portunus models fetch`"
    )]
    Runtime {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// The library would report to its maker.
    #[error(
        "{path} is a build of ONNX Runtime that reports its use to its maker over the network, and nothing here may: \
         take 1.28.0, or one that was built without telemetry"
    )]
    Uploads {
        /// The library.
        path: PathBuf,
    },
    /// A model does not load.
    #[error("the pack's {model} cannot be loaded: {reason}; fetch it again with `portunus models fetch`")]
    Model {
        /// Which: `detector` or `recogniser`.
        model: &'static str,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// A model ran and failed.
    #[error("the model failed: {0}")]
    Run(String),
    /// A model gives something else than its manifest promises.
    #[error("the model's output {output:?} is missing or has the wrong shape: check the pack's manifest")]
    Output {
        /// Name of the output, or its position.
        output: String,
    },
    /// The pack's manifest limits a measure of quality that does not exist.
    #[error(
        "the pack's manifest limits the quality measure {name:?}, which does not exist: correct its name"
    )]
    QualityLimit {
        /// The name.
        name: String,
    },
}

/// The one ONNX Runtime environment of the process: the library can only be loaded once.
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

fn environment(library: &Path) -> Result<&'static Environment, NetError> {
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ready) = ENVIRONMENT.get() {
        return Ok(ready);
    }
    let failed = |reason: String| NetError::Runtime { path: library.into(), reason };
    silent(library)?;
    let ready = ort::init_from(library)
        .map_err(|e| failed(e.to_string()))?
        .with_name("portunus")
        .with_telemetry(false)
        .build()
        .map_err(|e| failed(e.to_string()))?;
    Ok(ENVIRONMENT.get_or_init(|| ready))
}

/// Where the published builds for Linux report from 1.29.0 on, beginning with an event while their environment is made,
/// which `with_telemetry(false)` is too late for.
const COLLECTOR: &[u8] = b"events.data.microsoft.com";

/// Refuses a library that names the collector, before any of its code runs.
fn silent(library: &Path) -> Result<(), NetError> {
    let failed = |e: io::Error| NetError::Runtime { path: library.into(), reason: e.to_string() };
    let mut file = File::open(library).map_err(failed)?;
    // Pieces overlap, so that the name is found across their edges.
    let mut piece = vec![0; 1 << 20];
    let mut kept = 0;
    loop {
        let read = file.read(&mut piece[kept..]).map_err(failed)?;
        let filled = kept + read;
        if memmem::find(&piece[..filled], COLLECTOR).is_some() {
            return Err(NetError::Uploads { path: library.into() });
        }
        if read == 0 {
            return Ok(());
        }
        kept = filled.min(COLLECTOR.len() - 1);
        piece.copy_within(filled - kept..filled, 0);
    }
}

/// One model, ready to run from many threads.
pub(crate) struct Net {
    idle: Mutex<Vec<Session>>,
    returned: Condvar,
}

impl Net {
    /// Loads a model, ONNX, into `sessions` sessions (at least one). `name` is for errors.
    pub(crate) fn load(
        library: &Path,
        name: &'static str,
        model: &[u8],
        sessions: usize,
    ) -> Result<Self, NetError> {
        let environment = environment(library)?;
        let failed = |reason: String| NetError::Model { model: name, reason };
        let told = |error: ort::Error<ort::session::builder::SessionBuilder>| failed(error.to_string());
        let open = || -> Result<Session, NetError> {
            Session::builder(environment)
                .map_err(|error| failed(error.to_string()))?
                .with_intra_threads(1)
                .map_err(told)?
                .with_inter_threads(1)
                .map_err(told)?
                .with_optimization_level(GraphOptimizationLevel::Level3)
                .map_err(told)?
                .with_flush_to_zero()
                .map_err(told)?
                .commit_from_memory(model)
                .map_err(|error| failed(error.to_string()))
        };
        let idle = (0..sessions.max(1)).map(|_| open()).collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    /// Runs the model on one picture: planar channels, `[1, 3, height, width]`. Waits for an idle session.
    ///
    /// `wanted` names the outputs; an empty name is the model's first. Each comes as its plain values.
    pub(crate) fn run(
        &self,
        input: &[f32],
        height: usize,
        width: usize,
        wanted: &[&str],
    ) -> Result<Vec<Zeroizing<Vec<f32>>>, NetError> {
        self.run_batch(1, input, height, width, wanted)
    }

    /// The same for as many pictures as `count`, one after the other in `input` and in each output. The model's
    /// batch must be free (see `pack::onnx::Rewrite::dynamic_batch`).
    pub(crate) fn run_batch(
        &self,
        count: usize,
        input: &[f32],
        height: usize,
        width: usize,
        wanted: &[&str],
    ) -> Result<Vec<Zeroizing<Vec<f32>>>, NetError> {
        let mut session = self.take();
        let result = run(&mut session, input, [count, 3, height, width], wanted);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        self.returned.notify_one();
        result
    }

    fn take(&self) -> Session {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match idle.pop() {
                Some(session) => return session,
                None => idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn run(
    session: &mut Session,
    input: &[f32],
    shape: [usize; 4],
    wanted: &[&str],
) -> Result<Vec<Zeroizing<Vec<f32>>>, NetError> {
    let failed = |e: ort::Error| NetError::Run(e.to_string());
    let tensor = TensorRef::from_array_view((shape, input)).map_err(failed)?;
    let outputs = session.run(ort::inputs![tensor]).map_err(failed)?;
    let missing = |name: &str| NetError::Output { output: name.to_owned() };
    wanted
        .iter()
        .map(|name| {
            let value = if name.is_empty() {
                outputs
                    .values()
                    .next()
                    .ok_or_else(|| missing(name))?
                    .try_extract_tensor::<f32>()
                    .map(|t| t.1.to_vec())
            } else {
                outputs
                    .get(*name)
                    .ok_or_else(|| missing(name))?
                    .try_extract_tensor::<f32>()
                    .map(|t| t.1.to_vec())
            };
            value.map(Zeroizing::new).map_err(|_| missing(name))
        })
        .collect()
}

/// How pixels become a network's input: order of the colour planes, then `(pixel - mean) * scale`.
#[derive(Clone, Copy)]
pub(crate) struct Planes {
    /// For each plane, which of red, green and blue.
    order: [usize; 3],
    mean: [f32; 3],
    scale: f32,
}

impl Planes {
    pub(crate) fn new(channels: Channels, mean: [Finite; 3], scale: Finite) -> Self {
        let order = match channels {
            Channels::Rgb => [0, 1, 2],
            Channels::Bgr => [2, 1, 0],
        };
        Self { order, mean: mean.map(Finite::get), scale: scale.get() }
    }

    /// Three planes of `to` (width, height) with the picture in their upper left corner: `rgb` is interleaved,
    /// 0 to 255, `width` wide. What lies outside is black.
    pub(crate) fn lay(&self, rgb: &[f32], width: usize, to: (usize, usize)) -> Zeroizing<Vec<f32>> {
        let size = to.0 * to.1;
        let mut planes = Zeroizing::new(vec![0.0; 3 * size]);
        let level = self.mean.map(|mean| -mean * self.scale);
        for (values, level) in planes.chunks_exact_mut(size).zip(level).filter(|(_, level)| *level != 0.0) {
            values.fill(level);
        }
        let (first, rest) = planes.split_at_mut(size);
        let (second, third) = rest.split_at_mut(size);
        let [mean_0, mean_1, mean_2] = self.mean;
        let [from_0, from_1, from_2] = self.order;
        let lines =
            first.chunks_exact_mut(to.0).zip(second.chunks_exact_mut(to.0)).zip(third.chunks_exact_mut(to.0));
        for (((first, second), third), row) in lines.zip(rgb.chunks_exact(width * 3)) {
            let targets = first.iter_mut().zip(second.iter_mut()).zip(third.iter_mut());
            for (((first, second), third), pixel) in targets.zip(row.as_chunks::<3>().0) {
                *first = (pixel[from_0] - mean_0) * self.scale;
                *second = (pixel[from_1] - mean_1) * self.scale;
                *third = (pixel[from_2] - mean_2) * self.scale;
            }
        }
        planes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_reports_to_its_maker_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libonnxruntime.so");
        // The name lies across the edge of two pieces.
        let mut bytes = vec![7; (1 << 20) - 9];
        bytes.extend(COLLECTOR);
        bytes.extend([7; 100]);
        std::fs::write(&library, &bytes).unwrap();
        assert!(matches!(silent(&library), Err(NetError::Uploads { .. })));
        bytes[(1 << 20) - 2] = b'!';
        std::fs::write(&library, &bytes).unwrap();
        assert!(silent(&library).is_ok());
        assert!(matches!(silent(&folder.path().join("none")), Err(NetError::Runtime { .. })));
    }

    #[test]
    fn pixels_are_laid_in_the_order_and_range_of_the_manifest() {
        let finite = |v: f32| Finite::try_from(v).unwrap();
        let planes = Planes::new(Channels::Bgr, [10.0, 20.0, 30.0].map(finite), finite(0.5));
        // One red pixel beside one blue pixel, on an input of 3 x 1.
        let laid = planes.lay(&[255.0, 0.0, 0.0, 0.0, 0.0, 255.0], 2, (3, 1));
        let expected = [-5.0, 122.5, -5.0, -10.0, -10.0, -10.0, 112.5, -15.0, -15.0];
        assert_eq!(laid.as_slice(), expected);
    }
}
