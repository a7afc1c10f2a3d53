//! What is particular to one codec: configuration records for MP4 and RFC 6381 strings, read from
//! the elementary stream.

mod aac;
pub mod ac3;
pub mod audio;
mod bits;
mod bitstream;
pub mod h264;
pub mod hevc;
mod latm;
mod mpeg_audio;
pub mod nal;
mod opus;
pub mod sei;

/// A picture's size less what is cropped at both ends, in units; `None`: nothing sensible is left.
fn cropped(size: u32, from: u32, to: u32, unit: u32) -> Option<u32> {
    let cropped = from.checked_add(to)?.checked_mul(unit)?;
    size.checked_sub(cropped).filter(|size| (1..=0xffff).contains(size))
}
