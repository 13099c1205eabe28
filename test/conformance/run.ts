import { allTests, catalogRows, format, negotiationRows, transferRows } from '../tck/script.ts'
import { isObject } from './kit.ts'
import type { Json, Kit, Session } from './kit.ts'
import { negotiationSteps, transferSteps } from './rows.ts'
import type { Step } from './rows.ts'
import { createTalk, negotiationGrammar, transferGrammar } from './talk.ts'
import type { Talk } from './talk.ts'

/** Plays one of the kit's tests against the connector; throws when it fails. */
export async function runTest(kit: Kit, id: string): Promise<void> {
  const session = kit.open()
  await play(kit, session, id)
  session.requireFaultless()
}

async function play(kit: Kit, session: Session, id: string): Promise<void> {
  const check = catalogChecks[id]
  if (check !== undefined) return check(kit, session)
  const negotiation = negotiationRows.find((row) => row.id === id)
  if (negotiation !== undefined) return follow(createTalk(kit, session, negotiationGrammar(kit, negotiation)), stepsOf(negotiationSteps, id))
  const transfer = transferRows.find((row) => row.id === id)
  if (transfer !== undefined) return follow(createTalk(kit, session, transferGrammar(kit, transfer, format)), stepsOf(transferSteps, id))
  throw new Error(`There is no test ${id}`)
}

function stepsOf(table: Readonly<Record<string, readonly Step[]>>, id: string): readonly Step[] {
  const steps = table[id]
  if (steps === undefined) throw new Error(`The test ${id} has no steps`)
  return steps
}

async function follow(talk: Talk, steps: readonly Step[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const [verb, word = ''] = step.split(' ')
    try {
      await doStep(talk, verb, word)
    } catch (cause) {
      throw new Error(`Step ${index + 1}, "${step}": ${Error.isError(cause) ? cause.message : String(cause)}`, { cause })
    }
  }
}

async function doStep(talk: Talk, verb: string | undefined, word: string): Promise<void> {
  switch (verb) {
    case 'request':
      return talk.request()
    case 'initiate':
      return talk.initiate()
    case 'expect':
      return talk.expect(word)
    case 'send':
      return talk.send(word)
    case 'refused':
      return talk.refused(word)
    case 'until':
      return talk.until(word)
    case 'cut':
      return talk.cut(word)
    default:
      throw new Error(`There is no step ${verb}`)
  }
}

const [, page, known, unknown] = catalogRows

const catalogChecks: Readonly<Record<string, (kit: Kit, session: Session) => Promise<void>>> = {
  'MET:01-01': async ({ target }) => {
    // Without a token: the version document is for everybody (common protocol §1.3).
    const answer = await fetch(`${target.baseUrl}/.well-known/dspace-version`)
    const document: unknown = await answer.json()
    const versions: unknown = isObject(document) ? document['protocolVersions'] : undefined
    const found = Array.isArray(versions) ? versions.find((version: unknown): version is Json => isObject(version) && version['version'] === '2025-1') : undefined
    if (answer.status !== 200 || found === undefined || found['binding'] !== 'HTTPS') throw new Error(`The version document is ${JSON.stringify(document)}`)
    if (`${target.baseUrl}${String(found['path'])}` !== target.dspAddress) throw new Error(`The path of 2025-1 is ${String(found['path'])}`)
  },
  [page.id]: async ({ target }, session) => {
    const { status, body } = await session.post(`${target.dspAddress}/catalog/request`, { '@type': 'CatalogRequestMessage' })
    const datasets: unknown = body?.['dataset']
    if (status !== 200 || !Array.isArray(datasets)) throw new Error(`The catalog was answered with ${status}`)
    if (!datasets.some((dataset: unknown) => isObject(dataset) && dataset['@id'] === page.key)) throw new Error(`${page.key} is not on the first page`)
  },
  [known.id]: async ({ target }, session) => {
    const { status, body } = await session.get(`${target.dspAddress}/catalog/datasets/${known.key}`)
    if (status !== 200 || body?.['@type'] !== 'Dataset' || body['@id'] !== known.key) throw new Error(`The dataset was answered with ${status}: ${JSON.stringify(body)}`)
  },
  [unknown.id]: async ({ target }, session) => {
    const { status, body } = await session.get(`${target.dspAddress}/catalog/datasets/${unknown.key}`)
    if (status !== 404 || body?.['@type'] !== 'CatalogError') throw new Error(`The unknown dataset was answered with ${status}: ${JSON.stringify(body)}`)
  },
}

/** Plays tests, so many at once; gives what is wrong with each, or undefined. */
export function runAll(kit: Kit, options: { tests?: readonly string[]; atOnce: number }): ReadonlyMap<string, Promise<unknown>> {
  const results = new Map<string, PromiseWithResolvers<unknown>>()
  for (const id of options.tests ?? allTests) results.set(id, Promise.withResolvers())
  const waiting = [...results]
  const next = (): void => {
    const [id, result] = waiting.shift() ?? []
    if (id === undefined || result === undefined) return
    runTest(kit, id)
      .then(
        () => result.resolve(undefined),
        (error: unknown) => result.resolve(error),
      )
      .finally(next)
  }
  for (let lane = 0; lane < options.atOnce; lane++) next()
  return new Map([...results].map(([id, { promise }]) => [id, promise]))
}
