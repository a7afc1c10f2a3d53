//! What is particular to one codec: configuration records for MP4 and RFC 6381 strings, read from
//! the elementary stream.

pub mod aac;
mod bits;
pub mod h264;
