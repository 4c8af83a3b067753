//! A folder and a hand-written manifest become a bundle.

use std::{fs, path::Path};

use liaise_compute::{Bundle, pack};

use crate::installed::repository;

/// A folder with files, and the committed manifest as a person would write it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("model")).unwrap();
    fs::write(folder.path().join("model/model.onnx"), "weights").unwrap();
    fs::write(folder.path().join("NOTICE"), "notice").unwrap();
    fs::copy(repository("compute/adapters/minilm.manifest.json"), folder.path().join("manifest.json")).unwrap();
    folder
}

fn refusal(folder: &Path) -> String {
    pack(folder).map(|_| ()).expect_err("it must be refused").to_string()
}

#[test]
fn files_are_named_and_the_manifest_is_canonical() {
    let folder = folder();
    let packed = pack(folder.path()).unwrap();
    let opened = Bundle::open(folder.path()).unwrap();
    assert_eq!(packed.id(), opened.id());
    let files = &opened.manifest().files;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["NOTICE", "model/model.onnx"]);
    assert_eq!(files["NOTICE"].bytes, 6);
    // sha256sum of `notice`.
    assert_eq!(files["NOTICE"].sha256, "9368a7d21e018f64ae3327d2f25cd4d7693b2d85328e4bb680bcfcbd4c26b90e");
    assert_eq!(pack(folder.path()).unwrap().id(), packed.id(), "packing again changes nothing");
    fs::write(folder.path().join("model/model.onnx"), "other").unwrap();
    assert_ne!(pack(folder.path()).unwrap().id(), packed.id());
}

#[test]
fn what_can_be_no_bundle_is_named_and_left_alone() {
    let folder = folder();
    let manifest = folder.path().join("manifest.json");
    let good = fs::read_to_string(&manifest).unwrap();
    for (text, words) in [
        ("[]", "no JSON object"),
        ("{", "manifest.json: EOF"),
        ("{\"a\": 1, \"a\": 2}", "manifest.json"),
        ("{\"a\": 0.5}", "manifest.json"),
    ] {
        fs::write(&manifest, text).unwrap();
        let error = refusal(folder.path());
        assert!(error.contains(words) && error.contains("docs/add-a-model.md"), "{text}: {error}");
        assert_eq!(fs::read_to_string(&manifest).unwrap(), text, "it is not replaced");
    }
    fs::write(&manifest, good.replace("\"NOTICE\"", "\"LICENCE\"")).unwrap();
    assert!(refusal(folder.path()).contains("licence.file: `LICENCE` is not in `files`"));
    fs::write(&manifest, &good).unwrap();
    std::os::unix::fs::symlink("NOTICE", folder.path().join("model/link")).unwrap();
    assert!(refusal(folder.path()).contains("model/link: is no plain file"));
    fs::remove_file(folder.path().join("model/link")).unwrap();
    fs::remove_file(&manifest).unwrap();
    assert!(refusal(folder.path()).contains("manifest.json: can't be read"));
}
