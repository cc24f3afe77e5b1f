//! Questions to a run of Rust tokens: what stands at this place?

use proc_macro2::{Delimiter, Group, TokenTree};

/// The name of the function whose `fn` stands at `at`; none for a function pointer's type.
pub(crate) fn function_name(stream: &[TokenTree], at: usize) -> Option<String> {
    match (stream.get(at)?, stream.get(at + 1)?) {
        (token, TokenTree::Ident(name)) if is_ident(token, "fn") => Some(name.to_string()),
        _ => None,
    }
}

/// Where the item that is under way at `from` ends: at its braces or its semicolon.
pub(crate) fn item_end(stream: &[TokenTree], from: usize) -> Option<usize> {
    (from..stream.len())
        .find(|&at| brace_group(&stream[at]).is_some() || is_punct(&stream[at], ';'))
}

pub(crate) fn brace_group(token: &TokenTree) -> Option<&Group> {
    group(token).filter(|group| group.delimiter() == Delimiter::Brace)
}

pub(crate) fn group(token: &TokenTree) -> Option<&Group> {
    match token {
        TokenTree::Group(group) => Some(group),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    }
}

/// The tokens between the brackets of the attribute that ends at `at`, as in `#[…]` and `#![…]`.
pub(crate) fn attribute_at(stream: &[TokenTree], at: usize) -> Option<Vec<TokenTree>> {
    let brackets = group(stream.get(at)?)?;
    let opener = at.checked_sub(1).map(|before| &stream[before])?;
    let is_inner = is_punct(opener, '!') && at >= 2 && is_punct(&stream[at - 2], '#');
    let is_attribute = is_punct(opener, '#') || is_inner;
    is_attribute.then(|| brackets.stream().into_iter().collect())
}

pub(crate) fn is_ident(token: &TokenTree, name: &str) -> bool {
    match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    }
}

pub(crate) fn is_punct(token: &TokenTree, sign: char) -> bool {
    match token {
        TokenTree::Punct(punct) => punct.as_char() == sign,
        TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

pub(crate) fn line_of(token: &TokenTree) -> usize {
    token.span().start().line
}

pub(crate) fn last_line_of(token: &TokenTree) -> usize {
    token.span().end().line
}
