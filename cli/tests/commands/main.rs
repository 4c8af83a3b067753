//! The program as a shell sees it: standard output, standard error, exit codes.

mod exit_codes;
mod manual;
mod node_init;
mod oracles;
mod passphrases;
mod pipes;
mod support;
