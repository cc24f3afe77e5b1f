//! Every option there is, once: reading, the mistakes and `docs/archive.md` go by this table.

/// An option.
#[derive(Debug, Clone, Copy)]
pub struct OptionEntry {
    /// Its name.
    pub name: &'static str,
    /// What holds without it; none if nothing does.
    pub default: Option<&'static str>,
    /// What it takes, to be read after "expected".
    pub expected: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Whether a wrong value may be a secret.
    pub is_secret: bool,
}

const fn option(
    name: &'static str,
    default: Option<&'static str>,
    expected: &'static str,
    meaning: &'static str,
) -> OptionEntry {
    OptionEntry { name, default, expected, meaning, is_secret: false }
}

const fn secret(name: &'static str, expected: &'static str, meaning: &'static str) -> OptionEntry {
    OptionEntry { name, default: None, expected, meaning, is_secret: true }
}

const SOURCE: &str = "env:NAME or file:PATH, never the secret itself";

/// Every option there is.
pub const OPTIONS: [OptionEntry; 23] = [
    secret(
        "store.url",
        "valkey://host:port, valkey-sentinel://…/service or valkey-cluster://… (valkeys…: TLS)",
        "Where the streams are: that of the gateways.",
    ),
    option("store.user", None, "a text", "The ACL user, with `store.password`."),
    secret("store.password", SOURCE, "Where the password is."),
    option("store.ca_file", None, "a path", "Certificates to trust with TLS, as PEM."),
    option(
        "fleet",
        Some("main"),
        "a name of 1 to 64 of a-z 0-9 . _ -",
        "The fleet that runs the app.",
    ),
    option("app", None, "a name of 1 to 64 of a-z 0-9 . _ -", "Whose events are archived."),
    option(
        "group",
        Some("archiver"),
        "a text",
        "The consumer group. All archivers of an app that share a place have the same.",
    ),
    option(
        "lanes",
        None,
        "a number from 1 to 65535",
        "How many lanes the app has. Without it, the fleet is asked.",
    ),
    option("archive.folder", None, "a path", "A folder that is there. Either this or `s3.bucket`."),
    option("archive.prefix", None, "a path", "What the names of objects begin with."),
    option("s3.bucket", None, "a bucket's name", "The bucket. It must be there."),
    option(
        "s3.endpoint",
        None,
        "https://host or http://host:port, without a login",
        "Where the bucket is, if not at AWS.",
    ),
    option("s3.region", Some("us-east-1"), "a text", "The bucket's region."),
    secret("s3.key_id", SOURCE, "Where the access key's id is."),
    secret("s3.secret", SOURCE, "Where the access key's secret is."),
    option(
        "object.bytes_max",
        Some("67108864"),
        "a number from 1024 to 1073741824",
        "Bytes of lines in one object, before they are compressed.",
    ),
    option(
        "object.age_max",
        Some("5m"),
        "a length of time from \"1s\" to \"1d\"",
        "How long an entry waits for others before it is put.",
    ),
    option(
        "memory.bytes_max",
        Some("268435456"),
        "a number from 1024 to 68719476736",
        "Bytes that all lanes hold together. Above it, objects are put early.",
    ),
    option(
        "stop.limit",
        Some("30s"),
        "a length of time from \"1s\" to \"15m\"",
        "How long an end that was asked for may take. What is not put by then comes again.",
    ),
    option(
        "http.listen",
        Some("127.0.0.1:9092"),
        "address:port, as in 127.0.0.1:9092",
        "Where health and metrics are served. Keep it off the internet.",
    ),
    option("log.format", Some("text"), "text or json", "How a line of the log is written."),
    option(
        "log.level",
        Some("info"),
        "one of error, warn, info, debug, trace",
        "What is logged: this and worse.",
    ),
    secret(
        "telemetry.otlp_logs_url",
        "https://host:port or http://host:port, without a login",
        "Where a collector takes the log by OTLP over HTTP, beside standard error.",
    ),
];

/// The table of `docs/archive.md`.
#[must_use]
pub fn reference() -> String {
    let row = |entry: &OptionEntry| {
        let default = entry.default.map_or_else(String::new, |value| format!("`{value}`"));
        let OptionEntry { name, expected, meaning, .. } = entry;
        format!("| `{name}` | {expected} | {default} | {meaning} |\n")
    };
    let head = "| option | takes | without it | what it is for |\n|---|---|---|---|\n".to_owned();
    head + &OPTIONS.iter().map(row).collect::<String>()
}
