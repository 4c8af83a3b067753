//! The program as a shell sees it: standard output, standard error, exit codes.

mod pipes;
mod support;
