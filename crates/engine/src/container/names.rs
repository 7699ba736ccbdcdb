//! Names made up for containers nobody named: an adjective and a thing of the sea.
//!
//! Invariant: every pair is a valid container name, and lower case.

use hull_model::id::ContainerName;

use crate::error::Error;
use crate::host::Source;

const ADJECTIVES: &[&str] = &[
    "able", "airy", "amber", "ample", "apt", "azure", "bold", "brave", "breezy", "brief", "bright",
    "brisk", "calm", "candid", "cheery", "clear", "clever", "cosy", "crisp", "curious", "daring",
    "deft", "dewy", "eager", "early", "earnest", "easy", "fair", "fancy", "fast", "fearless",
    "fine", "fleet", "fond", "frank", "free", "fresh", "frosty", "gallant", "gentle", "glad",
    "golden", "grand", "green", "handy", "happy", "hardy", "hearty", "helpful", "honest", "humble",
    "jolly", "keen", "kind", "light", "lively", "loyal", "lucid", "lucky", "mellow", "merry",
    "mighty", "mild", "misty", "modest", "neat", "nimble", "noble", "open", "patient", "plain",
    "polite", "prompt", "proud", "quick", "quiet", "rapid", "ready", "regal", "robust", "rosy",
    "salty", "serene", "sharp", "silent", "silver", "sleek", "smart", "smooth", "snug", "solid",
    "spry", "steady", "sturdy", "subtle", "sunny", "sure", "swift", "tidy", "tranquil", "true",
    "upbeat", "valiant", "vivid", "warm", "wise", "witty", "zesty",
];

const NOUNS: &[&str] = &[
    "albatross",
    "anchor",
    "anchovy",
    "bay",
    "beacon",
    "boom",
    "bosun",
    "bow",
    "brig",
    "bulkhead",
    "buoy",
    "capstan",
    "captain",
    "caravel",
    "catamaran",
    "chart",
    "cleat",
    "clipper",
    "clam",
    "coast",
    "cod",
    "compass",
    "coral",
    "cormorant",
    "cove",
    "crab",
    "current",
    "cutter",
    "deck",
    "dinghy",
    "dock",
    "dolphin",
    "dory",
    "eel",
    "ferry",
    "fjord",
    "flotilla",
    "frigate",
    "galleon",
    "galley",
    "gannet",
    "gull",
    "halyard",
    "harbour",
    "hawser",
    "helm",
    "heron",
    "herring",
    "island",
    "jetty",
    "jib",
    "kayak",
    "keel",
    "ketch",
    "kelp",
    "knot",
    "lagoon",
    "lantern",
    "lighthouse",
    "limpet",
    "lobster",
    "log",
    "lugger",
    "mackerel",
    "manta",
    "mariner",
    "mast",
    "mooring",
    "mussel",
    "narwhal",
    "navigator",
    "oar",
    "octopus",
    "orca",
    "otter",
    "oyster",
    "paddle",
    "pearl",
    "pelican",
    "petrel",
    "pier",
    "pilot",
    "pinnace",
    "plaice",
    "porthole",
    "puffin",
    "quay",
    "raft",
    "reef",
    "regatta",
    "rigging",
    "rudder",
    "sail",
    "salmon",
    "sardine",
    "schooner",
    "seal",
    "sextant",
    "shanty",
    "shoal",
    "skiff",
    "skipper",
    "sloop",
    "spar",
    "squid",
    "starboard",
    "stern",
    "strait",
    "surf",
    "tern",
    "tide",
    "tiller",
    "trawler",
    "trout",
    "tuna",
    "turbot",
    "urchin",
    "voyage",
    "walrus",
    "wave",
    "whale",
    "wharf",
    "windlass",
    "yacht",
    "yawl",
];

/// A name made up; from the fourth `attempt` on with a number, so that names never run out.
pub fn make_up(source: &Source, attempt: u32) -> Result<ContainerName, Error> {
    let number = source.number()?;
    let pick = |words: &[&'static str], number: u64| -> &'static str {
        let count = u64::try_from(words.len()).unwrap_or(1).max(1);
        let at = usize::try_from(number % count).unwrap_or(0);
        words.get(at).copied().unwrap_or("plain")
    };
    let adjective = pick(ADJECTIVES, number & 0xffff);
    let noun = pick(NOUNS, number >> 16 & 0xffff);
    let text = match attempt {
        0..3 => format!("{adjective}_{noun}"),
        _ => format!("{adjective}_{noun}{}", number >> 32 & 0xffff),
    };
    ContainerName::parse(&text)
        .ok_or_else(|| crate::error::ContainerError::InvalidName { name: text }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_makes_a_valid_name() {
        for word in ADJECTIVES.iter().chain(NOUNS) {
            assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
        }
        let name = make_up(&Source::default(), 0).unwrap();
        assert!(name.as_str().contains('_'));
        let numbered = make_up(&Source::default(), 3).unwrap();
        assert!(ContainerName::parse(numbered.as_str()).is_some());
    }
}
