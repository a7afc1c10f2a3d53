//! Why a rendition was chosen, for the log that people read and for the beacon.

macro_rules! reasons {
    ($($name:ident $text:literal $words:literal)*) => {
        /// Why a decision came out as it did.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $(#[doc = $words] $name),* }

        impl Reason {
            /// Every reason, for documentation and tests.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];
            /// The stable word, in snake case.
            pub fn as_str(self) -> &'static str { match self { $(Reason::$name => $text),* } }
            /// One sentence for a person.
            pub fn words(self) -> &'static str { match self { $(Reason::$name => $words),* } }
        }
    };
}

reasons! {
    NoRung "no_rung" "The ladder is empty or no quality is allowed, so there was nothing to choose."
    Only "only" "Only one quality is allowed now."
    Start "start" "Nothing has been measured yet, so the lowest quality goes first."
    Plan "plan" "This quality has the highest expected value over the seconds to come."
    ThroughputUp "throughput_up" "The expected throughput carries a higher quality, and the gain is worth the switch."
    BufferHigh "buffer_high" "The buffer is long enough to fetch a higher quality than the expected throughput alone would carry."
    ThroughputDown "throughput_down" "The expected throughput no longer carries the last quality."
    BufferLow "buffer_low" "The throughput would carry the last quality, but the buffer is too short for the risk."
    Hold "hold" "Another quality would fit slightly better, but the switch would cost more than it gains."
    Capped "capped" "This is the highest quality allowed now; higher ones are shut out."
    Abandon "abandon" "Finishing the transfer would cost more than dropping it and fetching a lower quality."
}
