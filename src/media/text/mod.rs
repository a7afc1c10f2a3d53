//! Text that is shown for a time, in one model: [`Cue`]. Captions that come with pictures ([`super::captions`]) become cues
//! too.

mod cue;

pub use cue::{Align, Color, Cue, Line, Settings, Span, Style, Text, Vertical, plain};
