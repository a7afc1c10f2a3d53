//! What is particular to one codec: configuration records for MP4 and RFC 6381 strings, read from
//! the elementary stream.

pub mod aac;
mod bits;
pub mod h264;
pub mod hevc;
pub mod nal;
pub mod sei;

/// A picture's size less what is cropped at both ends, in units; `None`: nothing sensible is left.
fn cropped(size: u32, from: u32, to: u32, unit: u32) -> Option<u32> {
    let cropped = from.checked_add(to)?.checked_mul(unit)?;
    size.checked_sub(cropped).filter(|size| (1..=0xffff).contains(size))
}
