//! The progress bar: bytes, rate, packets and time left, on a terminal only.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::sensor::progress::Progress;

/// The bar that is drawn now.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes lines where no bar is in their way.
pub fn aside(write: impl FnOnce()) {
    let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match drawn {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn draws(bar: Option<ProgressBar>) {
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// A bar that redraws itself until it is dropped.
pub struct Bar(Option<(SyncSender<()>, JoinHandle<()>)>);

impl Bar {
    /// Shows `progress` on standard error when that is a terminal and nobody said no.
    pub fn show(progress: &Progress, wanted: bool) -> Bar {
        if !wanted || !std::io::stderr().is_terminal() {
            return Bar(None);
        }
        let (end, ended) = sync_channel(1);
        let progress = progress.clone();
        let drawer = thread::spawn(move || {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            draws(Some(bar.clone()));
            loop {
                draw(&bar, &progress);
                if ended.recv_timeout(Duration::from_millis(125)) != Err(RecvTimeoutError::Timeout)
                {
                    break;
                }
            }
            draws(None);
            bar.finish_and_clear();
        });
        Bar(Some((end, drawer)))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((end, drawer)) = self.0.take() {
            drop(end);
            let _ = drawer.join();
        }
    }
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let total = progress.total();
    let template = if total == 0 {
        "{spinner} {bytes} ({bytes_per_sec}) {msg} in {elapsed}"
    } else {
        "{wide_bar} {percent}% {bytes}/{total_bytes} ({bytes_per_sec}) {msg} {eta} left"
    };
    if bar.length() != Some(total) || total == 0 {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if total > 0 {
            bar.set_length(total);
        }
    }
    bar.set_message(format!("{} packets", HumanCount(progress.packets())));
    bar.set_position(progress.bytes());
}
