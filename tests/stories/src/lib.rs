//! Plays stories: conversations with a machine, as plain text, one file each.
//!
//! A story begins with its rule, a line `# …`. After it come blocks with an empty line between
//! them: what happens, a line of dashes, what came of it. The runner knows files, blocks and
//! differences. It refuses to know what a line means: that is up to the [`Stage`].
//!
//! The one idea to take along: *a story is judged by telling it again*. What happens stays as it is
//! written, what came of it is told anew, and the two texts must be the same, so that every line
//! counts and none can be left out. With `BLESS=1` in the environment the story is written down as
//! it was told; reading every changed line is up to who asked for it.

mod complaint;
mod telling;

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

pub use complaint::Complaint;

/// Where a story is played: a machine, its surroundings, and the words for both.
pub trait Stage {
    /// Lets happen what a line says.
    fn play(&mut self, line: &str);

    /// What came of it since this was last asked, one line each: what the machine did and, where it
    /// has something to say about it, in which state that leaves it.
    fn told(&mut self) -> Vec<String>;
}

/// The stories of a folder.
#[derive(Debug)]
pub struct Stories {
    files: Vec<(PathBuf, String)>,
}

impl Stories {
    /// Reads them. There are at least so many: a folder that has moved would else be a test that
    /// proves nothing.
    ///
    /// # Panics
    ///
    /// If the folder cannot be read, or holds fewer.
    #[must_use]
    pub fn of(folder: impl AsRef<Path>, at_least: usize) -> Self {
        let folder = folder.as_ref();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path);
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, text)
        };
        let entries = fs::read_dir(folder);
        let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<_> =
            entries.map(|entry| read(entry.expect("a file's name").path())).collect();
        files.sort();
        let found = files.len();
        let place = folder.display();
        assert!(found >= at_least, "{place} holds {found} stories; expected {at_least} or more");
        Self { files }
    }

    /// Each story's text.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, text)| text.as_str())
    }

    /// Plays each story on a stage of its own. This is what a test calls.
    ///
    /// # Panics
    ///
    /// With all that is wrong, if anything is.
    pub fn play<S: Stage>(&self, stage: impl Fn() -> S) {
        let complaints = match env::var_os("BLESS") {
            Some(_) => self.bless(stage),
            None => self.judge(stage),
        };
        let complaints: Vec<_> = complaints.iter().map(ToString::to_string).collect();
        assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    }

    /// Says of each story what is wrong with it.
    pub fn judge<S: Stage>(&self, stage: impl Fn() -> S) -> Vec<Complaint> {
        let judged = self.files.iter().map(|(file, written)| {
            let told = tell_again(file, written, &mut stage())?;
            Complaint::of_difference(file, written, &told)
        });
        judged.filter_map(Result::err).collect()
    }

    /// Writes each story down as it was told. What no telling can mend is still a complaint.
    ///
    /// # Panics
    ///
    /// If a file cannot be written.
    pub fn bless<S: Stage>(&self, stage: impl Fn() -> S) -> Vec<Complaint> {
        let blessed = self.files.iter().map(|(file, written)| {
            let told = tell_again(file, written, &mut stage())?;
            if told != *written {
                let saved = fs::write(file, told);
                saved.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            }
            Ok(())
        });
        blessed.filter_map(Result::err).collect()
    }
}

/// The story as it is told by the stage, where it is one at all.
fn tell_again(file: &Path, written: &str, stage: &mut impl Stage) -> Result<String, Complaint> {
    if !written.starts_with("# ") {
        return Err(Complaint::NoRule { file: file.to_owned() });
    }
    // Nobody looks at a stage that has broken.
    let told = panic::catch_unwind(AssertUnwindSafe(|| telling::tell(written, stage)))
        .map_err(|payload| Complaint::of_panic(file, payload.as_ref()))?;
    if !told.contains(telling::DASHES) {
        return Err(Complaint::NothingHappens { file: file.to_owned() });
    }
    Ok(told)
}
