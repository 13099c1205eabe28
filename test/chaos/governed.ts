import { createHash, randomUUID } from 'node:crypto'
import { dpvIri, odrlIri, profileIri } from '../../src/policy/profile.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import type { Random } from '../helpers/random.ts'
import { call, givenWith, insist, pause } from './client.ts'
import type { Negotiation, Transfer } from './client.ts'
import { otherPid } from './load.ts'
import type { Side } from './load.ts'

/** What each agreement of this load permits. */
export const limits = { count: 25, queriesPerDay: 20 } as const

/** A dataset under terms, and how our own analysts ask others for theirs. */
export interface Governed {
  readonly dataset: string
  readonly offer: string
  /** Token of an analyst for the gateway. */
  readonly analyst: string
}

/** An answer that came whole. */
export interface WholeAnswer {
  readonly provider: Side
  readonly agreement: string
  readonly key: string
  /** Number of the record at the provider, as the answer says. */
  readonly record: string | null
  readonly sha256: string
}

/** What analysts asked and were told. */
export interface GovernedTold {
  readonly agreements: { readonly provider: Side; readonly agreement: string }[]
  /** Idempotency keys by agreement. */
  readonly keys: Map<string, Set<string>>
  readonly answers: WholeAnswer[]
  /** Agreements of which somebody was told that no more is permitted. */
  readonly usedUp: Set<string>
  /** How often each key was sent. */
  readonly attempts: Map<string, number>
  readonly counts: Map<string, number>
  readonly faults: string[]
}

export function nothingTold(): GovernedTold {
  return { agreements: [], keys: new Map(), answers: [], usedUp: new Set(), attempts: new Map(), counts: new Map(), faults: [] }
}

const whole = (value: number) => ({ '@value': String(value), '@type': 'xsd:integer' })
const terms = {
  profile: profileIri,
  permission: [
    {
      action: 'use',
      constraint: [
        { leftOperand: `${profileIri}role`, operator: 'eq', rightOperand: 'analyst' },
        { leftOperand: `${odrlIri}purpose`, operator: 'isA', rightOperand: { '@id': `${dpvIri}PublicBenefit` } },
        { leftOperand: `${odrlIri}count`, operator: 'lteq', rightOperand: whole(limits.count) },
        { leftOperand: `${profileIri}queriesPerDay`, operator: 'lteq', rightOperand: whole(limits.queriesPerDay) },
      ],
    },
  ],
}

/** Publishes a dataset under terms, and makes a token for an analyst. */
export async function publishGoverned(connector: ConnectorProcess): Promise<Governed> {
  const made = async <T>(path: string, sending: Parameters<typeof call>[3]): Promise<T> => {
    const { status, body } = await call<T>(connector, 'POST', path, sending)
    if (status !== 201) throw new Error(`POST ${path} was answered with ${status}: ${JSON.stringify(body)}`)
    return body
  }
  const rows = Array.from({ length: 600 }, (_, row) => `2026-W${10 + (row % 40)},district ${row % 7},${(row * 7919) % 1_003}`)
  const upload = await made<{ id: string }>('/uploads', { raw: `week,district,amount\n${rows.join('\n')}\n`, headers: { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="governed.csv"' } })
  const dataset = await made<{ id: string }>('/datasets', { json: { metadata: { title: { en: 'Under terms' } }, source: { type: 'file', upload: upload.id } } })
  const offer = await made<{ datasets: { offer: string }[] }>('/offers', { json: { datasets: [dataset.id], policy: terms, decision: 'automatic' } })
  const { token } = await made<{ token: string }>('/tokens', { json: { name: 'Analyst', role: 'analyst', purposes: [`${dpvIri}PublicBenefit`] } })
  return { dataset: dataset.id, offer: offer.datasets[0]?.offer ?? '', analyst: token }
}

interface Pair {
  readonly consumer: Side
  readonly provider: Side
}

interface Running extends Pair {
  readonly agreement: string
  /** The consumer's process id. */
  readonly transfer: string
}

const eventMs = 45_000
const together = 3

/** Agrees, asks until nothing more is permitted, and begins anew, until `stop` says so. */
export async function workUnderTerms(sides: readonly [Side, Side], told: GovernedTold, random: Random, stop: () => boolean): Promise<void> {
  while (!stop()) {
    const [one, two] = sides
    const running = await begin(random.chance(0.5) ? { consumer: one, provider: two } : { consumer: two, provider: one }, told)
    if (running === undefined) continue
    count(told, 'agreements under terms')
    const { provider, agreement } = running
    told.agreements.push({ provider, agreement })
    told.keys.set(agreement, new Set())
    await Promise.all(Array.from({ length: together }, () => analyst(running, told, random.branch(), stop)))
  }
}

function count(told: GovernedTold, what: string): void {
  told.counts.set(what, (told.counts.get(what) ?? 0) + 1)
}

/** Agrees and starts a transfer; undefined when a kill at the wrong moment or the other side ended either. */
async function begin({ consumer, provider }: Pair, told: GovernedTold): Promise<Running | undefined> {
  const { offer, dataset } = provider.governed
  const failed = (what: string) => {
    count(told, `agreements under terms that came to nothing: ${what}`)
    return undefined
  }
  const { status, body } = await insist<Negotiation>(consumer.connector, 'POST', '/negotiations', { json: { partner: provider.id, offer, dataset } })
  if (status !== 201) return failed(`asking was answered ${status}`)
  // A second agreement about the same dataset would begin to count anew: it is for a person to approve. The first one needs none.
  const theirs = await otherPid(consumer, body.id)
  if (theirs !== undefined) await insist(provider.connector, 'POST', `/negotiations/${encodeURIComponent(theirs)}/approve`)
  const end = await consumer.follower.waitFor((entry) => entry.negotiation === body.id && /^negotiation\.(finalized|terminated)$/.test(entry.type), eventMs)
  const { body: view } = await insist<Negotiation>(consumer.connector, 'GET', `/negotiations/${encodeURIComponent(body.id)}`)
  if (end?.type !== 'negotiation.finalized' || view.agreement === null) return failed(`the negotiation is ${view.state}${view.error === null ? '' : `, ${view.error}`}`)
  const begun = await insist<Transfer>(consumer.connector, 'POST', '/transfers', { json: { agreement: view.agreement, format: 'HttpData-PULL' } })
  if (begun.status !== 201) return failed(`the transfer was answered ${begun.status}`)
  const { id } = begun.body
  const started = await consumer.follower.waitFor((entry) => entry.transfer === id && /^transfer\.(started|completed|terminated)$/.test(entry.type), eventMs)
  if (started?.type === 'transfer.started') return { consumer, provider, agreement: view.agreement, transfer: id }
  const { body: transfer } = await insist<Transfer>(consumer.connector, 'GET', `/transfers/${encodeURIComponent(id)}`)
  return failed(`the transfer is ${transfer.state}${transfer.error === null ? '' : `, ${transfer.error}`}`)
}

const questions = ['?select=district,amount.sum()&order=district', '?select=count()', '?district=eq.district%203&order=amount.desc&limit=5', '?select=week,amount.max()&order=week&format=csv', '?format=ndjson&limit=50', '?select=*']

/** Asks one question after the other, each until it is answered, as a careful client does: with its key, however often it takes. */
async function analyst(running: Running, told: GovernedTold, random: Random, stop: () => boolean): Promise<void> {
  while (!stop() && !told.usedUp.has(running.agreement)) {
    const question = { query: random.pick(questions), key: randomUUID() }
    told.keys.get(running.agreement)?.add(question.key)
    const asked = [insistOn(running, told, question, random)]
    // The same wish twice at the same moment, as a proxy that tries again makes it.
    if (random.chance(0.1)) asked.push(insistOn(running, told, question, random.branch()))
    const answered = (await Promise.all(asked)).includes(true)
    if (answered && random.chance(0.15)) {
      count(told, 'questions asked again with their key')
      await insistOn(running, told, question, random)
    }
    if (answered && random.chance(0.05)) await reuse(running, told, question)
  }
}

interface QuestionAsked {
  readonly query: string
  readonly key: string
}

/** How often a key is good for the same question after its first debit (`src/dataplane/desk/`). */
const uncountedRetries = 5

function attempts({ attempts }: GovernedTold, { key }: QuestionAsked): number {
  return attempts.get(key) ?? 0
}

/** Whether it was answered with data. */
async function insistOn(running: Running, told: GovernedTold, question: QuestionAsked, random: Random): Promise<boolean> {
  const deadline = Date.now() + 120_000
  for (let attempt = 1; Date.now() < deadline; attempt++) {
    const leaves = random.chance(0.08) ? AbortSignal.timeout(random.between(2, 60)) : undefined
    told.attempts.set(question.key, attempts(told, question) + 1)
    const answer = await ask(running, question, leaves)
    if (answer === undefined || answer.status >= 500 || answer.code === 'too-many-requests') {
      count(told, answer === undefined ? 'questions cut off' : `questions answered ${answer.status}`)
      await Promise.all([running.consumer.connector.whenUp(), running.provider.connector.whenUp()])
      await pause(Math.min(40 * attempt, 400))
      continue
    }
    if (answer.status === 200) {
      told.answers.push({ provider: running.provider, agreement: running.agreement, key: question.key, record: answer.record, sha256: answer.sha256 })
      return true
    }
    if (answer.code === 'quota-exceeded') told.usedUp.add(running.agreement)
    // A key covers a few retries only; whoever was cut off more often asks anew. The gateway tries each question twice at the most.
    else if (answer.code === 'idempotency-key-reused' && 2 * attempts(told, question) > uncountedRetries) count(told, 'keys whose retries were used up')
    else told.faults.push(`A question under ${running.agreement} was answered with ${answer.status} ${answer.code}`)
    return false
  }
  told.faults.push(`A question under ${running.agreement} found no answer`)
  return false
}

/** A key stands for one question; with another one it is refused. */
async function reuse(running: Running, told: GovernedTold, { query, key }: QuestionAsked): Promise<void> {
  const answer = await ask(running, { query: query === '?select=count()' ? '?limit=1' : '?select=count()', key })
  if (answer === undefined || answer.status >= 500) return
  count(told, 'keys used for another question')
  if (answer.code !== 'idempotency-key-reused') told.faults.push(`A key of ${running.agreement} was used for another question, which was answered with ${answer.status} ${answer.code}`)
}

interface Answered {
  readonly status: number
  readonly code: string
  readonly record: string | null
  readonly sha256: string
}

/** Undefined when no whole answer came. */
async function ask({ consumer, provider, transfer }: Running, { query, key }: QuestionAsked, leaves?: AbortSignal): Promise<Answered | undefined> {
  try {
    const answer = await fetch(`${consumer.connector.managementUrl}/gateway/${encodeURIComponent(transfer)}${query}`, {
      headers: { 'authorization': `Bearer ${consumer.governed.analyst}`, 'accept': '*/*', 'idempotency-key': key },
      signal: AbortSignal.any([AbortSignal.timeout(20_000), ...(leaves === undefined ? [] : [leaves])]),
    })
    const given = givenWith(answer)
    provider.log.take(given)
    const body = Buffer.from(await answer.arrayBuffer())
    const code = answer.status === 200 ? '' : (/"code":"([^"]*)"/.exec(body.toString('utf8'))?.[1] ?? '')
    return { status: answer.status, code, record: given.record, sha256: createHash('sha256').update(body).digest('hex') }
  } catch {
    return undefined
  }
}
