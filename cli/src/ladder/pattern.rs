//! The built-in test pattern: the source's and each rendition's ffmpeg filters.
//!
//! Scenes of a 13 s cycle, so that sizes vary and scene cuts fall off the GOP grid: 0-5 s calm bars and a ball that
//! moves, 5-7 s the same inverted under weak noise, 7-13 s scrolling under noise. Over it lie, in every rendition:
//!
//! - a line of text: rendition name, time code, frame number from 0;
//! - a **flash**: a white box (else black) in the top right corner, 1/8 of the frame wide and high, for 3 frames from
//!   each full second on; the **beep**, 1 kHz for 80 ms, begins at exactly the same instants;
//! - **machine-readable blocks**: 18 boxes in a row from the top left corner, each 1/32 of the frame wide and 1/18
//!   high, block `k` from `x = k * width / 32`. Blocks 0 to 15 are bits 15 to 0 of the frame number modulo 65536
//!   (white 1, black 0), blocks 16 and 17 the rendition, most significant bit first: 00 is the lowest row of the
//!   ladder (360p), 01 the second lowest (480p), 10 the third (720p), 11 the fourth (1080p) and all above. Read a
//!   block at its middle and compare with mid grey.

/// Frames a second of the pattern.
pub const FRAME_RATE: u32 = 30;
const BLOCKS: u32 = 18;
const NUMBER_BITS: u32 = 16;

/// The lavfi source of the moving picture, before any rendition's overlay.
pub fn video_source() -> String {
    let ball = "drawtext=font=DejaVu Sans Mono:text='●':fontsize=h/6:fontcolor=orange\
                :x=(w-tw)*(0.5+0.45*sin(t*2.1)):y=h*(0.55+0.3*cos(t*1.3))";
    format!(
        "smptehdbars=size=1920x1080:rate={FRAME_RATE},format=yuv420p,\
         scroll=h=0.004:v=0.002:enable='gte(mod(t,13),6.99)',\
         negate=enable='between(mod(t,13),4.99,6.99)',\
         noise=alls=6:allf=t:enable='between(mod(t,13),4.99,6.99)',\
         noise=alls=10:allf=t:enable='gte(mod(t,13),6.99)',\
         {ball}"
    )
}

/// The lavfi source of the beep, over noise that is soft but keeps the audio encoder honest.
pub fn audio_source() -> String {
    let channel = "0.5*sin(2*PI*1000*t)*lt(mod(t,1),0.08)+0.004*(random(0)-0.5)";
    format!("aevalsrc=exprs='{channel}':sample_rate=48000:channel_layout=mono")
}

/// The filters that burn text, flash and blocks into a rendition. `rank` counts the ladder's rows from the lowest.
pub fn overlay(name: &str, width: u32, height: u32, rank: usize) -> String {
    let text = format!(
        "drawtext=font=DejaVu Sans Mono:text='{name}  %{{pts\\:hms}}  frame %{{n}}':x=(w-tw)/2:y=h*0.16\
         :fontsize=h/16:fontcolor=white:box=1:boxcolor=black@0.8:boxborderw=6"
    );
    let flash = |color: &str, enable: &str| {
        format!(
            "drawbox=x={}:y=0:w={}:h={}:color={color}:t=fill{enable}",
            width - width / 8,
            width / 8,
            height / 8
        )
    };
    let edge = |block: u32| (block * width + 16) / 32;
    let block = |first: u32, count: u32, color: &str, enable: &str| {
        let (from, to) = (edge(first), edge(first + count));
        format!("drawbox=x={from}:y=0:w={}:h={}:color={color}:t=fill{enable}", to - from, (height + 9) / 18)
    };
    let mut filters = vec![
        text,
        flash("black", ""),
        flash("white", &format!(":enable='lt(mod(n,{FRAME_RATE}),3)'")),
        block(0, BLOCKS, "black", ""),
    ];
    for k in 0..NUMBER_BITS {
        let divisor = 1_u32 << (NUMBER_BITS - 1 - k);
        filters.push(block(k, 1, "white", &format!(":enable='mod(floor(n/{divisor}),2)'")));
    }
    for (k, bit) in [(NUMBER_BITS, 2), (NUMBER_BITS + 1, 1)] {
        if rank.min(3) & bit != 0 {
            filters.push(block(k, 1, "white", ""));
        }
    }
    filters.join(",")
}
