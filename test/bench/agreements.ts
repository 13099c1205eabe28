import pg from 'pg'
import { ask } from './client.ts'
import { obtain, openPair, publish, transfer, upload, watchProcesses } from './dataspace.ts'
import type { Bench, Member } from './dataspace.ts'
import { interleaved, row, timed, typical } from './measure.ts'
import type { Row } from './measure.ts'

/** What is done with the one agreement of a pair. */
interface Side {
  readonly start: () => Promise<unknown>
  /** Asks for the head of the data of a transfer, which looks up the token, the transfer, the agreement and the dataset. */
  readonly lookUp: () => Promise<unknown>
}

/** One agreement among 1 and among 1,000,000: the start of a transfer, and a request with its token. */
export async function benchAgreements(bench: Bench): Promise<Row[]> {
  const many = bench.quick ? 10_000 : 1_000_000
  const alone = await openSide(bench, 0)
  const among = await openSide(bench, many - 1)
  const [rounds, each] = bench.quick ? [3, 10] : [9, 40]
  for (const { start, lookUp } of [alone, among]) {
    for (let time = 0; time < 30; time++) await start()
    for (let time = 0; time < 20; time++) await lookUp()
  }
  const starts = await interleaved(rounds, { alone: () => typical(each, alone.start), among: () => typical(each, among.start) }, ['alone', 'among'])
  const lookUps = await interleaved(rounds, { alone: () => typical(each, alone.lookUp), among: () => typical(each, among.lookUp) }, ['alone', 'among'])
  const values = (measured: Map<'alone' | 'among', number[]>) => ({ ours: measured.get('among') ?? [], floor: measured.get('alone') ?? [] })
  const said = `one agreement among ${many.toLocaleString('en')}; floor: the only one`
  return [
    row({ bench: 'agreements', what: `transfer request to STARTED and its data address, p50: ${said}`, unit: 'ms' }, values(starts), { of: 'ratio', atMost: 1.2 }),
    row({ bench: 'agreements', what: `HEAD with the access token, p50: ${said}`, unit: 'ms' }, values(lookUps), { of: 'ratio', atMost: 1.2 }),
  ]
}

async function openSide(bench: Bench, others: number): Promise<Side> {
  const pair = await openPair(bench)
  const events = await watchProcesses(bench, pair.consumer)
  const { agreement, ...address } = await obtain(pair, events, await publish(pair.provider, 'Spending', await upload(pair.provider, 'week,amount\n2026-W10,12\n')))
  if (others > 0) {
    const seconds = (await timed(() => Promise.all([pair.provider, pair.consumer].map((member) => multiply(member, others))))) / 1000
    bench.say(`${others} more agreements, each with a transfer and a token, written to both databases in ${seconds.toFixed(0)} s`)
  }
  // Look-ups are kept for a second, so each request comes with a token, and for a transfer, that was not used before.
  const unused = [address]
  return {
    start: async () => unused.push(await transfer(pair, events, agreement)),
    lookUp: async () => {
      const { endpoint, authorization } = unused.pop() ?? address
      const { status } = await ask(endpoint, { method: 'HEAD', headers: { authorization } })
      if (status !== 200) throw new Error(`The data answered ${status}`)
    },
  }
}

/** Repeats the agreement and the transfer of a connector, each under another id and with a token of its own. */
async function multiply({ databaseUrl }: Member, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `insert into agreement (id, role, negotiation_id, counterparty, assigner, assignee, dataset_id, message, message_sha256, agreement, signed_at, created_at, finalized_at)
       select id || '/' || n, role, negotiation_id || '/' || n, counterparty, assigner, assignee, dataset_id, left(message, 200), message_sha256, agreement, signed_at, created_at, finalized_at
       from agreement, generate_series(1, $1) as n`,
      [count],
    )
    await client.query(
      `insert into transfer (id, role, counterparty, counterparty_pid, counterparty_address, state, agreement_id, dataset_id, format, data_address, version, created_at, updated_at)
       select id || '/' || n, role, counterparty, counterparty_pid || '/' || n, counterparty_address, state, agreement_id || '/' || n, dataset_id, format, data_address, version, created_at, updated_at
       from transfer, generate_series(1, $1) as n`,
      [count],
    )
    await client.query(
      `insert into access_token (token_sha256, transfer_id, partner, created_at, expires_at)
       select encode(sha256(convert_to(token_sha256 || n, 'UTF8')), 'hex'), transfer_id || '/' || n, partner, created_at, expires_at
       from access_token, generate_series(1, $1) as n`,
      [count],
    )
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}
