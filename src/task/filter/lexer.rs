//! Splits a filter into tokens with their positions.
//! `-` and `(` are operators at the beginning of a term only, so that `db-prod-01` and `web(old)`
//! are words. Spaces around a comparison are allowed: `elapsed > 1h`.

use std::ops::Range;

use super::error::FilterError;

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `:`
    Has,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Operator {
    /// Returns the operator as it is typed.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Has => ":",
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A value, to the right of an operator or alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// Notations of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Unquoted, with the wildcards `*` and `?`.
    Word,
    /// In quotes, literally.
    Quoted,
    /// Between slashes.
    Regex,
}

/// Field name, its position, and the operator.
pub(super) type Head = (String, Range<usize>, Operator);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// `@name`
    Saved(String),
    /// A field, an operator and values, or a value alone.
    Term(Option<Head>, Vec<Operand>),
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Tells if a word is the name of a field.
    is_field: fn(&str) -> bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, is_field: fn(&str) -> bool) -> Self {
        Self {
            text,
            at: 0,
            is_field,
        }
    }

    /// Returns all tokens with their positions.
    pub(super) fn all(mut self) -> Result<Vec<(Token, Range<usize>)>, FilterError> {
        let mut tokens = Vec::new();
        while let Some(token) = self.next()? {
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, part: &str) -> bool {
        let found = self.rest().starts_with(part);
        if found {
            self.at += part.len();
        }
        found
    }

    fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, FilterError> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let token = match first {
            '(' => self.sign(1, Token::Open),
            ')' => self.sign(1, Token::Close),
            '-' | '!' => self.sign(1, Token::Not),
            '|' | '&' => {
                let signs = self.rest().len() - self.rest().trim_start_matches(first).len();
                let token = if first == '|' { Token::Or } else { Token::And };
                self.sign(signs, token)
            }
            '@' => {
                self.at += 1;
                let name = self.word_end();
                Token::Saved(self.text[start + 1..name].to_owned())
            }
            _ => self.term()?,
        };
        if let Token::Saved(name) = &token {
            self.at = start + 1 + name.len();
        }
        Ok(Some((token, start..self.at)))
    }

    fn sign(&mut self, bytes: usize, token: Token) -> Token {
        self.at += bytes;
        token
    }

    fn term(&mut self) -> Result<Token, FilterError> {
        let head = self.head();
        let is_quoted = matches!(self.peek(), Some('"' | '\'' | '/'));
        if head.is_none() && !is_quoted {
            let start = self.at;
            self.at = self.word_end();
            let word = &self.text[start..self.at];
            if word
                .trim_start_matches(['<', '>', '=', '!', ':'])
                .is_empty()
            {
                let why = format!(
                    "missing field before “{word}”, such as elapsed>1h; quote it to search for it"
                );
                return Err(FilterError::new(start..self.at, why));
            }
            return Ok(match word.to_ascii_lowercase().as_str() {
                "and" => Token::And,
                "or" => Token::Or,
                "not" => Token::Not,
                _ => Token::Term(None, vec![value(Kind::Word, word, start..self.at)]),
            });
        }
        let mut values = vec![self.value()?];
        // A comma separates values only after a field; else it is part of the word.
        while head.is_some() && self.take(",") {
            self.skip_space();
            values.push(self.value()?);
        }
        Ok(Token::Term(head, values))
    }

    /// Parses a field name followed by an operator.
    fn head(&mut self) -> Option<Head> {
        let rest = self.rest();
        let name = rest
            .find(|c: char| !c.is_alphabetic() && c != '-' && c != '_')
            .map_or("", |end| &rest[..end]);
        if name.is_empty() {
            return None;
        }
        let start = self.at;
        self.at += name.len();
        let end = self.at;
        self.skip_space();
        let is_apart = self.at > end;
        let operator = self.operator();
        // A colon after a space belongs to a word unless a field is before it.
        let is_head = operator.is_some_and(|operator| {
            !is_apart || operator != Operator::Has || (self.is_field)(name)
        });
        let Some(operator) = operator.filter(|_| is_head) else {
            self.at = start;
            return None;
        };
        self.skip_space();
        Some((name.to_lowercase(), start..end, operator))
    }

    fn operator(&mut self) -> Option<Operator> {
        let colon = self.take(":");
        let operators = [
            Operator::Unequal,
            Operator::AtMost,
            Operator::AtLeast,
            Operator::Less,
            Operator::More,
            Operator::Equal,
        ];
        let found = operators
            .into_iter()
            .find(|operator| self.take(operator.sign()));
        found.or(colon.then_some(Operator::Has))
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn value(&mut self) -> Result<Operand, FilterError> {
        let start = self.at;
        match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                let text = self.until(quote, "missing closing quote")?;
                Ok(value(Kind::Quoted, &text, start..self.at))
            }
            Some('/') => {
                let text = self.until('/', "missing closing / of this pattern")?;
                let has_trailing_text = self
                    .peek()
                    .is_some_and(|c| !c.is_whitespace() && !matches!(c, ')' | ','));
                if has_trailing_text {
                    let why = "unexpected text after the closing /; write \\/ for a slash, or quote the text";
                    return Err(FilterError::new(self.at - 1..self.at, why));
                }
                Ok(value(Kind::Regex, &text, start..self.at))
            }
            _ => {
                let end = self.word_end();
                let word = &self.text[start..end];
                let word = word.find(',').map_or(word, |comma| &word[..comma]);
                self.at = start + word.len();
                Ok(value(Kind::Word, word, start..self.at))
            }
        }
    }

    /// Reads up to the closing delimiter. A backslash escapes the delimiter (and, in quotes,
    /// another backslash); in a regular expression all other backslashes are kept.
    fn until(&mut self, sign: char, problem: &str) -> Result<String, FilterError> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, letter)) = letters.next() {
            if letter == sign {
                self.at = start + offset + sign.len_utf8();
                return Ok(text);
            }
            let next = letters.peek().map(|(_, next)| *next);
            let escapes = next == Some(sign) || (sign != '/' && next == Some('\\'));
            if letter == '\\' && escapes {
                text.extend(next);
                letters.next();
            } else if letter == '\\' && sign == '/' {
                // Keep pairs of backslashes together, so that the second does not escape the
                // delimiter.
                text.push(letter);
                text.extend(letters.next().map(|(_, next)| next));
            } else {
                text.push(letter);
            }
        }
        Err(FilterError::new(start..self.text.len(), problem))
    }

    /// Returns the end of the word: white space, or a parenthesis that it did not open.
    fn word_end(&self) -> usize {
        let mut open = 0_usize;
        for (offset, letter) in self.rest().char_indices() {
            match letter {
                _ if letter.is_whitespace() => return self.at + offset,
                '(' => open += 1,
                ')' if open == 0 => return self.at + offset,
                ')' => open -= 1,
                _ => {}
            }
        }
        self.text.len()
    }
}

fn value(kind: Kind, text: &str, span: Range<usize>) -> Operand {
    Operand {
        kind,
        text: text.to_owned(),
        span,
    }
}
