"""The standard library for the Solana VM, out of the sources of an unchanged one: std.change(library, out).

Every change looks for the text that it replaces and says so where that is no longer there, so that another version of the
sources is never taken half changed.
"""
import pathlib
import re
import shutil

SOLANA = 'target_os = "solana",'
VEXOS = 'target_os = "vexos",'


class Source:
    """A file whose text is replaced, each text as often as is said."""

    def __init__(self, path):
        self.path, self.text = path, path.read_text()

    def replace(self, old, new, times=1):
        found = self.text.count(old)
        if found != times:
            raise SystemExit(f"{self.path}: {found} times, not {times}: {old!r}. These sources are another version")
        self.text = self.text.replace(old, new)
        return self

    def write(self):
        self.path.write_text(self.text)


def change(library, out):
    shutil.copytree(library, out, ignore=shutil.ignore_patterns("vendor"))
    system(out / "std/src")
    panics(out / "std/src")
    builtins(out / "compiler-builtins/compiler-builtins/src")
    # The stable sort's buffer of 4 KiB would fill a stack frame of the VM alone.
    sort = Source(out / "core/src/slice/sort/stable/mod.rs")
    sort.replace("AlignedStorage::<T, 4096>", "AlignedStorage::<T, 512>", sort.text.count("AlignedStorage::<T, 4096>") or 1).write()


def system(std):
    """One thread, no randomness, no input and output: what `std` does for another small system."""
    beside = f"{VEXOS}\n        {SOLANA}"
    Source(std / "sys/thread_local/mod.rs").replace(VEXOS, beside, 2).write()
    Source(std / "sys/random/mod.rs").replace(VEXOS, beside, 2).write()
    Source(std / "sys/io/error/mod.rs").replace(VEXOS, beside).write()
    Source(std / "sys/random/unsupported.rs").replace("    let heap = Box::new(0u8);\n", "    let heap = 1u8;\n").replace(
        "ptr::from_ref(&*heap)", "ptr::from_ref(&heap)"
    ).write()
    Source(std / "hash/random.rs").replace(
        "pub fn new() -> RandomState {\n",
        """pub fn new() -> RandomState {
        // a program has no statics that can be written, and nothing to be random by
        if cfg!(target_os = "solana") {
            return RandomState { k0: 0x5bd1_e995_1b87_3593, k1: 0xcc9e_2d51_85eb_ca6b };
        }
""",
    ).write()
    Source(std / "sys/alloc/mod.rs").replace(
        '    target_arch = "wasm64",\n', f'    target_arch = "wasm64",\n    {SOLANA}\n'
    ).replace(
        '    target_os = "zkvm" => {\n        mod zkvm;\n    }\n',
        '    target_os = "zkvm" => {\n        mod zkvm;\n    }\n    target_os = "solana" => {\n        mod solana;\n    }\n',
    ).write()
    (std / "sys/alloc/solana.rs").write_text(
        """use crate::alloc::{GlobalAlloc, Layout, System};

unsafe extern "C" {
    fn sol_alloc_free_(size: u64, ptr: *const u8) -> *mut u8;
}

// Programs bring an allocator of their own; this one has to exist.
#[stable(feature = "alloc_system_type", since = "1.28.0")]
unsafe impl GlobalAlloc for System {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { sol_alloc_free_(layout.size() as u64, crate::ptr::null()) }
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { sol_alloc_free_(layout.size() as u64, ptr) };
    }
}
"""
    )


def panics(std):
    """No hooks and no counts: the program's own `custom_panic`, as in Solana's own library, then the end."""
    panicking = Source(std / "panicking.rs")
    immediate, solana = 'panic = "immediate-abort"', 'target_os = "solana"'
    either = f"any({immediate}, {solana})"
    for form in ["cfg({})", "cfg(not({}))", "cfg!({})"]:
        old = form.format(immediate)
        panicking.replace(old, form.format(either), panicking.text.count(old) or 1)
    panicking.replace(
        "#[cfg(not(any(test, doctest)))]\n#[panic_handler]\n",
        """#[cfg(target_os = "solana")]
#[panic_handler]
pub fn panic_handler(info: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "Rust" {
        fn custom_panic(info: &core::panic::PanicInfo<'_>);
    }
    unsafe { custom_panic(info) };
    crate::intrinsics::abort()
}

#[cfg(not(any(test, doctest, target_os = "solana")))]
#[panic_handler]
""",
    ).write()
    oom = "pub fn rust_oom(layout: Layout) -> ! {\n"
    Source(std / "alloc.rs").replace(
        oom,
        oom
        + """    #[cfg(target_os = "solana")]
    {
        unsafe extern "C" {
            fn sol_log_(message: *const u8, length: u64);
        }
        const MESSAGE: &str = "Error: memory allocation failed, out of memory";
        unsafe { sol_log_(MESSAGE.as_ptr(), MESSAGE.len() as u64) };
        crate::intrinsics::abort()
    }
    #[cfg(not(target_os = "solana"))]
""",
    ).write()


def builtins(sources):
    """128-bit integers as LLVM's BPF back end passes them, and memory by the VM's own calls."""
    # The back end passes them by value and returns them in two registers; rustc's "C" convention for BPF passes them by
    # pointer. What the back end itself calls must follow the back end.
    by_value = re.compile(r'pub extern "C" fn [$\w]+\([^)]*\)\s*(->\s*[$\w]+)?')
    wide = re.compile(r"[iu]128|\$[iu]X")

    def unadjusted(match):
        text = match.group(0)
        return text.replace('extern "C"', 'extern "unadjusted"') if wide.search(text) else text

    changed = 0
    for path in sources.rglob("*.rs"):
        if path.name != "macros.rs":
            old = path.read_text()
            new = by_value.sub(unadjusted, old)
            if new != old:
                path.write_text(new)
                changed += 1
    if changed < 6:
        raise SystemExit(f"{sources}: only {changed} files have functions of 128-bit integers. These sources are another version")
    Source(sources / "mem/mod.rs").replace(
        '#[cfg_attr(\n    all(not(feature = "no-asm"), target_arch = "x86_64"),\n    path = "x86_64.rs"\n)]\nmod impls;',
        '#[path = "sbpf.rs"]\nmod impls;',
    ).write()
    shutil.copy(pathlib.Path(__file__).with_name("memory.rs"), sources / "mem/sbpf.rs")
