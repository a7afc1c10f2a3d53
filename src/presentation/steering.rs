//! Content steering (RFC 8216bis 7, ETSI TS 103 998): a server tells which of several pathways (HLS PATHWAY-ID, DASH
//! serviceLocation) to fetch from.

/// The pathway of a variant that names none (RFC 8216bis 4.4.6.2).
pub const DEFAULT_PATHWAY: &str = ".";

/// Where steering manifests are had (EXT-X-CONTENT-STEERING, ContentSteering).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steering {
    /// SERVER-URI, absolute; a `data:` URL holds the first manifest itself.
    pub server: String,
    /// The pathways to use until there is a manifest, in order of preference; none: any.
    pub initial: Vec<String>,
}
