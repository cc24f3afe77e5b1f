//! What keys mean, in which order.

use baton_model::InstanceId;

use super::{Key, Paint, fleet, screen};
use crate::top::{Screen, Wanted, screen::Mode};

fn seen() -> Screen {
    screen(Paint::Letters, &fleet::of(3, 7))
}

fn names(screen: &Screen) -> Vec<&str> {
    screen.listed().iter().map(|line| line.name.as_str()).collect()
}

fn typed(screen: &mut Screen, text: &str) -> Vec<Wanted> {
    text.chars().filter_map(|letter| screen.press(Key::Letter(letter))).collect()
}

#[test]
fn the_selection_stops_at_both_ends() {
    let mut screen = seen();
    let ends = [Key::Up, Key::Down, Key::Letter('j'), Key::Down, Key::Letter('k')].map(|key| {
        screen.press(key);
        screen.selected.map(InstanceId::bits)
    });
    assert_eq!(ends, [0, 1, 2, 2, 1].map(Some));
}

#[test]
fn a_drain_is_planned_first_and_done_only_after_a_yes() {
    let mut screen = seen();
    assert_eq!(typed(&mut screen, "jd"), [Wanted::DrainPlan(InstanceId::new(1))]);
    screen.ask(InstanceId::new(1), "a plan".to_owned());
    assert_eq!(typed(&mut screen, "y"), [Wanted::Drain(InstanceId::new(1))]);
    assert_eq!(typed(&mut screen, "y"), [], "it is answered");
}

#[test]
fn anything_but_a_yes_is_a_no() {
    for key in [Key::Letter('n'), Key::Letter('Y'), Key::Letter('q'), Key::Enter, Key::Escape] {
        let mut screen = seen();
        screen.ask(InstanceId::new(1), "a plan".to_owned());
        assert_eq!(screen.press(key), None, "{key:?}");
        assert_eq!(screen.mode, Mode::Looking);
        assert!(screen.notice.is_some(), "what was not done is said");
    }
}

#[test]
fn a_question_about_somebody_who_is_gone_is_taken_back() {
    let mut screen = seen();
    screen.ask(InstanceId::new(2), "a plan".to_owned());
    screen.see(&fleet::of(3, 7));
    assert!(matches!(screen.mode, Mode::Asking { .. }), "whoever is there is asked about still");
    screen.see(&fleet::of(2, 7));
    assert_eq!(typed(&mut screen, "y"), []);
}

#[test]
fn while_a_filter_is_typed_letters_command_nothing() {
    let mut screen = seen();
    assert_eq!(typed(&mut screen, "/qdu"), []);
    assert_eq!(names(&screen), [""; 0]);
    for _ in 0..3 {
        screen.press(Key::Backspace);
    }
    typed(&mut screen, "W-02");
    assert_eq!(names(&screen), ["gw-02"]);
    screen.press(Key::Enter);
    assert_eq!(typed(&mut screen, "u"), [Wanted::Undrain(InstanceId::new(2))]);
    screen.press(Key::Escape);
    assert_eq!(names(&screen), ["gw-00", "gw-01", "gw-02"]);
}

#[test]
fn nobody_who_is_not_listed_is_drained() {
    let mut screen = seen();
    typed(&mut screen, "/nobody");
    screen.press(Key::Enter);
    assert_eq!(typed(&mut screen, "du"), []);
}

#[test]
fn instances_are_ordered_by_what_is_chosen_the_largest_first() {
    let mut screen = screen(Paint::Letters, &fleet::in_trouble());
    let orders = [(); 5].map(|()| {
        let order = names(&screen).join(" ");
        screen.press(Key::Letter('s'));
        order
    });
    assert_eq!(
        orders,
        [
            "alpha beta gamma",
            "beta alpha gamma",
            "alpha beta gamma",
            "beta alpha gamma",
            "alpha beta gamma"
        ]
    );
}

#[test]
fn ctrl_c_quits_whatever_is_asked() {
    for before in ["", "/", "?"] {
        let mut screen = seen();
        typed(&mut screen, before);
        assert_eq!(screen.press(Key::Interrupt), Some(Wanted::Quit), "after {before:?}");
    }
    let mut screen = seen();
    screen.ask(InstanceId::new(1), "a plan".to_owned());
    assert_eq!(screen.press(Key::Interrupt), Some(Wanted::Quit));
    assert_eq!(seen().press(Key::Letter('q')), Some(Wanted::Quit));
}
