#!/bin/sh
# Cargo's RUSTC_WORKSPACE_WRAPPER for `cargo xtask fuzz`: the workspace's own crates, and what they instantiate of others,
# get the marks that libFuzzer steers by. Other crates stay as every other build has them, so nothing of theirs is compiled
# again. No nightly compiler is needed.
set -eu
rustc=$1
shift
case " $* " in
*" build_script_build "* | *" proc-macro "*) exec "$rustc" "$@" ;;
esac
exec "$rustc" "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
