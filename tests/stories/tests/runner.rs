//! What the runner lets pass and what it reports, on a stage that counts.

use std::{fs, path::PathBuf};

use baton_test_stories::{Complaint, Stage, Stories};
use tempfile::TempDir;

/// Adds up what it is given, and panics at what is no number.
#[derive(Default)]
struct Sum {
    sum: i64,
    said: Vec<String>,
}

impl Stage for Sum {
    fn play(&mut self, line: &str) {
        let number: i64 = line.parse().unwrap_or_else(|_| panic!("{line} is no number"));
        self.sum += number;
        self.said.push(format!("plus {number}"));
    }

    fn told(&mut self) -> Vec<String> {
        let mut lines = std::mem::take(&mut self.said);
        lines.push(format!("= {}", self.sum));
        lines
    }
}

const GOOD: &str = "# Sums grow.\n1\n2\n----\nplus 1\nplus 2\n= 3\n\n# A remark.\n\n# And on.\n\
                    -3\n----\nplus -3\n= 0\n";

struct Folder(TempDir);

impl Folder {
    fn with(stories: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in stories {
            fs::write(folder.path().join(name), text).expect("written");
        }
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn stories(&self) -> Stories {
        Stories::of(self.0.path(), 1)
    }

    fn complaints(&self) -> Vec<Complaint> {
        self.stories().judge(Sum::default)
    }
}

#[test]
fn a_story_that_ends_as_it_is_written_passes() {
    let folder = Folder::with(&[("good.txt", GOOD)]);
    assert_eq!(folder.complaints(), []);
}

#[test]
fn each_story_has_a_stage_of_its_own() {
    let folder =
        Folder::with(&[("a.txt", GOOD), ("b.txt", "# From zero.\n5\n----\nplus 5\n= 5\n")]);
    assert_eq!(folder.complaints(), []);
}

#[test]
fn a_changed_output_is_reported_with_its_file_and_line() {
    let changed = GOOD.replace("plus -3", "plus 3");
    let folder = Folder::with(&[("a_good.txt", GOOD), ("changed.txt", &changed)]);
    let complaints = folder.complaints();
    let file = folder.file("changed.txt");
    let said = format!("{}:14:\n  written: plus 3\n  told:    plus -3", file.display());
    assert_eq!(complaints.iter().map(ToString::to_string).collect::<Vec<_>>(), [said]);
}

#[test]
fn an_output_too_few_or_too_many_is_reported() {
    let lines = |written: &str| {
        let complaints = Folder::with(&[("story.txt", written)]).complaints();
        let [Complaint::EndsOtherwise { line, written, told, .. }] = complaints.as_slice() else {
            panic!("{complaints:?}");
        };
        (*line, written.clone(), told.clone())
    };
    let end = "(the end)".to_owned();
    let too_few = lines("# One.\n1\n----\nplus 1\n");
    assert_eq!(too_few, (5, end.clone(), "= 1".to_owned()));
    let too_many = lines("# One.\n1\n----\nplus 1\n= 1\nplus 2\n");
    assert_eq!(too_many, (6, "plus 2".to_owned(), end.clone()));
    let without_dashes = lines("# One.\n1\n");
    assert_eq!(without_dashes, (3, end.clone(), "----".to_owned()));
    let without_line_end = lines("# One.\n1\n----\nplus 1\n= 1");
    assert_eq!(without_line_end, (6, end.clone(), end));
}

#[test]
fn a_panicking_stage_is_reported_by_file_and_stops_no_other_story() {
    let changed = GOOD.replace("= 0", "= 1");
    let broken = GOOD.replace("\n2\n", "\ntwo\n");
    let folder = Folder::with(&[("a_broken.txt", &broken), ("changed.txt", &changed)]);
    let complaints = folder.complaints();
    let message = "two is no number".to_owned();
    let expected = Complaint::Panicked { file: folder.file("a_broken.txt"), message };
    assert_eq!((complaints.len(), &complaints[0]), (2, &expected), "{complaints:?}");
}

#[test]
#[should_panic(expected = "holds 0 stories; expected 1 or more")]
fn an_empty_folder_fails() {
    drop(Folder::with(&[]).stories());
}

#[test]
#[should_panic(expected = "holds 1 stories; expected 2 or more")]
fn a_folder_below_its_minimum_fails() {
    let folder = Folder::with(&[("good.txt", GOOD)]);
    drop(Stories::of(folder.0.path(), 2));
}

#[test]
fn a_story_without_a_rule_fails() {
    let folder = Folder::with(&[("a.txt", "1\n----\nplus 1\n= 1\n")]);
    let expected = Complaint::NoRule { file: folder.file("a.txt") };
    let expected = [expected];
    assert_eq!(folder.complaints(), expected);
    assert_eq!(folder.stories().bless(Sum::default), expected);
}

#[test]
fn a_story_in_which_nothing_happens_fails() {
    let folder = Folder::with(&[("a.txt", "# A rule, and no more.\n")]);
    let expected = Complaint::NothingHappens { file: folder.file("a.txt") };
    assert_eq!(folder.complaints(), [expected]);
}

#[test]
fn a_blessed_story_is_as_it_was_told_and_a_broken_one_as_it_was() {
    let changed = GOOD.replace("plus -3", "plus 3");
    let broken = GOOD.replace("\n2\n", "\ntwo\n");
    let folder = Folder::with(&[("changed.txt", &changed), ("broken.txt", &broken)]);
    assert_eq!(folder.stories().bless(Sum::default).len(), 1);
    assert_eq!(fs::read_to_string(folder.file("changed.txt")).unwrap(), GOOD);
    assert_eq!(fs::read_to_string(folder.file("broken.txt")).unwrap(), broken);
}

#[test]
#[should_panic(expected = "two is no number")]
fn a_test_fails_with_what_is_wrong() {
    let folder = Folder::with(&[("broken.txt", &GOOD.replace("\n2\n", "\ntwo\n"))]);
    folder.stories().play(Sum::default);
}
