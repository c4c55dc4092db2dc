//! The command line as clap reads it. Knows nothing about what the commands do, nor about the
//! config file beyond the option that names it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ghev_event::Source;
use ghev_injector::GithubUrl;
use ghev_log::SyncPolicy;
use ghev_readmodel::Projection;

use crate::moment::OffsetOrTime;
use crate::quantity::Size;
use crate::span::Span;

/// Keeps what GitHub's Events API forgets, and answers questions about it.
///
/// An injector polls GitHub and appends every event to a durable log; a projector folds the log
/// into a SQLite read model; an API serves it on port 5000 with its documentation at /docs.
#[derive(Debug, Parser)]
#[command(name = "ghev", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Every option can also be given in the environment (GHEV_DATA, GHEV_LISTEN, ...) or in a TOML file \
(--config); a flag wins over the environment, the environment over the file. GITHUB_TOKEN is read \
from the environment or from --token-file.

Exit codes: 0 done, 1 unexpected failure, 2 usage, 3 another writer holds the log, 4 damaged log, \
5 replay differs, 6 some input was rejected.";

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Holds log/ and readmodel/
    #[arg(
        long,
        global = true,
        env = "GHEV_DATA",
        default_value = "ghev-data",
        value_name = "DIR"
    )]
    pub(crate) data: PathBuf,
    /// TOML file with options by their long names, such as `source = ["public"]`
    #[arg(long, global = true, env = "GHEV_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How log lines on standard error are written
    #[arg(long, global = true, env = "GHEV_LOG_FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// Say more; twice for everything
    #[arg(short, long, global = true, env = "GHEV_VERBOSE", action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    Api,
    Injector,
    Projector,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: injector, projector and api
    Up {
        #[command(flatten)]
        inject: InjectArgs,
        #[command(flatten)]
        serve: ServeArgs,
        #[command(flatten)]
        keep: KeepArgs,
    },
    /// Poll GitHub and append what is new to the log
    Inject {
        #[command(flatten)]
        inject: InjectArgs,
        /// Poll every source once, then end
        #[arg(long, env = "GHEV_ONCE")]
        once: bool,
    },
    /// Fold the log into the read model
    ///
    /// Of several on one read model one works; the others stand by until it ends, however it ends.
    Project {
        #[command(flatten)]
        keep: KeepArgs,
        /// End once the read model has the log up to its present end, by this projector or by another one
        /// that is at work
        #[arg(long, env = "GHEV_ONCE")]
        once: bool,
    },
    /// Answer questions over HTTP
    Serve {
        #[command(flatten)]
        serve: ServeArgs,
        /// Answer from this file instead of the live read model: one that `ghev replay --until --into`
        /// has made
        #[arg(long, env = "GHEV_READMODEL", value_name = "FILE")]
        readmodel: Option<PathBuf>,
    },
    /// Append the events of files to the log
    ///
    /// Reads GH Archive hours of every era, NDJSON and Events API arrays; plain, gzip or zstd, told
    /// apart by content. Importing the same file twice appends nothing. `ghev up` or `ghev inject` may
    /// run on the same directory: they then append what is imported.
    Import {
        /// Files, directories, or - for standard input
        #[arg(required = true, value_name = "FILE|DIR|-")]
        inputs: Vec<PathBuf>,
        /// How the summary on standard output is written
        #[arg(long, env = "GHEV_FORMAT", default_value = "text")]
        format: OutputFormat,
        #[command(flatten)]
        log: LogArgs,
    },
    /// Rebuild the read model from the log, beside the live one
    Replay(ReplayArgs),
    /// Show sources, log, read model and suspected gaps
    Status {
        /// How it is written
        #[arg(long, env = "GHEV_FORMAT", default_value = "text")]
        format: OutputFormat,
    },
    /// List the input that could not be decoded, the newest first
    ///
    /// Each with its place and the reason. A replay tries every record again: what a newer version of
    /// ghev can decode is an event then.
    DeadLetters {
        /// How it is written; json is an object a line
        #[arg(long, env = "GHEV_FORMAT", default_value = "text")]
        format: OutputFormat,
    },
    /// Look into the log
    #[command(subcommand)]
    Log(LogCommand),
    /// Try it: a simulated GitHub, invented events and `up`, offline
    ///
    /// Keeps its data in a temporary directory that is removed at the end.
    Demo {
        #[command(flatten)]
        serve: ServeArgs,
        /// Events a second that the simulated GitHub brings forth
        #[arg(
            long,
            env = "GHEV_RATE",
            default_value_t = 20.0,
            value_name = "PER_SECOND"
        )]
        rate: f64,
        /// The same seed invents the same events
        #[arg(long, env = "GHEV_SEED", default_value_t = 1)]
        seed: u64,
    },
    /// Stand in for GitHub's Events API
    Sim(SimArgs),
    /// Print the OpenAPI document
    Openapi,
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Say whether a service does its work: exit 0, or 1 and why not
    Healthcheck {
        /// Which one: the api answers, the injector's log or the projector's read model is readable
        #[arg(default_value = "api")]
        service: Service,
        /// Where the api listens
        #[arg(long, env = "GHEV_LISTEN", default_value = DEFAULT_LISTEN, value_name = "ADDR")]
        listen: SocketAddr,
    },
}

const DEFAULT_LISTEN: &str = "127.0.0.1:5000";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where the api listens; port 0 takes any free port
    #[arg(long, env = "GHEV_LISTEN", default_value = DEFAULT_LISTEN, value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// File with tokens for the api, one a line: without one of them only /healthz answers. May be
    /// replaced at any time
    #[arg(long, env = "GHEV_API_TOKEN_FILE", value_name = "FILE")]
    pub(crate) api_token_file: Option<PathBuf>,
    /// Serve TLS with this certificate chain (PEM). May be replaced at any time
    #[arg(long, env = "GHEV_TLS_CERT", requires = "tls_key", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, env = "GHEV_TLS_KEY", requires = "tls_cert", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Log a line for each answer
    #[arg(long, env = "GHEV_ACCESS_LOG")]
    pub(crate) access_log: bool,
    /// /readyz turns red where nothing newer than this was observed
    #[arg(long, env = "GHEV_STALE_AFTER", value_name = "SECONDS")]
    pub(crate) stale_after: Option<u64>,
    /// Open connections at most
    #[arg(long, env = "GHEV_CONNECTIONS_MAX", value_name = "NUMBER")]
    pub(crate) connections_max: Option<NonZeroUsize>,
    /// Open connections of one address at most
    #[arg(long, env = "GHEV_CONNECTIONS_PER_PEER_MAX", value_name = "NUMBER")]
    pub(crate) connections_per_peer_max: Option<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct KeepArgs {
    /// Keep single events this long in the read model, such as 90d; sums stay, and so does the log
    ///
    /// Counted back from the newest record, to a whole hour. What each answer covers then stands in
    /// docs/retention.md; `coverage` says it with every answer.
    #[arg(long, env = "GHEV_KEEP_EVENTS", value_name = "DURATION")]
    pub(crate) keep_events: Option<Span>,
}

#[derive(Debug, Args)]
pub(crate) struct InjectArgs {
    /// What to poll: public, repo:OWNER/NAME, org:ORG or user:LOGIN; may be given several times.
    /// SIGHUP reads a config file's list again
    #[arg(
        long,
        env = "GHEV_SOURCE",
        default_value = "public",
        value_delimiter = ',',
        value_parser = live_source
    )]
    pub(crate) source: Vec<Source>,
    /// Where GitHub's API is; a token is sent nowhere else
    #[arg(
        long,
        env = "GHEV_GITHUB_URL",
        default_value = "https://api.github.com"
    )]
    pub(crate) github_url: GithubUrl,
    /// File that holds a token, instead of the environment
    #[arg(long, env = "GHEV_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Poll at most this often; GitHub's own interval still holds where it is longer
    #[arg(long, env = "GHEV_POLL_INTERVAL", value_name = "SECONDS")]
    pub(crate) poll_interval: Option<u32>,
    /// Ask feeds that bring more than they can show sooner than GitHub asks for, within the budget of
    /// a token
    #[arg(long, env = "GHEV_ADAPTIVE")]
    pub(crate) adaptive: bool,
    /// When what is appended is made durable: always, before it is acknowledged; or interval=MS,
    /// that many milliseconds later at most, so that a power cut (not a crash) costs what came
    /// since
    #[arg(
        long,
        env = "GHEV_SYNC",
        default_value = "always",
        value_name = "always|interval=MS"
    )]
    pub(crate) sync: SyncPolicy,
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// Remove what was appended longer ago than this from the log, such as 90d; whole segments
    /// (128 MiB) only and never the newest, so that more stays; nothing by default
    #[arg(long, env = "GHEV_RETAIN_AGE", value_name = "AGE")]
    pub(crate) retain_age: Option<Span>,
    /// Remove the oldest segments where the log is larger than this, such as 50GiB; nothing by
    /// default
    #[arg(long, env = "GHEV_RETAIN_BYTES", value_name = "SIZE")]
    pub(crate) retain_bytes: Option<Size>,
}

/// How the log is written, by whomever. An import beside a running injector leaves it to that.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Free space below which nothing is appended: polling then waits until there is more
    #[arg(
        long,
        env = "GHEV_FREE_SPACE_FLOOR",
        default_value = "64MiB",
        value_name = "SIZE"
    )]
    pub(crate) free_space_floor: Size,
}

fn live_source(text: &str) -> Result<Source, String> {
    match text.parse() {
        Ok(Source::Archive) => {
            Err("archives are read by `ghev import`; poll public, repo:, org: or user:".to_owned())
        }
        Ok(source) => Ok(source),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
    /// Change nothing: compare the live read model with a fresh one; exit 5 where they differ
    #[arg(long, env = "GHEV_CHECK", conflicts_with_all = ["until", "into", "rollback"])]
    pub(crate) check: bool,
    /// Take only records before this offset, or appended before this time, whenever their events
    /// happened; needs --into
    #[arg(
        long,
        env = "GHEV_UNTIL",
        requires = "into",
        value_name = "TIME|OFFSET"
    )]
    pub(crate) until: Option<OffsetOrTime>,
    /// Write the read model of that moment to this file, leaving the live one alone; needs --until
    #[arg(long, env = "GHEV_INTO", requires = "until", value_name = "FILE")]
    pub(crate) into: Option<PathBuf>,
    /// Go back to the read model before the last replay
    #[arg(long, env = "GHEV_ROLLBACK", conflicts_with_all = ["until", "into"])]
    pub(crate) rollback: bool,
    /// Make only this part of the read model anew, and take the rest from the live one: activity,
    /// contributor-lists, contributors, counts, dead-letters, envelopes, names, pull-requests, repo-counts, sums or
    /// threads; may be given several times
    #[arg(
        long,
        env = "GHEV_ONLY",
        value_name = "PROJECTION",
        value_delimiter = ',',
        conflicts_with_all = ["check", "until", "into", "rollback"]
    )]
    pub(crate) only: Vec<Projection>,
}

/// Refuses `--keep-events` where a replay makes no model that could keep less. In the environment and in the
/// config file it is meant for other commands too.
pub(crate) fn refuse_what_has_no_effect(
    mut command: clap::Command,
    matches: &ArgMatches,
) -> Result<(), clap::Error> {
    let Some(("replay", replay)) = matches.subcommand() else {
        return Ok(());
    };
    if replay.value_source("keep_events") != Some(ValueSource::CommandLine) {
        return Ok(());
    }
    let because = if replay.get_flag("check") {
        "with --check: the comparison keeps what the live read model keeps"
    } else if replay.get_flag("rollback") {
        "with --rollback: the read model before keeps what it kept"
    } else if replay.contains_id("until") {
        "with --until: a read model of the past has all events up to then"
    } else {
        return Ok(());
    };
    let detail = format!("--keep-events has no effect {because}");
    Err(command.error(ErrorKind::ArgumentConflict, detail))
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Print every event's original JSON, one a line, in log order
    Cat {
        /// First offset
        #[arg(long, env = "GHEV_FROM", value_name = "OFFSET")]
        from: Option<u64>,
        /// First offset after the last
        #[arg(long, env = "GHEV_TO", value_name = "OFFSET")]
        to: Option<u64>,
        /// Only events of this type; may be given several times
        #[arg(long = "type", env = "GHEV_TYPE", value_name = "TYPE")]
        kinds: Vec<String>,
        /// Only events of this repository (owner/name, any case)
        #[arg(long, env = "GHEV_REPO", value_name = "OWNER/NAME")]
        repo: Option<String>,
        /// Print where each record came from instead, one JSON object a line
        #[arg(long, env = "GHEV_ENVELOPES")]
        envelopes: bool,
    },
    /// Say how large the log is
    Stat {
        /// How it is written
        #[arg(long, env = "GHEV_FORMAT", default_value = "text")]
        format: OutputFormat,
    },
    /// Check the whole log; exit 4 and every place that is damaged
    ///
    /// Segments that are closed are proven by their checksum files, the others record by record.
    Verify {
        /// Decode every event too
        #[arg(long, env = "GHEV_DEEP")]
        deep: bool,
    },
    /// Copy every sound record of a damaged log into a new one; exit 4 and what is missing
    ///
    /// The damaged log stays as it is. The new one has another id and counts its records from 0: the
    /// read model is made anew from it.
    Salvage {
        /// Data directory for the new log, made where there is none
        #[arg(long, env = "GHEV_INTO", value_name = "DIR")]
        into: PathBuf,
    },
    /// Remove old segments, for good; says which and asks
    ///
    /// Whole segments only, and never the newest one. Stop `ghev up` or `ghev inject` on the same
    /// directory first.
    Trim {
        /// Segments whose records all lie before this offset, or were all written before this
        /// time, go
        #[arg(long, env = "GHEV_BEFORE", value_name = "TIME|OFFSET")]
        before: OffsetOrTime,
        /// Do not ask
        #[arg(long, env = "GHEV_YES")]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// Where it listens; port 0 takes any free port
    #[arg(
        long,
        env = "GHEV_LISTEN",
        default_value = "127.0.0.1:5001",
        value_name = "ADDR"
    )]
    pub(crate) listen: SocketAddr,
    /// Serve these events (GH Archive hours, NDJSON, arrays) instead of invented ones
    #[arg(long, env = "GHEV_EVENTS", num_args = 1.., value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
    /// What goes wrong
    #[arg(long, env = "GHEV_FAULTS", value_name = "SPEC", long_help = ghev_sim::FAULTS_HELP)]
    pub(crate) faults: Option<ghev_sim::Faults>,
    /// Events a second that enter the feed
    #[arg(
        long,
        env = "GHEV_RATE",
        default_value_t = 4.0,
        value_name = "PER_SECOND"
    )]
    pub(crate) rate: f64,
    /// The X-Poll-Interval it states
    #[arg(
        long,
        env = "GHEV_POLL_INTERVAL",
        default_value_t = 60,
        value_name = "SECONDS"
    )]
    pub(crate) poll_interval: u32,
    /// The same seed invents the same events and the same faults
    #[arg(long, env = "GHEV_SEED", default_value_t = 1)]
    pub(crate) seed: u64,
}
