//! The fleet as one look shows it, what operators call its parts, and what its planner would do.

mod names;
mod planning;

#[cfg(test)]
pub(crate) use baton_overview::examples;
pub(crate) use baton_overview::{
    Cell, HandlerSight, HandlerStanding, Handlers, Instance, Look, Sight, Standing, doer, problems,
    told, wanted,
};

pub(crate) use self::{
    names::Find,
    planning::{Situation, is_balanced},
};
