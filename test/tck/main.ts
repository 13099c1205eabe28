import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startDriver } from './driver.ts'
import type { Driver } from './driver.ts'
import { listenOn } from './initiate.ts'
import { faultOf, readKitLines } from './kit-lines.ts'
import { kitProperties } from './properties.ts'
import { allTests, disabledTests } from './script.ts'

const usage = `Runs the official Dataspace Protocol compatibility kit (DSP TCK) against this connector.

  npm run tck -- --kit DIR         run the kit whose jars are in DIR (Java 17 or newer) and count
  npm run tck -- --kit DIR --all   also the two tests that the kit has switched off
  npm run tck -- --serve           only start the connector and write the kit's properties file

  --port N            the connector's public port (8282; 0 with --serve: any)
  --initiate-port N   where the kit has the connector begin (8687; 0 with --serve: any)
  --callback URL      where the kit listens (http://127.0.0.1:8083)
  --wait SECONDS      how long the kit waits for a message (10)

The kit is published as org.eclipse.dataspacetck.dsp:dsp-tck:1.0.1 on Maven Central. A pom.xml with that dependency and
com.squareup.okhttp3:okhttp-jvm:5.4.0 (without it nothing runs) fills DIR:
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=DIR
`

const options = {
  kit: { type: 'string' },
  all: { type: 'boolean', default: false },
  serve: { type: 'boolean', default: false },
  port: { type: 'string', default: '8282' },
  'initiate-port': { type: 'string', default: '8687' },
  callback: { type: 'string', default: 'http://127.0.0.1:8083' },
  wait: { type: 'string', default: '10' },
  help: { type: 'boolean', default: false },
} as const

/** A mistake of whoever runs this: told in one sentence, exit code 2. */
class UsageError extends Error {}

type Values = ReturnType<typeof read>

function read() {
  return parseArgs({ options }).values
}

async function main(): Promise<number> {
  const values = read()
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  if (values.kit === undefined && !values.serve) throw new UsageError(`Name the folder of the kit's jars, or --serve.\n\n${usage}`)
  const kit = values.kit === undefined ? undefined : jarsIn(resolve(values.kit))
  const folder = await mkdtemp(join(tmpdir(), 'concordat-tck-'))
  try {
    if (kit !== undefined) await requireFree(values.callback)
    const driver = await start(values, folder)
    try {
      const file = join(folder, 'tck.properties')
      await writeFile(file, propertiesOf(driver, values))
      return kit === undefined || values.serve ? await serve(driver, file) : await runKit(kit, file, values.all)
    } finally {
      await driver.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function jarsIn(folder: string): string {
  if (!existsSync(folder) || !readdirSync(folder).some((name) => name.endsWith('.jar'))) throw new UsageError(`There are no jars in ${folder}.\n\n${usage}`)
  return folder
}

async function start(values: Values, folder: string): Promise<Driver> {
  const [publicPort, initiatePort] = [portOf(values.port), portOf(values['initiate-port'])]
  try {
    // Before the connector is started, which takes a while.
    for (const port of [publicPort, initiatePort]) await listenOnce(port)
    return await startDriver({ dataDirectory: join(folder, 'data'), publicPort, initiatePort })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') throw new UsageError(`A port is taken: ${Error.isError(error) ? error.message : ''}. Choose others with --port and --initiate-port.`)
    throw error
  }
}

function portOf(value: string): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`${value} is not a port.`)
  return port
}

/** The kit does not say that its port is taken; it fails most of its tests instead. */
async function requireFree(callback: string): Promise<void> {
  const url = URL.parse(callback)
  if (url === null || url.port === '' || url.pathname !== '/') throw new UsageError(`--callback must be an address with a port and without a path, such as http://127.0.0.1:8083; it is ${callback}.`)
  try {
    await listenOnce(Number(url.port))
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') throw new UsageError(`The port ${url.port}, where the kit listens, is taken. Stop what uses it, or choose another with --callback.`)
    throw error
  }
}

async function listenOnce(port: number): Promise<void> {
  const server = createServer()
  await listenOn(server, port)
  await new Promise((done) => server.close(done))
}

function propertiesOf({ connector, initiate }: Driver, values: Values): string {
  return kitProperties({
    baseUrl: connector.publicUrl,
    dspAddress: connector.dspAddress,
    negotiationInitiateUrl: initiate.negotiationUrl,
    transferInitiateUrl: initiate.transferUrl,
    callbackAddress: values.callback.replace(/\/+$/, ''),
    waitSeconds: Number(values.wait),
  })
}

async function serve(driver: Driver, file: string): Promise<number> {
  const { connector, initiate } = driver
  process.stdout.write(`The connector listens at ${connector.dspAddress}.\nNegotiations begin at ${initiate.negotiationUrl}, transfers at ${initiate.transferUrl}.\nThe kit's properties file is ${file}.\nReady. Ctrl-C ends it.\n`)
  await new Promise<void>((done) => {
    process.once('SIGINT', () => done())
    process.once('SIGTERM', () => done())
  })
  return 0
}

async function runKit(kit: string, file: string, all: boolean): Promise<number> {
  const switches = all ? ['-Djunit.jupiter.conditions.deactivate=org.junit.*DisabledCondition'] : []
  const java = spawn('java', ['-Xmx512m', ...switches, '-cp', join(kit, '*'), 'org.eclipse.dataspacetck.dsp.suite.DspTckSuite', '-config', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  // However this process ends, the kit ends with it.
  const stop = () => java.kill()
  process.once('exit', stop)
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const lines: string[] = []
  const reader = createInterface({ input: java.stdout })
  reader.on('line', (line) => {
    lines.push(line)
    process.stdout.write(`${line}\n`)
  })
  try {
    await Promise.all([once(java, 'close'), once(reader, 'close')])
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new UsageError('There is no "java" on the path. The kit needs Java 17 or newer.')
    throw error
  }
  const result = readKitLines(lines)
  const expected = all ? allTests.length : allTests.length - disabledTests.length
  const fault = faultOf(result, expected)
  process.stdout.write(`\n${result.passedCount ?? result.passed.length} passed, ${result.failedCount ?? result.failed.length} failed\n`)
  if (result.failed.length > 0) process.stdout.write(`Failed: ${result.failed.join(', ')}\n`)
  if (fault !== undefined) process.stderr.write(`${fault}\n`)
  return fault === undefined ? 0 : 1
}

function codeOf(error: unknown): unknown {
  return Error.isError(error) && 'code' in error ? error.code : undefined
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const misused = error instanceof UsageError || String(codeOf(error)).startsWith('ERR_PARSE_ARGS')
    const text = Error.isError(error) ? (misused ? error.message : error.stack) : String(error)
    process.stderr.write(`${text}\n`)
    process.exit(misused ? 2 : 1)
  },
)
