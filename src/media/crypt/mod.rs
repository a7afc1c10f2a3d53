//! Decryption of segments that HLS encrypts with a key anybody may fetch (feature `decrypt`).
//!
//! | METHOD | what is encrypted | how it is opened |
//! |---|---|---|
//! | `AES-128`, `AES-256` | the whole segment, CBC | [`Cbc`] before the reader |
//! | `AES-256-CTR` | the whole segment, CTR | [`Ctr`] before the reader |
//! | `SAMPLE-AES` of MPEG-TS and packed audio | slices and frames, CBC | [`SampleAes`] within the reader |
//!
//! Common encryption (`cenc`, `cbcs`) of MP4 is not opened here: EME does that.

mod sample;
mod segment;

use crate::error::{Code, Error};
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, consts::U16};
use aes::{Aes128, Aes256};
pub use sample::SampleAes;
pub use segment::{Cbc, Ctr};

/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// A block of AES as `aes` takes it.
type Block = Array<u8, U16>;

/// A content key and the initialization vector of what it opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    key: Vec<u8>,
    iv: [u8; BLOCK],
}

impl Key {
    /// A key of 16 or 32 bytes, as the response to the URI of EXT-X-KEY holds it. `iv`: its attribute IV, or else the
    /// media sequence number, big-endian (RFC 8216 5.2).
    pub fn new(key: &[u8], iv: [u8; 16]) -> Result<Self, Error> {
        if !matches!(key.len(), 16 | 32) {
            return Err(wrong(&format!("key of {} bytes, not 16 or 32", key.len())));
        }
        Ok(Key { key: key.to_vec(), iv })
    }

    /// Both as hexadecimal text, with `0x` or without.
    pub fn from_hex(key: &str, iv: &str) -> Result<Self, Error> {
        let vector = bytes(iv).ok_or_else(|| wrong("IV is not hexadecimal"))?;
        let length = vector.len();
        let iv = vector.try_into().map_err(|_| wrong(&format!("IV of {length} bytes, not 16")))?;
        Key::new(&bytes(key).ok_or_else(|| wrong("key is not hexadecimal"))?, iv)
    }
}

// The key itself does not go into logs.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key of {} bits", 8 * self.key.len())
    }
}

/// Bytes of hexadecimal text.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text).as_bytes();
    let nibble = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8]| Some(nibble(pair[0])? << 4 | nibble(*pair.get(1)?)?);
    digits.chunks(2).map(pair).collect()
}

#[cold]
fn wrong(what: &str) -> Error {
    Error::new(Code::DrmKey).what(what)
}

/// AES with a key of either length.
enum Cipher {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

impl Cipher {
    fn new(key: &Key) -> Self {
        // `Key::new` lets no other length in.
        match <[u8; 16]>::try_from(key.key.as_slice()) {
            Ok(short) => Cipher::Short(Box::new(Aes128::new(&short.into()))),
            Err(_) => {
                let mut long = [0; 32];
                long.iter_mut().zip(&key.key).for_each(|(to, from)| *to = *from);
                Cipher::Long(Box::new(Aes256::new(&long.into())))
            }
        }
    }

    fn decrypt(&self, blocks: &mut [Block]) {
        match self {
            Cipher::Short(aes) => aes.decrypt_blocks(blocks),
            Cipher::Long(aes) => aes.decrypt_blocks(blocks),
        }
    }

    fn encrypt(&self, blocks: &mut [Block]) {
        match self {
            Cipher::Short(aes) => aes.encrypt_blocks(blocks),
            Cipher::Long(aes) => aes.encrypt_blocks(blocks),
        }
    }
}
