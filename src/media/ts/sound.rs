//! Sound in a transport stream: access units with their times.

use super::es::{Elementary, Es};
use super::frames::Frames;
use crate::error::{Code, Error};
use crate::media::FULL;
use crate::media::codec::audio::{Format, Framer};

/// Reads an elementary stream of sound.
pub struct Sound<const ALL: bool> {
    at: usize,
    framer: Framer<ALL>,
    frames: Frames<ALL>,
}

impl<const ALL: bool> Sound<ALL> {
    /// Of a stream of this format.
    pub fn new(format: Format) -> Self {
        Sound { at: 0, framer: Framer::new(format), frames: Frames::default() }
    }
}

impl<const ALL: bool> Elementary for Sound<ALL> {
    fn read(&mut self, es: &mut Es, last: bool) -> Result<(), Error> {
        let end = es.end();
        loop {
            let (lost, unit) = self.framer.next(es.get(self.at..end), last);
            self.at += lost;
            let Some(mut unit) = unit else { break };
            let begin = self.at;
            self.at += unit.size;
            let Some(mut config) = self.framer.open(&mut unit, es.get(begin..self.at)) else {
                // Channels that a stream defines itself, and several raw_data_blocks, are for the full engine.
                if !ALL && !FULL && !self.framer.is_known() {
                    return Err(Error::new(Code::PlayerEngine).what("ADTS"));
                }
                continue;
            };
            for part in &self.framer.parts {
                let first = begin + part.bit / 8;
                if ALL || FULL {
                    es.shift(first..first + part.size, part.bit % 8);
                }
                let duration = (unit.samples, unit.rate);
                self.frames.push(es, begin, first..first + part.size, duration, config.take());
            }
        }
        if last {
            self.frames.finish(es);
            self.framer.reset();
            self.at = end;
        }
        es.release(self.at);
        Ok(())
    }

    fn reset(&mut self, es: &Es) {
        self.at = es.end();
        self.framer.reset();
        self.frames.reset();
    }

    fn lose(&mut self, es: &Es) {
        // A decoder fails at a frame that is put together of two.
        if !ALL {
            self.at = es.end();
            self.framer.lose();
            self.frames.lose();
        }
    }
}
