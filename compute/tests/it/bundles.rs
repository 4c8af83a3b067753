//! What a bundle refuses.

use std::{fs, path::Path};

use liaise_compute::{AdapterId, Bundle, Json};

use crate::installed::{Object, bundle_folder, entry, template, write_bundle};

const FILES: [(&str, &[u8]); 3] =
    [("NOTICE", b"notice"), ("model/model.onnx", b"weights"), ("tokenizer/tokenizer.json", b"{}")];

fn refusal(folder: &Path) -> String {
    Bundle::open(folder).map(|_| ()).expect_err("the bundle must be refused").to_string()
}

/// The error of a good bundle after something was done to its manifest, and then to its folder.
fn after(change: impl FnOnce(&mut Object), tamper: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_bundle(folder.path(), &template(), &FILES, change);
    tamper(folder.path());
    refusal(folder.path())
}

fn files(manifest: &mut Object) -> &mut Object {
    match manifest.get_mut("files") {
        Some(Json::Map(files)) => files,
        other => panic!("{other:?}"),
    }
}

fn units(manifest: &mut Object) -> &mut Object {
    match manifest.get_mut("work_units") {
        Some(Json::Map(units)) => units,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_installed_adapter_is_the_committed_one() {
    let id: AdapterId = include_str!("../../adapters/minilm.id").trim().parse().unwrap();
    let bundle = Bundle::open_as(&bundle_folder(), id).unwrap();
    assert_eq!(bundle.id(), id);
    let manifest = bundle.manifest();
    assert_eq!((manifest.kind.as_str(), manifest.licence.spdx.as_str()), ("retrieval", "Apache-2.0"));
    assert!(manifest.regions.admits(None));
    let other = Bundle::open_as(&bundle_folder(), AdapterId([1; 32])).unwrap_err().to_string();
    assert!(other.contains(&id.to_string()) && other.contains("expected 0101"), "{other}");
}

#[test]
fn a_whole_bundle_opens_and_its_id_follows_its_bytes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_bundle(a.path(), &template(), &FILES, |_| ());
    write_bundle(b.path(), &template(), &FILES, |manifest| {
        manifest.insert("version".into(), Json::Int(2));
    });
    let (first, second) = (Bundle::open(a.path()).unwrap(), Bundle::open(b.path()).unwrap());
    assert_ne!(first.id(), second.id());
    assert!(first.file("NOTICE").is_ok() && first.file("other").is_err());
}

#[test]
fn files_that_are_extra_missing_altered_or_of_another_length() {
    let unchanged = |_: &mut Object| ();
    let write = |name: &'static str, text: &'static str| {
        move |folder: &Path| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    };
    let cases = [
        (after(unchanged, write("model/extra.bin", "x")), "model/extra.bin: is not in the manifest"),
        (after(unchanged, write("other/x", "x")), "other: is a folder that the manifest does not have"),
        (after(unchanged, write("manifest.sig", "x")), "manifest.sig: is not in the manifest"),
        (after(unchanged, |f| fs::remove_file(f.join("NOTICE")).unwrap()), "NOTICE: is missing"),
        (after(unchanged, |f| fs::remove_file(f.join("manifest.json")).unwrap()), "manifest.json: can't be read"),
        (after(unchanged, write("model/model.onnx", "Weights")), "model/model.onnx: has SHA-256"),
        (after(unchanged, write("model/model.onnx", "weights and more")), "has 16 bytes, the manifest says 7"),
        (
            after(|m| drop(files(m).insert("NOTICE".into(), lying_entry())), |_| ()),
            "NOTICE: has 6 bytes, the manifest says 7",
        ),
    ];
    for (error, part) in cases {
        assert!(error.contains(part), "{part}: {error}");
        assert!(error.contains("run `cargo xtask setup`"), "no remedy: {error}");
    }
}

/// The right hash under a wrong length.
fn lying_entry() -> Json {
    let Json::Map(mut lie) = entry(b"notice") else { panic!() };
    lie.insert("bytes".into(), Json::Int(7));
    Json::Map(lie)
}

#[cfg(unix)]
#[test]
fn links_and_other_things_that_are_no_files() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("model")).unwrap();
    fs::write(elsewhere.path().join("model/model.onnx"), "weights").unwrap();
    let at = elsewhere.path().to_path_buf();
    let file = after(
        |_| (),
        |folder| {
            fs::remove_file(folder.join("model/model.onnx")).unwrap();
            symlink(at.join("model/model.onnx"), folder.join("model/model.onnx")).unwrap();
        },
    );
    assert!(file.contains("model/model.onnx: is a symbolic link"), "{file}");
    let whole_folder = after(
        |_| (),
        |folder| {
            fs::remove_dir_all(folder.join("model")).unwrap();
            symlink(at.join("model"), folder.join("model")).unwrap();
        },
    );
    assert!(whole_folder.contains("model: is a symbolic link"), "{whole_folder}");
    let manifest = after(
        |_| (),
        |folder| {
            fs::rename(folder.join("manifest.json"), at.join("manifest.json")).unwrap();
            symlink(at.join("manifest.json"), folder.join("manifest.json")).unwrap();
        },
    );
    assert!(manifest.contains("manifest.json: is no plain file"), "{manifest}");
    let socket = after(
        |_| (),
        |folder| {
            fs::remove_file(folder.join("NOTICE")).unwrap();
            UnixListener::bind(folder.join("NOTICE")).unwrap();
        },
    );
    assert!(socket.contains("NOTICE: is no plain file"), "{socket}");
}

#[test]
fn paths_that_lead_elsewhere() {
    for path in ["../NOTICE", "/etc/hostname", "a/../../b", "./NOTICE", "a//b", "a/", "", "a\\b", "C:x", "a\0b"] {
        let error = after(|manifest| drop(files(manifest).insert(path.into(), entry(b""))), |_| ());
        assert!(error.contains("files.") && error.contains(&format!("{path:?}")), "{path:?}: {error}");
    }
    for (path, part) in [
        ("a".repeat(256), "longer than"),
        (["a"; 600].join("/"), "longer than"),
        ("a\u{1b}[2Jb".to_owned(), "control characters"),
        ("a\nb".to_owned(), "control characters"),
    ] {
        let error = after(|manifest| drop(files(manifest).insert(path.clone(), entry(b""))), |_| ());
        assert!(error.contains(part) && !error.contains(['\u{1b}', '\n']), "{path:?}: {error}");
    }
    let itself = after(|manifest| drop(files(manifest).insert("manifest.json".into(), entry(b""))), |_| ());
    assert!(itself.contains("can't list itself"), "{itself}");
}

#[test]
fn manifests_with_two_readings() {
    let rewrite = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let path = folder.join("manifest.json");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(path, text.replacen(from, to, 1)).unwrap();
        }
    };
    let cases = [
        (after(|_| (), rewrite("\"kind\":", "\"kind\":\"x\",\"kind\":")), "key `kind` comes twice"),
        (after(|_| (), rewrite("{\"bytes\":6,", "{\"bytes\":5,\"bytes\":6,")), "key `bytes` comes twice"),
        (after(|_| (), rewrite("{", "{ ")), "is not canonical JSON"),
        (after(|_| (), rewrite("\"version\":1", "\"version\":1.0")), "no integer"),
        (after(|_| (), rewrite("\"bytes\":6", "\"bytes\":9007199254740993")), "2^53"),
        (after(|_| (), rewrite("\"bytes\":6", "\"bytes\":-6")), "invalid value"),
        (after(|m| drop(m.insert("zeal".into(), Json::Null)), |_| ()), "unknown field `zeal`"),
        (after(|m| drop(m.remove("licence")), |_| ()), "missing field `licence`"),
        (after(|m| drop(m.insert("schema".into(), Json::Int(2))), |_| ()), "schema: is 2"),
        (after(|m| drop(units(m).insert("chunk".into(), Json::Int(4))), |_| ()), "unknown field `chunk`"),
        (after(|m| drop(units(m).insert("max".into(), Json::Int(0))), |_| ()), "work_units.max: must be between"),
        (after(|m| drop(units(m).insert("base".into(), Json::Int(1 << 40))), |_| ()), "work_units.base: is above"),
        (
            after(|m| drop(units(m).insert("per_item".into(), Json::Int(1 << 40))), |_| ()),
            "work_units.per_item: is above",
        ),
        (after(|m| drop(files(m).remove("NOTICE")), |f| fs::remove_file(f.join("NOTICE")).unwrap()), "licence.file"),
    ];
    for (error, part) in cases {
        assert!(error.contains(part), "{part}: {error}");
    }
}
