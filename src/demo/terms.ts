import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { places, weekly } from './datasets.ts'
import { StepFailure } from './screen.ts'
import type { Screen } from './screen.ts'
import { offer, watch } from './steps.ts'
import type { DataSpace } from './steps.ts'

const command = fileURLToPath(new URL('../cli/concordat.mjs', import.meta.url))
const purpose = 'dpv:ProvideOfficialStatistics'

// What a person would type. The demo may be run at any hour, so its office is never closed.
const blanks = [...['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map((day) => `days=${day}`), 'fromHour=0', 'toHour=24', 'until=2027-12-31']

/** A policy is filled in, explained and offered, both datasets each under its own. */
export async function offerUnderTerms(screen: Screen, space: DataSpace): Promise<void> {
  const file = join(space.folder, 'policy.json')
  await screen.step('A steward takes the ready-made policy “aggregates-only”, and fills its blanks.', async () => {
    const set = blanks.flatMap((blank) => ['--set', blank])
    await rm(file, { force: true })
    await runCommand('policy', 'fill', 'aggregates-only', ...set, '--out', file)
    return [undefined, `concordat policy fill aggregates-only ${set.join(' ')} --out ${file}`]
  })
  await screen.step('She reads what it says, and that it is enforced (also in Catalan and Spanish: --lang ca, --lang es).', async () => [undefined, await runCommand('policy', 'explain', file)])
  await screen.step('She offers the weekly card spending under it to the city, and to nobody else.', async () => {
    const policy: Record<string, unknown> = JSON.parse(await readFile(file, 'utf8'))
    const made = await offer(space, weekly, policy)
    await offer(space, places, { permission: [{ action: 'use' }] })
    return [undefined, made ? '' : 'The offers stand since the first run.']
  })
}

/** Runs the `concordat` command, as a person would. Gives what it printed. */
export async function runCommand(...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', command, ...args], { env: {} })
    return stdout.trimEnd()
  } catch (error) {
    const said = Error.isError(error) && 'stderr' in error ? String(error.stderr) : String(error)
    throw new StepFailure(`concordat ${args[0]} ${args[1]} failed: ${said.trim()}`)
  }
}

/** Tokens of two users of the city's gateway. */
export interface Users {
  readonly analyst: string
  readonly journalist: string
}

export async function letUsersIn(screen: Screen, { city }: DataSpace): Promise<Users> {
  return screen.step("The city gives two of its people tokens for its gateway: an analyst, and somebody of the press office.", async () => {
    const token = async (name: string, role: string) => (await city.api.call('createToken', { body: { name, role } })).token
    return [{ analyst: await token('Analyst of the demo', 'analyst'), journalist: await token('Press officer of the demo', 'press') }, '']
  })
}

interface Asked {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

async function ask({ city }: DataSpace, transfer: string, query: string, as: { token: string; purpose?: string }): Promise<Asked> {
  const answer = await fetch(`${city.managementUrl}/gateway/${encodeURIComponent(transfer)}?${query}`, { headers: { authorization: `Bearer ${as.token}`, 'concordat-purpose': as.purpose ?? purpose, accept: 'text/csv' } })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

const bySector = 'select=district,sector,amount.sum(),cards.sum()&week=gte.2026-W10&order=amount.sum.desc'
const byNeighbourhood = 'select=neighbourhood,sector,amount.sum()&week=eq.2026-W10&order=amount.sum'

/** The analyst asks, and gets what the terms let out. */
export async function query(screen: Screen, space: DataSpace, transfer: string, { analyst }: Users): Promise<void> {
  const questions = [['The analyst asks for spending by district and sector, for official statistics.', bySector], ['She asks for one week by neighbourhood and sector; groups of too few cards or merchants stay behind.', byNeighbourhood]] as const
  for (const [sentence, question] of questions) {
    await screen.step(sentence, async () => {
      const { status, text, headers } = await ask(space, transfer, question, { token: analyst })
      if (status !== 200) throw new StepFailure(`The query was answered with ${status}: ${reasonIn(text)}`)
      const lines = text.trimEnd().split('\n')
      const withheld = headers.get('concordat-withheld')
      return [undefined, [`GET …/gateway/TRANSFER?${question}`, ...lines.slice(0, 4), `… ${lines.length - 1} groups${withheld === null ? '' : `; withheld: ${withheld}`}; the operator's record no. ${headers.get('concordat-record') ?? '?'}`].join('\n')]
    })
  }
}

/** Four requests that the terms do not permit. The last one comes after the operator revoked the agreement, so nothing can follow. */
export async function refusals(screen: Screen, space: DataSpace, { transfer, agreement }: { transfer: string; agreement: string }, users: Users): Promise<void> {
  const refused = async (sentence: string, question: string, as: { token: string; purpose?: string }) =>
    screen.step(sentence, async () => {
      const { status, text } = await ask(space, transfer, question, as)
      if (status < 400) throw new StepFailure(`It was answered with ${status}, and should have been refused.`)
      return [undefined, `${status}: ${reasonIn(text)}`]
    })
  await refused('Refused: the same by the press officer.', bySector, { token: users.journalist })
  await refused('Refused: the same by the analyst, for marketing.', bySector, { token: users.analyst, purpose: 'dpv:Marketing' })
  await refused('Refused: single rows.', 'select=*&limit=1', { token: users.analyst })
  await screen.step('The operator revokes the agreement.', async () => {
    const read = () => space.city.api.call('getTransfer', { path: { transferId: transfer } })
    const revoke = async () => {
      await space.operator.api.call('revokeAgreement', { path: { agreementId: agreement }, body: { reason: 'The end of the demo.' } })
      return read()
    }
    const { error } = await watch(space.city, 'transfer.*', { start: revoke, read, seen: (entry) => entry['transfer'] === transfer, done: ({ state }) => state === 'TERMINATED' })
    return [undefined, `The city's transfer is TERMINATED: ${error ?? ''}`]
  })
  await refused('Refused: what was permitted a moment ago.', bySector, { token: users.analyst })
}

function reasonIn(text: string): string {
  try {
    const problem: { code?: string; detail?: string; title?: string } = JSON.parse(text)
    return `${problem.code ?? ''}: ${problem.detail ?? problem.title ?? ''}`
  } catch {
    return text.slice(0, 300)
  }
}

/** Both records: who asked, in which role, for which purpose, and what came of it. */
export async function showDecisions(screen: Screen, { operator, city }: DataSpace, transfer: { operator: string; city: string }): Promise<void> {
  await screen.step("The card operator's record has each request with its role, its purpose and the term that decided.", async () => {
    const { items } = await operator.api.call('listAuditEntries', { query: { transfer: transfer.operator, limit: 1000 } })
    const decisions = items.filter(({ type }) => type === 'data.permitted' || type === 'data.denied')
    return [undefined, [...decisions.map(decisionText), `Why, in full: npx concordat why ${decisions.at(-1)?.index ?? 0} --data ${operator.folder}`].join('\n')]
  })
  await screen.step("The city's record has what its users asked for, under pseudonyms that leave the house, and names that do not.", async () => {
    const { items } = await city.api.call('listAuditEntries', { query: { transfer: transfer.city, limit: 1000 } })
    return [undefined, items.filter(({ type }) => type.startsWith('data.')).slice(-4).map(decisionText).join('\n')]
  })
}

function decisionText(entry: Readonly<Record<string, unknown>>): string {
  const told = ['role', 'purpose', 'actor', 'code', 'rule', 'rows', 'bytes', 'status'].flatMap((name) => {
    const value = entry[name]
    if (typeof value !== 'string' && typeof value !== 'number') return []
    return [`${name} ${String(value).replace(/^https:\/\/w3id\.org\/dpv#/, 'dpv:')}`]
  })
  return `No. ${String(entry['index'])}  ${String(entry['type'])}  ${told.join(', ')}`
}
