//! Parser of the filter language.
//! ```text
//! any  = all { "or" all }
//! all  = one { [ "and" ] one }
//! one  = { "not" } ( "(" any ")" | term | "@name" )
//! ```

use std::{collections::BTreeMap, iter::Peekable, ops::Range, vec::IntoIter};

use vtask_text::prefix;

use super::{
    error::FilterError,
    expr::Expr,
    field,
    lexer::{Lexer, Token},
};

/// Saved filters by name.
pub type Saved = BTreeMap<String, String>;

/// Maximum length of a filter in bytes.
const MAX_FILTER_BYTES: usize = 4096;
/// Maximum nesting of parentheses, negations and saved filters.
const MAX_NESTING: usize = 40;
/// Maximum number of expanded saved filters.
const MAX_SAVED_EXPANSIONS: usize = 100;

/// Parses a filter.
pub(super) fn parse(text: &str, saved: &Saved) -> Result<Expr, FilterError> {
    let mut expansions = 0;
    read(text, saved, 0, &mut expansions)
}

fn read(
    text: &str,
    saved: &Saved,
    depth: usize,
    expansions: &mut usize,
) -> Result<Expr, FilterError> {
    if text.len() > MAX_FILTER_BYTES {
        let start = prefix(text, MAX_FILTER_BYTES).len().min(MAX_FILTER_BYTES);
        let why = format!("filter too long: the limit is {MAX_FILTER_BYTES} bytes");
        return Err(FilterError::new(start..text.len(), why));
    }
    let tokens = Lexer::new(text, field::is_name).all()?;
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        end: text.len(),
        saved,
        depth,
        expansions,
    };
    if parser.tokens.peek().is_none() {
        return Ok(Expr::everything());
    }
    let expr = parser.any()?;
    match parser.tokens.next() {
        None => Ok(expr),
        Some((_, span)) => Err(FilterError::new(span, "unmatched closing parenthesis")),
    }
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<(Token, Range<usize>)>>,
    /// Length of the text.
    end: usize,
    saved: &'a Saved,
    depth: usize,
    expansions: &'a mut usize,
}

impl Parser<'_> {
    fn next_is(&mut self, token: &Token) -> bool {
        self.tokens.peek().is_some_and(|(next, _)| next == token)
    }

    fn any(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.all()?];
        while self.next_is(&Token::Or) {
            self.tokens.next();
            parts.push(self.all()?);
        }
        Ok(Expr::any(parts))
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.one()?];
        while let Some((token, _)) = self.tokens.peek() {
            match token {
                Token::Or | Token::Close => break,
                Token::And => {
                    self.tokens.next();
                }
                _ => {}
            }
            parts.push(self.one()?);
        }
        Ok(Expr::all(parts))
    }

    fn one(&mut self) -> Result<Expr, FilterError> {
        let Some((token, span)) = self.tokens.next() else {
            let end = self.end..self.end;
            return Err(FilterError::new(end, "missing term"));
        };
        match token {
            Token::Not => {
                self.descend(&span)?;
                let negated = self.one()?;
                self.depth -= 1;
                Ok(Expr::negated(negated))
            }
            Token::Open => {
                self.descend(&span)?;
                if self.next_is(&Token::Close) {
                    return Err(FilterError::new(span, "empty parentheses"));
                }
                let inner = self.any()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some((Token::Close, _)) => Ok(inner),
                    _ => Err(FilterError::new(span, "missing closing parenthesis")),
                }
            }
            Token::Term(head, values) => field::term(head, values),
            Token::Saved(name) => self.saved(&name, span),
            Token::Close => Err(FilterError::new(span, "unmatched closing parenthesis")),
            Token::And | Token::Or => {
                let why =
                    "“and” and “or” need a term on both sides; quote them to search for the words";
                Err(FilterError::new(span, why))
            }
        }
    }

    fn descend(&mut self, span: &Range<usize>) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(FilterError::new(span.clone(), "nested too deeply"));
        }
        Ok(())
    }

    fn saved(&mut self, name: &str, span: Range<usize>) -> Result<Expr, FilterError> {
        let Some(text) = self.saved.get(name) else {
            let names: Vec<&str> = self.saved.keys().map(String::as_str).collect();
            let why = match names.as_slice() {
                [] => "no saved filters; add them to [filters] in the config file".to_owned(),
                names => format!("no saved filter “{name}”; known: {}", names.join(", ")),
            };
            return Err(FilterError::new(span, why));
        };
        self.descend(&span)?;
        *self.expansions += 1;
        if *self.expansions > MAX_SAVED_EXPANSIONS {
            return Err(FilterError::new(span, "too many saved filters"));
        }
        let read = read(text, self.saved, self.depth, self.expansions);
        self.depth -= 1;
        read.map_err(|error| {
            let why = error.message;
            let why = if why.starts_with("in @") {
                why
            } else {
                format!("in @{name}, “{text}”: {why}")
            };
            FilterError::new(span, why)
        })
    }
}
