//! ONNX Runtime as a shared library that is loaded once a process.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use ort::{
    environment::Environment,
    ep::cuda::{CUDA_DYLIBS, CUDNN_DYLIBS},
    session::builder::{GraphOptimizationLevel, SessionBuilder},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    device::{self, Device},
    error::{Error, Result},
    placement::recorded,
    session::Session,
};

/// The process's ONNX Runtime. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Loaded>);

struct Loaded {
    environment: Environment,
    library: PathBuf,
    identity: LibraryIdentity,
    has_gpu_library: bool,
}

/// Which build of ONNX Runtime this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LibraryIdentity {
    pub(crate) build: String,
    pub(crate) sha256: String,
}

/// The library can be loaded only once; a second load hands out the first.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Loads ONNX Runtime from `library` with its telemetry off. A second call with the same library gives the same
    /// runtime.
    ///
    /// Call it early: it sets an environment variable of this process, which is safe only while no other thread
    /// reads the environment.
    ///
    /// # Errors
    /// [`Error::Library`] where the file is missing, is no ONNX Runtime or is too old, and where another one is
    /// loaded already.
    pub fn load(library: &Path) -> Result<Self> {
        let fail = |why: String| Error::Library { path: library.into(), why: device::one_line(&why) };
        let path = library.canonicalize().map_err(|error| fail(error.to_string()))?;
        let mut slot = LOADED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(runtime) = &*slot {
            return match runtime.0.library == path {
                true => Ok(runtime.clone()),
                false => Err(fail(format!("{} is loaded already", runtime.0.library.display()))),
            };
        }
        silence_telemetry();
        let has_gpu_library = gpu_library_beside(&path);
        if has_gpu_library {
            preload_cuda(&path);
        }
        let environment = ort::init_from(&path)
            .map_err(|error| fail(error.to_string()))?
            .with_name("liaise")
            .with_telemetry(false)
            .build()
            .map_err(|error| fail(error.to_string()))?;
        // Failures come back as errors; what the library would print besides names paths of its own build machine.
        environment.set_log_level(ort::logging::LogLevel::Fatal);
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let identity = LibraryIdentity { build: ort::info().into(), sha256: hex::encode(Sha256::digest(&bytes)) };
        let runtime = Self(Arc::new(Loaded { environment, library: path, identity, has_gpu_library }));
        *slot = Some(runtime.clone());
        Ok(runtime)
    }

    /// Opens a model on a device, owned by a thread of its own. `threads` are ONNX Runtime's threads inside one
    /// operator, at least 1.
    ///
    /// # Errors
    /// [`Error::Onnx`] for a model that can't be used, [`Error::Device`] where [`Device::Cuda`] was asked for and
    /// does not run it. [`Device::Auto`] falls back to the CPU and says so in the session's report, as it does where CUDA
    /// takes the model and leaves most of it to the CPU.
    pub fn session(&self, model: &Path, threads: usize, device: Device) -> Result<Session> {
        let (model, report) = device::load(device, self.0.has_gpu_library, model, || self.builder(threads))?;
        Session::start(model, report)
    }

    /// The library that is loaded.
    pub fn library(&self) -> &Path {
        &self.0.library
    }

    pub(crate) fn identity(&self) -> &LibraryIdentity {
        &self.0.identity
    }

    /// The options that manifests certify: full optimisation, deterministic kernels, no spinning threads (they would
    /// burn the processor between two tasks).
    fn builder(&self, threads: usize) -> ort::Result<SessionBuilder> {
        let builder = SessionBuilder::new(&self.0.environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_deterministic_compute(true)?
            .with_intra_threads(threads.max(1))?
            .with_intra_op_spinning(false)?;
        recorded(builder)
    }
}

/// The wheel of ONNX Runtime writes a device id and queued events below ~/.cache/Microsoft. Only this variable,
/// set before the library is loaded, prevents it; the API's switch comes too late.
#[allow(unsafe_code)] // `set_var` is the only way to reach the library; `Runtime::load` says when it may be called.
fn silence_telemetry() {
    unsafe { std::env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}

/// The GPU wheel ships its CUDA provider as a file of its own beside the library.
fn gpu_library_beside(library: &Path) -> bool {
    library.parent().is_some_and(|folder| folder.join("libonnxruntime_providers_cuda.so").exists())
}

/// Loads the CUDA libraries that set-up put into `cuda/` beside the library, where the dynamic loader does not look.
/// One that is missing is no error here: registering the provider names it.
fn preload_cuda(library: &Path) {
    let Some(folder) = library.parent().map(|folder| folder.join("cuda")) else { return };
    for name in CUDA_DYLIBS.iter().chain(CUDNN_DYLIBS) {
        let path = folder.join(name);
        if path.exists() {
            // What fails here fails again, with its reason, when the provider is registered.
            let _ = ort::util::preload_dylib(path);
        }
    }
}
