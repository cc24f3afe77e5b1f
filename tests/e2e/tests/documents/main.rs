//! Whatever a document has its readers type is run here, as it stands there: by a shell, in the
//! order of the page, with the programs of this workspace, on other ports. A command that is new is
//! run by itself; what cannot be run stands in a table with its reason ([`exceptions`]).
//!
//! One trial a page. What a page takes for granted is a [`Setting`].

mod bucket;
mod code;
mod exceptions;
mod page;
mod place;
mod setting;
mod shell;

use libtest_mimic::{Arguments, Failed, Trial};

use self::{
    page::{LANGUAGES, Page},
    place::Place,
    setting::Setting,
};

fn main() {
    let arguments = Arguments::from_args();
    let pages = page::all();
    let mut trials = vec![
        of_all("every_block_says_what_it_is_written_in", &pages, without_language),
        of_all("every_exception_is_needed", &pages, exceptions::unneeded),
        of_all("every_block_of_toml_is_a_configuration", &pages, code::toml),
        of_all("every_block_of_json_is_json", &pages, code::json),
        of_all("every_block_of_js_is_a_module", &pages, code::js),
    ];
    let walked = pages.into_iter().filter(is_walked);
    trials.extend(walked.map(|page| {
        let name = format!("every_command_of_{}_works", page.name);
        Trial::test(name, move || {
            walk(&page);
            Ok(())
        })
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// A trial that finds whatever is wrong with documents.
fn of_all(name: &str, pages: &[Page], check: fn(&[Page]) -> Vec<String>) -> Trial {
    let pages = pages.to_vec();
    Trial::test(name, move || {
        let found = check(&pages);
        if found.is_empty() { Ok(()) } else { Err(Failed::from(found.join("\n"))) }
    })
}

fn without_language(pages: &[Page]) -> Vec<String> {
    let blocks = pages.iter().flat_map(|page| page.blocks.iter().map(move |it| (page, it)));
    let unknown = blocks.filter(|(_, block)| !LANGUAGES.contains(&block.language.as_str()));
    unknown
        .map(|(page, block)| {
            let (line, language) = (block.line, &block.language);
            format!("{}:{line}: ```{language}; expected one of {LANGUAGES:?}", page.name)
        })
        .collect()
}

fn is_walked(page: &Page) -> bool {
    let is_run = |command: &String| exceptions::of(&page.name, command).is_none();
    exceptions::elsewhere(&page.name).is_none() && page.commands().any(|it| is_run(&it))
}

fn walk(page: &Page) {
    let mut place = Place::new();
    let setting = Setting::of(page, &mut place);
    for block in page.blocks.iter().filter(|block| !block.commands().is_empty()) {
        place.begin();
        for command in block.commands() {
            if exceptions::of(&page.name, &command).is_some() {
                continue;
            }
            println!("{}:{}: {command}", page.name, block.line);
            setting.before(&command, &mut place);
            place.types_to(&command, exceptions::code_of(&page.name, &command));
        }
        setting.after(block, &mut place);
    }
    place.end();
}
