// Copied into compiler-builtins: short pieces of memory word by word, long ones by the VM's own calls, as Solana's own
// library does.

unsafe extern "C" {
    fn sol_memcpy_(to: *mut u8, from: *const u8, n: u64);
    fn sol_memmove_(to: *mut u8, from: *const u8, n: u64);
    fn sol_memset_(to: *mut u8, byte: u8, n: u64);
    fn sol_memcmp_(a: *const u8, b: *const u8, n: u64, result: *mut i32);
}

/// A call costs at least ten units, a word in a loop four.
const SHORT: usize = 32;

#[inline(always)]
pub unsafe fn copy_forward(to: *mut u8, from: *const u8, n: usize) {
    if n > SHORT {
        // Both memcpy and an overlapping memmove to lower addresses come here.
        if (to as usize).abs_diff(from as usize) >= n {
            sol_memcpy_(to, from, n as u64)
        } else {
            sol_memmove_(to, from, n as u64)
        }
        return;
    }
    let mut i = 0usize;
    while i + 8 <= n {
        to.add(i).cast::<u64>().write_unaligned(from.add(i).cast::<u64>().read_unaligned());
        i += 8;
    }
    while i < n {
        *to.add(i) = *from.add(i);
        i += 1;
    }
}

#[inline(always)]
pub unsafe fn copy_backward(to: *mut u8, from: *const u8, n: usize) {
    if n > SHORT {
        return sol_memmove_(to, from, n as u64);
    }
    let mut i = n;
    while i > 0 {
        i -= 1;
        *to.add(i) = *from.add(i);
    }
}

#[inline(always)]
pub unsafe fn set_bytes(to: *mut u8, byte: u8, n: usize) {
    if n > SHORT {
        return sol_memset_(to, byte, n as u64);
    }
    let word = (byte as u64).wrapping_mul(0x0101_0101_0101_0101);
    let mut i = 0usize;
    while i + 8 <= n {
        to.add(i).cast::<u64>().write_unaligned(word);
        i += 8;
    }
    while i < n {
        *to.add(i) = byte;
        i += 1;
    }
}

#[inline(always)]
pub unsafe fn compare_bytes(a: *const u8, b: *const u8, n: usize) -> i32 {
    if n > SHORT {
        let mut result = 0i32;
        sol_memcmp_(a, b, n as u64, &mut result);
        return result;
    }
    let mut i = 0usize;
    while i < n {
        let (x, y) = (*a.add(i), *b.add(i));
        if x != y {
            return x as i32 - y as i32;
        }
        i += 1;
    }
    0
}

#[inline(always)]
pub unsafe fn c_string_length(mut text: *const core::ffi::c_char) -> usize {
    let mut n = 0;
    while *text != 0 {
        n += 1;
        text = text.add(1);
    }
    n
}
