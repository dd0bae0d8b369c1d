//! Shows how a run goes on: bars with rate and time left on a terminal, a line per stage elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use carry_pipeline::{NoProgress, Progress};
use carry_ports::Stage;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::output;

/// Without a terminal, a stage that takes long says so this often.
const LINE_EVERY: Duration = Duration::from_secs(10);
const REDRAW_EVERY: Duration = Duration::from_millis(120);

/// Which way records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Into the target.
    In,
    /// Out of it again.
    Out,
}

/// The progress that fits the terminal.
pub(crate) fn progress(quiet: bool, way: Way) -> Arc<dyn Progress> {
    if quiet {
        Arc::new(NoProgress)
    } else if output::stderr_is_terminal() {
        Arc::new(Bars(way, Mutex::default()))
    } else {
        Arc::new(Lines(way, Mutex::default()))
    }
}

/// What a stage does, for people.
const fn doing(stage: Stage, way: Way) -> &'static str {
    match (stage, way) {
        (Stage::Plan, _) => "Looking",
        (Stage::Extract, _) => "Extracting",
        (Stage::Transform, _) => "Transforming",
        (Stage::Load, Way::In) => "Loading",
        (Stage::Load, Way::Out) => "Removing",
        (Stage::Reconcile, _) => "Reconciling",
        (Stage::Report, _) => "Reporting",
    }
}

const fn done(stage: Stage, way: Way) -> &'static str {
    match (stage, way) {
        (Stage::Plan, _) => "Looked at both sides",
        (Stage::Extract, _) => "Extracted",
        (Stage::Transform, _) => "Transformed",
        (Stage::Load, Way::In) => "Loaded",
        (Stage::Load, Way::Out) => "Removed",
        (Stage::Reconcile, _) => "Reconciled",
        (Stage::Report, _) => "Reported",
    }
}

const fn unit(stage: Stage) -> &'static str {
    match stage {
        Stage::Extract | Stage::Transform => "rows",
        _ => "records",
    }
}

/// The line that is left of a stage.
fn closing_line(stage: Stage, way: Way, records: u64, took: Duration) -> String {
    let seconds = format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100);
    if records == 0 {
        return format!("  {:<22} {seconds:>8}", done(stage, way));
    }
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = records.saturating_mul(1000) / millis;
    let rate = if millis < 200 { String::new() } else { format!("  {}/s", output::count(rate)) };
    let what = format!("{} {}", output::count(records), unit(stage));
    format!("  {:<22} {seconds:>8}  {what}{rate}", done(stage, way))
}

#[derive(Default)]
struct Watched {
    began: Option<Instant>,
    records: u64,
    total: Option<u64>,
    told: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Watched {
    fn end(&mut self, stage: Stage, way: Way) {
        let took = self.began.map(|began| began.elapsed()).unwrap_or_default();
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        output::note(&closing_line(stage, way, self.records, took));
        *self = Self::default();
    }
}

fn locked(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bars on a terminal.
struct Bars(Way, Mutex<Watched>);

fn style(counted: bool) -> ProgressStyle {
    let template = if counted {
        "  {prefix:<13} {bar:24} {percent:>3} %  {human_pos} of {human_len} · {msg} · {rate} · {eta} left"
    } else {
        "  {prefix:<13} {spinner} {elapsed}"
    };
    let style = if counted { ProgressStyle::default_bar() } else { ProgressStyle::default_spinner() };
    // The template is a constant; where it could not be read the plain style does.
    style.clone().template(template).unwrap_or(style).progress_chars("━╸─").with_key(
        "rate",
        |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let whole = format!("{:.0}", state.per_sec());
            let _ = write!(out, "{}/s", whole.parse().map_or(whole, output::count));
        },
    )
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let mut watched = locked(&self.1);
        let total = total.filter(|total| *total > 0);
        let bar = output::bar(total.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
        bar.set_style(style(total.is_some()));
        bar.set_prefix(doing(stage, self.0));
        bar.set_message("…");
        bar.enable_steady_tick(REDRAW_EVERY);
        *watched = Watched { began: Some(Instant::now()), total, bar: Some(bar), ..Watched::default() };
    }

    fn advance(&self, _: Stage, doing: &str, records: u64) {
        let mut watched = locked(&self.1);
        watched.records += records;
        if let Some(bar) = &watched.bar {
            // Counts known beforehand are estimates; the bar never says more than all.
            if watched.total.is_some_and(|total| watched.records > total) {
                bar.set_length(watched.records);
            }
            bar.set_position(watched.records);
            bar.set_message(doing.to_owned());
        }
    }

    fn end(&self, stage: Stage) {
        locked(&self.1).end(stage, self.0);
    }
}

impl Drop for Bars {
    /// A run that stops in mid-stage leaves no half a bar behind.
    fn drop(&mut self) {
        if let Some(bar) = locked(&self.1).bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Plain lines where nobody watches live.
struct Lines(Way, Mutex<Watched>);

impl Progress for Lines {
    fn begin(&self, _: Stage, total: Option<u64>) {
        let now = Some(Instant::now());
        *locked(&self.1) = Watched { began: now, told: now, total, ..Watched::default() };
    }

    fn advance(&self, stage: Stage, what: &str, records: u64) {
        let mut watched = locked(&self.1);
        watched.records += records;
        if watched.told.is_some_and(|told| told.elapsed() >= LINE_EVERY) {
            watched.told = Some(Instant::now());
            let of = watched.total.map(|total| format!(" of {}", output::count(total))).unwrap_or_default();
            output::note(&format!(
                "  {} {}{of} ({what})",
                doing(stage, self.0),
                output::count(watched.records)
            ));
        }
    }

    fn end(&self, stage: Stage) {
        locked(&self.1).end(stage, self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_leaves_one_line() {
        let line = closing_line(Stage::Load, Way::In, 12_000, Duration::from_millis(3_000));
        assert_eq!(line, "  Loaded                    3.0 s  12,000 records  4,000/s");
        assert_eq!(
            closing_line(Stage::Plan, Way::In, 0, Duration::ZERO),
            "  Looked at both sides      0.0 s"
        );
    }
}
