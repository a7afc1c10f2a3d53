//! Text that is shown for a time, in one model: [`Cue`]. [`webvtt`] reads WebVTT files as their bytes come, [`wvtt`] samples
//! of WebVTT in MP4, [`ttml`] TTML and IMSC1, alone or in MP4. Captions that come with pictures ([`super::captions`]) become cues too.

mod cue;
mod settings;
pub mod ttml;
pub mod webvtt;
pub mod wvtt;

pub use cue::{Align, Color, Cue, Line, Settings, Span, Style, Text, Vertical, plain};
pub use settings::Region;
