//! What the specification says of receiving, each against a real socket.
//!
//! | module | tests |
//! |---|---|
//! | `http` | what OTLP/HTTP promises |
//! | `grpc` | what OTLP/gRPC promises |
//! | `bad` | bad input: one clear sentence, the right status, nothing else disturbed |
//! | `listener` | slow clients, and stopping |
//! | `support` | a server with an exporter that does as it is told, and clients |

mod bad;
mod grpc;
mod http;
mod listener;
mod support;
