use crate::Options;
use serde_json::Value;
use thalweg::{Code, Error};

pub fn inspect(_text: &str, options: &Options) -> Result<Value, Error> {
    Err(Error::new(Code::ManifestUnsupported).url(options.url))
}
