#!/usr/bin/env node
// Runs the binary for this machine, which npm has installed in a package of its
// own, and exits as it does.
"use strict";

const { spawn } = require("node:child_process");

const SIGNALS = [
  ...["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"],
];

start(binary());

function start(path) {
  // Listen first: once the child runs, signals are for the child.
  if (process.platform !== "win32") {
    for (const signal of SIGNALS) process.on(signal, () => passOn(signal));
  }
  const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
  child.on("error", ({ message }) => fail(`start ${path}: ${message}`));
  child.on("exit", (status, signal) => {
    if (signal === null) process.exit(status);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });

  function passOn(signal) {
    // The terminal's keys send these to the child as well.
    const fromKeys = signal === "SIGINT" || signal === "SIGQUIT";
    if (!(fromKeys && process.stdin.isTTY)) child.kill(signal);
  }
}

/** The path of the binary. */
function binary() {
  const { platform, arch } = process;
  const plain = `@port-for/${platform}-${arch}`;
  const names = platform === "linux" ? [plain, `${plain}-musl`] : [plain];
  const found = names.map(binaryIn).filter(Boolean);
  if (found.length === 1) return found[0];
  const right = names[names.length > 1 && hasMusl() ? 1 : 0];
  return binaryIn(right) ?? fail(
    `start: the npm package ${right} is not installed (it is an optional ` +
      `dependency: install port-for again without --omit=optional; where ` +
      `there is no such package, see https://github.com/x/port-for#install)`,
  );
}

function binaryIn(name) {
  const suffix = process.platform === "win32" ? ".exe" : "";
  try {
    return require.resolve(`${name}/port-for${suffix}`);
  } catch {
    return undefined;
  }
}

function hasMusl() {
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

function fail(message) {
  process.stderr.write(`port-for: cannot ${message}\n`);
  process.exit(1);
}
