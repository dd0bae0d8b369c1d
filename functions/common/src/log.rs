//! The log: JSON lines, as Lambda takes them. Migration and run stand on every line, customers' data on none.

use tracing_subscriber::EnvFilter;

/// Sets the log up; `RUST_LOG` says how much is told.
pub(crate) fn begin() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(true)
        .with_target(false)
        .with_ansi(false)
        .with_env_filter(level);
    // A second subscriber is refused; the first one stays.
    let _ = log.try_init();
}
