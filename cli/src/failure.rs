//! Why a command did not do its work, and the exit code that says so (0 done, 1 failed, 2 wrong call).

use std::fmt;

/// What went wrong; its text is printed after `error: `.
#[derive(Debug)]
pub enum Failure {
    /// The call itself is wrong: an argument or a file named by one. Exit code 2.
    Usage(String),
    /// The work could not be done. Exit code 1.
    Failed(String),
}

impl Failure {
    /// Names what was being done when the operating system said no.
    pub fn io(doing: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::Failed(format!("{doing}: {error}"))
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
        }
    }
}
