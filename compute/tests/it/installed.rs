//! What set-up has installed, and small helpers over it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use liaise_compute::{
    Bundle, Cache, Device, Json, Primitive, Runtime, TaskContext,
    retrieval::{
        Index, Passage, Retrieval, read_added, read_passages,
        task::{AddInput, TaskInput},
    },
};

/// The runtime from the cache.
pub fn runtime() -> Runtime {
    let library = Cache::default().library().unwrap_or_else(|error| panic!("{error}"));
    Runtime::load(&library).unwrap_or_else(|error| panic!("{error}"))
}

/// The folder of the retrieval bundle.
pub fn bundle_folder() -> PathBuf {
    let folder = Cache::default().minilm();
    assert!(folder.is_dir(), "{} is missing; run `cargo xtask setup`", folder.display());
    folder
}

/// The device under test: with `LIAISE_TEST_CUDA=1` the first CUDA device, and what needs it fails where there is none;
/// else the CPU.
pub fn device() -> Device {
    match std::env::var("LIAISE_TEST_CUDA").as_deref() {
        Ok("1") => Device::Cuda,
        Err(_) => Device::Cpu,
        Ok(other) => panic!("LIAISE_TEST_CUDA is {other:?}: write 1, or leave it out"),
    }
}

/// The retrieval primitive on the device under test.
pub fn retrieval() -> Retrieval {
    retrieval_on(device())
}

/// The retrieval primitive on a device.
pub fn retrieval_on(device: Device) -> Retrieval {
    let bundle = Bundle::open(&bundle_folder()).unwrap_or_else(|error| panic!("{error}"));
    Retrieval::open(bundle, &runtime(), 2, device).unwrap_or_else(|error| panic!("{error}"))
}

/// The corpus's passages.
pub fn passages() -> Vec<Passage> {
    read_passages(&Cache::default().passages()).unwrap_or_else(|error| panic!("{error}"))
}

/// An index of texts, made by *add* tasks as on the network.
pub fn index_of(primitive: &dyn Primitive, texts: &[String]) -> Index {
    let mut index = Index::new();
    for chunks in texts.chunks(128) {
        let input = TaskInput::Add(AddInput { v: 1, chunks: chunks.to_vec() }).to_bytes();
        let output = primitive.run(&input, &TaskContext::new()).unwrap();
        let vectors = read_added(&output.bytes, &output.blobs).unwrap();
        index.add(chunks.iter().cloned().zip(vectors.into_iter().map(|(_, vector)| vector))).unwrap();
    }
    index
}

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Writes a bundle from its files and a manifest to which `change` has the last word.
pub fn write_bundle(folder: &Path, template: &Json, files: &[(&str, &[u8])], change: impl FnOnce(&mut Object)) {
    let Json::Map(mut manifest) = template.clone() else { panic!("a manifest is an object") };
    let mut entries = BTreeMap::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        entries.insert(name.to_string(), entry(bytes));
    }
    manifest.insert("files".into(), Json::Map(entries));
    change(&mut manifest);
    fs::write(folder.join("manifest.json"), serde_json::to_vec(&Json::Map(manifest)).unwrap()).unwrap();
}

pub type Object = BTreeMap<String, Json>;

/// A file's entry in a manifest.
pub fn entry(bytes: &[u8]) -> Json {
    use sha2::{Digest, Sha256};
    Json::Map(BTreeMap::from([
        ("bytes".to_string(), Json::Int(bytes.len() as i64)),
        ("sha256".to_string(), Json::Text(hex::encode(Sha256::digest(bytes)))),
    ]))
}

/// The committed manifest, without its files.
pub fn template() -> Json {
    serde_json::from_slice(&fs::read(repository("compute/adapters/minilm.manifest.json")).unwrap()).unwrap()
}

const CHILD: &str = "LIAISE_TEST_CHILD";

/// Runs the calling test again in a process of its own, with these variables: ONNX Runtime can be loaded only once a
/// process, and reads some variables only then. Gives `None` in that process, which then does the work.
pub fn in_own_process(test: &str, variables: &[(&str, &Path)]) -> Option<Output> {
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    // The cache is wherever this process finds it, whatever HOME the child is given.
    child.env("LIAISE_CACHE", Cache::default().path()).env_remove("XDG_CACHE_HOME");
    child.args(["--exact", test, "--nocapture"]).env(CHILD, "1").envs(variables.iter().copied());
    Some(child.output().unwrap())
}
