//! Blocks that are not typed into a shell: whether they are what they say.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use baton_gateway::config::Config;

use crate::page::{Block, Page};

/// Whose configuration is another program's: it is read where the page's commands are run.
const OF_OTHERS: [&str; 1] = ["docs/archive.md"];

/// Reads every block of TOML as a gateway would, with what no configuration can do without.
pub(crate) fn toml(pages: &[Page]) -> Vec<String> {
    let ours: Vec<_> =
        pages.iter().filter(|page| !OF_OTHERS.contains(&page.name.as_str())).cloned().collect();
    wrong(&ours, "toml", |block| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("baton.toml");
        crate::shell::put(&path, &completed(&block.text));
        Config::load(Some(&path), std::iter::empty()).map(drop).map_err(|it| it.to_string())
    })
}

fn completed(text: &str) -> String {
    let mut whole = String::new();
    if !text.contains("url = ") {
        whole += "store.url = \"valkey://127.0.0.1:6379\"\n";
    }
    whole += text;
    if !text.contains("token = ") {
        let app = text.split("[apps.").nth(1).and_then(|rest| rest.split(['.', ']']).next());
        let app = app.unwrap_or("mybot");
        whole += &format!("[apps.{app}]\ntoken = \"file:token\"\nintents = [\"guilds\"]\n");
    }
    whole
}

/// Reads every block of JSON.
pub(crate) fn json(pages: &[Page]) -> Vec<String> {
    wrong(pages, "json", |block| {
        let read = serde_json::from_str::<serde_json::Value>(&block.text);
        read.map(drop).map_err(|error| error.to_string())
    })
}

/// Has Node read every block of JavaScript.
pub(crate) fn js(pages: &[Page]) -> Vec<String> {
    wrong(pages, "js", |block| {
        let mut node = Command::new("node");
        node.args(["--input-type=module", "--check", "-"]);
        node.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut node = node.spawn().expect("the clients need Node as well");
        let mut input = node.stdin.take().expect("it is piped");
        input.write_all(block.text.as_bytes()).expect("it reads");
        drop(input);
        let output = node.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    })
}

fn wrong(
    pages: &[Page],
    language: &str,
    check: impl Fn(&Block) -> Result<(), String>,
) -> Vec<String> {
    let blocks = pages.iter().flat_map(|page| page.written_in(language).map(move |it| (page, it)));
    let judged = blocks.filter_map(|(page, block)| {
        let error = check(block).err()?;
        Some(format!("{}:{}: {error}", page.name, block.line))
    });
    judged.collect()
}
