//! Where a model runs: what was asked for, and what it became.

use std::{fmt, path::Path, str::FromStr};

use ort::{
    ep::{CUDA, ExecutionProvider},
    session::{Session as Model, builder::SessionBuilder},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    placement::{Operator, operators},
};

/// ONNX Runtime's name of the provider that every build has.
const CPU: &str = "CPUExecutionProvider";
const ON_CUDA: &str = "CUDAExecutionProvider";

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
    /// How many operators the model has.
    pub operators: usize,
    /// The types of those that run on the CPU, sorted, one entry an operator: under CUDA a few that handle shapes.
    pub on_cpu: Vec<String>,
}

impl DeviceReport {
    pub(crate) fn is_cuda(&self) -> bool {
        self.provider == ON_CUDA
    }

    fn of(provider: &str, cuda_failed: Option<String>, operators: &[Operator]) -> Self {
        let mut on_cpu: Vec<String> =
            operators.iter().filter(|operator| operator.provider == CPU).map(|o| o.kind.clone()).collect();
        on_cpu.sort_unstable();
        Self { provider: provider.into(), cuda_failed, operators: operators.len(), on_cpu }
    }
}

/// `CPU`, `CPU (CUDA failed: why)`, `CUDA`, or `CUDA (4 of 170 operators on the CPU: Shape, Slice)`.
impl fmt::Display for DeviceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.provider.strip_suffix("ExecutionProvider").unwrap_or(&self.provider);
        f.write_str(short)?;
        if let Some(why) = &self.cuda_failed {
            return write!(f, " (CUDA failed: {why})");
        }
        if self.provider != CPU && !self.on_cpu.is_empty() {
            let mut kinds = self.on_cpu.clone();
            kinds.dedup();
            let (some, all) = (self.on_cpu.len(), self.operators);
            return write!(f, " ({some} of {all} operators on the CPU: {})", kinds.join(", "));
        }
        Ok(())
    }
}

/// Loads a model on a device. Every builder comes from `fresh`: one that half-registered a provider is not trusted.
///
/// # Errors
/// [`Error::Onnx`] for a model that can't be used; [`Error::Device`] where CUDA was demanded and does not run it.
pub(crate) fn load(
    device: Device,
    has_gpu_library: bool,
    model: &Path,
    fresh: impl Fn() -> ort::Result<SessionBuilder>,
) -> Result<(Model, DeviceReport)> {
    let mut failed = None;
    // A CPU library under `auto` is what the operator installed, not a failure worth a line on every start.
    if device == Device::Cuda || (device == Device::Auto && has_gpu_library) {
        match on_cuda(fresh()?, model) {
            Ok(loaded) => return Ok(loaded),
            Err(why) => failed = Some(fallen_back(device, why)?),
        }
    }
    let model = fresh()?.commit_from_file(model)?;
    let operators = operators(&model)?;
    Ok((model, DeviceReport::of(CPU, failed, &operators)))
}

/// Loads a model on the first CUDA device, or says why it does not run there.
fn on_cuda(mut builder: SessionBuilder, model: &Path) -> Result<(Model, DeviceReport), String> {
    // `is_available()` says yes where libraries or the driver are missing; only registering tells.
    // TF32 would move results beyond the certified tolerance.
    let cuda = CUDA::default().with_device_id(0).with_tf32(false);
    cuda.register(&mut builder).map_err(|error| reason(&error.to_string()))?;
    // A driver that registers may still fail to hold the model.
    let model = builder.commit_from_file(model).map_err(|error| one_line(&error.to_string()))?;
    let operators = operators(&model).map_err(|error| one_line(&error.to_string()))?;
    let report = DeviceReport::of(ON_CUDA, None, &operators);
    match too_much_on_cpu(&report) {
        Some(why) => Err(why),
        None => Ok((model, report)),
    }
}

/// Where the CPU does most of the work, `CUDA` would be a lie.
fn too_much_on_cpu(report: &DeviceReport) -> Option<String> {
    let (some, all) = (report.on_cpu.len(), report.operators);
    (2 * some >= all).then(|| format!("it has no kernels for {some} of the model's {all} operators"))
}

/// The reason of a fall-back to the CPU, or the error where CUDA was demanded.
fn fallen_back(device: Device, why: String) -> Result<String> {
    match device {
        Device::Cuda => Err(Error::Device { device: "cuda", why }),
        Device::Auto | Device::Cpu => Ok(why),
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

    fn report(provider: &str, cuda_failed: Option<&str>, on_cpu: &[&str]) -> DeviceReport {
        let operator = |provider: &str, kind: &str| Operator { provider: provider.into(), kind: kind.into() };
        let mut operators: Vec<Operator> = (0..6).map(|_| operator(ON_CUDA, "MatMul")).collect();
        operators.extend(on_cpu.iter().map(|kind| operator(CPU, kind)));
        DeviceReport::of(provider, cuda_failed.map(str::to_string), &operators)
    }

    #[test]
    fn a_device_reads_as_the_operator_needs_it() {
        let why = fallen_back(Device::Auto, "no driver".into()).unwrap();
        assert_eq!(report(CPU, Some(&why), &["Add"]).to_string(), "CPU (CUDA failed: no driver)");
        assert_eq!(report(CPU, None, &["Add"]).to_string(), "CPU");
        let error = fallen_back(Device::Cuda, "no driver".into()).unwrap_err().to_string();
        assert!(error.contains("cuda") && error.contains("no driver") && error.contains("--device cpu"), "{error}");
        let said = "/src/a.cc:2043 onnxruntime::f() [ONNXRuntimeError] : 1 : FAIL : Failed to load x : libcuda.so.1";
        assert_eq!(reason(said), "Failed to load x : libcuda.so.1");
        assert_eq!(reason("no\n provider"), "no provider");
        assert!("tpu".parse::<Device>().unwrap_err().contains("auto, cpu or cuda"));
    }

    #[test]
    fn cuda_is_said_only_where_cuda_does_the_work() {
        let cuda = |on_cpu: &[&str]| report(ON_CUDA, None, on_cpu);
        assert_eq!(cuda(&[]).to_string(), "CUDA");
        assert_eq!(cuda(&["Slice", "Shape", "Slice"]).to_string(), "CUDA (3 of 9 operators on the CPU: Shape, Slice)");
        assert_eq!(too_much_on_cpu(&cuda(&["Shape"; 5])), None);
        let why = too_much_on_cpu(&cuda(&["MatMul"; 6])).unwrap();
        assert!(why.contains("6 of the model's 12 operators"), "{why}");
    }
}
