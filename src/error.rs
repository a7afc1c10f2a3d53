//! The one [`Error`] that leaves the crate: a stable [`Code`], how bad it is, and where.
//! The same code stands in `docs/errors.md`, in the page's `error` event and in the beacon's `ec`.

/// How playback fares after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Retried or worked around; nothing is missing for the viewer.
    Recovered,
    /// Playback goes on with something missing or worse.
    Degraded,
    /// Playback has ended.
    Fatal,
}

impl Severity {
    /// The word used in events and beacons.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Recovered => "recovered",
            Severity::Degraded => "degraded",
            Severity::Fatal => "fatal",
        }
    }
}

macro_rules! codes {
    ($($name:ident $text:literal $words:literal)*) => {
        /// What went wrong. The text before the dot is the category.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $words] $name),* }

        impl Code {
            /// Every code, for documentation and tests.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];
            /// The stable code, `category.name`.
            pub fn as_str(self) -> &'static str { match self { $(Code::$name => $text),* } }
            /// One sentence for a person.
            pub fn words(self) -> &'static str { match self { $(Code::$name => $words),* } }
        }
    };
}

codes! {
    NetworkFailed "network.failed" "The request failed: no connection, a blocked request, or CORS does not allow it."
    NetworkTimeout "network.timeout" "The server did not answer in time."
    NetworkStatus "network.status" "The server answered with an error status."
    NetworkTruncated "network.truncated" "The response ended before its declared length."
    ManifestNotManifest "manifest.not_a_manifest" "The response is neither an HLS playlist nor a DASH MPD."
    ManifestSyntax "manifest.syntax" "The manifest breaks the syntax of its format."
    ManifestEmpty "manifest.empty" "The manifest names nothing that can be played."
    ManifestUnsupported "manifest.unsupported" "The manifest needs a feature that this player does not have."
    ManifestUpdate "manifest.update" "The update does not fit the manifest that it is meant for."
    MediaContainer "media.container" "The segment is in no container format that this player knows."
    MediaCorrupt "media.corrupt" "The segment's bytes contradict its container format."
    MediaTruncated "media.truncated" "The segment ends in the middle of a sample."
    MediaCodec "media.codec" "This browser cannot decode the codec."
    MediaAppend "media.append" "The browser refused the media data."
    MediaDecode "media.decode" "The browser failed to decode the media data."
    MediaQuota "media.quota" "The browser's media buffer is full and nothing can be removed."
    DrmUnsupported "drm.unsupported" "The stream is protected in a way that this player cannot open."
    DrmKey "drm.key" "The key does not open the segment."
    PlayerMse "player.mse" "This browser has no Media Source Extensions."
    PlayerEngine "player.engine" "The stream needs the full engine, which the player loads in place of the usual one."
    PlayerWorker "player.worker" "The player's worker could not be started, or has stopped."
}

impl Code {
    /// `network`, `manifest`, `media`, `drm` or `player`.
    pub fn category(self) -> &'static str {
        let text = self.as_str();
        text.split_once('.').map_or(text, |(category, _)| category)
    }
}

/// Where it went wrong. Each field is absent where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The URL requested.
    pub url: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Line of a playlist (from 1), or byte offset into an MPD or a segment.
    pub position: Option<u64>,
    /// The tag, attribute, element, box, packet or codec concerned.
    pub what: Option<String>,
}

/// A failure: what, how bad, where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub code: Code,
    /// What it means for playback. Parsers say [`Severity::Fatal`]; the player lowers it when it recovers.
    pub severity: Severity,
    /// Where. Boxed, so that results stay small.
    pub context: Box<Context>,
}

impl Error {
    /// A fatal error without context.
    #[cold]
    pub fn new(code: Code) -> Self {
        Error { code, severity: Severity::Fatal, context: Box::default() }
    }

    /// Names the URL, unless one is named already.
    pub fn url(mut self, url: &str) -> Self {
        self.context.url.get_or_insert_with(|| url.to_owned());
        self
    }

    /// Names the HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.context.status = Some(status);
        self
    }

    /// Names the line or byte offset.
    pub fn at(mut self, position: u64) -> Self {
        self.context.position = Some(position);
        self
    }

    /// Names the tag, attribute, element, box, packet or codec.
    pub fn what(mut self, what: &str) -> Self {
        self.context.what = Some(what.to_owned());
        self
    }

    /// Says what it means for playback.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.code.words())?;
        let context = &self.context;
        if let Some(what) = &context.what {
            write!(f, " [{what}]")?;
        }
        if let Some(status) = context.status {
            write!(f, " status {status}")?;
        }
        if let Some(position) = context.position {
            write!(f, " at {position}")?;
        }
        if let Some(url) = &context.url {
            write!(f, " {url}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
