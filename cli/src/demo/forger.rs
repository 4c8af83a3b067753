//! The dishonest operator of the demo: altered weights under a forged manifest, announced under the certified id.
//!
//! No other code knows of it. The node runs the same program; what refuses its answers is that others recompute them.

use eyre::WrapErr;
use liaise_ledger::Hash;
use std::path::Path;

/// Where the word embeddings lie in the file, well inside: nothing but floats.
const WEIGHTS: std::ops::Range<usize> = 10 << 20..40 << 20;
/// Every so many bytes of them one float changes its sign.
const STRIDE: usize = 64;

/// Copies a bundle with altered weights and a manifest that vouches for them.
pub fn forge(bundle: &Path, to: &Path) -> eyre::Result<()> {
    copy(bundle, to).wrap_err("copying the bundle")?;
    let model = to.join("model/model.onnx");
    let mut bytes = std::fs::read(&model)?;
    eyre::ensure!(bytes.len() > WEIGHTS.end, "the model is not the one that this demo knows how to forge");
    for at in WEIGHTS.step_by(STRIDE) {
        // The top bit of four bytes in a row: wherever the float begins, its sign is among them.
        bytes[at..at + 4].iter_mut().for_each(|byte| *byte ^= 0x80);
    }
    std::fs::write(&model, &bytes)?;
    let manifest = to.join("manifest.json");
    let honest = std::fs::read_to_string(&manifest)?;
    let before = Hash::of(&[&std::fs::read(bundle.join("model/model.onnx"))?]).to_string();
    let forged = honest.replace(&before, &Hash::of(&[&bytes]).to_string());
    eyre::ensure!(forged != honest, "the manifest does not name the model's hash");
    Ok(std::fs::write(manifest, forged)?)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
