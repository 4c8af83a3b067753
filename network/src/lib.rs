//! The mesh: libp2p transport, request and response between static peers.
