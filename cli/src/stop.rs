//! Ctrl-C: the first one stops after the batch at hand, the second one at once.

use carry_pipeline::Cancel;

use crate::exit::Exit;
use crate::output;

/// What Ctrl-C (or a polite request to end) stops. Once per process.
pub(crate) fn on_signal() -> Cancel {
    let cancel = Cancel::default();
    let asked_for = cancel.clone();
    tokio::spawn(async move {
        asked().await;
        asked_for.cancel();
        output::note(
            "Stopping after the batch at hand. Press Ctrl-C again to end at once; both can be resumed.",
        );
        asked().await;
        std::process::exit(Exit::AT_ONCE);
    });
    cancel
}

/// Waits for Ctrl-C or a polite request to end.
#[cfg(unix)]
pub(crate) async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn asked() {
    let _ = tokio::signal::ctrl_c().await;
}
