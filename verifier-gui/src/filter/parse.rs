use super::{Field, Filter, FilterError, Kind, Operand, Operator};
use verifier_core::ledger::Decimal;

/// Parentheses and negations inside each other.
const DEPTH: usize = 64;
/// Bytes of a filter.
const LONGEST: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Operator(Operator),
    And,
    Or,
    Not,
    Open,
    Close,
}

/// Reads a filter; an empty one is everything.
///
/// # Errors
/// [`FilterError`] with the place.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError {
            at: text.floor_char_boundary(LONGEST),
            message: format!("a filter has at most {LONGEST} characters"),
        });
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Filter::All);
    }
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len() };
    let filter = parser.any_of(0)?;
    match parser.peek() {
        None => Ok(filter),
        Some(Token::Close) => parser.fail("this parenthesis was not opened"),
        Some(_) => parser.fail("&& or || is missing before this"),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, character)) = rest.next() {
        let mut followed_by = |next: char| rest.next_if(|(_, character)| *character == next).is_some();
        let token = match character {
            ' ' | '\t' | '\n' | '\r' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '~' => Token::Operator(Operator::Contains),
            '=' => {
                followed_by('=');
                Token::Operator(Operator::Equal)
            }
            '!' if followed_by('=') => Token::Operator(Operator::NotEqual),
            '!' => Token::Not,
            '<' if followed_by('=') => Token::Operator(Operator::AtMost),
            '<' => Token::Operator(Operator::Less),
            '>' if followed_by('=') => Token::Operator(Operator::AtLeast),
            '>' => Token::Operator(Operator::More),
            '&' if followed_by('&') => Token::And,
            '|' if followed_by('|') => Token::Or,
            '&' | '|' => {
                let message = format!("one {character} is nothing; write {character}{character}");
                return Err(FilterError { at, message });
            }
            '"' => {
                let mut inner = String::new();
                loop {
                    match rest.next() {
                        Some((_, '"')) => break,
                        Some((_, '\\')) => inner.extend(rest.next().map(|(_, escaped)| escaped)),
                        Some((_, character)) => inner.push(character),
                        None => {
                            return Err(FilterError { at, message: "this quote is not closed".to_owned() });
                        }
                    }
                }
                Token::Quoted(inner)
            }
            first => {
                let mut word = String::from(first);
                while let Some((_, next)) = rest.next_if(|(_, next)| !" \t\n\r()~=!<>&|\"".contains(*next)) {
                    word.push(next);
                }
                match word.as_str() {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    _ => Token::Word(word),
                }
            }
        };
        tokens.push((at, token));
    }
    Ok(tokens)
}

struct Parser<'t> {
    tokens: &'t [(usize, Token)],
    at: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at = self.at.saturating_add(usize::from(token.is_some()));
        token
    }

    fn takes(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, FilterError> {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        Err(FilterError { at, message: message.into() })
    }

    fn any_of(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let first = self.all_of(depth)?;
        let mut parts = vec![first];
        while self.takes(&Token::Or) {
            parts.push(self.all_of(depth)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let first = self.unary(depth)?;
        let mut parts = vec![first];
        while self.takes(&Token::And) {
            parts.push(self.unary(depth)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn unary(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth >= DEPTH {
            return self.fail(format!("more than {DEPTH} parentheses and negations inside each other"));
        }
        if self.takes(&Token::Not) {
            return Ok(Filter::Not(Box::new(self.unary(depth.saturating_add(1))?)));
        }
        if self.takes(&Token::Open) {
            let inner = self.any_of(depth.saturating_add(1))?;
            if !self.takes(&Token::Close) {
                return self.fail("a closing parenthesis is missing here");
            }
            return Ok(inner);
        }
        match self.peek().cloned() {
            Some(Token::Quoted(text)) => {
                self.at = self.at.saturating_add(1);
                Ok(Filter::Anywhere(text.to_lowercase()))
            }
            Some(Token::Word(word)) => self.comparison(&word),
            Some(Token::Operator(_)) => self.fail("a field is missing before this, such as cost or provider"),
            Some(_) => self.fail("a comparison is missing before this, such as decision == deny"),
            None => self.fail("a comparison is missing here, such as decision == deny"),
        }
    }

    fn comparison(&mut self, word: &str) -> Result<Filter, FilterError> {
        let compares = matches!(self.tokens.get(self.at.saturating_add(1)), Some((_, Token::Operator(_))));
        if !compares {
            self.at = self.at.saturating_add(1);
            return Ok(Filter::Anywhere(word.to_lowercase()));
        }
        let Some(field) = Field::named(word) else {
            return self.fail(unknown_field(word));
        };
        self.at = self.at.saturating_add(1);
        let Some(Token::Operator(operator)) = self.next() else {
            return self.fail("a comparison sign is missing here");
        };
        if operator == Operator::Contains && field.kind() != Kind::Text && field.kind() != Kind::Day {
            self.at = self.at.saturating_sub(1);
            return self.fail(format!("{} is no text, so it cannot contain anything", field.name()));
        }
        let operand = self.operand(field, operator)?;
        Ok(Filter::Compare(field, operator, operand))
    }

    fn operand(&mut self, field: Field, operator: Operator) -> Result<Operand, FilterError> {
        let text = match self.peek() {
            Some(Token::Word(text) | Token::Quoted(text)) => text.clone(),
            _ => return self.fail(format!("a value is missing here: {}", example(field))),
        };
        let operand = match field.kind() {
            Kind::Text | Kind::Day if operator == Operator::Contains => {
                Ok(Operand::Text(text.to_lowercase()))
            }
            Kind::Text => Ok(Operand::Text(text)),
            Kind::Day if is_day(&text) => Ok(Operand::Text(text)),
            Kind::Day => Err(format!("{text:?} is no day; write it like 2026-08-03")),
            Kind::Flag => match text.as_str() {
                "true" | "yes" => Ok(Operand::Flag(true)),
                "false" | "no" => Ok(Operand::Flag(false)),
                _ => Err(format!("{text:?} is neither true nor false")),
            },
            Kind::Number => {
                text.parse().map(Operand::Number).map_err(|_| format!("{text:?} is no whole number"))
            }
            Kind::Money => money(&text).map(Operand::Number),
        };
        let operand = match operand {
            Ok(operand) => operand,
            Err(message) => return self.fail(message),
        };
        self.at = self.at.saturating_add(1);
        if field.kind() == Kind::Money
            && matches!(self.peek(), Some(Token::Word(unit)) if unit.eq_ignore_ascii_case("usd"))
        {
            self.at = self.at.saturating_add(1);
        }
        Ok(operand)
    }
}

fn one_or(mut parts: Vec<Filter>, make: fn(Vec<Filter>) -> Filter) -> Filter {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            make(parts)
        }
    }
}

fn money(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no amount in USD; write it like 10 or 0.25 usd");
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let amount = Decimal::parse(text).ok().filter(|_| plain).ok_or_else(wrong)?;
    let rounded = amount.to_micros().map_err(|_| wrong())?;
    if rounded.is_exact { Ok(rounded.micros) } else { Err(format!("{text:?} has more than six decimals")) }
}

fn is_day(text: &str) -> bool {
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts.as_slice(), [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

fn example(field: Field) -> &'static str {
    match field.kind() {
        Kind::Text => "a word, or a text in quotes",
        Kind::Money => "an amount such as 10 or 0.25 usd",
        Kind::Number => "a whole number",
        Kind::Day => "a day such as 2026-08-03",
        Kind::Flag => "true or false",
    }
}

/// Names the field that was probably meant.
fn unknown_field(word: &str) -> String {
    let near = Field::ALL.into_iter().min_by_key(|field| distance(word, field.name()));
    match near.filter(|field| distance(word, field.name()) <= 2) {
        Some(field) => format!("{word:?} is no field; {} is one", field.name()),
        None => {
            let names: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
            format!("{word:?} is no field; fields are {}", names.join(", "))
        }
    }
}

/// Letters to insert, drop or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (position, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = position;
        if let Some(first) = row.first_mut() {
            *first = position.saturating_add(1);
        }
        for (at, known) in other.iter().enumerate() {
            let left = row.get(at).copied().unwrap_or(0).saturating_add(1);
            if let Some(cell) = row.get_mut(at.saturating_add(1)) {
                let replaced = diagonal.saturating_add(usize::from(letter != *known));
                diagonal = *cell;
                *cell = replaced.min(left).min(diagonal.saturating_add(1));
            }
        }
    }
    row.last().copied().unwrap_or(0)
}
