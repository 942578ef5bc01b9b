//! `phitap schema`, `completions` and `man`: what is made from the definitions of rows and of the
//! command line.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Cli, SchemaArgs, SchemaOf};
use super::exit::{Exit, Failure};
use crate::query::{Question, row_schema};

/// Prints a JSON Schema.
pub fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    let question = match args.of {
        SchemaOf::Events => return write(include_str!("schema/events.json").as_bytes()),
        SchemaOf::Services => Question::Services,
        SchemaOf::Endpoints => Question::Endpoints,
        SchemaOf::Fields => Question::Fields,
        SchemaOf::Findings => Question::Findings,
        SchemaOf::Clients => Question::Clients,
        SchemaOf::Coverage => Question::Coverage,
        SchemaOf::Changes => Question::Changes,
    };
    write(format!("{:#}\n", row_schema(question)).as_bytes())
}

/// Prints a completion script.
pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "phitap", &mut script);
    write(&script)
}

/// Prints the manual page, and those of the subcommands behind it.
pub fn man() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let command = Cli::command();
    let told = |e: io::Error| Failure::failed(format!("write the manual page: {e}"));
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(told)?;
    for sub in command.get_subcommands() {
        let title = format!("phitap-{}", sub.get_name());
        clap_mangen::Man::new(sub.clone()).title(title).render(&mut page).map_err(told)?;
    }
    write(&page)
}

fn write(bytes: &[u8]) -> Result<Exit, Failure> {
    match io::stdout().lock().write_all(bytes) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("write to standard output: {e}")))
        }
        _ => Ok(Exit::Done),
    }
}
