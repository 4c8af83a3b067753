//! Loading ONNX Runtime, choosing a device, and saying so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use liaise_compute::{Cache, Device, Error, Runtime, check};

use crate::installed::{bundle_folder, in_own_process, runtime};

fn succeeded(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    said
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn no_telemetry_is_written() {
    let home = tempfile::tempdir().unwrap();
    match in_own_process("devices::no_telemetry_is_written", &[("HOME", home.path())]) {
        Some(output) => {
            succeeded(&output);
            let found = files_below(home.path());
            assert!(found.is_empty(), "ONNX Runtime left {found:?}");
        }
        None => {
            check(&Cache::default().library().unwrap(), &bundle_folder(), 1, Device::Cpu).unwrap();
            // Its telemetry would write within a second.
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
    }
}

#[test]
fn a_check_names_library_provider_device_and_a_timed_inference() {
    let report = check(runtime().library(), &bundle_folder(), 1, Device::Cpu).unwrap();
    assert_eq!((report.provider.as_str(), report.device.as_str()), ("CPUExecutionProvider", "CPU"));
    assert!(report.library_build.contains("ORT Build Info"), "{}", report.library_build);
    assert_eq!(report.library_sha256.len(), 64);
    assert!(report.inference_us > 0 && report.load_us > report.inference_us && report.tokens > 10, "{report:?}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["model"], "all-MiniLM-L6-v2");
    assert_eq!(json["adapter"].as_str().unwrap(), include_str!("../../adapters/minilm.id").trim());
}

/// A library that comes with a CUDA provider which can't be loaded is what a machine without a driver looks like.
#[test]
fn a_gpu_library_that_does_not_work_reads_cpu_and_why() {
    let folder = tempfile::tempdir().unwrap();
    match in_own_process("devices::a_gpu_library_that_does_not_work_reads_cpu_and_why", &[]) {
        Some(output) => {
            let said = succeeded(&output);
            assert!(said.contains("CPU (CUDA failed: "), "{said}");
        }
        None => {
            let installed = Cache::default().library().unwrap();
            let library = folder.path().join(installed.file_name().unwrap());
            fs::copy(installed, &library).unwrap();
            fs::write(folder.path().join("libonnxruntime_providers_cuda.so"), "no library").unwrap();
            let report = check(&library, &bundle_folder(), 1, Device::Auto).unwrap();
            println!("{}", report.device);
            assert_eq!(report.provider, "CPUExecutionProvider");
            assert!(report.inference_us > 0, "the CPU did the work");
        }
    }
}

#[test]
fn cuda_on_a_cpu_library_is_an_error_that_says_why() {
    let model = bundle_folder().join("model/model.onnx");
    match runtime().session(&model, 1, Device::Cuda).map(|_| ()) {
        Err(Error::Device { device: "cuda", why }) => assert!(why.contains("CUDA"), "{why}"),
        // On a machine with a GPU build and a GPU it works, which is right too.
        Ok(()) => assert!(Cache::default().library().unwrap().to_string_lossy().contains("-gpu")),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_library_that_is_none_is_refused_with_the_remedy() {
    for path in ["/nowhere/libonnxruntime.so", file!()] {
        let error = Runtime::load(Path::new(path)).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(path) && error.contains("cargo xtask setup"), "{error}");
    }
    let loaded = runtime();
    let other = Runtime::load(&bundle_folder().join("README.md")).map(|_| ()).unwrap_err().to_string();
    assert!(other.contains("is loaded already"), "{other}");
    assert_eq!(Runtime::load(loaded.library()).unwrap().library(), loaded.library());
}

#[test]
fn a_model_that_is_none_is_an_error() {
    let error = runtime().session(&bundle_folder().join("README.md"), 1, Device::Cpu).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("ONNX Runtime: "), "{error}");
}
