import { openMember } from './dataspace.ts'
import type { Bench } from './dataspace.ts'
import { interleaved, memoryRow, residentMiB, row, timed } from './measure.ts'
import type { Row } from './measure.ts'
import { startProgram } from './program.ts'

/** From the start of the process until it says that it is ready, on a database that has its schema. */
export async function benchStart(bench: Bench): Promise<Row[]> {
  const { connector, databaseUrl } = await openMember(bench, 'connector')
  const megabytes: number[] = []
  const ours = async () => {
    await connector.kill('SIGTERM')
    const ms = await timed(() => connector.start())
    megabytes.push(await residentMiB(connector.pid ?? 0))
    return ms / 1000
  }
  const floor = async () => {
    let program: Awaited<ReturnType<typeof startProgram>> | undefined
    const ms = await timed(async () => {
      program = await startProgram('page', { DATABASE_URL: databaseUrl })
    })
    await program?.close()
    return ms / 1000
  }
  const measured = await interleaved(bench.quick ? 3 : 9, { ours, floor }, ['floor', 'ours'])
  return [
    row({ bench: 'start', what: 'start to ready, on PostgreSQL; floor: a bare node:http server with pg', unit: 's' }, { ours: measured.get('ours') ?? [], floor: measured.get('floor') ?? [] }, { of: 'ours', atMost: 2 }),
    memoryRow('start', 'resident memory when ready', megabytes),
  ]
}
