//! test-util
