//! The journal against a model of a chain that does everything a chain may do, and a disk and a process that end at
//! every step.

mod crash;
mod model;
mod rows;
mod steps;
