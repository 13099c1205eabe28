import type { Dispatcher } from 'undici'
import { randomUUID } from 'node:crypto'
import { requestDigest } from '../../src/identity/statement.ts'
import { dpvIri, odrlIri, profileIri } from '../../src/policy/profile.ts'
import type { Random } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'
import type { Agreed, FuzzGround, FuzzTarget } from './ground.ts'
import { managing } from './ground.ts'
import { declared, facts } from './policies.ts'
import { anyQuestion, plainQuestion } from './queries.ts'
import type { Question } from './queries.ts'

/** A way to ask for a dataset whose terms withhold a part of it. */
interface Access {
  ask(question: Question, random: Random): { readonly path: string; readonly headers: Readonly<Record<string, string>> }
}

/** Datasets under terms, each to be asked for by a partner itself and through the gateway of another connector. */
export interface GovernedGround {
  /** Stands in everything that is withheld, and in nothing that is asked. */
  readonly marker: string
  readonly ways: readonly Way[]
}

export interface Way {
  readonly name: 'gateway' | 'data'
  /** Two datasets whose rows differ in what is withheld alone: nobody may see a difference. */
  readonly twins: readonly [Access, Access]
  /** Groups of few are withheld. */
  readonly groups: Access
}

/** An answer, as far as it is held to the terms. */
export interface DataAnswer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const compare = (operand: string, operator: string, rightOperand: unknown) => ({ leftOperand: operand, operator, rightOperand })
const whole = (value: number) => ({ '@value': String(value), '@type': 'xsd:integer' })
const asker = [compare(`${profileIri}role`, 'eq', 'analyst'), compare(`${odrlIri}purpose`, 'isA', { '@id': `${dpvIri}PublicBenefit` })]
const stated = { role: 'analyst', purpose: `${dpvIri}PublicBenefit` }

const twinTerms = {
  profile: profileIri,
  permission: [{ action: 'use', constraint: [...asker, compare(`${profileIri}rowScope#district`, 'isAnyOf', ['north', 'south']), compare(`${profileIri}column`, 'isAnyOf', ['week', 'district', 'street', 'amount']), compare(`${profileIri}mask#street`, 'eq', 'truncate:3')] }],
}
const groupTerms = { profile: profileIri, permission: [{ action: 'use', constraint: [...asker, compare(`${profileIri}minGroupSize#card`, 'gteq', whole(5))] }] }

/** Publishes the datasets, agrees on them with `asking`, another connector, and with the partner of the ground, and starts transfers. */
export async function prepareGoverned(connector: FuzzTarget, asking: FuzzTarget, ground: FuzzGround): Promise<GovernedGround> {
  const marker = `zqx${randomUUID().replaceAll('-', '').slice(0, 12)}`
  const [manage, theirs] = [managing(connector), managing(asking)]
  const [us, them] = [await manage<{ id: string }>('GET', '/self'), await theirs<{ id: string }>('GET', '/self')]
  await manage('POST', '/partners', { id: them.id, name: 'Asks' })
  await theirs('POST', '/partners', { id: us.id, name: 'Answers' })
  const published = []
  for (const [content, terms] of [[twin(marker, 1), twinTerms], [twin(marker, 2), twinTerms], [grouped(marker), groupTerms]] as const) {
    const dataset = await ground.publish(content, declared)
    const offer = await manage<{ datasets: { offer: string }[] }>('POST', '/offers', { datasets: [dataset], policy: terms, decision: 'automatic' })
    published.push({ dataset, terms, offer: offer.datasets[0]?.offer ?? '' })
  }
  const direct: Access[] = []
  const relayed: Access[] = []
  for (const each of published) {
    direct.push(directAccess(await ground.agree(each), ground))
    relayed.push(gatewayAccess(asking, await agreeAsConnector(theirs, us.id, each)))
  }
  return { marker, ways: [wayOf('data', direct), wayOf('gateway', relayed)] }
}

function wayOf(name: Way['name'], [one, two, groups]: readonly Access[]): Way {
  if (one === undefined || two === undefined || groups === undefined) throw new Error('Three datasets are needed')
  return { name, twins: [one, two], groups }
}

async function agreeAsConnector(manage: ReturnType<typeof managing>, partner: string, { offer, dataset }: { offer: string; dataset: string }): Promise<string> {
  const { id } = await manage<{ id: string }>('POST', '/negotiations', { partner, offer, dataset })
  const negotiation = await until(() => manage<{ state: string; agreement: string | null }>('GET', `/negotiations/${encodeURIComponent(id)}`), ({ state }) => state === 'FINALIZED')
  const transfer = await manage<{ id: string }>('POST', '/transfers', { agreement: negotiation.agreement, format: 'HttpData-PULL' })
  await until(() => manage<{ state: string }>('GET', `/transfers/${encodeURIComponent(transfer.id)}`), ({ state }) => state === 'STARTED')
  return transfer.id
}

function gatewayAccess({ token }: FuzzTarget, transfer: string): Access {
  return {
    ask: ({ query, headers }) => ({ path: `/gateway/${encodeURIComponent(transfer)}${query}`, headers: { ...headers, 'authorization': `Bearer ${token}`, 'concordat-role': stated.role, 'concordat-purpose': stated.purpose } }),
  }
}

function directAccess(agreed: Agreed, { partner, connectorId }: FuzzGround): Access {
  return {
    ask: ({ query, method, headers }, random) => {
      const { accept, range, prefer } = headers
      const now = Math.floor(Date.now() / 1000)
      const claims = { iat: now, exp: now + 60, agreement: agreed.agreement, transfer: agreed.transfer, request: requestDigest({ method, path: '', query, accept, range, prefer }), ...stated }
      // Some statements do not count; those that do are new each time.
      const odd = random.chance(0.04) ? random.pick<object>([{ request: 'x' }, { agreement: 'x' }, { role: 'zq' }, { purpose: `${dpvIri}Marketing` }, { exp: now - 100 }, { jti: '' }, { idempotencyKey: '\u00e9' }, { role: undefined }]) : {}
      const jws = partner.authorization(connectorId, { header: { typ: 'concordat-statement+jwt' }, claims: { ...claims, ...odd } }).slice('Bearer '.length)
      return { path: new URL(agreed.place.endpoint).pathname + query, headers: { ...headers, 'authorization': agreed.place.authorization, 'concordat-statement': jws } }
    },
  }
}

/** One question, asked of a dataset or of both twins. Gives what must not have happened. */
export async function askOne(ground: GovernedGround, random: Random, send: (way: Way['name'], request: { path: string; method: Dispatcher.HttpMethod; headers: Readonly<Record<string, string>> }) => Promise<DataAnswer | undefined>): Promise<string | undefined> {
  const way = random.pick(ground.ways)
  const question = random.chance(0.35) ? plainQuestion(random) : anyQuestion(random)
  const accesses = random.chance(0.6) ? way.twins : [way.groups]
  const branch = random.branch()
  const answers = []
  for (const access of accesses) {
    const seed = branch.branch()
    answers.push(await send(way.name, { method: question.method, ...access.ask(question, accesses.length === 2 ? calm : seed) }))
  }
  const fault = answers.map((answer) => (answer === undefined ? undefined : faultIn(answer, ground.marker))).find((found) => found !== undefined) ?? differenceIn(question, answers)
  return fault === undefined ? undefined : `${way.name} ${fault}\n          ${question.method} ${question.query.slice(0, 1_000)} ${JSON.stringify(question.headers)}`
}

// Both twins are asked alike.
const calm: Random = { number: () => 0.99, between: (_least, most) => most, chance: () => false, pick: (items) => items[0] ?? failed(), branch: () => calm }

function failed(): never {
  throw new Error('There is nothing to pick from')
}

const inside = /Binder Error|Parser Error|Conversion Error|Catalog Error|Out of Range|Invalid Input Error|INTERNAL Error|Not implemented|Constraint Error|IO Error|read_parquet|duckdb|SQLSTATE|syntax error|LINE 1:|root:x:|\.parquet'/i

function faultIn({ status, text, headers }: DataAnswer, marker: string): string | undefined {
  if (text.includes(marker) || JSON.stringify(headers).includes(marker)) return `answered ${status} with what is withheld: ${text.slice(Math.max(0, text.indexOf(marker) - 100), text.indexOf(marker) + 60)}`
  if (status >= 500 && !isPassing(status, text)) return `answered ${status}: ${text.slice(0, 500)}`
  if (status >= 400 && inside.test(text.replaceAll(/It reads "(?:[^"\\]|\\.)*"/g, ''))) return `answered ${status} and tells of the engine: ${text.slice(0, 500)}`
  return undefined
}

/** Time that was up is told as such; nothing else of the 500s is. */
function isPassing(status: number, text: string): boolean {
  return status === 504 && /"code":"(query-timeout|peer-timeout)"/.test(text)
}

// What tells about the answer itself differs from record to record.
function differenceIn({ headers: { prefer = '' } }: Question, [one, two]: readonly (DataAnswer | undefined)[]): string | undefined {
  if (one === undefined || two === undefined || prefer.includes('metadata') || [one, two].some(({ status }) => status === 429 || status === 504)) return undefined
  const [a, b] = [one, two].map(({ status, text, headers }) => JSON.stringify([status, status < 400 ? text : refusal(text), headers['content-range'] ?? null, headers['concordat-withheld'] ?? null]))
  return a === b ? undefined : `tells of what is withheld: ${a?.slice(0, 600)} and ${b?.slice(0, 600)}`
}

function refusal(text: string): string {
  return /"code":"[^"]*"/.exec(text)?.[0] ?? text
}

const header = `${facts.columns.map(({ name }) => name).join(',')}\n`

function twin(marker: string, which: 1 | 2): string {
  const rows = Array.from({ length: 60 }, (_, row) => {
    const isHidden = row % 3 === 2
    const district = isHidden ? `${marker}-${which}` : row % 2 === 0 ? 'north' : 'south'
    // Rows that are withheld stand between the others, and there are as many of them: only what they hold is different.
    return [`2026-W0${1 + (row % 4)}`, district, `Car${marker}${which}${row}`, `${marker}${row % (5 * which)}`, isHidden ? row * 1000 * which : row + 0.5, row * which, `${marker}${which * row}`].join(',')
  })
  return `${header}${rows.join('\n')}\n`
}

function grouped(marker: string): string {
  const rows = Array.from({ length: 150 }, (_, row) => {
    const isRare = row % 50 === 49
    return [`2026-W0${1 + (row % 2)}`, isRare ? `${marker}-rare` : (['north', 'south', 'east'][row % 3] ?? ''), `${marker}${row}`, isRare ? `${marker}r${row}` : `${marker}${row % 24}`, row, 1, `${marker}${row}`].join(',')
  })
  return `${header}${rows.join('\n')}\n`
}
