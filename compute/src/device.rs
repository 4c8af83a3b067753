//! Where a model runs: what was asked for, and what it became.

use std::{fmt, str::FromStr};

use ort::{
    ep::{CUDA, ExecutionProvider},
    session::builder::SessionBuilder,
};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The device that the operator asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// CUDA where its runtime is installed and works, else the CPU; the report says which and why.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device, or an error.
    Cuda,
}

impl FromStr for Device {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            _ => Err(format!("unknown device `{text}`: write auto, cpu or cuda")),
        }
    }
}

/// The device that a session really has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// ONNX Runtime's name of the execution provider: `CPUExecutionProvider` or `CUDAExecutionProvider`.
    pub provider: String,
    /// Why CUDA was tried and is not used; `None` where it is used or was not asked for.
    pub cuda_failed: Option<String>,
}

impl DeviceReport {
    fn cpu(cuda_failed: Option<String>) -> Self {
        Self { provider: "CPUExecutionProvider".into(), cuda_failed }
    }
}

/// `CPU`, `CUDA`, or `CPU (CUDA failed: why)`.
impl fmt::Display for DeviceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.provider.strip_suffix("ExecutionProvider").unwrap_or(&self.provider);
        match &self.cuda_failed {
            Some(why) => write!(f, "{short} (CUDA failed: {why})"),
            None => f.write_str(short),
        }
    }
}

/// Registers the device's provider with a builder made by `fresh`.
///
/// `fresh` is called again after a failed registration: a builder that half-registered a provider is not trusted.
pub(crate) fn place(
    device: Device,
    has_gpu_library: bool,
    fresh: impl Fn() -> ort::Result<SessionBuilder>,
) -> Result<(SessionBuilder, DeviceReport)> {
    let mut builder = fresh()?;
    // A CPU library under `auto` is what the operator installed, not a failure worth a line on every start.
    if device == Device::Cpu || (device == Device::Auto && !has_gpu_library) {
        return Ok((builder, DeviceReport::cpu(None)));
    }
    // `is_available()` says yes where libraries or the driver are missing; only registering tells.
    // TF32 would move results beyond the certified tolerance.
    match CUDA::default().with_device_id(0).with_tf32(false).register(&mut builder) {
        Ok(()) => Ok((builder, DeviceReport { provider: "CUDAExecutionProvider".into(), cuda_failed: None })),
        Err(error) => cuda_failed(device, reason(&error.to_string())).and_then(|report| Ok((fresh()?, report))),
    }
}

/// The report of a fall-back to the CPU, or the error where CUDA was demanded.
pub(crate) fn cuda_failed(device: Device, why: String) -> Result<DeviceReport> {
    match device {
        Device::Cuda => Err(Error::Device { device: "cuda", why }),
        Device::Auto | Device::Cpu => Ok(DeviceReport::cpu(Some(why))),
    }
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// ONNX Runtime's message without the place in its own source that precedes it.
fn reason(message: &str) -> String {
    let line = one_line(message);
    // "<file>:<line> <function> [ONNXRuntimeError] : 1 : FAIL : <what happened>"
    let said = line.split_once("[ONNXRuntimeError] : ").and_then(|(_, rest)| rest.splitn(3, " : ").nth(2));
    said.map_or(line.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_reads_as_the_operator_needs_it() {
        assert_eq!(cuda_failed(Device::Auto, "no driver".into()).unwrap().to_string(), "CPU (CUDA failed: no driver)");
        assert_eq!(DeviceReport::cpu(None).to_string(), "CPU");
        let error = cuda_failed(Device::Cuda, "no driver".into()).unwrap_err().to_string();
        assert!(error.contains("cuda") && error.contains("no driver") && error.contains("--device cpu"), "{error}");
        let said = "/src/a.cc:2043 onnxruntime::f() [ONNXRuntimeError] : 1 : FAIL : Failed to load x : libcuda.so.1";
        assert_eq!(reason(said), "Failed to load x : libcuda.so.1");
        assert_eq!(reason("no\n provider"), "no provider");
        assert!("tpu".parse::<Device>().unwrap_err().contains("auto, cpu or cuda"));
    }
}
