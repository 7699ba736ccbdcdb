//! Chain ids: the name of a layer together with everything beneath it (OCI config.md).
//!
//! Invariant: computed from diff ids alone.

use hull_oci::Digest;
use sha2::{Digest as _, Sha256};

/// The chain id of each layer, lowest first.
pub fn chain_ids(diff_ids: &[Digest]) -> Vec<Digest> {
    let mut chain: Vec<Digest> = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        let next = match chain.last() {
            None => diff_id.clone(),
            Some(below) => {
                let text = format!("{below} {diff_id}");
                Digest::from_sha256(Sha256::digest(text.as_bytes()).into())
            }
        };
        chain.push(next);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_specification_says() {
        let diff = [Digest::from_sha256([1; 32]), Digest::from_sha256([2; 32])];
        let chain = chain_ids(&diff);
        assert_eq!(chain[0], diff[0]);
        // printf 'sha256:01…01 sha256:02…02' | sha256sum
        assert_eq!(
            chain[1].hex(),
            "ad00036de6f26a309d173ace61d4a45573a1658ab0ff36e3858c3dbee3c5ded8"
        );
    }
}
