//! rotated
