//! AAC in ADTS in a transport stream: frames with their times.

use super::es::{Elementary, Es};
use super::frames::Frames;
use crate::error::Error;
use crate::media::codec::aac::{Config, Header};

/// Reads an elementary stream of ADTS frames.
#[derive(Default)]
pub struct Adts<const ALL: bool> {
    at: usize,
    /// The bytes before `at` are no frame.
    lost: bool,
    config: Option<Config>,
    frames: Frames<ALL>,
}

impl<const ALL: bool> Elementary for Adts<ALL> {
    fn read(&mut self, es: &mut Es, last: bool) -> Result<(), Error> {
        let end = es.end();
        while let Some(header) = self.next_header(es) {
            if self.at + header.frame > end {
                break;
            }
            let config = (self.config != Some(header.config)).then(|| Box::new(header.config.describe()));
            self.config = Some(header.config);
            let bytes = self.at + header.length..self.at + header.frame;
            self.frames.push(es, self.at, bytes, (header.samples, header.config.rate()), config);
            self.at += header.frame;
        }
        if last {
            self.frames.finish(es);
            self.at = end;
        }
        es.release(self.at);
        Ok(())
    }

    fn reset(&mut self, es: &Es) {
        self.at = es.end();
        self.lost = false;
        self.frames.reset();
    }

    fn lose(&mut self, es: &Es) {
        // A decoder fails at a frame that is put together of two.
        if !ALL {
            self.at = es.end();
            self.lost = true;
            self.frames.lose();
        }
    }
}

impl<const ALL: bool> Adts<ALL> {
    /// The header of the next frame; what is no frame is stepped over.
    fn next_header(&mut self, es: &Es) -> Option<Header> {
        loop {
            let rest = es.get(self.at..es.end());
            let head = rest.get(..Header::SIZE)?;
            if let Some(header) = Header::parse(head) {
                // After bytes that are no frame, another frame has to follow before this is believed.
                let next =
                    if self.lost { Some(rest.get(header.frame..header.frame + Header::SIZE)?) } else { None };
                if next.and_then(Header::parse).map(|next| next.config) == next.map(|_| header.config) {
                    self.lost = false;
                    return Some(header);
                }
            }
            self.lost = true;
            let skip = rest.iter().skip(1).position(|&byte| byte == 0xff).map_or(rest.len(), |at| at + 1);
            self.at += skip;
        }
    }
}
