//! How many connections each peer has open. One peer alone must not take all the places there are.
//! Knows nothing about what goes over the connections.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Of IPv6 a single host commonly has 64 bits of addresses to choose from.
const IPV6_HOST_BITS: u32 = 64;

/// The peers with open connections.
#[derive(Debug)]
pub(super) struct Peers {
    connections_max: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A place of one peer, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    peer: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Peers {
    /// Gives each peer this many places.
    pub(super) fn new(connections_max: usize) -> Self {
        Self {
            connections_max,
            open: Arc::default(),
        }
    }

    /// A place for one more connection of the peer with this address, if it has one left.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place> {
        let peer = peer_of(address);
        let open = Arc::clone(&self.open);
        // Every change of the map is one step: a panic elsewhere leaves it whole.
        let mut counts = open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer).or_default();
        if *count >= self.connections_max {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Place { peer, open })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

/// Who counts as one peer: an IPv4 address, however it is written, or an IPv6 network.
fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> IPV6_HOST_BITS << IPV6_HOST_BITS;
            Ipv6Addr::from_bits(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_peer_has_its_own_places_and_gets_them_back() {
        let peers = Peers::new(2);
        let first = peers.place(ip("192.0.2.1")).unwrap();
        let _second = peers.place(ip("::ffff:192.0.2.1")).unwrap();
        assert!(peers.place(ip("192.0.2.1")).is_none());
        let other = peers.place(ip("192.0.2.2")).unwrap();
        drop(first);
        assert!(peers.place(ip("192.0.2.1")).is_some());
        drop(other);
        assert_eq!(
            peers.open.lock().unwrap().len(),
            1,
            "who has gone is forgotten"
        );
    }

    #[test]
    fn an_ipv6_network_is_one_peer() {
        let peers = Peers::new(1);
        let _first = peers.place(ip("2001:db8:0:1::1")).unwrap();
        assert!(peers.place(ip("2001:db8:0:1:ffff::2")).is_none());
        assert!(peers.place(ip("2001:db8:0:2::1")).is_some());
    }
}
