//! Whatever happens, what the promises say holds; and each rule that is broken on purpose is found.

mod broken;
mod dishonest;
mod few;
mod honest;
mod seeds;
