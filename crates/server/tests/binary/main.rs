//! What the binary promises, as a process of its own.

mod bad_input;
mod real_input;
