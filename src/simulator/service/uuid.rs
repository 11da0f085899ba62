//! Random UUIDs.

use std::sync::Arc;

/// Returns `AboutInfo.instanceUuid`, which is also the `serverGuid` of references. It stays the same when a server with
/// this seed is restarted on the same port.
pub(super) fn instance_uuid(seed: u64, port: u16) -> Arc<str> {
    let seed = seed ^ 0x1d5e ^ u64::from(port).rotate_right(16);
    uuid(&mut fastrand::Rng::with_seed(seed)).into()
}

/// Returns a random UUID (version 4).
pub(super) fn uuid(rng: &mut fastrand::Rng) -> String {
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_form() {
        let id = uuid(&mut fastrand::Rng::with_seed(3));
        assert_eq!(
            id.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert_eq!(id.as_bytes()[14], b'4');
    }

    #[test]
    fn servers_differ_by_seed_and_port() {
        let ids = [(1, 8989), (1, 8990), (2, 8989)].map(|(seed, port)| instance_uuid(seed, port));
        assert_eq!(ids[0], instance_uuid(1, 8989));
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
    }
}
