mod broken;
mod environment;
mod grpc;
mod http;
mod support;
mod tls;
