import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import { isProblem, ProblemError } from '../../errors.ts'
import { example } from '../arguments.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { createPrinter } from '../output.ts'
import type { Terminal } from '../output.ts'

type Decide = (document: unknown) => Promise<unknown>

/** `policy decide`: what a policy decides about a request, with every term's truth. */
export function policyDecideCommand(policy: Command, terminal: Terminal): void {
  const decide = policy
    .command('decide')
    .description('decide a request: {"policy", "request": {"action", "target", "assignee", "context"}, "world": {"now", "partOf", "fulfilled", "violated"}, "dutyTiming"}; the answer is JSON')
    .argument('<file>', 'the document; - is standard input')
    .option('--lines', 'one document on each line in, one answer on each line out, in order; exit code 1 when a line cannot be decided')
    .action(async (file: string, options: { lines?: boolean }) => {
      const input = file === '-' ? terminal.in : createReadStream(file)
      try {
        await (options.lines === true ? decideLines(terminal, input) : decideOne(terminal, input))
      } catch (error) {
        if (isMissing(error)) throw wrongUsage(`${file} cannot be read: ${error.message}`)
        throw error
      }
    })
  example(decide, 'policy decide request.json')
}

function isMissing(error: unknown): error is Error {
  return Error.isError(error) && 'syscall' in error && (error.syscall === 'open' || error.syscall === 'read')
}

// Loaded when it is needed, so that other commands start without it.
async function engine(): Promise<Decide> {
  const { createPolicyCompiler, decideDocument } = await import('../../policy/decide/decide-document.ts')
  const compile = createPolicyCompiler()
  return (document) => decideDocument(document, { now: new Date(), compile })
}

async function decideOne(terminal: Terminal, input: Readable): Promise<void> {
  const decide = await engine()
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) text += String(chunk)
  try {
    createPrinter(terminal, true).result(await decide(parse(text)), '')
  } catch (error) {
    if (!isProblem(error)) throw error
    throw new Failure(error.code === 'bad-request' || error.code === 'malformed-json' ? exitCodes.usage : exitCodes.failed, error.message, error)
  }
}

async function decideLines(terminal: Terminal, input: Readable): Promise<void> {
  const decide = await engine()
  let number = 0
  let wrong = 0
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++
    const { answer, failed } = await answerTo(decide, line)
    if (failed) wrong++
    if (!terminal.out.write(`${JSON.stringify(answer)}\n`)) await new Promise((resolve) => terminal.out.once('drain', resolve))
  }
  if (wrong > 0) throw new Failure(exitCodes.failed, `${wrong} of ${number} lines could not be decided.`)
}

async function answerTo(decide: Decide, line: string): Promise<{ answer: unknown; failed: boolean }> {
  try {
    return { answer: await decide(parse(line)), failed: false }
  } catch (error) {
    if (!isProblem(error)) throw error
    return { answer: { error: { code: error.code, message: error.message } }, failed: true }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ProblemError('malformed-json', `This is not JSON: ${Error.isError(error) ? error.message.slice(0, 200) : String(error)}`, { cause: error })
  }
}
