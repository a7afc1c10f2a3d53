//! What is read: captions that come with pictures or on tracks of their own, and the cues of WebVTT and TTML.

use crate::json::seconds;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use thalweg::Micros;
use thalweg::media::captions::{Caption, Coding, Decoder, triplets};
use thalweg::media::text::{Cue, Text, ttml, wvtt};

/// No more cues are listed, of each kind.
const MOST_CUES: usize = 100_000;

/// Collects captions and cues.
#[derive(Default)]
pub struct Texts {
    /// Captions that came with pictures, and those of caption tracks by their ids.
    decoders: BTreeMap<Option<u32>, (Decoder, Vec<Caption>)>,
    samples: BTreeMap<u32, (wvtt::Samples, Vec<Cue>)>,
    cues: Vec<Value>,
}

impl Texts {
    /// Triplets of `cc_data` of a picture.
    pub fn captions(&mut self, time: Micros, cc_data: &[[u8; 3]]) {
        let (decoder, out) = self.decoders.entry(None).or_default();
        decoder.push(time, cc_data, out);
        out.truncate(MOST_CUES);
    }

    /// A sample of a text track with this codec.
    pub fn sample(&mut self, track: u32, codec: &str, (time, end): (Micros, Micros), data: &[u8]) {
        let coding = match codec {
            "c608" => Coding::C608,
            "c708" => Coding::C708,
            "wvtt" => {
                let (samples, out) = self.samples.entry(track).or_default();
                samples.push(time, end, data, out);
                out.truncate(MOST_CUES);
                return;
            }
            _ if codec.starts_with("stpp") => {
                let mut cues = Vec::new();
                // What cannot be read of a document is not shown; what came before is.
                let _ = ttml::sample(data, time, end, &mut cues);
                self.list(&cues, Some(track));
                return;
            }
            _ => return,
        };
        let (decoder, out) = self.decoders.entry(Some(track)).or_default();
        for (time, pairs) in triplets(coding, data, time, end) {
            decoder.push(time, &pairs, out);
        }
        out.truncate(MOST_CUES);
    }

    /// Cues of a text file.
    pub fn cues(&mut self, cues: &[Cue]) {
        self.list(cues, None);
    }

    fn list(&mut self, cues: &[Cue], track: Option<u32>) {
        let left = MOST_CUES.saturating_sub(self.cues.len());
        self.cues.extend(cues.iter().take(left).map(|shown| cue(shown, track)));
    }

    /// The arrays `captions` and `cues`. `end`: when the media ends, and with it what is still shown.
    pub fn finish(&mut self, end: Option<Micros>) -> (Vec<Value>, Vec<Value>) {
        for (track, (samples, mut cues)) in std::mem::take(&mut self.samples) {
            let mut samples = samples;
            samples.finish(&mut cues);
            self.list(&cues, Some(track));
        }
        let mut captions = Vec::new();
        for (track, (mut decoder, mut shown)) in std::mem::take(&mut self.decoders) {
            decoder.finish(end.unwrap_or(Micros::MIN), &mut shown);
            let mut channels: BTreeMap<String, Vec<&Caption>> = BTreeMap::new();
            shown
                .iter()
                .for_each(|caption| channels.entry(caption.channel.name()).or_default().push(caption));
            for (channel, mut list) in channels {
                list.sort_by_key(|caption| caption.start);
                let cues: Vec<Value> = list.into_iter().map(caption).collect();
                captions.push(json!({"channel": channel, "track": track, "cues": cues}));
            }
        }
        (captions, std::mem::take(&mut self.cues))
    }
}

/// A time; one that is not known is null.
fn time(at: Micros) -> Value {
    if at == Micros::MAX { Value::Null } else { seconds(at) }
}

fn caption(caption: &Caption) -> Value {
    let blocks: Vec<Value> = caption
        .cues()
        .iter()
        .map(|cue| json!({"settings": cue.settings.text(), "markup": cue.markup()}))
        .collect();
    json!({"start": time(caption.start), "end": time(caption.end), "text": caption.text(), "blocks": blocks})
}

/// A cue; `text` is as a WebVTT file has it, and of other formats without styles.
fn cue(cue: &Cue, track: Option<u32>) -> Value {
    let text = if let Text::Markup(text) = &cue.text { text.clone() } else { cue.plain() };
    json!({
        "id": cue.id,
        "start": time(cue.start),
        "end": time(cue.end),
        "settings": cue.settings.text(),
        "text": text,
        "plain": cue.plain(),
        "markup": cue.markup(),
        "track": track,
    })
}
