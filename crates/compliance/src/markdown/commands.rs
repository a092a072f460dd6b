//! Commands in fenced shell blocks, as words.

/// One simple command of a fence, with its line in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub words: Vec<String>,
    pub line: u32,
}

const SHELL: &[&str] =
    &["sh", "bash", "zsh", "shell", "console", "shell-session", "shellsession", "terminal", "shellscript"];

pub fn is_shell(language: &str) -> bool {
    SHELL.contains(&language)
}

/// Splits a fence into commands. With a `$ ` prompt anywhere only the prompted lines are commands, the rest is output.
pub fn read(body: &str, first_line: u32, language: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let prompt = |line: &str| {
        ["$ ", "> ", "% ", "# "].iter().find_map(|prompt| line.trim_start().strip_prefix(prompt)).map(str::to_owned)
    };
    let session = body.lines().any(|line| line.trim_start().starts_with("$ "));
    let session_language = matches!(language, "console" | "shell-session" | "shellsession" | "terminal");
    let mut joined = String::new();
    let mut joined_line = first_line;
    let mut heredoc: Option<String> = None;
    for (line, number) in body.lines().zip(first_line..) {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        let content = if !joined.is_empty() {
            line.to_owned()
        } else if session {
            let Some(rest) = line.trim_start().strip_prefix("$ ") else { continue };
            rest.to_owned()
        } else if session_language {
            let Some(rest) = prompt(line) else { continue };
            rest
        } else {
            line.to_owned()
        };
        if joined.is_empty() {
            joined_line = number;
        }
        if let Some(start) = content.strip_suffix('\\') {
            joined.push_str(start);
            joined.push(' ');
            continue;
        }
        joined.push_str(&content);
        heredoc = joined.split_once("<<").map(|(_, rest)| {
            rest.trim_start_matches(['-', '~', ' '])
                .trim_start_matches(['\'', '"'])
                .chars()
                .take_while(|character| character.is_alphanumeric() || *character == '_')
                .collect()
        });
        heredoc = heredoc.filter(|end| !end.is_empty());
        split(&joined, joined_line, &mut commands);
        joined.clear();
    }
    if !joined.is_empty() {
        split(&joined, joined_line, &mut commands);
    }
    commands
}

fn split(line: &str, number: u32, commands: &mut Vec<Command>) {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut any = false;
    let mut characters = line.chars().peekable();
    let mut flush = |words: &mut Vec<String>| {
        if !words.is_empty() {
            commands.push(Command { words: std::mem::take(words), line: number });
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' => {
                any = true;
                for inner in characters.by_ref() {
                    if inner == character {
                        break;
                    }
                    word.push(inner);
                }
            }
            '\\' => word.extend(characters.next()),
            '#' if word.is_empty() && !any => break,
            ' ' | '\t' | ';' | '|' | '&' | '(' | ')' => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                    any = false;
                }
                if !matches!(character, ' ' | '\t') {
                    flush(&mut words);
                }
            }
            _ => word.push(character),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    flush(&mut words);
}

impl Command {
    /// The words without leading `VAR=value`, `sudo` and the like.
    pub fn program(&self) -> &[String] {
        let start = self
            .words
            .iter()
            .position(|word| {
                let assignment = word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty()
                        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
                });
                !assignment && !matches!(word.as_str(), "sudo" | "time" | "env" | "exec" | "nohup" | "then" | "do")
            })
            .unwrap_or(self.words.len());
        &self.words[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(body: &str, language: &str) -> Vec<String> {
        read(body, 1, language).into_iter().map(|command| command.words.join(" ")).collect()
    }

    #[test]
    fn commands_are_split_as_a_shell_would() {
        assert_eq!(words("make a && npm run 'b c' # say\n", "sh"), ["make a", "npm run b c"]);
        assert_eq!(words("$ cargo run\noutput here\n", "console"), ["cargo run"]);
        assert_eq!(words("cat > x <<EOF\nnot a command\nEOF\nls\n", "bash"), ["cat > x <<EOF", "ls"]);
        assert_eq!(words("curl \\\n  --x y\n", "sh"), ["curl --x y"]);
        assert_eq!(read("A=1 sudo make x", 3, "sh")[0].program(), ["make", "x"]);
    }
}
