import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { startConnector } from './connector.ts'
import { isProblem } from './errors.ts'
import { initDataDirectory } from './init.ts'

/** `main.ts [--data DIR]` runs a connector; `main.ts init [--data DIR] [--set NAME=VALUE …]` makes its data folder first. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string' }, set: { type: 'string', multiple: true } } })
  const settings = Object.fromEntries((values.set ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
  if (positionals[0] === 'init') {
    const { dataDirectory } = readConfig(values.data, settings)
    await initDataDirectory(dataDirectory, settings)
    process.stdout.write(`Initialised ${dataDirectory}: keys, settings and operator.token are in it, readable by you alone.\n`)
    return
  }
  const connector = await startConnector(readConfig(values.data))
  process.stdout.write(`${connector.id} is ready. Partners: ${connector.publicUrl}. Management: ${connector.managementUrl}.\n`)
  const stop = () => {
    connector.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

function fail(error: unknown): void {
  process.stderr.write(`${isProblem(error) ? error.message : Error.isError(error) ? error.stack : String(error)}\n`)
  process.exit(1)
}

main().catch(fail)
