//! Floor 6: the only threads. Captured packets go in at one end, runs in the store come out at the
//! other.
//!
//! - [`ingest`]: source, filter and decoder: every packet becomes a segment or is counted
//! - [`pipeline`]: capture thread → workers → writer, or everything in one thread
//! - `shard`: a worker whose panics are caught
//! - [`recorder`]: the writer's side: rollups in, a run in the store out
//! - `backlog`: what a live capture has not published yet, and whose turn it is
//! - `parts`: at the end of a run parts of the inventory are assessed while others are written
//! - `away`: an interface that went away and may come back
//! - `inline`: everything in one thread
//! - `inputs`: what became of the inputs that are done
//! - `pressure`: what a worker that cannot keep up is spared
//! - `copies`: second copies of packets that came by different threads
//! - `drain`: the end of a capture
//! - [`sight`], [`health`]: what can be seen of flows, and when that is too little
//! - [`diagnosis`]: what `phitap doctor` measures, and what it makes of it
//! - [`progress`]: what a progress bar shows
//! - [`stop`]: the one flag that ends a run
//! - `together`: files that are read at once, by packet time
//! - `threads`: capture threads, workers and writer

mod away;
mod backlog;
mod copies;
pub mod diagnosis;
mod drain;
pub mod health;
pub mod ingest;
mod inline;
mod inputs;
mod order;
mod parts;
pub mod pipeline;
mod pressure;
pub mod progress;
mod queue;
pub mod recorder;
mod shard;
pub mod sight;
pub mod stop;
mod threads;
mod together;
