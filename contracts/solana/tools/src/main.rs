//! The program's interface (IDL) as clients read it: `emission-tools --write FILE` makes it of the sources, `--check FILE`
//! compares.

use std::path::Path;
use std::process::ExitCode;

use anchor_lang_idl::build::IdlBuilder;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--write", file] => {
            interface().and_then(|text| std::fs::write(file, text).map_err(|error| format!("{file}: {error}")))
        }
        ["--check", file] => interface().and_then(|text| check(file, &text)),
        _ => Err("usage: emission-tools --write FILE | --check FILE".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

/// What Anchor's own command would write.
fn interface() -> Result<String, String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/emission");
    let program = program.canonicalize().map_err(|error| format!("{}: {error}", program.display()))?;
    let builder = IdlBuilder::new().program_path(program).cargo_args(vec!["--locked".into(), "--lib".into()]);
    let idl = builder.build().map_err(|error| error.to_string())?;
    let text = serde_json::to_string_pretty(&idl).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn check(file: &str, text: &str) -> Result<(), String> {
    let committed = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    if committed == text { Ok(()) } else { Err(format!("{file} is not what the sources say")) }
}
