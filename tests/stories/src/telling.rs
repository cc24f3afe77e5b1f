//! A story told again, block by block.

use crate::Stage;

const DASH_LINE: &str = "----";

/// What stands between what happens and what came of it.
pub(crate) const DASHES: &str = "\n----\n";

/// The story with what the stage makes of it.
pub(crate) fn tell(written: &str, stage: &mut impl Stage) -> String {
    let blocks = written.trim_end().split("\n\n");
    let told: Vec<_> = blocks.map(|block| tell_block(block, stage)).collect();
    told.join("\n\n") + "\n"
}

/// A block in which nothing happens is a remark, and has nothing to tell.
fn tell_block(block: &str, stage: &mut impl Stage) -> String {
    let happens: Vec<_> = block.lines().take_while(|line| *line != DASH_LINE).collect();
    let is_played = |line: &&&str| !line.is_empty() && !line.starts_with('#');
    let played: Vec<_> = happens.iter().filter(is_played).collect();
    if played.is_empty() {
        return happens.join("\n");
    }
    for line in played {
        stage.play(line);
    }
    let mut lines: Vec<_> = happens.into_iter().map(str::to_owned).collect();
    lines.push(DASH_LINE.to_owned());
    lines.extend(stage.told());
    lines.join("\n")
}
