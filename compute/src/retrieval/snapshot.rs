//! The id of a set of chunks.

use crate::hash::{ChunkId, SnapshotId, sha256};

/// Merkle root over chunk ids: leaf SHA-256(0x10, id), node SHA-256(0x11, left, right), padded with zero hashes to a
/// power of two; the ids ascending, each once. No ids: the zero hash. One id: its leaf.
pub fn snapshot_id(ids: impl IntoIterator<Item = ChunkId>) -> SnapshotId {
    let mut ids: Vec<ChunkId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut level: Vec<[u8; 32]> = ids.iter().map(|id| sha256(&[&[0x10], &id.0])).collect();
    level.resize(level.len().next_power_of_two(), [0; 32]);
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| sha256(&[&[0x11], &pair[0], &pair[1]])).collect();
    }
    SnapshotId(level[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_roots() {
        let ids: Vec<ChunkId> = ["a", "b", "c"].iter().map(|text| ChunkId::of(text)).collect();
        assert_eq!(snapshot_id([]), SnapshotId([0; 32]));
        assert_eq!(snapshot_id([ids[0]]).0, sha256(&[&[0x10], &ids[0].0]));
        let mut sorted = ids.clone();
        sorted.sort();
        let leaf = |id: &ChunkId| sha256(&[&[0x10], &id.0]);
        let left = sha256(&[&[0x11], &leaf(&sorted[0]), &leaf(&sorted[1])]);
        let right = sha256(&[&[0x11], &leaf(&sorted[2]), &[0; 32]]);
        assert_eq!(snapshot_id(ids.clone()).0, sha256(&[&[0x11], &left, &right]));
        assert_eq!(snapshot_id(ids.iter().rev().chain(&ids).copied()), snapshot_id(ids.clone()));
    }
}
