import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import { unreachable } from '../../client.ts'
import { bytesText } from '../../output.ts'
import type { Open } from '../../session.ts'
import { filtering, filterOf } from './filter.ts'
import type { Filter } from './filter.ts'

/** `audit export`. */
export function exportCommand(audit: Command, open: Open): void {
  const command = filtering(audit.command('export').description('write the record as a stream'))
    .addOption(new Option('--format <format>', 'format').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--out <file>', 'file to write; by default stdout')
    .action(async (options: Filter & { format: string; out?: string }, self: Command) => {
      const { client, print, terminal, url } = open(self)
      const answer = await client.open('exportAudit', { query: { format: options.format, ...filterOf(options) } })
      // A record cut short must not look whole.
      answer.once('aborted', () => answer.destroy(unreachable(url, new Error('it stopped in the middle of the record'))))
      if (options.out === undefined || options.out === '-') {
        for await (const chunk of answer) terminal.out.write(chunk)
        return
      }
      const file = createWriteStream(options.out)
      await pipeline(answer, file)
      print.result({ file: options.out, bytes: file.bytesWritten }, `Wrote ${options.out}, ${bytesText(file.bytesWritten)}.`)
    })
  example(command, 'audit export --format csv --out record.csv')
}
