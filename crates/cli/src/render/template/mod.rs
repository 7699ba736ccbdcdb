//! Templates, the subset of Go's text/template that docker's users write.
//!
//! `lex` cuts text into tokens, `parse` makes the tree, `run` follows it over a
//! [`super::value::Value`], `functions` holds what a template may call, `printf` its formats.
//! Leaves tables and headers to [`super::list`]. Invariant: error texts and columns are Go's.

mod compare;
mod functions;
mod lex;
mod parse;
mod pipeline;
mod printf;
mod run;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use run::Template;
