//! The service: HTTP APIs, the gate's and the officer's pages, and the workers behind them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`service`] | what the service does, without HTTP |
//! | [`http`] | one endpoint, one file: devices, officers, carriers, administrators, pages |
//! | [`pages`] | what people see, rendered here; small hand-written scripts, no build chain |
//! | [`tls`] | the certificate, the operator's or one that signs itself |

pub mod http;
pub mod pages;
pub mod service;
pub mod tls;
