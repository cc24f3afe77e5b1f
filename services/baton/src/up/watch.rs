//! How the bot fares, said whenever that changes.

use std::{convert::Infallible, time::Duration};

use baton_gateway::{app::Condition, observer::Observer};

use crate::terminal::Terminal;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Says it for as long as it is polled.
pub(super) async fn tell(observer: Option<Observer>, terminal: Terminal) -> Infallible {
    let mut told = None;
    loop {
        if let Some(observer) = &observer {
            let seen = observer.look();
            let words: Vec<_> = seen
                .apps
                .iter()
                .map(|(app, condition)| format!("{app}: {}", said(condition)))
                .collect();
            if told.as_ref() != Some(&words) {
                words.iter().for_each(|line| terminal.say(line));
                told = Some(words);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn said(condition: &Condition) -> String {
    match condition {
        Condition::Starting { because } => format!("does not run yet: {because}"),
        Condition::Running => "runs".to_owned(),
        Condition::Rejected { code, remedy } => {
            format!("discord rejects it with {code}: {remedy}")
        }
    }
}
