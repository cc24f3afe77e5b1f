use super::*;

const DOCUMENTATION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/archive.md"));

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, text).unwrap();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let read = Config::read(Reader::find(Some(&path), variables.iter().map(owned)));
    let shortened = |line: String| line.replace(&path.display().to_string(), "a.toml");
    read.map_err(|Mistakes(lines)| Mistakes(lines.into_iter().map(shortened).collect()))
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let text = "app = \"bot\"\nstore.url = \"valkey://host:1\"\n[archive]\nfolder = \"a\"\n\
                [object]\nbytes_max = 2048\nage_max = \"1m\"\n";
    let variables = [
        ("BATON_ARCHIVER_OBJECT__AGE_MAX", "10s"),
        ("BATON_ARCHIVER_GROUP", ""),
        ("BATON_STORE__URL", "valkey://elsewhere:1"),
    ];
    let config = read(text, &variables).unwrap();
    assert_eq!(config.bounds.bytes_max, 2_048);
    assert_eq!(config.bounds.age_max, Duration::from_secs(10));
    assert_eq!((config.group.as_str(), config.stop_limit), ("archiver", Duration::from_secs(30)));
    assert!(matches!(config.to, Destination::Folder(path) if path.as_os_str() == "a"));
}

#[test]
fn every_mistake_is_told_at_once_and_no_secret_with_it() {
    let text = "stroe = 1\n[archive]\nfolder = \"a\"\n[s3]\nbucket = \"b\"\nsecret = \"hunter2\"\n\
                [object]\nage_max = \"1y\"\nbytes_max = true\n";
    let told = read(text, &[("BATON_ARCHIVER_APP", "My Bot"), ("BATON_ARCHIVER_X", "1")]);
    let lines = told.unwrap_err().0;
    let source = "env:NAME or file:PATH, never the secret itself";
    for expected in [
        "a.toml: \"stroe\" is unknown".to_owned(),
        "a.toml: object.bytes_max: expected a number from 1024 to 1073741824".to_owned(),
        "BATON_ARCHIVER_X is unknown".to_owned(),
        "BATON_ARCHIVER_APP = \"My Bot\"; expected a name of 1 to 64 of a-z 0-9 . _ -".to_owned(),
        format!("a.toml: s3.secret = (not shown); expected {source}"),
        "archive.folder and s3.bucket are both set; remove one".to_owned(),
        "a.toml: object.age_max = \"1y\"; expected a length of time from \"1s\" to \"1d\""
            .to_owned(),
    ] {
        assert!(lines.contains(&expected), "{expected:?} is not among {lines:#?}");
    }
    assert!(lines.iter().any(|line| line.starts_with("store.url is not set (nor is BATON_ARCH")));
    assert!(!lines.concat().contains("hunter2"));
    assert_eq!(lines.len(), 8, "{lines:#?}");
}

#[test]
fn a_slip_of_syntax_is_told_with_its_line_and_without_it() {
    let Mistakes(lines) = read("app = \"bot\"\ns3.secret = hunter2\n", &[]).unwrap_err();
    assert!(lines[0].starts_with("a.toml:2: this is no TOML"), "{lines:?}");
    assert!(!lines.concat().contains("hunter2"), "{lines:?}");
}

#[test]
fn a_bucket_needs_its_keys() {
    let text = "app = \"bot\"\nstore.url = \"valkey://host:1\"\ns3.bucket = \"b\"\n";
    let mistakes = read(text, &[]).unwrap_err();
    let told = "s3.bucket is set, but s3.key_id or s3.secret is not; set both";
    assert_eq!(mistakes.to_string(), told);
    let keys = "s3.key_id = \"env:BATON_NO_SUCH_VARIABLE\"\ns3.secret = \"file:/nowhere\"\n";
    let config = read(&(text.to_owned() + keys), &[]).unwrap();
    let told = config.to.place().unwrap_err().to_string();
    assert_eq!(told, "s3.key_id: environment variable BATON_NO_SUCH_VARIABLE is not set");
}

#[test]
fn the_documentation_has_the_table_of_options() {
    assert!(DOCUMENTATION.contains(&reference()), "it should have:\n{}", reference());
}
