//! The program as a shell sees it: standard output, standard error, exit codes.

mod manual;
mod node_init;
mod passphrases;
mod pipes;
mod support;
