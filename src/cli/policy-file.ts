import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { isProblem } from '../errors.ts'
import type { Policy } from '../policy/model.ts'
import type { DatasetFacts } from '../policy/restriction.ts'
import { readDatasetFacts } from '../policy/offer/read-facts.ts'
import { hasKnownContext, readPolicy } from '../policy/read/read.ts'
import { exitCodes, Failure, wrongUsage } from './failure.ts'
import type { Terminal } from './output.ts'

/** Reads a policy in any form of JSON-LD; `-` is standard input. Names the file in what it refuses. */
export async function policyIn(terminal: Terminal, file: string): Promise<Policy> {
  const document = await documentIn(terminal, file)
  return asFailure(file, async () => (hasKnownContext(document) ? readPolicy(document) : (await import('../policy/read/read-json-ld.ts')).readJsonLd(document)))
}

/** Reads what policies may refer to in a dataset. */
export async function factsIn(terminal: Terminal, file: string): Promise<DatasetFacts> {
  const document = await documentIn(terminal, file)
  return asFailure(file, () => Promise.resolve(readDatasetFacts(document)))
}

/** A policy that is refused ends the command, with the place of what is wrong. */
async function asFailure<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isProblem(error)) throw error
    throw new Failure(exitCodes.failed, `${nameOf(file)}: ${error.message}`, error)
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file
}

async function documentIn(terminal: Terminal, file: string): Promise<unknown> {
  try {
    return JSON.parse(file === '-' ? await text(terminal.in) : await readFile(file, 'utf8'))
  } catch (error) {
    if (!Error.isError(error) || !(error.name === 'SyntaxError' || 'syscall' in error)) throw error
    throw wrongUsage(`${nameOf(file)} cannot be read as JSON: ${error.message}`)
  }
}
