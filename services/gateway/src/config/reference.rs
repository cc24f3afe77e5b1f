//! The catalogue, for reading: the tables of `docs/configuration.md`.

use super::{
    catalogue::{APP, Entry, INSTANCE, Without},
    discord,
    origin::in_variable,
};

/// Every option with what it takes, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = "## The instance\n\n".to_owned();
    for entry in INSTANCE {
        text += &option(entry, &format!("BATON_{}", in_variable(entry.name)));
    }
    text += "## Each app\n\nIn a section `[apps.<name>]`. In variables the name is in capitals, \
             with `_` for each dot and dash.\n\n";
    for entry in APP {
        text += &option(entry, &format!("BATON_APPS__<NAME>__{}", in_variable(entry.name)));
    }
    let intents: Vec<_> = discord::intents().map(|(name, _)| format!("- `{name}`\n")).collect();
    let events: Vec<_> = discord::EVENTS.iter().map(|name| format!("- `{name}`\n")).collect();
    text += &format!("## Intents\n\n{}\n", intents.concat());
    text += &format!(
        "## Events\n\nThose that Baton knows by name. Others may be named as well: Discord invents \
         new ones.\n\n{}",
        events.concat()
    );
    text
}

fn option(entry: &Entry, variable: &str) -> String {
    let Entry { name, kind, without, effect, meaning } = entry;
    let (kind, without) = (kind.expected(), words(without));
    format!(
        "### `{name}`\n\n{meaning}\n\n\
         | takes | without it | variable | a change |\n|---|---|---|---|\n\
         | {kind} | {without} | `{variable}` | {effect} |\n\n"
    )
}

fn words(without: &Without) -> String {
    match without {
        Without::Default(toml) => format!("`{toml}`"),
        Without::Unset(words) => (*words).to_owned(),
        Without::Mistake => "nothing runs".to_owned(),
    }
}
