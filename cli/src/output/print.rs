//! The one way to standard output and standard error: a reader that goes away, as in `| head`, is no reason to panic.

use std::fmt;
use std::io::{self, Write};

/// What a shell reports of a program that SIGPIPE ended. Not 0: what came after the first line, an audit's finding for
/// example, was not said.
const CLOSED_PIPE: i32 = 128 + 13;

/// `println!` that ends the program quietly when nobody reads any more.
macro_rules! say {
    () => { $crate::output::to_stdout(format_args!("")) };
    ($($text:tt)*) => { $crate::output::to_stdout(format_args!($($text)*)) };
}

/// `eprintln!` that goes on when nobody reads.
macro_rules! note {
    ($($text:tt)*) => { $crate::output::to_stderr(format_args!($($text)*)) };
}

pub(crate) use {note, say};

/// See the macro.
pub fn to_stdout(text: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{text}") {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(CLOSED_PIPE);
        }
        note!("error: standard output can't be written: {error}");
        std::process::exit(1);
    }
}

/// See the macro.
pub fn to_stderr(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A line of a program that runs on for whoever still needs it: a node does not end because nobody reads it.
pub fn tell(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{text}");
}
