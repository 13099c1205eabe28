import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import { unreachable } from '../../client.ts'
import { wrongUsage } from '../../failure.ts'
import { bytesText } from '../../output.ts'
import { progressBar } from '../../progress.ts'
import { header } from '../../send.ts'
import type { Open, Session } from '../../session.ts'
import { openWholeFile } from '../../whole-file.ts'
import { filtering, filterOf } from './filter.ts'
import type { Filter } from './filter.ts'
import { exportTiles } from './tiles.ts'
import { inTimeZone, zoneOf } from './time-zone.ts'
import type { ZoneOptions } from './time-zone.ts'

type Options = Filter & ZoneOptions & { format: 'ndjson' | 'csv' | 'parquet'; out?: string; tiles?: string; log?: string }

/** `audit export`. */
export function exportCommand(audit: Command, open: Open): void {
  const command = inTimeZone(filtering(audit.command('export').description('write the record as a file, or the log as C2SP tlog-tiles lays it out')))
    .addOption(new Option('--format <format>', 'format').choices(['ndjson', 'csv', 'parquet']).default('ndjson'))
    .option('--out <file>', 'file to write; by default stdout')
    .addOption(new Option('--tiles <folder>', 'write the log: vkey, checkpoint, tile/…; older logs into folders of their own').conflicts(['out', 'format']))
    .option('--log <name>', 'with --tiles: only this log, such as 2026')
    .action(async (options: Options, self: Command) => {
      const session = open(self)
      if (options.log !== undefined && options.tiles === undefined) throw wrongUsage('--log says which log --tiles writes: name a folder with --tiles.')
      if (options.tiles === undefined) return exportFile(session, options)
      if (Object.keys(filterOf(options)).length > 0) throw wrongUsage('--tiles writes whole logs: they cannot be filtered.')
      return exportTiles(session, { folder: options.tiles, ...(options.log === undefined ? {} : { log: options.log }) })
    })
  example(command, 'audit export --format csv --out record.csv --time-zone Europe/Madrid')
}

async function exportFile(session: Session, options: Options): Promise<void> {
  const { out } = options
  if (out === undefined || out === '-') return await pipeline(await askRecord(session, options), session.terminal.out, { end: false })
  const file = await openWholeFile(out)
  const bar = progressBar(session.terminal, out)
  try {
    const answer = await askRecord(session, options)
    answer.on('data', (chunk: Buffer) => bar.advance(chunk.length))
    const entries = Number(header(answer, 'concordat-count') ?? 0)
    const bytes = await file.write(answer)
    session.print.result({ file: out, bytes, entries }, `Wrote ${entries} entries to ${out}, ${bytesText(bytes)}.`)
  } catch (error) {
    await file.discard()
    throw error
  } finally {
    bar.stop()
  }
}

async function askRecord({ client, url }: Session, options: Options): Promise<IncomingMessage> {
  const answer = await client.open('exportAudit', { query: { format: options.format, timeZone: zoneOf(options), ...filterOf(options) } })
  // A record cut short must not look whole.
  answer.once('aborted', () => answer.destroy(unreachable(url, new Error('it stopped in the middle of the record'))))
  return answer
}
