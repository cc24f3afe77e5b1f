//! What `baton top` shows, and what a key means there: a model and a view, both pure.
//!
//! [`Picture`] is one look at the store in the words of the screen, [`Screen`] what is selected,
//! sorted and asked on top of it, and [`draw`] puts that into a frame. None of them reads a
//! terminal, a clock or the store; `command/top.rs` does, and does what a [`Wanted`] says.

mod marks;
mod picture;
mod screen;

mod draw;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    draw::draw,
    screen::{Key, Paint, Screen, Wanted},
};

#[cfg(doc)]
use self::picture::Picture;
