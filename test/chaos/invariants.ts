import { all } from './client.ts'
import type { Agreement, Delivery, Entry, Negotiation, OutboxMessage, Transfer } from './client.ts'
import type { Side, Told } from './load.ts'

/** Everything that a side holds at the end. */
interface Holdings {
  readonly side: Side
  readonly negotiations: readonly Negotiation[]
  readonly transfers: readonly Transfer[]
  readonly agreements: readonly Agreement[]
  readonly entries: readonly Entry[]
  readonly refused: readonly OutboxMessage[]
}

/** One rule, how many things it was held against, and what broke it. */
export interface Finding {
  readonly rule: string
  readonly checked: number
  readonly violations: readonly string[]
}

export async function checkInvariants(sides: readonly [Side, Side], told: Told): Promise<Finding[]> {
  const [one, two] = [await holdingsOf(sides[0]), await holdingsOf(sides[1])]
  const both = [one, two]
  return [
    pairs('negotiations are on both sides, once, in the same state', [...one.negotiations, ...two.negotiations], both),
    pairs('transfers are on both sides, once, in the same state', [...one.transfers, ...two.transfers], both),
    agreementsMatch(one, two),
    toldIsTrue(told, one, two),
    ...both.flatMap((holdings) => [numbered(holdings), agreementsRecorded(holdings), statesRecorded(holdings), onlyOnce(holdings)]),
    bytesRecorded(told, one, two),
    bodiesWhole(told),
    await pushesArrived(one, two),
    { rule: 'clients were told nothing that cannot be', checked: told.counts.size, violations: told.faults },
  ]
}

/** Messages that were refused for good: no fault by themselves, as sides may act at once. */
export async function refusedMessages(sides: readonly Side[]): Promise<string[]> {
  const lists = await Promise.all(sides.map(async ({ connector }) => (await all<OutboxMessage>(connector, '/outbox')).map((message) => `${connector.name}: ${message.name} ${message.status}, ${message.lastError ?? ''}`)))
  return lists.flat()
}

async function holdingsOf(side: Side): Promise<Holdings> {
  const { connector } = side
  return {
    side,
    negotiations: await all(connector, '/negotiations'),
    transfers: await all(connector, '/transfers'),
    agreements: await all(connector, '/agreements'),
    entries: await all(connector, '/audit/entries'),
    refused: await all(connector, '/outbox'),
  }
}

interface Process {
  readonly id: string
  readonly role: string
  readonly partnerPid: string | null
  readonly state: string
  readonly error: string | null
}

function pairs(rule: string, processes: readonly Process[], both: readonly Holdings[]): Finding {
  const violations: string[] = []
  const byId = new Map(processes.map((process) => [process.id, process]))
  const history = historyIn(both)
  const named = new Map<string, number>()
  for (const process of byId.values()) {
    const { id, partnerPid } = process
    if (partnerPid === null) {
      violations.push(`${process.role} ${id} (${process.state}) never learnt of its other half${process.error === null ? '' : `: ${process.error}`}`)
      continue
    }
    named.set(partnerPid, (named.get(partnerPid) ?? 0) + 1)
    const other = byId.get(partnerPid)
    if (other === undefined) violations.push(`${process.role} ${id}: its other half ${partnerPid} is lost`)
    else if (other.partnerPid !== id) violations.push(`${process.role} ${id}: its other half ${partnerPid} belongs to ${other.partnerPid}`)
    else if (other.role === process.role) violations.push(`${id} and ${partnerPid} have the same role`)
    else if (other.state !== process.state && process.role === 'consumer') violations.push(`consumer ${id} is ${process.state}, provider ${partnerPid} is ${other.state}\n            consumer: ${history(id)}\n            provider: ${history(partnerPid)}`)
  }
  for (const [id, times] of named) if (times > 1) violations.push(`${id} is the other half of ${times} processes`)
  return { rule, checked: byId.size / 2, violations }
}

/** How a process came to its state, as its side recorded it. */
function historyIn(both: readonly Holdings[]): (id: string) => string {
  const steps = Map.groupBy(
    both.flatMap(({ entries }) => entries).filter(({ type }) => /^(negotiation|transfer)\./.test(type)),
    ({ negotiation, transfer }) => negotiation ?? transfer ?? '',
  )
  const shown = (entry: Entry) => `${entry.time.slice(17, 23)} ${entry.type.replace(/^\w+\./, '')} by ${String(entry['by'])}`
  return (id) => (steps.get(id) ?? []).map(shown).join(', ')
}

function agreementsMatch(one: Holdings, two: Holdings): Finding {
  const theirs = new Map(two.agreements.map((agreement) => [agreement.id, agreement]))
  const finalized = (holdings: Holdings) => new Map(holdings.negotiations.flatMap(({ agreement, state }) => (agreement === null ? [] : [[agreement, state] as const])))
  const states = new Map([...finalized(one), ...finalized(two)])
  const violations = one.agreements.flatMap((agreement) => {
    const other = theirs.get(agreement.id)
    theirs.delete(agreement.id)
    const { id } = agreement
    if (other === undefined) return states.get(id) === 'TERMINATED' ? [] : [`agreement ${id} is on one side only`]
    if (other.messageSha256 !== agreement.messageSha256) return [`agreement ${id} differs: ${agreement.messageSha256} and ${other.messageSha256}`]
    if ((other.finalizedAt === null) !== (agreement.finalizedAt === null)) return [`agreement ${id} counts on one side only`]
    return []
  })
  // What was sent and ended before it arrived counts for nobody.
  for (const { id } of theirs.values()) if (states.get(id) !== 'TERMINATED') violations.push(`agreement ${id} is on one side only`)
  const perNegotiation = [...one.agreements, ...two.agreements].map(({ negotiation }) => negotiation)
  for (const negotiation of new Set(perNegotiation)) {
    if (perNegotiation.filter((each) => each === negotiation).length > 1) violations.push(`negotiation ${negotiation} has more than one agreement`)
  }
  return { rule: 'both sides hold the same agreements, byte for byte', checked: one.agreements.length, violations }
}

function toldIsTrue(told: Told, one: Holdings, two: Holdings): Finding {
  const states = new Map([...one.negotiations, ...two.negotiations].map(({ id, state }) => [id, state]))
  const agreements = new Set([one, two].flatMap(({ side, agreements: held }) => held.filter(({ finalizedAt }) => finalizedAt !== null).map(({ id }) => `${side.id} ${id}`)))
  const violations = told.finalized.flatMap(({ negotiation }) => {
    const [mine, other] = [states.get(negotiation.id), states.get(negotiation.partnerPid ?? '')]
    if (mine !== 'FINALIZED' || other !== 'FINALIZED') return [`${negotiation.id} was said to be FINALIZED and is ${mine} here, ${other} there`]
    return [one, two].flatMap(({ side }) => (agreements.has(`${side.id} ${negotiation.agreement}`) ? [] : [`agreement ${negotiation.agreement} does not count at ${side.connector.name}`]))
  })
  return { rule: 'what clients were told is FINALIZED is so on both sides', checked: told.finalized.length, violations }
}

function numbered({ side, entries }: Holdings): Finding {
  const violations = entries.flatMap(({ index }, place) => (index === place ? [] : [`entry ${index} stands where ${place} is due`])).slice(0, 5)
  const changed = side.follower.entries.flatMap((entry, index) => (JSON.stringify(entry) === JSON.stringify(entries[index]) ? [] : [`entry ${index} was another one when it was first read`])).slice(0, 5)
  return { rule: `${side.connector.name}: the record is numbered without gaps and never changed`, checked: entries.length, violations: [...violations, ...changed, ...side.follower.faults.slice(0, 5)] }
}

function agreementsRecorded({ side, agreements, entries }: Holdings): Finding {
  const stored = entries.filter(({ type }) => type === 'agreement.stored')
  const violations = agreements.flatMap(({ id, messageSha256 }) => {
    const records = stored.filter(({ agreement }) => agreement === id)
    if (records.length !== 1) return [`agreement ${id} has ${records.length} records`]
    return records[0]?.messageSha256 === messageSha256 ? [] : [`agreement ${id} is recorded with another digest`]
  })
  if (stored.length !== agreements.length) violations.push(`${stored.length} agreements are recorded and ${agreements.length} are held`)
  return { rule: `${side.connector.name}: every agreement is recorded once`, checked: agreements.length, violations }
}

/** A process is in the state that its last record says. */
function statesRecorded({ side, negotiations, transfers, entries }: Holdings): Finding {
  const last = new Map<string, string>()
  for (const { type, negotiation, transfer } of entries) {
    if (type.startsWith('negotiation.') && negotiation !== undefined) last.set(negotiation, type)
    if (type.startsWith('transfer.') && transfer !== undefined) last.set(transfer, type)
  }
  const expected = [...negotiations.map(({ id, state }) => [id, `negotiation.${state.toLowerCase()}`] as const), ...transfers.map(({ id, state }) => [id, `transfer.${state.toLowerCase()}`] as const)]
  const violations = expected.flatMap(([id, type]) => (last.get(id) === type ? [] : [`${id} is ${type}, and its last record ${last.get(id)}`]))
  const processes = new Set(expected.map(([id]) => id))
  for (const id of last.keys()) if (!processes.has(id)) violations.push(`${id} is recorded and not there`)
  return { rule: `${side.connector.name}: every process is as its last record says`, checked: expected.length, violations }
}

const once = new Set(['negotiation.agreed', 'negotiation.verified', 'negotiation.finalized', 'negotiation.terminated', 'transfer.requested', 'transfer.completed', 'transfer.terminated'])

function onlyOnce({ side, entries }: Holdings): Finding {
  const seen = new Map<string, number>()
  for (const { type, negotiation, transfer } of entries) {
    if (once.has(type)) seen.set(`${type} ${negotiation ?? transfer}`, (seen.get(`${type} ${negotiation ?? transfer}`) ?? 0) + 1)
  }
  return { rule: `${side.connector.name}: nothing was done twice`, checked: seen.size, violations: [...seen].flatMap(([what, times]) => (times > 1 ? [`${what} ${times} times`] : [])) }
}

/** Before the n-th body of a transfer began to arrive, n permissions were recorded. */
function bytesRecorded(told: Told, one: Holdings, two: Holdings): Finding {
  const violations: string[] = []
  let checked = 0
  for (const { side, entries } of [one, two]) {
    const bodies = Map.groupBy(
      told.downloads.filter(({ provider, firstByteAt }) => provider.id === side.id && firstByteAt !== undefined),
      ({ transfer }) => transfer,
    )
    for (const [transfer, downloads] of bodies) {
      const permitted = entries.filter((entry) => entry.type === 'data.permitted' && entry.transfer === transfer).map(({ time }) => Date.parse(time))
      const arrivals = downloads.map(({ firstByteAt }) => firstByteAt?.getTime() ?? 0).toSorted((a, b) => a - b)
      for (const [place, at] of arrivals.entries()) {
        checked += 1
        const record = permitted.toSorted((a, b) => a - b)[place]
        if (record === undefined || record > at) violations.push(`${side.connector.name}: body ${place + 1} of ${transfer} came ${record === undefined ? 'without' : 'before'} its record`)
      }
    }
  }
  return { rule: 'no byte without its record before it', checked, violations }
}

/** A push that counts as completed has arrived whole and once, and was permitted before. */
async function pushesArrived(one: Holdings, two: Holdings): Promise<Finding> {
  const violations: string[] = []
  let checked = 0
  for (const [consumer, provider] of [[one, two], [two, one]] as const) {
    const digests = new Map([provider.side.automatic, provider.side.manual].map(({ dataset, sha256 }) => [dataset, sha256]))
    for (const { id, partnerPid, dataset } of consumer.transfers.filter(({ role, format, state }) => role === 'consumer' && format === 'HttpData-PUSH' && state === 'COMPLETED')) {
      checked += 1
      const deliveries = await all<Delivery>(consumer.side.connector, `/transfers/${encodeURIComponent(id)}/deliveries`)
      if (deliveries.length !== 1 || deliveries[0]?.sha256 !== digests.get(dataset)) violations.push(`${id} is COMPLETED with ${deliveries.length} deliveries of ${deliveries.map(({ sha256 }) => sha256).join()}`)
      if (!provider.entries.some(({ type, transfer }) => type === 'data.permitted' && transfer === partnerPid)) violations.push(`${id} was delivered without a record`)
    }
  }
  return { rule: 'every completed push arrived whole, once, and recorded', checked, violations }
}

function bodiesWhole(told: Told): Finding {
  const whole = told.downloads.filter(({ sha256 }) => sha256 !== undefined)
  return { rule: 'every body that came whole has its digest', checked: whole.length, violations: whole.flatMap(({ sha256, expected, transfer, bytes }) => (sha256 === expected ? [] : [`a body of ${transfer} (${bytes} bytes) has another digest`])) }
}
