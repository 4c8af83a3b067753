//! A model behind a thread: ONNX Runtime's `run` takes `&mut`, so one actor owns each session and callers queue.

use std::{borrow::Cow, sync::mpsc, thread};

use ort::{
    session::{Session as Model, SessionInputValue},
    value::{Tensor as OrtTensor, TensorElementType, ValueType},
};

use crate::{
    device::DeviceReport,
    error::{Error, Result},
};

/// A dense tensor in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    /// 64-bit integers, as token ids are.
    I64 {
        /// Dimensions.
        shape: Vec<usize>,
        /// As many values as the dimensions' product.
        data: Vec<i64>,
    },
    /// 32-bit floats.
    F32 {
        /// Dimensions.
        shape: Vec<usize>,
        /// As many values as the dimensions' product.
        data: Vec<f32>,
    },
}

/// A named input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in the graph.
    pub name: String,
    /// Its dimensions; -1 where the graph leaves one open.
    pub shape: Vec<i64>,
}

struct Job {
    inputs: Vec<(String, Tensor)>,
    outputs: Vec<String>,
    reply: mpsc::SyncSender<Result<Vec<Tensor>>>,
}

/// A handle to a loaded model. Dropping it ends the thread that owns the model, and waits until the model is gone: a process
/// that ends while CUDA still takes a model down is killed by a fault in CUDA's own clean-up.
pub struct Session {
    /// `None` only while it is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    device: DeviceReport,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl Session {
    pub(crate) fn start(mut model: Model, device: DeviceReport) -> Result<Self> {
        let inputs = model.inputs().iter().map(|i| port(i.name(), i.dtype())).collect();
        let outputs = model.outputs().iter().map(|o| port(o.name(), o.dtype())).collect();
        let (jobs, queue) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name("onnx-session".into())
            .spawn(move || {
                for job in queue {
                    // A caller that has gone needs no answer.
                    let _ = job.reply.send(run(&mut model, job.inputs, &job.outputs));
                }
            })
            .map_err(|error| Error::Onnx(format!("no thread for the model: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), device, inputs, outputs })
    }

    /// Runs the model once and gives the named outputs in the order asked for. Blocks until the thread has come to
    /// this call.
    ///
    /// # Errors
    /// [`Error::Onnx`] names a wrong input, output, type or shape.
    pub fn run(&self, inputs: Vec<(String, Tensor)>, outputs: &[&str]) -> Result<Vec<Tensor>> {
        let (reply, answer) = mpsc::sync_channel(1);
        let outputs = outputs.iter().map(|name| name.to_string()).collect();
        let jobs = self.jobs.as_ref().ok_or(Error::SessionGone)?;
        jobs.send(Job { inputs, outputs, reply }).map_err(|_| Error::SessionGone)?;
        answer.recv().map_err(|_| Error::SessionGone)?
    }

    /// The device that the model has.
    pub fn device(&self) -> &DeviceReport {
        &self.device
    }

    /// The model's inputs.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// The model's outputs.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn port(name: &str, kind: &ValueType) -> Port {
    Port { name: name.into(), shape: kind.tensor_shape().map(|shape| shape.to_vec()).unwrap_or_default() }
}

fn run(model: &mut Model, inputs: Vec<(String, Tensor)>, outputs: &[String]) -> Result<Vec<Tensor>> {
    let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::with_capacity(inputs.len());
    for (name, tensor) in inputs {
        let value = match tensor {
            Tensor::I64 { shape, data } => OrtTensor::from_array((shape, data))?.into(),
            Tensor::F32 { shape, data } => OrtTensor::from_array((shape, data))?.into(),
        };
        values.push((name.into(), value));
    }
    let results = model.run(values)?;
    outputs
        .iter()
        .map(|name| {
            let value = results.get(name).ok_or_else(|| Error::Onnx(format!("the model has no output `{name}`")))?;
            let shape = |dims: &[i64]| dims.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect();
            match value.dtype().tensor_type() {
                Some(TensorElementType::Float32) => {
                    let (dims, data) = value.try_extract_tensor::<f32>()?;
                    Ok(Tensor::F32 { shape: shape(dims), data: data.to_vec() })
                }
                Some(TensorElementType::Int64) => {
                    let (dims, data) = value.try_extract_tensor::<i64>()?;
                    Ok(Tensor::I64 { shape: shape(dims), data: data.to_vec() })
                }
                other => Err(Error::Onnx(format!("output `{name}` is {other:?}; only f32 and i64 are supported"))),
            }
        })
        .collect()
}
