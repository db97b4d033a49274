//! The `sealgate` program: the server, or a client command.

use std::process::ExitCode;

use sealgate::{
    cli::{self, Cli, Command},
    server,
};
use sealgate_keyring::wipe::WipingAllocator;

/// Buffers of the libraries below have held shares and plaintexts when they are freed.
#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

fn main() -> ExitCode {
    let Cli { command, client } = match Cli::from_arguments() {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sealgate: the operating system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        match command {
            Command::Server(arguments) => server::run(arguments).await,
            Command::Client(command) => cli::run(&client, command).await,
        }
    })
}
