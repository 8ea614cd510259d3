// Starts `dslc lsp` and lets it answer for every .net file.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

async function start() {
  const command = vscode.workspace.getConfiguration("dslc").get("command", "dslc");
  const program = { command, args: ["lsp"], transport: TransportKind.stdio };
  client = new LanguageClient("dslc", "dslc", program, {
    documentSelector: [
      { language: "dslc", scheme: "file" },
      { language: "dslc", scheme: "untitled" },
    ],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.net") },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    vscode.window.showErrorMessage(
      `\`${command} lsp\` does not start (${reason}). ` +
        'Install it with  pip install "dslc[lsp]"  and set dslc.command to its path.',
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("dslc.restart", async () => {
      await stop();
      await start();
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
