//! The same rendition from another server: what of its index is another there.

use super::{Addresses, Index};

/// The same rendition from another server. [`Alternative::index`] makes an index of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternative {
    /// PATHWAY-ID; [`DEFAULT_PATHWAY`](super::DEFAULT_PATHWAY) where none is written. BaseURL@serviceLocation; without one, the URL itself.
    pub pathway: String,
    /// What stands in place of the URL in [`Rendition::index`](super::Rendition::index): of the playlist, of the single file,
    /// or of a timeline's [`Addresses`] their template or base.
    pub url: String,
    /// Its initialization segment's URL, where the manifest names one.
    pub init: Option<String>,
    /// Its [`Rendition::group`](super::Rendition::group).
    pub group: Option<String>,
}

impl Alternative {
    /// The rendition's index with the addresses that its segments have here; `own` is the one it has, also once it is
    /// known more of than the manifest told.
    pub fn index(&self, own: &Index) -> Index {
        let mut index = own.clone();
        match &mut index {
            Index::Playlist { url } | Index::Sidx { url, .. } => url.clone_from(&self.url),
            Index::Timeline(timeline) => {
                let place = match &mut timeline.addresses {
                    Addresses::Template(place)
                    | Addresses::List { base: place, .. }
                    | Addresses::Ranges { url: place, .. } => place,
                };
                let old = std::mem::replace(place, self.url.clone());
                for init in timeline.inits.iter_mut().filter_map(|(_, init)| init.as_mut()) {
                    match &self.init {
                        Some(url) => init.url.clone_from(url),
                        None if init.url == old => init.url.clone_from(&self.url),
                        None => {}
                    }
                }
            }
        }
        index
    }
}

impl Index {
    /// The URL that an [`Alternative`] has another one for.
    pub fn place(&self) -> &str {
        match self {
            Index::Playlist { url } | Index::Sidx { url, .. } => url,
            Index::Timeline(timeline) => match &timeline.addresses {
                Addresses::Template(place)
                | Addresses::List { base: place, .. }
                | Addresses::Ranges { url: place, .. } => place,
            },
        }
    }

    /// The URL of the initialization segment, where a timeline names one.
    pub fn init(&self) -> Option<&str> {
        let Index::Timeline(timeline) = self else { return None };
        timeline.inits.iter().find_map(|(_, init)| Some(init.as_ref()?.url.as_str()))
    }
}
