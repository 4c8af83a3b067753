//! One device against the other: what a node with a GPU and a node without must agree on, and what each says it is.
//!
//! The device under test is the CPU, and then the CPU is held against itself, or with `LIAISE_TEST_CUDA=1` the first CUDA
//! device: every assertion holds for both.

use std::path::Path;

use liaise_compute::{
    Cache, Device, Primitive, TaskContext, check,
    retrieval::task::{AddInput, TaskInput},
};

use crate::{
    installed::{bundle_folder, device, in_own_process, index_of, retrieval, retrieval_on, runtime},
    retrieval::{altered, answer, question, texts},
};

/// What the device under test must call itself.
fn provider() -> &'static str {
    match device() {
        Device::Cuda => "CUDAExecutionProvider",
        _ => "CPUExecutionProvider",
    }
}

#[test]
fn a_session_says_where_its_operators_are() {
    let primitive = retrieval();
    let report = primitive.device();
    println!("{report}; on the CPU: {:?}", report.on_cpu);
    assert_eq!((report.provider.as_str(), &report.cuda_failed), (provider(), &None));
    assert!(report.operators > 100, "{report:?}");
    match device() {
        // Sizes of inputs are the CPU's to handle; whatever reads numbers is not.
        Device::Cuda => {
            let shapes = ["Shape", "Slice", "Gather", "Unsqueeze", "Concat", "Squeeze"];
            let numbers: Vec<_> = report.on_cpu.iter().filter(|kind| !shapes.contains(&kind.as_str())).collect();
            assert!(numbers.is_empty() && report.on_cpu.len() < 10, "on the CPU: {numbers:?} of {report:?}");
        }
        _ => {
            assert_eq!(report.on_cpu.len(), report.operators);
            assert!(report.on_cpu.iter().any(|kind| kind == "MatMul"), "{report:?}");
        }
    }
}

#[test]
fn auto_takes_cuda_where_it_works() {
    let found = check(&Cache::default().library().unwrap(), &bundle_folder(), 1, Device::Auto).unwrap();
    println!("auto: {}, {} us for {} tokens, {}", found.device, found.inference_us, found.tokens, found.library_build);
    let cuda_works = runtime().session(&bundle_folder().join("model/model.onnx"), 1, Device::Cuda).is_ok();
    assert_eq!(found.provider == "CUDAExecutionProvider", cuda_works, "{found:?}");
    assert!(cuda_works || device() == Device::Cpu, "a GPU is under test");
}

#[test]
fn without_a_visible_gpu_nothing_says_cuda() {
    let none = Path::new("");
    match in_own_process("cuda::without_a_visible_gpu_nothing_says_cuda", &[("CUDA_VISIBLE_DEVICES", none)]) {
        Some(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            println!("{}", said.lines().find(|line| line.starts_with("auto: ")).expect("it names the device"));
        }
        None => {
            let library = Cache::default().library().unwrap();
            let is_gpu_build = library.with_file_name("libonnxruntime_providers_cuda.so").exists();
            let report = check(&library, &bundle_folder(), 1, Device::Auto).unwrap();
            println!("auto: {}", report.device);
            assert_eq!(report.provider, "CPUExecutionProvider");
            assert_eq!(report.device.contains("CUDA failed: "), is_gpu_build, "{}", report.device);
            let model = bundle_folder().join("model/model.onnx");
            let error = runtime().session(&model, 1, Device::Cuda).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("device cuda: "), "{error}");
        }
    }
}

/// Each embeds the same passages, answers the same question, and judges what the other made of both.
#[test]
fn two_devices_agree() {
    let (here, cpu) = (retrieval(), retrieval_on(Device::Cpu));
    let (own, theirs) = (index_of(&here, &texts()), index_of(&cpu, &texts()));
    assert_eq!(own.snapshot_id(), theirs.snapshot_id());
    let add = TaskInput::Add(AddInput { v: 1, chunks: texts() }).to_bytes();
    let ask = question(own.snapshot_id(), 10);
    let mut outputs = vec![];
    for (racer, judge, documents, judged_by) in [(&here, &cpu, &own, &theirs), (&cpu, &here, &theirs, &own)] {
        let (lent, kept) = (TaskContext::new().with_documents(documents), TaskContext::new().with_documents(judged_by));
        let added = racer.run(&add, &lent).unwrap();
        let check = judge.verify(&add, &added.bytes, &added.blobs, [4; 32], &kept).unwrap();
        println!("{} judged by {}: {}", racer.device(), judge.device(), check.reason);
        assert_eq!(check.score_permille, 1000, "{}", check.reason);
        let answered = racer.run(&ask, &lent).unwrap();
        let check = judge.verify(&ask, &answered.bytes, &[], [4; 32], &kept).unwrap();
        println!("{} judged by {}: {}", racer.device(), judge.device(), check.reason);
        assert_eq!(check.score_permille, 1000, "{}", check.reason);
        let again = racer.recompute(&ask, &answered.bytes, &check.positions, &lent).unwrap();
        let apart = check.values.iter().zip(&again).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        println!("evidence of {} positions, largest difference {apart} ppm", again.len());
        assert!(apart <= judge.evidence_tolerance());
        outputs.push(answer(&answered));
    }
    let (a, b) = (&outputs[0], &outputs[1]);
    let apart = a.sentences.iter().zip(&b.sentences).map(|(a, b)| a.score.abs_diff(b.score)).max();
    println!("scores of {} sentences, largest difference {} ppm", a.sentences.len(), apart.unwrap());
    assert_eq!((a.best, a.chunk, a.sentences.len()), (b.best, b.chunk, b.sentences.len()), "the same answer");
}

#[test]
fn each_refuses_what_an_altered_model_made_on_the_other() {
    let (here, cpu) = (retrieval(), retrieval_on(Device::Cpu));
    let add = TaskInput::Add(AddInput { v: 1, chunks: texts()[..16].to_vec() }).to_bytes();
    for (cheats_on, judge) in [(Device::Cpu, &here), (device(), &cpu)] {
        let (_folder, cheat) = altered(cheats_on);
        let output = cheat.run(&add, &TaskContext::new()).unwrap();
        let check = judge.verify(&add, &output.bytes, &output.blobs, [5; 32], &TaskContext::new()).unwrap();
        println!("{} judged by {}: {}", cheat.device(), judge.device(), check.reason);
        assert!(!check.accepts(), "{}", check.reason);
    }
}
