//! RocksDB message store: messages, receipts, seals, journal; CAR import and export.
