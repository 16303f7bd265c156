//! Neural networks, run by ONNX Runtime.
//!
//! A [`Net`] is a bounded pool of sessions over one model, each on one thread of its caller's: throughput comes
//! from callers in parallel, and a machine of N cores needs N sessions. Callers beyond that wait.

use ort::environment::Environment;
use ort::session::{Session, builder::GraphOptimizationLevel};
use ort::value::TensorRef;
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
    /// A model file does not load.
    #[error("the model {path} cannot be loaded: {reason}; fetch it again with `portunus models fetch`")]
    Model {
        /// The model.
        path: PathBuf,
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
    let ready = ort::init_from(library)
        .map_err(|e| failed(e.to_string()))?
        .with_name("portunus")
        .with_telemetry(false)
        .build()
        .map_err(|e| failed(e.to_string()))?;
    Ok(ENVIRONMENT.get_or_init(|| ready))
}

/// One model, ready to run from many threads.
pub(crate) struct Net {
    idle: Mutex<Vec<Session>>,
    returned: Condvar,
}

impl Net {
    /// Loads a model into `sessions` sessions (at least one).
    pub(crate) fn load(library: &Path, model: &Path, sessions: usize) -> Result<Self, NetError> {
        let environment = environment(library)?;
        let failed = |reason: String| NetError::Model { path: model.into(), reason };
        let open = || -> Result<Session, NetError> {
            Session::builder(environment)
                .map_err(|e| failed(e.to_string()))?
                .with_intra_threads(1)
                .and_then(|b| b.with_inter_threads(1))
                .and_then(|b| b.with_optimization_level(GraphOptimizationLevel::Level3))
                .and_then(ort::session::builder::SessionBuilder::with_flush_to_zero)
                .map_err(|e| failed(e.to_string()))?
                .commit_from_file(model)
                .map_err(|e| failed(e.to_string()))
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
        let mut session = self.take();
        let result = run(&mut session, input, height, width, wanted);
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
    height: usize,
    width: usize,
    wanted: &[&str],
) -> Result<Vec<Zeroizing<Vec<f32>>>, NetError> {
    let failed = |e: ort::Error| NetError::Run(e.to_string());
    let tensor = TensorRef::from_array_view(([1, 3, height, width], input)).map_err(failed)?;
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
