#!/usr/bin/env node
// The command runs on Node 24, which runs TypeScript directly. Started by an older one, it hands over to the Node 24 that the
// package brings.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const main = new URL('./main.ts', import.meta.url)

// Compiled code is kept between runs, also for the processes that this one starts: among the installed packages, where only who may
// change the program itself can write. Where that folder cannot be written, every run compiles anew.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../../node_modules/.cache/concordat', import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= 24) {
  module.enableCompileCache(process.env['NODE_COMPILE_CACHE'])
  await import(main.href)
} else handOver(bundledNode())

function bundledNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    const node = ['bin/node', 'bin/node.exe'].map((name) => join(folder, name)).find((file) => existsSync(file))
    if (node !== undefined) return node
  } catch {
    // The package is not there: the message below says what to do.
  }
  process.stderr.write(`concordat: it needs Node 24 or newer; this is ${process.versions.node}, and the package "node" is not installed. Install Node 24, or run npm install.\n`)
  process.exit(1)
}

function handOver(node) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl-C in a terminal reaches the child by itself.
    process.on(signal, () => (signal !== 'SIGINT' || process.stdin.isTTY !== true) && child.kill(signal))
  }
  child.once('error', (error) => {
    process.stderr.write(`concordat: ${node} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code) => process.exit(code ?? 1))
}
