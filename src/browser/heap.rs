//! The page's allocator: blocks of powers of two, and a list of free ones for each. It is two kilobytes (brotli) smaller than
//! the library's, and each call takes a few instructions.
//!
//! Blocks are never split or joined. What the engine needs over and over, it finds in the lists; the memory taken is at most
//! twice the sum of what each size has needed at once.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::null_mut;

/// Every block is this large at least, and so aligned. Nothing in the engine asks for more than 8.
const SMALLEST: usize = 16;
/// One list for each power of two of a 32-bit address.
const SIZES: usize = 32;

/// Memory that grows, such as WebAssembly's.
pub trait Memory {
    /// Adds `bytes` or more. The address and size of what was added, aligned to [`SMALLEST`]; `None` where there is no more.
    fn grow(&self, bytes: usize) -> Option<(usize, usize)>;
}

/// The lists, and the part of the memory that no block was cut from yet.
struct State {
    /// Each free block begins with the address of the next.
    free: [*mut u8; SIZES],
    next: usize,
    end: usize,
}

/// An allocator on a memory, for one thread.
pub struct Heap<M> {
    state: UnsafeCell<State>,
    memory: M,
}

impl<M> Heap<M> {
    /// Without any memory yet.
    pub const fn new(memory: M) -> Self {
        Heap { state: UnsafeCell::new(State { free: [null_mut(); SIZES], next: 0, end: 0 }), memory }
    }
}

// SAFETY: GlobalAlloc needs Sync of a static. WebAssembly without shared memory has one thread, and nothing here calls out while
// the state is borrowed. (The tests use one thread each.)
unsafe impl<M> Sync for Heap<M> {}

/// The power of two that a layout's block has; `None` for one that no address space holds, or an alignment that no block has.
fn power(layout: Layout) -> Option<usize> {
    let size = layout.size().max(SMALLEST).checked_next_power_of_two()?;
    let power = size.trailing_zeros() as usize;
    (power < SIZES && layout.align() <= SMALLEST).then_some(power)
}

// SAFETY: a block is given to one caller until that gives it back: it comes out of a list, or from memory that no block was cut
// from. It has the size of its list, which `power` makes at least the layout's, and lies on a multiple of SMALLEST, as all
// sizes are such multiples.
unsafe impl<M: Memory> GlobalAlloc for Heap<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(power) = power(layout) else { return null_mut() };
        // SAFETY: one thread, and no other borrow is alive: none is kept past a call.
        let state = unsafe { &mut *self.state.get() };
        let block = state.free[power];
        if !block.is_null() {
            // SAFETY: a block in a list holds the next one's address at its start (dealloc).
            state.free[power] = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let size = 1 << power;
        if state.end - state.next < size {
            let Some((address, bytes)) = self.memory.grow(size) else { return null_mut() };
            if address != state.end {
                state.next = address;
            }
            state.end = address + bytes;
        }
        let block = state.next;
        state.next += size;
        block as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(power) = power(layout) else { return };
        // SAFETY: as in alloc.
        let state = unsafe { &mut *self.state.get() };
        // SAFETY: the caller gives the block back, which has room for an address and is aligned for one.
        unsafe { block.cast::<*mut u8>().write(state.free[power]) };
        state.free[power] = block;
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller says that the size, rounded up to the alignment, is no overflow.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if power(wanted) == power(layout) {
            return block;
        }
        // SAFETY: `wanted` is a layout of a size that is not 0, as the caller says.
        let other = unsafe { self.alloc(wanted) };
        if !other.is_null() {
            // SAFETY: both blocks are as large as their layouts, and they are two.
            unsafe { block.copy_to_nonoverlapping(other, layout.size().min(size)) };
            // SAFETY: it is the caller's block, and its layout.
            unsafe { self.dealloc(block, layout) };
        }
        other
    }
}

/// WebAssembly's memory 0.
#[cfg(target_arch = "wasm32")]
pub struct Pages;

#[cfg(target_arch = "wasm32")]
impl Memory for Pages {
    fn grow(&self, bytes: usize) -> Option<(usize, usize)> {
        const PAGE: usize = 1 << 16;
        let pages = bytes.div_ceil(PAGE);
        let before = core::arch::wasm32::memory_grow(0, pages);
        (before != usize::MAX).then(|| (before * PAGE, pages * PAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A part of the host's memory, given out from its start, with a hole once.
    struct Arena {
        start: usize,
        used: Cell<usize>,
        size: usize,
        holes: bool,
    }

    impl Memory for Arena {
        fn grow(&self, bytes: usize) -> Option<(usize, usize)> {
            let bytes = bytes.next_multiple_of(4096);
            let from = self.used.get() + if self.holes && self.used.get() > 100_000 { 4096 } else { 0 };
            if from + bytes > self.size {
                return None;
            }
            self.used.set(from + bytes);
            Some((self.start + from, bytes))
        }
    }

    fn heap(space: &mut [u128], holes: bool) -> Heap<Arena> {
        let size = size_of_val(space);
        Heap::new(Arena { start: space.as_mut_ptr() as usize, used: Cell::new(0), size, holes })
    }

    #[test]
    fn no_block_overlaps_another_and_each_keeps_what_was_written() {
        for holes in [false, true] {
            let mut space = vec![0u128; 1 << 20];
            let heap = heap(&mut space, holes);
            let mut seed = 7u64;
            let mut random = |below: usize| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) as usize % below
            };
            let mut held: Vec<(*mut u8, Layout, u8)> = Vec::new();
            let check = |(block, layout, mark): (*mut u8, Layout, u8)| {
                assert_eq!(block as usize % SMALLEST, 0);
                // SAFETY: the block is held, and was filled for its layout's size.
                let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
                assert!(bytes.iter().all(|&byte| byte == mark));
            };
            for round in 0..40_000 {
                let nth = if held.is_empty() { 0 } else { random(held.len()) };
                let largest = 1 << (1 + random(15));
                let size = 1 + random(largest);
                let layout = Layout::from_size_align(size, 1 << random(5)).unwrap();
                let mark = round as u8;
                // SAFETY: blocks are given back once, with the layout that they were taken with.
                unsafe {
                    match random(5) {
                        0 | 1 if held.len() < 300 => {
                            let block = heap.alloc(layout);
                            assert!(!block.is_null());
                            block.write_bytes(mark, size);
                            held.push((block, layout, mark));
                        }
                        2 if !held.is_empty() => {
                            let (block, old, before) = held[nth];
                            let moved = heap.realloc(block, old, size);
                            let new = Layout::from_size_align(size, old.align()).unwrap();
                            let kept = Layout::from_size_align(old.size().min(size), 1).unwrap();
                            check((moved, kept, before));
                            moved.write_bytes(mark, size);
                            held[nth] = (moved, new, mark);
                        }
                        _ if !held.is_empty() => {
                            let gone = held.swap_remove(nth);
                            check(gone);
                            heap.dealloc(gone.0, gone.1);
                        }
                        _ => {}
                    }
                }
            }
            held.into_iter().for_each(check);
        }
    }

    #[test]
    fn what_is_given_back_is_used_again_and_no_memory_is_an_answer() {
        let mut space = vec![0u128; 1 << 12];
        let heap = heap(&mut space, false);
        let layout = Layout::from_size_align(20_000, 8).unwrap();
        // SAFETY: as above.
        unsafe {
            for _ in 0..1000 {
                let block = heap.alloc(layout);
                assert!(!block.is_null());
                heap.dealloc(block, layout);
            }
            assert!(heap.alloc(Layout::from_size_align(1 << 20, 8).unwrap()).is_null());
            assert!(heap.alloc(Layout::from_size_align(8, 64).unwrap()).is_null());
            let block = heap.alloc(layout);
            block.write_bytes(9, 20_000);
            assert!(heap.realloc(block, layout, 1 << 20).is_null());
            assert_eq!(block.add(19_999).read(), 9);
        }
    }
}
